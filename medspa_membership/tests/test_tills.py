# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command
from odoo.tests import Form, freeze_time, tagged

from odoo.addons.website_sale.tests.common import MockRequest

from .till_common import TillCase


@tagged("post_install", "-at_install")
@freeze_time("2026-02-02 08:00:00")
class TestTills(TillCase):
    """The same cent at every till. The point of sale has the table in its addon."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website = cls.env["website"].search(
            [("company_id", "=", cls.company.id)], limit=1
        ) or cls.env["website"].create({"name": "Clinic", "company_id": cls.company.id})
        (cls.public_list | cls.other_list).website_id = cls.website
        cls.users = {
            partner: cls._create_portal_user(partner, f"{name}_login")
            for name, partner in cls.people.items()
        }

    def test_every_till_asks_the_same(self):
        rows = 0
        for partner, currency, lines, total in self._each_row():
            rows += 1
            found = {
                "order": self._sell_by_order(partner, lines),
                "payment link": self._sell_by_link(partner, lines),
                "invoice": self._sell_by_invoice(partner, lines, currency),
                "cart": self._sell_by_cart(partner, lines),
            }
            self.assertEqual(found, dict.fromkeys(found, total))
        self.assertEqual(rows, 48)

    def _sell_by_order(self, partner, lines):
        order = self._order(*lines, partner=partner)
        order.action_confirm()
        invoice = order._create_invoices()
        self.assertEqual(invoice.amount_total, order.amount_total)
        return order.amount_total

    def _sell_by_link(self, partner, lines):
        order = self._order(*lines, partner=partner)
        order.action_quotation_sent()
        link = self.env["payment.link.wizard"].with_context(
            active_model="sale.order", active_id=order.id
        )
        return link.create({}).amount

    def _sell_by_invoice(self, partner, lines, currency):
        return (
            self.env["account.move"]
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": partner.id,
                    "currency_id": (
                        self.dollar if currency == "other" else self.euro
                    ).id,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "product_id": product.product_variant_id.id,
                                "quantity": quantity,
                            }
                        )
                        for product, quantity in lines
                    ],
                }
            )
            .amount_total
        )

    def _sell_by_cart(self, partner, lines):
        website = self.website.with_user(self.users[partner]).with_context(
            allowed_company_ids=self.company.ids
        )
        self.env.registry.clear_cache()
        with MockRequest(website.env, website=website):
            cart = website._create_cart()
            for product, quantity in lines:
                cart._cart_add(product.product_variant_id.id, quantity)
            self.assertEqual(cart.partner_id, partner)
            total = cart.amount_total
        cart.sudo().unlink()
        return total

    def test_an_invoice_in_a_form_follows_quantity_breaks(self):
        self.public_list.item_ids = [
            Command.create(
                {
                    "applied_on": "1_product",
                    "product_tmpl_id": self.laser.id,
                    "compute_price": "fixed",
                    "fixed_price": 70,
                    "min_quantity": 5,
                }
            )
        ]
        form = Form(
            self.env["account.move"].with_context(default_move_type="out_invoice")
        )
        form.partner_id = self.people["member"]
        with form.invoice_line_ids.new() as line:
            line.product_id = self.laser.product_variant_id
            self.assertEqual(line.price_unit, 64)
            line.quantity = 5
            self.assertEqual(line.price_unit, 56)

    def test_a_visitor_who_logs_in_reads_why_the_price_changed(self):
        member = self.people["member"]
        public = self.website.with_user(self.website.user_id).with_context(
            allowed_company_ids=self.company.ids
        )
        self.env.registry.clear_cache()
        with MockRequest(public.env, website=public):
            cart = public._create_cart()
            cart._cart_add(self.peel.product_variant_id.id, 1)
        self.assertEqual(cart.amount_total, 120)
        website = self.website.with_user(self.users[member]).with_context(
            allowed_company_ids=self.company.ids
        )
        with MockRequest(website.env, website=website, sale_order_id=cart.id) as req:
            cart = req.cart
            self.assertEqual((cart.partner_id, cart.amount_total), (member, 102))
            self.assertIn("member prices", cart._pop_price_notice())
            self.assertFalse(cart._pop_price_notice())
            line = cart.order_line
            self.assertEqual(line._get_displayed_unit_price(), 120)
            self.assertTrue(line._should_show_strikethrough_price())

    def test_a_session_of_the_shop_keeps_no_right(self):
        member = self.people["member"]
        website = self.website.with_user(self.users[member]).with_context(
            allowed_company_ids=self.company.ids
        )
        self.env.registry.clear_cache()
        with MockRequest(website.env, website=website) as req:
            version = req.pricelist
            self.assertEqual(version.member_base_id, self.public_list)
            cart = website._create_cart()
            cart._cart_add(self.peel.product_variant_id.id, 1)
        member.membership_ids._transition("suspended")
        with MockRequest(
            website.env,
            website=website,
            sale_order_id=cart.id,
            website_sale_current_pl=version.id,
        ) as req:
            self.assertEqual(req.pricelist, self.public_list)
            self.assertEqual(req.cart.amount_total, 120)

    def test_a_stranger_cannot_take_the_members_pricelist(self):
        version = self.people["member"].property_product_pricelist
        stranger = self.people["stranger"]
        website = self.website.with_user(self.users[stranger]).with_context(
            allowed_company_ids=self.company.ids
        )
        self.env.registry.clear_cache()
        with MockRequest(
            website.env,
            website=website,
            website_sale_current_pl=version.id,
            website_sale_selected_pl_id=version.id,
        ) as req:
            self.assertEqual(req.pricelist, self.public_list)
            self.assertFalse(website.is_pricelist_available(version.id))
            cart = website._create_cart()
            cart._cart_add(self.peel.product_variant_id.id, 1)
            cart._update_address(stranger.id, ["partner_id"])
            cart._refresh_cart_prices()
            self.assertEqual(cart.amount_total, 120)

    def test_the_shop_says_which_price_is_the_members(self):
        for name, expected in [("member", (102, 120)), ("stranger", (120, None))]:
            user = self.users[self.people[name]]
            website = self.website.with_user(user).with_context(
                allowed_company_ids=self.company.ids
            )
            self.env.registry.clear_cache()
            with MockRequest(website.env, website=website):
                peel = self.peel.with_user(user)
                prices = peel._get_sales_prices(website)[peel.id]
                info = peel._get_combination_info()
            found = (prices["price_reduce"], prices.get("base_price"))
            self.assertEqual(found, expected)
            self.assertEqual(
                (info["price"], info["is_member_price"]),
                (expected[0], name == "member"),
            )

    def test_the_plan_that_saves_most_is_offered_to_who_has_none(self):
        other = self._create_plan("Radiance", 49, benefits=[])
        self._add_discounts(
            other,
            {"applied_on": "product", "product_tmpl_id": self.peel.id, "percent": 30},
        )
        order = self._order((self.laser, 2), partner=self.people["stranger"])
        offer = order._get_member_offer()
        self.assertEqual((offer["plan"], offer["saving"]), (self.plan, 32))
        order = self._order(self.peel, partner=self.people["stranger"])
        offer = order._get_member_offer()
        self.assertEqual((offer["plan"], offer["saving"]), (other, 36))
        self.assertIn("Radiance", order.member_offer)
        action = order.action_join_plan()
        joining = self.env["sale.order"].browse(action["res_id"])
        self.assertEqual(joining.order_line.product_id, offer["product"])
        for name in ("member", "suspended"):
            order = self._order(self.peel, partner=self.people[name])
            self.assertFalse(order.member_offer, name)
