# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models


class SaleOrder(models.Model):
    """Open orders follow the membership: its price comes, and goes again."""

    _inherit = "sale.order"

    price_notice = fields.Char(
        copy=False,
        help="Why the prices changed: shown once, in the cart or on the order's page.",
    )
    has_member_price = fields.Boolean(compute="_compute_member_saving")
    member_saving = fields.Monetary(
        "Saved as a member",
        compute="_compute_member_saving",
        help="What the lines would cost more without the membership.",
    )

    # === COMPUTE METHODS === #

    @api.depends("order_line.price_total", "pricelist_id")
    def _compute_member_saving(self):
        for order in self:
            order.has_member_price = bool(order.pricelist_id.sudo().member_key)
            order.member_saving = (
                sum(order.order_line.mapped("member_saving"))
                if order.has_member_price
                else 0.0
            )

    @api.onchange("pricelist_id", "partner_id")
    def _onchange_pricelist_for_member(self):
        """Take the members' version of whatever pricelist is chosen for a member."""
        order = self.with_company(self.company_id)
        wanted = order.pricelist_id._for_patient(order.partner_id._origin)
        if wanted != order.pricelist_id:
            self.pricelist_id = wanted

    # === BUSINESS METHODS === #

    @api.model
    def _follow_member_rights(self, partners, company):
        """Bring the open orders of patients to the prices they have now.

        Called when a membership begins to give rights or stops.
        """
        orders = self.search(
            [
                ("partner_id", "in", partners.ids),
                ("company_id", "=", company.id),
                ("state", "in", ("draft", "sent")),
            ]
        )
        for order in orders:
            order._refresh_cart_prices()

    def _follow_membership(self):
        """Bring an open order to the prices that its patient has now.

        What is being paid stays as it is: the amount is with the provider. Prices that
        somebody entered by hand stay too. Note: `self.ensure_one()`

        :return: whether the prices are others than before
        """
        self.ensure_one()
        order = self.with_company(self.company_id)
        if order.state not in ("draft", "sent"):
            return False
        wanted = order.pricelist_id._for_patient(order._get_priced_patient())
        if wanted == order.pricelist_id or order._is_being_paid():
            return False
        lines = order._get_update_prices_lines().filtered(
            lambda line: not line._has_price_by_hand()
        )
        order.pricelist_id = wanted
        lines.invalidate_recordset(["pricelist_item_id"])
        lines.with_context(force_price_recomputation=True)._compute_price_unit()
        lines._compute_discount()
        order.message_post(
            body=self.env._("Prices are now the member's.")
            if wanted.sudo().member_key
            else self.env._(
                "Prices are no longer the member's: no membership gives them now."
            )
        )
        return True

    def _get_priced_patient(self):
        """Return whose membership prices the order: nobody's in a visitor's cart."""
        self.ensure_one()
        if self.website_id and self.partner_id == self.website_id.partner_id:
            return self.env["res.partner"]
        return self.partner_id

    def _is_being_paid(self):
        self.ensure_one()
        return any(
            tx.state in ("pending", "authorized", "done")
            for tx in self.sudo().transaction_ids
        )

    def _update_address(self, partner_id, fnames=None):
        """Override of `website_sale` to tell who logs in why the prices changed."""
        was_member = self.has_member_price
        res = super()._update_address(partner_id, fnames=fnames)
        if self.has_member_price != was_member:
            self._say_why_prices_changed()
        return res

    def action_confirm(self):
        """Override of `sale`: a membership's last day may have passed unnoticed."""
        for order in self:
            order._follow_membership()
        return super().action_confirm()

    def _refresh_cart_prices(self):
        """Bring an open order to the prices of now, and say why they changed.

        Note: `self.ensure_one()`

        :return: whether they changed
        """
        self.ensure_one()
        changed = self._follow_membership()
        if changed:
            self._say_why_prices_changed()
        return changed

    def _may_pay_now(self, amount):
        """Tell whether an amount that a page asks for fits the order as it is now.

        Note: `self.ensure_one()`

        :param float amount: as the browser sent it
        """
        self.ensure_one()
        if self.state not in ("draft", "sent") or not amount or self.amount_paid:
            return True
        currency = self.currency_id
        least = self._get_prepayment_required_amount()
        return (
            currency.compare_amounts(amount, least) >= 0
            and currency.compare_amounts(amount, self.amount_total) <= 0
        )

    def _get_changed_prices_message(self):
        return self.env._(
            "The prices of this order have changed. Load the page again: it shows what "
            "it comes to now."
        )

    def _say_why_prices_changed(self):
        """Leave the patient a word in the cart or on the page of the order.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if not self.order_line:
            return
        if self.has_member_price:
            self.price_notice = self.env._(
                "You are a member: these are now your member prices."
            )
        else:
            self.price_notice = self.env._(
                "Your membership gives no member prices at the moment: these are the "
                "regular prices again."
            )

    def _pop_price_notice(self):
        """Return why the prices changed, once. Note: `self.ensure_one()`."""
        self.ensure_one()
        notice = self.price_notice
        if notice:
            self.price_notice = False
        return notice


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    is_member_price = fields.Boolean(compute="_compute_member_price")
    regular_price_unit = fields.Float(
        "Regular price",
        compute="_compute_member_price",
        digits="Product Price",
        help="Of one unit, without the membership.",
    )
    member_saving = fields.Monetary(compute="_compute_member_price")

    @api.depends("price_unit", "product_uom_qty", "product_id", "order_id.pricelist_id")
    def _compute_member_price(self):
        """Compare the price of a line with that of the pricelist below the member's.

        One look-up for each order, whatever its number of lines.
        """
        self.is_member_price = False
        self.regular_price_unit = 0.0
        self.member_saving = 0.0
        for order, lines in self.grouped("order_id").items():
            pricelist = order.pricelist_id.sudo()
            if not pricelist.member_key:
                continue
            lines = lines.filtered(
                lambda line: line.product_id and not line._has_price_of_its_own()
            )
            for line in lines.with_company(order.company_id):
                line._compare_member_price(pricelist.member_base_id)

    def _compare_member_price(self, base):
        """Fill what the membership saves on a line. Note: `self.ensure_one()`."""
        self.ensure_one()
        product = self.product_id.with_context(**self._get_product_price_context())
        price = base._get_product_price(product, **self._get_pricelist_kwargs())
        regular = self.product_id._get_tax_included_unit_price_from_price(
            price,
            product_taxes=self.product_id.taxes_id._filter_taxes_by_company(
                self.company_id
            ),
            fiscal_position=self.order_id.fiscal_position_id,
        )
        if self.currency_id.compare_amounts(regular, self.price_unit) <= 0:
            return
        totals = self.tax_ids.compute_all(
            regular,
            self.currency_id,
            self.product_uom_qty,
            product=self.product_id,
            partner=self.order_id.partner_id,
        )
        self.is_member_price = True
        self.regular_price_unit = regular
        self.member_saving = self.currency_id.round(
            totals["total_included"] - self.price_total
        )

    def _get_price_of_pricelist(self):
        """Return the unit price that core would set on the line now."""
        self.ensure_one()
        line = self.with_company(self.company_id)
        return line.product_id._get_tax_included_unit_price_from_price(
            line._get_display_price(),
            product_taxes=line._get_price_taxes(),
            fiscal_position=line.order_id.fiscal_position_id,
        )

    def _get_price_taxes(self):
        """Return the taxes that the price of the line is told with.

        A seam: those of its product, but for what is taxed as another line is.
        """
        self.ensure_one()
        return self.product_id.taxes_id._filter_taxes_by_company(self.company_id)

    def _has_price_of_its_own(self):
        """Tell whether something else than the pricelist prices the line."""
        self.ensure_one()
        return bool(self.display_type or self.is_downpayment or self.combo_item_id)

    def _has_price_by_hand(self):
        """Tell whether somebody entered the price or a discount of the line."""
        self.ensure_one()
        # Core notes the price only of lines that came through a form.
        given = self.technical_price_unit or self._get_price_of_pricelist()
        if self.currency_id.compare_amounts(given, self.price_unit):
            return True
        return bool(self.discount) and not self.pricelist_item_id._show_discount()

    def _should_show_strikethrough_price(self):
        """Override of `website_sale`: the regular price beside the member's."""
        if self.is_member_price and self._is_sellable():
            return True
        return super()._should_show_strikethrough_price()

    def _get_displayed_unit_price(self):
        """Override of `website_sale`: what is struck through is the regular price."""
        if not self.is_member_price:
            return super()._get_displayed_unit_price()
        show_tax = self.order_id.website_id.show_line_subtotals_tax_selection
        return self.tax_ids.compute_all(
            self.regular_price_unit,
            self.currency_id,
            1,
            self.product_id,
            self.order_partner_id,
        )["total_excluded" if show_tax == "tax_excluded" else "total_included"]
