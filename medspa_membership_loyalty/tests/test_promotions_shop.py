# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command
from odoo.tests import HttpCase, freeze_time, tagged

from odoo.addons.website_sale.tests.common import MockRequest

from .common import LoyaltyCase


@tagged("post_install", "-at_install")
@freeze_time("2026-02-02 08:00:00")
class TestPromotionsShop(LoyaltyCase, HttpCase):
    """The cart, where promotions come by themselves or by a code."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website = cls.env["website"].search(
            [("company_id", "=", cls.company.id)], limit=1
        ) or cls.env["website"].create({"name": "Clinic", "company_id": cls.company.id})
        cls.public_list.website_id = cls.website
        cls.users = {
            name: cls._create_portal_user(partner, f"{name}_shop")
            for name, partner in cls.people.items()
        }

    def _fill_cart(self, name):
        website = self.website.with_user(self.users[name]).with_context(
            allowed_company_ids=self.company.ids
        )
        self.env.registry.clear_cache()
        with MockRequest(website.env, website=website):
            cart = website._create_cart()
            for product, quantity in [(self.peel, 1), (self.laser, 2)]:
                cart._cart_add(product.product_variant_id.id, quantity)
        return cart.sudo()

    def _assert_totals(self, totals):
        for name, total in totals.items():
            cart = self._fill_cart(name)
            self.assertAlmostEqual(cart.amount_total, total, msg=name)
            cart.unlink()

    def test_a_promotion_that_comes_by_itself(self):
        program = self._create_program(reward={"discount": 18})
        everybody = dict.fromkeys(("stranger", "suspended", "lapsed"), 229.60)
        self._assert_totals({**everybody, "member": 226.40})
        program.reward_ids.discount = 10
        self._assert_totals({"stranger": 252, "suspended": 252, "member": 230})
        self._let_plan_stack()
        self._assert_totals({"stranger": 252, "member": 207})

    def test_the_cart_says_what_a_promotion_is_counted_from(self):
        program = self._create_program(reward={"discount": 18})
        self.website.domain = self.base_url()
        cart = self.env["sale.order"].create(
            {
                "partner_id": self.people["member"].id,
                "website_id": self.website.id,
                "order_line": [
                    Command.create({"product_id": self.peel.product_variant_id.id})
                ],
            }
        )
        self.authenticate("member_shop", "member_shop")
        page = self.url_open("/shop/cart").text
        self.assertAlmostEqual(cart.amount_total, 98.40)
        self.assertIn("counted from the regular price", page)
        program.active = False
        page = self.url_open("/shop/cart").text
        self.assertNotIn("counted from the regular price", page)

    def test_the_cart_says_why_a_code_gives_nothing(self):
        self._create_program("SPRING", reward={"discount": 10})
        self.website.domain = self.base_url()
        cart = self.env["sale.order"].create(
            {
                "partner_id": self.people["member"].id,
                "website_id": self.website.id,
                "order_line": [
                    Command.create({"product_id": self.peel.product_variant_id.id})
                ],
            }
        )
        self.authenticate("member_shop", "member_shop")
        page = self.url_open("/shop/pricelist?promo=SPRING").text
        self.assertIn("already as low as with this promotion", page)
        self.assertEqual(cart.amount_total, 102)
