# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import html
import re

from odoo.tests import HttpCase, freeze_time, tagged
from odoo.tools import mute_logger

from .till_common import TillCase

# The smallest picture there is: what a patient signs with here.
SIGNATURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ"
    "RU5ErkJggg=="
)


def to_text(page):
    text = re.sub(r"<[^>]+>", " ", page)
    return re.sub(r"\s+", " ", html.unescape(text)).replace("\xa0", " ")


class TillPagesCase(TillCase, HttpCase):
    """The clinic of the tills with a website, its plan on a page of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website = cls.env["website"].search(
            [("company_id", "=", cls.company.id)], limit=1
        ) or cls.env["website"].create({"name": "Clinic", "company_id": cls.company.id})
        cls.website.domain = cls.base_url()
        cls.public_list.website_id = cls.website
        (cls.peel | cls.laser | cls.plan.product_tmpl_id).is_published = True
        for name, partner in cls.people.items():
            cls._create_portal_user(partner, f"{name}_page")

    def _log_in(self, name):
        self.env.registry.clear_cache()
        self.authenticate(name and f"{name}_page", name and f"{name}_page")

    def _get(self, path):
        response = self.url_open(path)
        self.assertEqual(response.status_code, 200)
        return response.text

    def _rpc(self, path, **params):
        answer = self.url_open(
            path, json={"jsonrpc": "2.0", "method": "call", "params": params}
        ).json()
        return answer.get("result"), answer.get("error")


@tagged("post_install", "-at_install")
class TestTillPages(TillPagesCase):
    """What the shop and the cart say to members and to who is none."""

    def _fill_cart(self):
        for product, quantity in [(self.peel, 1), (self.laser, 2)]:
            _result, error = self._rpc(
                "/shop/cart/add",
                product_template_id=product.id,
                product_id=product.product_variant_id.id,
                quantity=quantity,
            )
            self.assertFalse(error)
        return self._get("/shop/cart")

    def test_who_is_no_member_sees_what_the_basket_would_cost_in_a_plan(self):
        other = self._create_plan("Radiance", 49, benefits=[])
        self._add_discounts(other, {"applied_on": "all", "percent": 5})
        other.product_tmpl_id.is_published = True
        cost, saving, price = (
            self.euro.format(amount).replace("\xa0", " ") for amount in (266, 14, 49)
        )
        for name in (None, "stranger", "lapsed"):
            self._log_in(name)
            page = self._fill_cart()
            # 280 at regular prices. With what joining costs, Glow comes to 230 + 99,
            # Radiance to 266 + 49.
            self.assertIn(
                f"In Radiance this would cost {cost}: {saving} less. "
                f"The plan is {price}",
                to_text(page),
                name,
            )
            self.assertNotIn("Your member price", page)
            (link,) = re.findall(
                r'o_medspa_member_offer.*?href="([^"]+)"', page, re.DOTALL
            )
            self.assertIn("o_medspa_join", self._get(link), "a way to join")

    def test_members_see_their_prices_and_no_offer(self):
        self._log_in("member")
        page = self._fill_cart()
        self.assertNotIn("o_medspa_member_offer", page)
        self.assertIn("o_medspa_member_price ", page)
        self._log_in("suspended")
        page = self._fill_cart()
        self.assertNotIn("o_medspa_member_offer", page)
        self.assertNotIn("o_medspa_member_price ", page)

    def test_the_cart_says_why_its_prices_changed(self):
        self._log_in("member")
        self._fill_cart()
        self.people["member"].membership_ids._transition("suspended")
        self.assertIn("the regular prices again", to_text(self._get("/shop/cart")))
        self.assertNotIn("regular prices again", to_text(self._get("/shop/cart")))

    def test_the_tiles_of_the_shop_say_which_price_is_the_members(self):
        for name, price, is_label in [
            (None, "120.00", False),
            ("member", "102.00", True),
            ("suspended", "120.00", False),
        ]:
            self._log_in(name)
            page = self._get(f"/shop?search={self.peel.name}")
            tile = next(
                part
                for part in page.split("oe_product_cart")[1:]
                if self.peel.website_url in part
            )
            self.assertIn(price, to_text(tile), name)
            self.assertEqual("Your member price" in to_text(tile), is_label, name)
            if is_label:
                self.assertRegex(tile, r"(?s)<del.*120\.00")


@tagged("post_install", "-at_install")
class TestTillOrderPages(TillPagesCase):
    """The page of a quotation, where patients sign and pay."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.member = cls.people["member"]
        cls.order = cls._order(
            cls.peel, (cls.laser, 2), partner=cls.member, require_payment=True
        )
        cls.order.action_quotation_sent()

    def _stop_unnoticed(self):
        """Let the last day pass, before the job of the night has seen it."""
        self.member.membership_ids.sudo().end_date = "2026-01-31"

    def test_a_member_sees_what_the_membership_saves(self):
        self._log_in("member")
        page = self._get(self.order.get_portal_url())
        self.assertIn("Saved as a member", page)
        self.assertNotIn("o_medspa_member_offer", page)
        self.assertEqual(self.order.amount_total, 230)

    def test_who_is_no_member_sees_the_plan(self):
        order = self._order(self.peel, partner=self.people["stranger"])
        order.action_quotation_sent()
        self._log_in("stranger")
        page = self._get(order.get_portal_url())
        self.assertIn("In Glow this would cost", to_text(page))
        self.assertIn(self.plan.product_tmpl_id.website_url, page)
        self.plan.product_tmpl_id.is_published = False
        page = self._get(order.get_portal_url())
        self.assertNotIn("o_medspa_member_offer", page)

    def test_the_page_has_the_prices_of_now_and_says_why(self):
        self.member.membership_ids._transition("suspended")
        self.assertEqual(self.order.amount_total, 280)
        url = self.order.get_portal_url()
        self.authenticate("admin", "admin")
        self.assertIn("regular prices again", to_text(self._get(url)))
        self._log_in("member")
        self.assertIn("regular prices again", to_text(self._get(url)))
        self.assertNotIn("regular prices again", to_text(self._get(url)))

    @freeze_time("2026-02-02 08:00:00")
    def test_the_page_notices_the_last_day_before_the_night_does(self):
        self._stop_unnoticed()
        self._log_in("member")
        page = self._get(self.order.get_portal_url())
        self.assertIn("regular prices again", to_text(page))
        self.assertEqual(self.order.amount_total, 280)

    def test_nobody_signs_other_prices_than_those_of_the_page(self):
        self._log_in("member")
        self._get(self.order.get_portal_url())
        self._stop_unnoticed()
        sign = {
            "access_token": self.order.access_token,
            "name": "Member",
            "signature": SIGNATURE,
        }
        path = f"/my/orders/{self.order.id}/accept"
        result, _error = self._rpc(path, **sign)
        self.assertIn("have changed", result["error"])
        self.assertFalse(self.order.signature)
        self.assertEqual(self.order.amount_total, 280)
        result, error = self._rpc(path, **sign)
        self.assertTrue(result["force_refresh"], error)

    @mute_logger("odoo.http")
    def test_nobody_pays_a_price_that_the_order_has_no_longer(self):
        self._log_in("member")
        pay = {
            "access_token": self.order.access_token,
            "provider_id": self.provider.id,
            "payment_method_id": self.card.id,
            "token_id": None,
            "flow": "direct",
            "tokenization_requested": False,
            "landing_route": "/my",
            "amount": 230,
        }
        path = f"/my/orders/{self.order.id}/transaction"
        self.member.membership_ids._transition("suspended")
        _result, error = self._rpc(path, **pay)
        self.assertIn("have changed", error["data"]["message"])
        _result, error = self._rpc(path, **{**pay, "amount": 281})
        self.assertIn("have changed", error["data"]["message"])
        result, error = self._rpc(path, **{**pay, "amount": 280})
        self.assertFalse(error)
        self.assertEqual(self.order.transaction_ids.amount, 280)
        self.assertEqual(result["reference"], self.order.transaction_ids.reference)

    @freeze_time("2026-02-02 08:00:00")
    def test_an_order_is_confirmed_at_the_prices_of_the_day(self):
        self._stop_unnoticed()
        self.assertEqual(self.order.amount_total, 230)
        self.order.action_confirm()
        self.assertEqual(self.order.amount_total, 280)
        self.assertIn(
            "no longer the member", str(self.order.message_ids.mapped("body"))
        )
