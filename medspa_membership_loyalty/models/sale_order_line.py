# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from dataclasses import replace

from odoo import models

from .sale_order_promotion import Standing


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _has_price_of_its_own(self):
        """Override: a reward is priced by its program."""
        return bool(self.reward_id) or super()._has_price_of_its_own()

    def _is_money(self):
        """Override: a gift card or an eWallet pays; it is no discount."""
        # who sells need not be allowed to read programs
        program_sudo = self.sudo().reward_id.program_id
        return super()._is_money() or program_sudo.is_payment_program

    def _get_standing(self, version=None, price=None):
        """Return what the line costs, and what it would with promotions instead.

        Note: `self.ensure_one()`

        :param version: a members' pricelist to suppose, with its `price` of one unit;
            by default the line is as it is
        """
        self.ensure_one()
        amount = self.product_uom_qty * (1 - self.discount / 100)
        paid = self.price_unit if price is None else price
        regular = paid
        if version is not None:
            regular, rule = self.price_unit, self._get_rule_of(version)
        elif self.is_member_price and not self._has_price_by_hand():
            regular, rule = self.regular_price_unit, self.pricelist_item_id.sudo()
        if regular != paid:
            # What plans that come on top of promotions give there as well.
            regular *= 1 - rule.promotion_percent / 100
            if self.currency_id.compare_amounts(regular, paid) <= 0:
                regular = paid
        return Standing(
            paid * amount,
            regular * amount,
            self.price_total / (self.price_unit * amount)
            if self.price_unit and amount
            else 1.0,
        )

    def _get_public_standing(self):
        """Return what the line costs who is no member. Note: `self.ensure_one()`."""
        amount = self.product_uom_qty * (1 - self.discount / 100)
        price = self.regular_price_unit * amount
        return replace(self._get_standing(), paid=price, promoted=price)

    def _get_rule_of(self, version):
        """Return the rule of a members' pricelist for the line."""
        rule_id = version._get_product_rule(self.product_id, self.product_uom_qty)
        return self.env["product.pricelist.item"].sudo().browse(rule_id)

    def _get_saving_with(self, version):
        """Override: a promotion on the order may leave a plan less to save, or nothing.

        What counts is what the whole order would come to.
        """
        order = self.order_id
        if not order.order_line.reward_id.filtered(lambda r: r._is_promotion()):
            return super()._get_saving_with(version)
        prices = self._get_unit_prices_with(version)
        supposed = {
            line: line._get_standing(version, price)
            for line, price in prices.items()
            if self.currency_id.compare_amounts(price, line.price_unit) < 0
        }
        now = order._replay_promotions()
        then = order._replay_promotions(supposed=supposed)
        return sum((now[line].paid - then[line].paid) * now[line].gross for line in now)
