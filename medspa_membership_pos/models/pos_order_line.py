# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare

from odoo.addons.medspa_membership.models.till.tax import get_price_unit


class PosOrderLine(models.Model):
    """Lines of the till that a credit pays for; the till only proposes.

    It names a credit by its number and a covered line by its uuid: both are looked up
    and checked here, whatever it sends.
    """

    _name = "pos.order.line"
    _inherit = ["pos.order.line", "medspa.credit.paid.line"]

    credit_number = fields.Integer(help="The credit that the till names.")
    covered_uuid = fields.Char(help="The line that money of a credit pays for.")
    credit_id = fields.Many2one(compute="_compute_credit_id", store=True)

    # === COMPUTE METHODS === #

    @api.depends("credit_number")
    def _compute_credit_id(self):
        credits_sudo = self.env["medspa.credit"].sudo()
        known = credits_sudo.browse(
            {line.credit_number for line in self if line.credit_number}
        ).exists()
        for line in self:
            number = line.credit_number
            line.credit_id = number if number in known.ids else False

    # === POINT OF SALE === #

    @api.model
    def _load_pos_data_fields(self, config):
        return [
            *super()._load_pos_data_fields(config),
            "credit_number",
            "credit_quantity",
            "covered_uuid",
        ]

    # === BUSINESS METHODS: CREDIT === #

    def _get_credit_patient(self):
        return self.order_id.partner_id

    def _get_credit_document(self):
        return {"pos_line_id": self.id}

    def _get_credit_siblings(self):
        return self.order_id.lines

    def _get_covered_line(self):
        if not self.covered_uuid:
            return self
        return self.order_id.lines.filtered(lambda line: line.uuid == self.covered_uuid)

    def _get_covering_lines(self):
        return self.order_id.lines.filtered(
            lambda line: line.covered_uuid and line.covered_uuid == self.uuid
        )

    def _get_sold(self):
        covered = sum(self._get_covering_lines().mapped("price_subtotal_incl"))
        total = self.currency_id.round(self.price_subtotal_incl + covered)
        today = self.company_id._medspa_date()
        return self.qty, total, self.order_id.currency_id, today

    def _get_usable_credits(self):
        """Override: nothing pays for refunds, combos or money already spent."""
        self.ensure_one()
        if self.covered_uuid or self.qty <= 0 or self.combo_parent_id:
            return self.env["medspa.credit"].sudo()
        return super()._get_usable_credits()

    def _check_credit_fits(self):
        """Override to hold what the till charged against what the credit pays.

        :raise UserError: the till took less money than the credit covers
        """
        res = super()._check_credit_fits()
        credit = self.credit_id
        if self.covered_uuid:
            company = self.company_id
            paid = self.order_id.currency_id._convert(
                -self.price_subtotal_incl,
                company.currency_id,
                company,
                self.order_id.date_order.date(),
            )
            # A cent may come from the tax of a price without it.
            fits = paid <= self.credit_quantity + 1.5 * company.currency_id.rounding
            fits = fits and credit.unit == "money"
        else:
            needed = self.qty * self._get_cost(credit)
            fits = credit.unit != "money" and not float_compare(
                needed, self.credit_quantity, precision_digits=3
            )
        if not fits:
            raise UserError(
                self.env._(
                    "%(credit)s does not pay for what the till says. Take it off the "
                    "line and choose it again.",
                    credit=credit._name_it(),
                )
            )
        return res

    def _prepare_till_offer(self, offer):
        """Return an offer for the till, in plain values."""
        credit = offer["credit"]
        return {
            "uuid": self.uuid,
            "credit": credit.id,
            "unit": credit.unit,
            "name": credit._get_coverage_label(),
            "product": self.product_id.display_name,
            "use": offer["use"],
            "left": offer["left_label"],
            "taken": offer["taken"],
            "quantity": offer["quantity"],
            "price_unit": -get_price_unit(
                self.tax_ids_after_fiscal_position, offer["amount"]
            ),
        }
