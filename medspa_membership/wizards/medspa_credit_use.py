# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class MedspaCreditUse(models.TransientModel):
    """Offers what the patient has left for the lines of an order or an invoice."""

    _name = "medspa.credit.use"
    _description = "Pay by credit"

    line_ids = fields.One2many("medspa.credit.use.line", "use_id", "Offers")

    @api.model
    def _open_for(self, document_lines):
        """Return the action that offers the credits that can pay for these lines.

        :raise UserError: none can
        """
        offers = document_lines._get_credit_offers()
        if not offers:
            raise UserError(
                self.env._("The patient has nothing left that can pay for these lines.")
            )
        name = document_lines._get_credit_document_field()
        seen = set()
        vals_list = []
        for offer in offers:
            line = offer["line"]
            vals_list.append(
                {
                    name: line.id,
                    "credit_id": offer["credit"].id,
                    # The one that the house rule takes first is proposed.
                    "is_used": line.id not in seen,
                    "use_label": offer["use"],
                    "left_label": offer["left_label"],
                }
            )
            seen.add(line.id)
        wizard = self.create({"line_ids": [Command.create(v) for v in vals_list]})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Pay by credit"),
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_confirm(self):
        """Put the chosen credits on their lines; they are taken on validation."""
        self.check_access("write")
        self.ensure_one()
        chosen = self.line_ids.filtered("is_used")
        if not chosen:
            raise UserError(self.env._("Choose what pays."))
        for line in chosen:
            line._use()
        return {"type": "ir.actions.act_window_close"}


class MedspaCreditUseLine(models.TransientModel):
    _name = "medspa.credit.use.line"
    _description = "Offer of a credit"

    use_id = fields.Many2one(
        "medspa.credit.use", "Choice", required=True, ondelete="cascade"
    )
    is_used = fields.Boolean("Use")
    sale_line_id = fields.Many2one("sale.order.line", ondelete="cascade")
    move_line_id = fields.Many2one("account.move.line", ondelete="cascade")
    credit_id = fields.Many2one("medspa.credit", required=True, readonly=True)
    product_name = fields.Char("For", compute="_compute_names")
    credit_name = fields.Char("What pays", compute="_compute_names")
    use_label = fields.Char("Uses", readonly=True)
    left_label = fields.Char("Remains", readonly=True)

    @api.depends("sale_line_id", "move_line_id", "credit_id")
    def _compute_names(self):
        for line in self:
            line.product_name = line._get_line().product_id.display_name
            line.credit_name = line.credit_id.sudo()._get_coverage_label()

    def _get_line(self):
        self.ensure_one()
        return self.sale_line_id or self.move_line_id

    def _use(self):
        """Let the credit pay, unless what was chosen before has paid all of it."""
        self.ensure_one()
        line = self._get_line()
        line.check_access("write")
        self.credit_id.check_access("read")
        if line.credit_id:
            return
        line._use_credit(self.credit_id.sudo())
