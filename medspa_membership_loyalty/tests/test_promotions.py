# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .common import LoyaltyCase

# A peel (120, members 102) and two lasers (80 each, members 64) with one promotion, by
# hand: what everybody pays, a member, and a member of a plan that comes on top.
# Members pay the lower price of each line: with 18 % off, 98.40 for the peel (82 % of
# 120) and 128.00 for the lasers (82 % of 160 are 131.20).
PROMOTIONS = {
    "10 % off the order": ({"discount": 10}, (252.00, 230.00, 207.00)),
    "18 % off the order": ({"discount": 18}, (229.60, 226.40, 188.60)),
    "30 % off the order": ({"discount": 30}, (196.00, 196.00, 161.00)),
    "30 %, at most 28": (
        {"discount": 30, "discount_max_amount": 28},
        (252.00, 230.00, 202.00),
    ),
    "30 % off the peel": (
        {"discount": 30, "discount_applicability": "specific"},
        (244.00, 212.00, 199.40),
    ),
    "half of the cheapest": (
        {"discount": 50, "discount_applicability": "cheapest"},
        (240.00, 222.00, 198.00),
    ),
    # A seventh of 280: 102.86 for the peel, 137.14 for the lasers.
    "40 off the order": (
        {"discount": 40, "discount_mode": "per_order"},
        (240.00, 230.00, 190.00),
    ),
    # A fifth of 280: 96 for the peel, 128 for the lasers.
    "56 off the order": (
        {"discount": 56, "discount_mode": "per_order"},
        (224.00, 224.00, 174.00),
    ),
}


