# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.medspa_membership_pos.tests.tour_common import PosTourCase


@tagged("post_install", "-at_install")
class TestPosPromotions(PosTourCase):
    """A till in Chromium, a promotion of 18 % for everybody, and a member."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.laser = cls._create_treatment("Laser", list_price=80, available_in_pos=True)
        cls.voucher = cls._create_treatment(
            "Voucher", list_price=50, available_in_pos=True
        )
        (cls.peel | cls.laser | cls.serum | cls.voucher).taxes_id = False
        cls.env["loyalty.program"].search([]).active = False
        cls.promotion = cls.env["loyalty.program"].create(
            {
                "name": "Spring",
                "program_type": "promotion",
                "trigger": "auto",
                "applies_on": "current",
                "pricelist_ids": cls.public_list.ids,
                "rule_ids": [
                    Command.clear(),
                    Command.create({"minimum_amount": 0, "minimum_qty": 0}),
                ],
                "reward_ids": [
                    Command.clear(),
                    Command.create(
                        {
                            "reward_type": "discount",
                            "discount": 18,
                            "discount_applicability": "specific",
                            "discount_product_ids": (
                                cls.peel | cls.laser
                            ).product_variant_id.ids,
                        }
                    ),
                ],
            }
        )
        cls.env["loyalty.program"].create(
            {
                "name": "Vouchers",
                "program_type": "ewallet",
                "rule_ids": [
                    Command.clear(),
                    Command.create({"product_ids": cls.voucher.product_variant_id.ids}),
                ],
            }
        )

    def _get_discounts(self):
        return [
            {"applied_on": "all", "percent": 15},
            {
                "applied_on": "product",
                "product_tmpl_id": self.laser.id,
                "percent": 20,
            },
        ]

    def _sell(self, tour, stacks=False):
        self.membership._transition("ended")
        plan = self.env["sale.subscription.template"].create(
            {
                "name": "Bright",
                "is_plan": True,
                "price": 99,
                "stacks_with_promotions": stacks,
                "discount_ids": [Command.create(row) for row in self._get_discounts()],
            }
        )
        self._join_plan(plan)
        self.main_pos_config.with_user(self.pos_user).open_ui()
        self.start_tour(f"/pos/ui/{self.main_pos_config.id}", tour, login="pos_user")
        return self.env["pos.order"].search(
            [("partner_id", "=", self.patient.id)], limit=1
        )

    def test_a_member_pays_the_lower_price_of_each_line(self):
        order = self._sell("medspa_membership_pos_loyalty.sell_to_member")
        self.assertEqual(order.state, "paid")
        self.assertAlmostEqual(order.amount_total, 276.40)
        (off,) = order.lines.filtered("is_reward_line")
        self.assertAlmostEqual(off.price_subtotal_incl, -3.60)

    def test_both_count_where_the_plan_comes_on_top(self):
        order = self._sell("medspa_membership_pos_loyalty.on_top", stacks=True)
        self.assertAlmostEqual(order.amount_total, 83.64)

    def test_a_coupon_of_a_pricelist_is_one_of_its_members(self):
        coupon = self.env["loyalty.card"].create(
            {"program_id": self.promotion.id, "points": 1, "code": "spring-1"}
        )
        version = self.patient.property_product_pricelist
        self.assertEqual(version.member_base_id, self.public_list)
        other = self.env["product.pricelist"].create({"name": "Elsewhere"})
        for pricelist, successful in [(version, True), (other, False)]:
            told = self.main_pos_config.use_coupon_code(
                coupon.code, "2026-02-02 08:00:00", self.patient.id, pricelist.id
            )
            self.assertEqual(told["successful"], successful)


@tagged("post_install", "-at_install")
class TestPosPromotionUnits(HttpCase):
    def test_the_tills_own_tests(self):
        """Run the unit tests of the till's code in the browser."""
        self.browser_js(
            "/web/tests?headless&loglevel=2&preset=desktop&timeout=15000"
            "&filter=%40medspa_membership_pos_loyalty",
            "",
            "",
            login="admin",
            timeout=600,
            success_signal="[HOOT] Test suite succeeded",
        )
