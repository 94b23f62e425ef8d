# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models


class AccountMoveLine(models.Model):
    """Invoices written by hand: priced as an order of the same patient would be.

    Core prices them by the list price. They are one more till: the pricelist of the
    patient, and with it the member price, counts here too, in the currency of the
    invoice. Prices that somebody enters stay.
    """

    _inherit = "account.move.line"

    pricelist_price_unit = fields.Float(
        readonly=True,
        copy=False,
        help="The price that the pricelist gave; another in the line was entered.",
    )

    @api.depends("product_id", "product_uom_id")
    def _compute_price_unit(self):
        """Override of `account` to ask the pricelist of the patient."""
        res = super()._compute_price_unit()
        self.filtered(lambda line: line._is_priced_by_hand())._apply_pricelist()
        return res

    @api.onchange("quantity", "product_uom_id")
    def _onchange_quantity_price(self):
        """Follow quantity breaks while nobody has entered another price."""
        self._follow_pricelist()

    def _follow_pricelist(self):
        """Price anew the lines that still have the price the pricelist gave."""
        self.filtered(
            lambda line: (
                line._is_priced_by_hand()
                and line.pricelist_price_unit
                and not line.currency_id.compare_amounts(
                    line.pricelist_price_unit, line.price_unit
                )
            )
        )._apply_pricelist()

    def _is_priced_by_hand(self):
        """Tell whether the line is one that somebody writes on a patient's invoice."""
        self.ensure_one()
        move = self.move_id
        return bool(
            self.product_id
            and self.display_type == "product"
            and not self.is_imported
            and move.move_type in ("out_invoice", "out_receipt")
            and move.state == "draft"
            and move.partner_id
            and not self.sale_line_ids
        )

    def _apply_pricelist(self):
        """Set the price that an order of the patient would have today."""
        for move, lines in self.grouped("move_id").items():
            company = move.company_id or self.env.company
            pricelist = move.partner_id.with_company(company).property_product_pricelist
            if not pricelist:
                continue
            for line in lines.with_company(company):
                line._set_price_of(pricelist)

    def _set_price_of(self, pricelist):
        """Set the price by a pricelist. Note: `self.ensure_one()`."""
        self.ensure_one()
        move = self.move_id
        product = self.product_id
        currency = move.currency_id or move.company_id.currency_id
        date = move.invoice_date or fields.Date.context_today(self)
        # Core does not convert fixed prices of a rule: ask in the pricelist's currency.
        price = pricelist.sudo()._get_product_price(
            product,
            self.quantity or 1.0,
            uom=self.product_uom_id or product.uom_id,
            date=date,
        )
        price = pricelist.currency_id._convert(
            price, currency, move.company_id, date, round=False
        )
        if pricelist.sudo().member_key:
            price = currency.round(price)
        price = product._get_tax_included_unit_price_from_price(
            price,
            product_taxes=product.taxes_id._filter_taxes_by_company(move.company_id),
            fiscal_position=move.fiscal_position_id,
        )
        self.update({"price_unit": price, "pricelist_price_unit": price})


class AccountMove(models.Model):
    _inherit = "account.move"

    @api.onchange("partner_id", "currency_id", "fiscal_position_id")
    def _onchange_patient_price(self):
        """Price the lines for the patient who is chosen after them."""
        self.invoice_line_ids._follow_pricelist()