@tagged("post_install", "-at_install")
@freeze_time("2026-02-02 08:00:00")
class TestPromotions(LoyaltyCase):
    """Member prices and promotions: the lower of the two, or both where a plan says."""

    def _sell(self, name, code="SPRING"):
        order = self._order(self.peel, (self.laser, 2), partner=self.people[name])
        try:
            self._enter_code(order, code)
        except UserError:
            order._update_programs_and_rewards()
        order.action_confirm()
        return order

    def _each_promotion(self):
        for name, (reward, totals) in PROMOTIONS.items():
            if reward.get("discount_applicability") == "specific":
                products = self.peel.product_variant_id.ids
                reward = {**reward, "discount_product_ids": products}
            program = self._create_program("SPRING", reward=reward)
            with self.subTest(promotion=name):
                yield totals
            program.active = False

    def test_a_member_pays_the_lower_price_of_each_line(self):
        for public, member, _on_top in self._each_promotion():
            self.assertAlmostEqual(self._sell("stranger").amount_total, public)
            self.assertAlmostEqual(self._sell("member").amount_total, member)
            self.assertAlmostEqual(self._sell("suspended").amount_total, public)
            self.assertAlmostEqual(self._sell("lapsed").amount_total, public)

    def test_both_count_where_the_plan_comes_on_top(self):
        self._let_plan_stack()
        for public, _member, on_top in self._each_promotion():
            self.assertAlmostEqual(self._sell("member").amount_total, on_top)
            self.assertAlmostEqual(self._sell("stranger").amount_total, public)

    def test_taxes_in_the_price_or_on_top(self):
        self._create_program("SPRING", reward={"discount": 18})
        products = self.peel | self.laser
        # 226.40 with its tax, and with 21 % on top of it: 273.944.
        for tax, total in [("included", 226.40), ("excluded", 273.94)]:
            products.taxes_id = self.taxes[tax]
            order = self._sell("member")
            self.assertAlmostEqual(order.amount_total, total, msg=tax)
            self.assertEqual(order.order_line.tax_ids, self.taxes[tax])

    def test_an_amount_off_is_shared_with_the_tax(self):
        self._create_program(
            "SPRING", reward={"discount": 56, "discount_mode": "per_order"}
        )
        (self.peel | self.laser).taxes_id = self.taxes["excluded"]
        self.assertAlmostEqual(self._sell("stranger").amount_total, 282.80)
        # 56 of 338.80 are 16.529 %: the peel costs 100.165, 1.835 less than 102, and
        # 2.22 less with tax; the lasers would be 133.55.
        self.assertAlmostEqual(self._sell("member").amount_total, 276.08)

    def test_lines_with_several_taxes(self):
        self._create_program("SPRING", reward={"discount": 30})
        self.peel.taxes_id = self.taxes["excluded"]
        order = self._sell("member")
        # 84 and 21 % of it; 112 without.
        self.assertAlmostEqual(order.amount_total, 101.64 + 112)
        off = order.order_line.filtered("reward_id")
        self.assertEqual(sorted(off.mapped("price_unit")), [-18, -16])

    def test_another_currency(self):
        self._create_program("SPRING", reward={"discount": 18})
        self.people["member"].specific_property_product_pricelist = self.other_list
        order = self._sell("member")
        self.assertEqual(order.currency_id, self.dollar)
        self.assertAlmostEqual(order.amount_total, 452.80)

    def test_a_fiscal_position_changes_the_tax_and_not_the_rule(self):
        abroad = self.env["account.fiscal.position"].create(
            {"name": "Abroad", "company_id": self.company.id}
        )
        tax = self.env["account.tax"].create(
            {
                "name": "20 % in",
                "amount": 20,
                "price_include_override": "tax_included",
                "company_id": self.company.id,
            }
        )
        reduced = tax.copy({"name": "10 % abroad", "amount": 10})
        reduced.write(
            {
                "fiscal_position_ids": [Command.set(abroad.ids)],
                "original_tax_ids": [Command.set(tax.ids)],
            }
        )
        self.peel.taxes_id = tax
        self._create_program("SPRING", reward={"discount": 18})
        order = self._order(
            self.peel, partner=self.people["member"], fiscal_position_id=abroad.id
        )
        self.assertAlmostEqual(order.amount_total, 93.50)
        self._enter_code(order, "SPRING")
        self.assertEqual(order.order_line.tax_ids, reduced)
        # 120 are 100 without tax and 110 with this one; less 18 %.
        self.assertAlmostEqual(order.amount_total, 90.20)

    def test_what_no_plan_reduces_has_the_promotion_in_full(self):
        plan = self._create_plan("Radiance", 49, benefits=[])
        self._add_discounts(
            plan,
            {"applied_on": "product", "product_tmpl_id": self.laser.id, "percent": 20},
        )
        self._join(plan, partner=self.people["stranger"])
        self._create_program("SPRING", reward={"discount": 10})
        # 108 for the peel, as for anybody; 128 for the lasers.
        self.assertAlmostEqual(self._sell("stranger").amount_total, 236)

    def test_two_promotions_come_on_top_of_each_other_as_for_anybody(self):
        self._create_program("SPRING", reward={"discount": 10})
        self._create_program(
            "PEEL",
            reward={
                "discount": 30,
                "discount_applicability": "specific",
                "discount_product_ids": self.peel.product_variant_id.ids,
            },
        )
        # (84 + 160) less 10 %; a member has the peel at 75.60 and the lasers at 128.
        for name, total in [("stranger", 219.60), ("member", 203.60)]:
            order = self._order(self.peel, (self.laser, 2), partner=self.people[name])
            self._enter_code(order, "PEEL")
            self._enter_code(order, "SPRING")
            self.assertAlmostEqual(order.amount_total, total)
            order.action_confirm()
            self.assertAlmostEqual(order.amount_total, total)

    def test_a_second_promotion_comes_off_the_first_and_not_off_the_member_price(self):
        self._create_program("SPRING", reward={"discount": 20})
        self._create_program(
            "FIVE", reward={"discount": 5, "discount_applicability": "specific"}
        )
        # 120 less 20 % is 96, less 5 % of that.
        for name in ("stranger", "member"):
            order = self._order(self.peel, partner=self.people[name])
            self._enter_code(order, "SPRING")
            self._enter_code(order, "FIVE")
            order.action_confirm()
            self.assertAlmostEqual(order.amount_total, 91.20)

    def test_nothing_left_to_discount_is_said_and_uses_nothing_up(self):
        program = self._create_program("SPRING", reward={"discount": 15})
        order = self._order(self.peel, partner=self.people["member"])
        with self.assertRaisesRegex(UserError, "already as low"):
            self._enter_code(order, "SPRING")
        order.action_confirm()
        self.assertEqual(order.amount_total, 102)
        self.assertFalse(order.order_line.reward_id)
        self.assertFalse(program.coupon_ids.filtered(lambda card: card.use_count))

    def test_a_coupon_is_not_used_up_where_it_gives_nothing(self):
        program = self._create_program(
            program_type="coupons", trigger="with_code", rule_ids=[]
        )
        coupon = self.env["loyalty.card"].create(
            {"program_id": program.id, "points": 1, "code": "once"}
        )
        order = self._order(self.peel, partner=self.people["member"])
        with self.assertRaisesRegex(UserError, "not used up"):
            self._enter_code(order, "once")
        order.action_confirm()
        self.assertEqual((order.amount_total, coupon.points), (102, 1))
        order = self._order(self.peel, partner=self.people["stranger"])
        self._enter_code(order, "once")
        order.action_confirm()
        self.assertEqual((order.amount_total, coupon.points), (108, 0))

    def test_an_open_order_follows_the_membership(self):
        self._create_program("SPRING", reward={"discount": 18})
        member = self.people["member"]
        order = self._order(self.peel, (self.laser, 2), partner=member)
        self._enter_code(order, "SPRING")
        self.assertAlmostEqual(order.amount_total, 226.40)
        member.membership_ids._transition("suspended")
        self.assertAlmostEqual(order.amount_total, 229.60)
        member.membership_ids._transition("active")
        self.assertAlmostEqual(order.amount_total, 226.40)

    def test_what_is_saved_is_what_others_would_pay_more(self):
        self._create_program("SPRING", reward={"discount": 18})
        self.assertAlmostEqual(self._sell("member").member_saving, 3.20)
        self._let_plan_stack()
        self.assertAlmostEqual(self._sell("member").member_saving, 41.00)

    def test_what_a_plan_would_save_beside_a_promotion(self):
        for percent, saving in [(10, 22.00), (18, 3.20), (30, None)]:
            program = self._create_program("SPRING", reward={"discount": percent})
            order = self._order(
                self.peel, (self.laser, 2), partner=self.people["stranger"]
            )
            self._enter_code(order, "SPRING")
            offer = order._get_member_offer()
            if saving:
                self.assertAlmostEqual(offer["saving"], saving)
            else:
                self.assertFalse(offer)
            program.active = False

    def test_points_of_a_loyalty_card_are_the_patients_own(self):
        program = self._create_program(
            program_type="loyalty",
            applies_on="both",
            trigger="auto",
            reward={"discount": 10, "discount_mode": "per_order"},
        )
        member = self.people["member"]
        card = self.env["loyalty.card"].create(
            {"program_id": program.id, "partner_id": member.id, "points": 5}
        )
        order = self._order(self.peel, partner=member)
        order._update_programs_and_rewards()
        order._apply_program_reward(program.reward_ids, card)
        self.assertEqual(order.amount_total, 92)

    def test_a_free_product_is_free(self):
        self._create_program(
            program_type="buy_x_get_y",
            rule={"product_ids": self.laser.product_variant_id.ids, "minimum_qty": 2},
            reward={
                "reward_type": "product",
                "reward_product_id": self.serum.product_variant_id.id,
            },
        )
        order = self._order((self.laser, 2), partner=self.people["member"])
        order._update_programs_and_rewards()
        for coupon, rewards in order._get_claimable_rewards().items():
            order._apply_program_reward(rewards, coupon)
        self.assertEqual(len(order.order_line), 2)
        self.assertEqual((order.amount_total, order.member_saving), (128, 32))

    def test_a_program_of_a_pricelist_is_one_of_its_members(self):
        program = self._create_program(
            "SPRING", reward={"discount": 30}, pricelist_ids=self.public_list.ids
        )
        self.assertAlmostEqual(self._sell("member").amount_total, 196)
        program.pricelist_ids = self._create_pricelist("Elsewhere")
        order = self._order(self.peel, partner=self.people["member"])
        self.assertIn("error", order._try_apply_code("SPRING"))

    def test_a_price_entered_by_hand_has_the_promotion_in_full(self):
        self._create_program("SPRING", reward={"discount": 10})
        order = self._order(self.peel, partner=self.people["member"])
        order.order_line.price_unit = 100
        self._enter_code(order, "SPRING")
        self.assertEqual(order.amount_total, 90)
