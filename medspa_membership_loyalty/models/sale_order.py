# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class SaleOrder(models.Model):
    """Member prices and promotions: both where the plan says so, or the better one.

    A promotion is worked out on the prices that anybody pays. A line then costs the
    lower of the two, the member's price or the one with the promotion: what the
    promotion line takes off is the difference. So no promotion leaves a member paying
    more than somebody who is none, and it never comes on top of a member price, unless
    the plan comes on top of promotions.
    """

    _inherit = "sale.order"

    # === COMPUTE METHODS === #

    def _compute_member_saving(self):
        """Override: a promotion that others get as well leaves less to save."""
        res = super()._compute_member_saving()
        for order in self.filtered("has_member_price"):
            if order._get_promotion_lines():
                mine = order._replay_promotions()
                others = order._replay_promotions(
                    supposed={
                        line: line._get_public_standing()
                        for line in mine
                        if line.is_member_price
                    }
                )
                order.member_saving = order.currency_id.round(
                    sum(
                        (others[li].paid - mine[li].paid) * mine[li].gross
                        for li in mine
                    )
                )
        return res

    # === BUSINESS METHODS: PROGRAMS === #

    def _get_program_domain(self):
        """Override: a program of a pricelist is one of its members' version too."""
        return self._with_member_base(super()._get_program_domain(), "pricelist_ids")

    def _get_trigger_domain(self):
        """Override: a program of a pricelist is one of its members' version too."""
        return self._with_member_base(
            super()._get_trigger_domain(), "program_id.pricelist_ids"
        )

    def _with_member_base(self, domain, field):
        base = self.pricelist_id.sudo().member_base_id
        if not base:
            return domain
        ids = [self.pricelist_id.id, base.id]
        return [
            (field, "in", ids)
            if leaf[0] == field and leaf[1] == "in" and self.pricelist_id.id in leaf[2]
            else leaf
            for leaf in domain
        ]

    def _follow_membership(self):
        """Override: rewards follow the prices that they were worked out on."""
        changed = super()._follow_membership()
        if changed and self.order_line.reward_id:
            self._update_programs_and_rewards()
        return changed

    # === BUSINESS METHODS: PROMOTIONS === #

    def _get_reward_values_discount(self, reward, coupon, **kwargs):
        """Override of `sale_loyalty` for promotions on orders with member prices.

        :raise UserError: the member's price is as low for all that it reduces
        """
        values_list = super()._get_reward_values_discount(reward, coupon, **kwargs)
        if not reward._is_promotion() or not any(
            values["product_uom_qty"] for values in values_list
        ):
            return values_list
        if not self._compares_promotions():
            return values_list
        before = self._replay_promotions(but=(reward, coupon))
        after = self._replay_promotion(before, reward, coupon)
        amounts, total = {}, 0.0
        for line, standing in before.items():
            extra = standing.paid - after[line].paid
            key = self._get_tax_key(line.tax_ids, self.fiscal_position_id)
            amounts[key] = amounts.get(key, 0.0) + extra
            total += extra * standing.gross
        if self.currency_id.compare_amounts(total, 0.0) <= 0:
            raise UserError(
                self.env._(
                    "The member price is already as low as with this promotion: the "
                    "two are not combined. The promotion is not used up."
                )
            )
        limit = min(1.0, self.amount_total / total)
        return self._share_out(values_list, reward, coupon, amounts, total, limit)

    def _compares_promotions(self):
        """Tell whether there are member prices that promotions do not come on top of.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        standings = [line._get_standing() for line in self.order_line]
        return any(standing.paid != standing.promoted for standing in standings)

    def _share_out(self, values_list, reward, coupon, amounts, total, limit):
        """Return the values of the reward with these amounts for each set of taxes."""
        cost = sum(values["points_cost"] for values in values_list)
        if reward.discount_mode == "per_point" and not reward.clear_wallet:
            given = self._to_currency(total * limit, reward.currency_id, back=True)
            cost = coupon.currency_id.round(given / reward.discount)
        found = []
        for values in values_list:
            tax_ids = [
                command[1]
                for command in values["tax_ids"]
                if command[0] == Command.LINK
            ]
            key = self._get_tax_key(self.env["account.tax"].browse(tax_ids))
            amount = amounts.get(key, 0.0) * limit
            if not self.currency_id.is_zero(amount):
                name = self.env._("%s, counted from the regular price", values["name"])
                found.append(
                    {**values, "name": name, "price_unit": -amount, "points_cost": 0}
                )
        if found:
            found[0]["points_cost"] = cost
        return found

    def _get_tax_key(self, taxes, fiscal_position=None):
        """Return what core splits a discount by: percentages, not fixed taxes.

        :param fiscal_position: maps the taxes of a line once more, as core does
        """
        taxes = taxes.flatten_taxes_hierarchy()
        taxes = taxes.filtered(lambda tax: tax.amount_type != "fixed")
        if fiscal_position:
            taxes = fiscal_position.map_tax(taxes)
        return frozenset(taxes.ids)

    def _get_promotion_lines(self):
        """Return the lines of promotions that are on the order, in their order."""
        self.ensure_one()
        return self.order_line.filtered(
            lambda line: (
                line.coupon_id and line.price_unit and line.reward_id._is_promotion()
            )
        )

    def _replay_promotions(self, but=None, supposed=None):
        """Return the standing of each line after the promotions on the order.

        :param tuple but: a reward and its coupon that do not count
        :param dict supposed: other standings of lines to begin with
        """
        self.ensure_one()
        promotions = self._get_promotion_lines()
        lines = self.order_line.filtered(
            lambda line: (
                not line.display_type
                and not line.reward_id._is_promotion()
                and not line.reward_id.program_id.is_payment_program
            )
        )
        lines -= self._get_no_effect_on_threshold_lines()
        standings = {line: line._get_standing() for line in lines} | (supposed or {})
        for same in promotions.grouped("reward_identifier_code").values():
            key = (same[:1].reward_id, same[:1].coupon_id)
            if key != but:
                points = sum(same.mapped("points_cost"))
                standings = self._replay_promotion(standings, *key, used=points)
        return standings

    def _replay_promotion(self, standings, reward, coupon, used=0.0):
        """Return the standings after one promotion more.

        :param float used: points of the coupon that it has taken already
        """
        reach = self._get_promotion_reach(reward, standings)
        share = self._get_promotion_share(reward, coupon, reach, standings, used)
        return {
            line: standing.reduce(share * reach[line]) if line in reach else standing
            for line, standing in standings.items()
        }

    def _get_promotion_reach(self, reward, standings):
        """Return the part of each line that a promotion reduces."""
        if reward.discount_applicability == "cheapest":
            lines = self._cheapest_line(reward) or self.order_line.browse()
            reach = {line: 1 / line.product_uom_qty for line in lines}
        elif reward.discount_applicability == "specific":
            lines = self._get_specific_discountable_lines(reward)
            reach = dict.fromkeys(lines, 1.0)
        else:
            reach = dict.fromkeys(standings, 1.0)
        return {line: part for line, part in reach.items() if line in standings}

    def _get_promotion_share(self, reward, coupon, reach, standings, used):
        """Return the share that a promotion takes off the prices in its reach."""
        base = sum(
            standings[line].promoted * standings[line].gross * part
            for line, part in reach.items()
        )
        if base <= 0:
            return 0.0
        limit = self._to_currency(reward.discount_max_amount, reward.currency_id)
        limit = min(1.0, limit / base) if limit else 1.0
        if reward.discount_mode == "percent":
            return min(reward.discount / 100, limit)
        amount = reward.discount
        if reward.discount_mode == "per_point":
            points = self._get_real_points_for_coupon(coupon) + used
            amount *= points // reward.required_points * reward.required_points
        return min(self._to_currency(amount, reward.currency_id) / base, limit)

    def _to_currency(self, amount, currency, back=False):
        """Return an amount of a reward in the currency of the order, or back."""
        pair = (self.currency_id, currency) if back else (currency, self.currency_id)
        return pair[0]._convert(amount, pair[1], self.company_id, fields.Date.today())
