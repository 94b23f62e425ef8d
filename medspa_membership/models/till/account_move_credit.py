# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare

from .tax import get_price_unit


class AccountMove(models.Model):
    """Invoices by hand that credits pay for: taken when posted, back when undone."""

    _inherit = "account.move"

    can_use_credits = fields.Boolean(compute="_compute_can_use_credits")

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "state", "move_type", "invoice_line_ids.credit_id")
    def _compute_can_use_credits(self):
        """Offer the button only where the patient has something left."""
        drafts = self.filtered(
            lambda m: (
                m.state == "draft" and m.move_type in ("out_invoice", "out_receipt")
            )
        )
        found = self.env["medspa.credit"].sudo()
        found = found.search(
            [
                ("available", ">", 0),
                "|",
                ("partner_id", "in", drafts.partner_id.ids),
                ("beneficiary_ids", "in", drafts.partner_id.ids),
            ]
        )
        with_credits = found.partner_id | found.beneficiary_ids
        for move in self:
            move.can_use_credits = (
                move in drafts
                and move.partner_id in with_credits
                and bool(move.invoice_line_ids)
            )

    # === ACTION METHODS === #

    def action_use_credits(self):
        """Open the choice of what pays. Note: `self.ensure_one()`."""
        self.ensure_one()
        return self.env["medspa.credit.use"]._open_for(self.invoice_line_ids)

    # === BUSINESS METHODS === #

    def _get_credit_offers(self):
        """Return what credits can pay of the invoice now."""
        self.ensure_one()
        if self.state != "draft":
            return []
        return self.invoice_line_ids._get_credit_offers()

    def _post(self, soft=True):
        """Override of `account` to take what invoices by hand use of credits.

        A credit note gives back what its lines had taken.
        """
        posted = super()._post(soft)
        posted.invoice_line_ids._filter_redeeming()._redeem_credits()
        posted._get_refunded_credit_lines("_restore_credits")
        return posted

    def button_draft(self):
        """Override of `account` to give back what a draft no longer takes."""
        taken = self.filtered(lambda move: move.state == "posted")
        res = super().button_draft()
        reason = self.env._("The invoice is a draft again.")
        taken.invoice_line_ids._filter_redeeming()._restore_credits(reason)
        taken._get_refunded_credit_lines("_redeem_credits")
        return res

    def button_cancel(self):
        """Override of `account` to give back what a cancelled invoice had taken."""
        res = super().button_cancel()
        reason = self.env._("The invoice was cancelled.")
        self.invoice_line_ids._filter_redeeming()._restore_credits(reason)
        return res

    def _get_refunded_credit_lines(self, do):
        """Call a method on the lines whose credits these credit notes give back.

        :param str do: `_restore_credits` when they are posted, `_redeem_credits` when
            they are drafts again
        """
        for note in self.filtered(lambda move: move.move_type == "out_refund"):
            refunded = note.invoice_line_ids.filtered("credit_id")
            sold = refunded.sale_line_ids.filtered("credit_id")
            by_hand = refunded.filtered(lambda line: not line.sale_line_ids)
            origin = note.reversed_entry_id.invoice_line_ids.filtered(
                lambda line, r=by_hand: any(
                    line.credit_id == other.credit_id
                    and line.product_id == other.product_id
                    for other in r
                )
            )
            for lines in (sold, origin):
                if lines:
                    getattr(lines, do)()


class AccountMoveLine(models.Model):
    _name = "account.move.line"
    _inherit = ["account.move.line", "medspa.credit.paid.line"]

    covered_line_id = fields.Many2one(
        "account.move.line",
        "Pays for",
        copy=False,
        index="btree_not_null",
        ondelete="cascade",
        help="The line that the money of a credit pays, in whole or in part.",
    )
    covering_line_ids = fields.One2many("account.move.line", "covered_line_id")

    # === CRUD METHODS === #

    def write(self, vals):
        """Override to keep what was taken from a credit with its line."""
        if {"credit_id", "credit_quantity", "quantity"} & vals.keys():
            posted = self.filtered(
                lambda line: line.credit_id and line.parent_state == "posted"
            )
            if posted:
                raise UserError(
                    self.env._(
                        "%s is paid by a credit that was taken already. Reset the "
                        "invoice to draft to give it back.",
                        posted[:1].product_id.display_name,
                    )
                )
        return super().write(vals)

    # === BUSINESS METHODS: CREDIT === #

    def _copy_data_extend_business_fields(self, values):
        """Override of `account`: a credit note knows which credits it gives back."""
        res = super()._copy_data_extend_business_fields(values)
        values["credit_id"] = self.credit_id.id
        values["credit_quantity"] = self.credit_quantity
        return res

    def _filter_redeeming(self):
        """Return the lines that take from a credit themselves, not by their order."""
        return self.filtered(
            lambda line: (
                line.credit_id
                and not line.sale_line_ids
                and line.move_id.move_type in ("out_invoice", "out_receipt")
            )
        )

    def _get_credit_patient(self):
        return self.move_id.partner_id

    def _get_credit_document(self):
        return {"move_line_id": self.id}

    def _get_credit_siblings(self):
        return self.move_id.invoice_line_ids

    def _get_covered_line(self):
        return self.covered_line_id or self

    def _get_sold(self):
        covered = sum(self.covering_line_ids.mapped("price_total"))
        date = self.move_id.invoice_date or fields.Date.context_today(self)
        total = self.currency_id.round(self.price_total + covered)
        return self.quantity, total, self.currency_id, date

    def _get_usable_credits(self):
        """Override: nothing pays for sections, or for what an order sold."""
        self.ensure_one()
        if (
            self.display_type != "product"
            or self.covered_line_id
            or self.sale_line_ids
            or self.move_id.move_type not in ("out_invoice", "out_receipt")
        ):
            return self.env["medspa.credit"].sudo()
        return super()._get_usable_credits()

    def _set_paid_by_sessions(self, credit, quantity, taken):
        line = self
        name = self.env._(
            "%(product)s: paid by credit (%(taken)s)",
            product=self.product_id.display_name,
            taken=credit._format_quantity(taken),
        )
        vals = {
            "name": name,
            "price_unit": 0.0,
            "discount": 0.0,
            "credit_id": credit.id,
            "credit_quantity": taken,
        }
        if float_compare(quantity, self.quantity, precision_digits=3) < 0:
            line = self.copy({"move_id": self.move_id.id, "quantity": quantity})
            self.quantity -= quantity
        line.write(vals)
        return line

    def _set_paid_by_money(self, credit, amount, taken):
        return self.create(
            {
                "move_id": self.move_id.id,
                "product_id": self._get_credit_product().id,
                "name": self.env._(
                    "%(product)s: paid by credit (%(credit)s)",
                    product=self.product_id.display_name,
                    credit=credit._get_coverage_label(),
                ),
                "quantity": 1,
                "price_unit": -get_price_unit(self.tax_ids, amount),
                "account_id": self.account_id.id,
                "tax_ids": [fields.Command.set(self.tax_ids.ids)],
                "covered_line_id": self.id,
                "credit_id": credit.id,
                "credit_quantity": taken,
                "sequence": self.sequence,
            }
        )
