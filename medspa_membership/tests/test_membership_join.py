# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import html
import json
import re

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tests.common import JsonRpcException
from odoo.tools import mute_logger

from .membership_common import MembershipCase
from .membership_http_common import PIXEL, MemberPages, to_text


class JoinCase(MemberPages):
    """Steps of the checkout of the shop."""

    def _join_online(self, plan=None):
        plan = plan or self.plan
        return self._post("/plans/join", product_template_id=plan.product_tmpl_id.id)

    def _cart(self):
        self.env.invalidate_all()
        return self.env["sale.order"].search(
            [("website_id", "=", self.website.id)], order="id desc", limit=1
        )

    def _give_address(self, email="greta@example.com"):
        self._post(
            "/shop/address/submit",
            name="Greta Guest",
            email=email,
            phone="+34600111222",
            street="Calle Mayor 1",
            city="Madrid",
            zip="28001",
            country_id=self.country.id,
            address_type="billing",
            use_delivery_as_billing="true",
        )

    def _sign(self, name="Greta Guest", signature=PIXEL):
        return self._rpc("/shop/agreement/sign", name=name, signature=signature)

    def _confirm_free(self):
        self._post("/shop/payment/validate")
        return self.url_open("/shop/confirmation").text


@tagged("post_install", "-at_install")
class TestPlansPage(MemberPages):
    """What visitors compare. Numbers are worked by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.write(
            {
                "joining_fee": 25,
                "minimum_periods": 6,
                "max_pause_days": 30,
                "discount_ids": [(0, 0, {"applied_on": "all", "percent": 15})],
            }
        )
        cls.symbol = cls.website.currency_id.symbol

    def _page(self):
        self.env.registry.clear_cache()
        return self.url_open("/plans").text

    def _amount(self, page, name):
        found = re.search(rf"o_medspa_{name}\b.*?</(?:p|li)>", page, re.DOTALL)
        return re.findall(r"\d[\d.,]*", to_text(found.group(0).split(">", 1)[1]))

    def test_the_facts_of_a_plan(self):
        page = self._page()
        text = to_text(page)
        self.assertEqual(self._amount(page, "plan_price")[0], "99.00")
        # Two peels of 120 are worth 240: 141 a month, 1,692 a year.
        self.assertEqual(self._amount(page, "plan_saving"), ["1,692.00"])
        # Six payments of 99 and the fee of 25.
        self.assertEqual(self._amount(page, "plan_commitment"), ["6", "619.00"])
        self.assertEqual(self._amount(page, "plan_fee"), ["25.00"])
        self.assertIn("2 × Peel to be used within the period", text)
        self.assertIn("15 % off everything", text)
        self.assertIn("Pause it for up to 30 days a year", text)
        self.assertIn("14 days to change your mind", text)

    def test_tax_as_the_website_shows_prices(self):
        tax = self.env["account.tax"].create(
            {
                "name": "21%",
                "amount": 21,
                "type_tax_use": "sale",
                "price_include_override": "tax_excluded",
                "company_id": self.company.id,
            }
        )
        self.plan.product_tmpl_id.taxes_id = tax
        self.peel.taxes_id = tax
        self.website.show_line_subtotals_tax_selection = "tax_included"
        page = self._page()
        self.assertEqual(self._amount(page, "plan_price")[0], "119.79")
        # (240 - 99) * 1.21 * 12 = 2,047.32
        self.assertEqual(self._amount(page, "plan_saving"), ["2,047.32"])
        self.assertIn("Tax included", to_text(page))
        self.website.show_line_subtotals_tax_selection = "tax_excluded"
        self.assertEqual(self._amount(self._page(), "plan_price")[0], "99.00")

    def test_a_year_has_fifty_two_weeks(self):
        self.plan.write({"recurring_rule_type": "weeks", "recurring_interval": 4})
        # 141 every four weeks, thirteen times.
        self.assertEqual(self._amount(self._page(), "plan_saving"), ["1,833.00"])

    def test_no_saving_is_not_called_one(self):
        self.plan.price = 300
        self.assertNotIn("o_medspa_plan_saving", self._page())

    def test_structured_data(self):
        found = re.findall(
            r'<script type="application/ld\+json">(.*?)</script>',
            self._page(),
            re.DOTALL,
        )
        data = [json.loads(html.unescape(text)) for text in found]
        plans = next(d for d in data if isinstance(d, list))
        self.assertEqual(plans[0]["name"], "Glow")
        offer = plans[0]["offers"]
        self.assertEqual((offer["@type"], offer["price"]), ("Offer", 99))
        self.assertEqual(
            offer["priceSpecification"]["referenceQuantity"]["unitCode"], "MON"
        )

    def test_what_is_not_published_is_not_shown(self):
        self.plan.product_tmpl_id.is_published = False
        text = to_text(self._page())
        self.assertNotIn("Glow", text)
        self.assertIn("There is no plan on sale at the moment", text)
        self.authenticate(None, None)
        response = self._post(
            "/plans/join", product_template_id=self.plan.product_tmpl_id.id
        )
        self.assertEqual(response.headers["Location"].split("/", 3)[-1], "plans")

    def test_the_page_of_the_product_says_the_same(self):
        text = self._read(self.plan.product_tmpl_id.website_url)
        self.assertIn("2 × Peel to be used within the period", text)
        self.assertIn("1,692.00", text)
        self.assertIn("619.00", text)

    def test_the_cards_for_the_building_block(self):
        page = self.url_open("/plans/cards").text
        self.assertIn("o_medspa_plan ", page)
        self.assertNotIn("<html", page)

    def test_a_member_sees_his_own_and_changes_to_others(self):
        membership = self._join()
        self._publish(self._create_plan("Radiance", 199))
        self.authenticate("paula", "paula")
        page = self._page()
        self.assertIn(f'href="/my/memberships/{membership.id}"', page)
        self.assertIn(f"/my/memberships/{membership.id}/change?plan=", page)

    def test_many_plans_cost_the_same(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.url_open("/plans/cards")
            return self.cr.sql_log_count - before

        self._publish(self._create_plan("Second", 50))
        count()
        few = count()
        for number in range(8):
            self._publish(self._create_plan(f"Plan {number}", 100 + number))
        count()
        self.assertLessEqual(count(), few + 3)


@tagged("post_install", "-at_install")
class TestJoinOnline(JoinCase):
    """From the plan to the membership in one checkout."""

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)

    def _go_to_agreement(self, plan=None):
        self._join_online(plan)
        self._give_address()
        return self.url_open("/shop/checkout?try_skip_step=true")

    def test_guest_joins_in_one_checkout(self):
        self.plan.joining_fee = 25
        response = self._go_to_agreement()
        self.assertTrue(response.url.endswith("/shop/agreement"), response.url)
        text = to_text(response.text)
        self.assertIn("Glow membership", text)
        self.assertIn("2 × Peel", text)
        self.assertIn("124.00 on joining", text.replace("$ ", ""))
        # Nobody gets past it.
        response = self.url_open("/shop/payment")
        self.assertTrue(response.url.endswith("/shop/agreement"))
        order = self._cart()
        with (
            self.assertRaisesRegex(JsonRpcException, "sign the agreement"),
            mute_logger("odoo.http"),
        ):
            self._rpc(
                f"/shop/payment/transaction/{order.id}",
                access_token=order._portal_ensure_token(),
            )
        self.assertEqual(self._sign()["redirect_url"], "/shop/payment")
        self.assertEqual(order.signed_by, "Greta Guest")
        self.assertTrue(order.signed_on)
        page = self.url_open("/shop/payment").text
        self.assertNotIn("o_payment_tokenize_checkbox", page)
        tx = self._pay_on(page)
        self.assertEqual(tx.amount, 124)
        membership = order.membership_ids
        self.assertEqual(membership.membership_state, "active")
        self.assertEqual(membership.payment_token_id, tx.token_id)
        self.assertEqual(membership.agreement_ids.signed_by, "Greta Guest")
        self.assertIn("2 × Peel", membership.agreement_ids.body)
        user = order.partner_id.user_ids
        self.assertEqual(user.login, "greta@example.com")
        page = self.url_open("/shop/confirmation").text
        self.assertIn("Your membership is active", page)
        link = re.search(r'o_medspa_book_first[^>]*?href="([^"]+)"', page, re.DOTALL)
        self.assertIn("/web/signup?", link.group(1))

    def test_another_plan_asks_for_another_signature(self):
        big_plan = self._publish(self._create_plan("Radiance", 199))
        self._go_to_agreement()
        self._sign()
        order = self._cart()
        self.assertTrue(order._is_agreement_signed())
        self._join_online(big_plan)
        self.assertEqual(order._get_plan_lines().product_id.name, "Radiance")
        self.assertFalse(order._is_agreement_signed())
        response = self.url_open("/shop/payment")
        self.assertTrue(response.url.endswith("/shop/agreement"))
        self.assertIn("please read it and sign again", to_text(response.text))
        self._sign()
        self.assertTrue(self.url_open("/shop/payment").url.endswith("/shop/payment"))

    def test_what_a_plan_does_not_say_asks_for_nothing(self):
        self._go_to_agreement()
        self._sign()
        order = self._cart()
        order._cart_add(self.peel.product_variant_id.id, 1)
        self.assertTrue(order._is_agreement_signed())
        self.plan.write({"name": "Glow again"})
        self.assertTrue(order._is_agreement_signed())
        for vals in (
            {"notice_days": 30},
            {"price": 109},
            {"agreement": "<p>Another text</p>"},
            {"benefit_ids": [(0, 0, {"treatment_id": self.laser.id, "quantity": 1})]},
            {"discount_ids": [(0, 0, {"applied_on": "all", "percent": 15})]},
            {"stacks_with_promotions": True},
        ):
            self.plan.write(vals)
            order._recompute_cart()
            self.assertFalse(order._is_agreement_signed(), vals)
            order.sudo().signature = PIXEL
            self.assertTrue(order._is_agreement_signed(), vals)

    def test_one_plan_a_cart_and_one_fee(self):
        self.plan.joining_fee = 25
        big_plan = self._publish(self._create_plan("Radiance", 199, joining_fee=40))
        self._join_online()
        order = self._cart()
        self.assertEqual(order.amount_total, 124)
        self._join_online()
        self.assertEqual(order.amount_total, 124)
        self.assertEqual(order._get_plan_lines().product_uom_qty, 1)
        values = self._rpc(
            "/shop/cart/add",
            product_template_id=big_plan.product_tmpl_id.id,
            product_id=big_plan.product_tmpl_id.product_variant_id.id,
            quantity=3,
        )
        self.assertIn("takes the place of", values["notification_info"]["warning"])
        self.assertEqual(order.amount_total, 239)
        fee = order.order_line - order._get_plan_lines()
        values = self._rpc("/shop/cart/update", line_id=fee.id, quantity=0)
        self.assertIn("belongs to the plan", values["warning"])
        self.assertEqual(order.amount_total, 239)
        self._rpc("/shop/cart/update", line_id=order._get_plan_lines().id, quantity=5)
        self.assertEqual(order.amount_total, 239)
        self._rpc("/shop/cart/update", line_id=order._get_plan_lines().id, quantity=0)
        self.assertFalse(order.order_line)

    def test_a_member_is_not_joined_twice(self):
        self._join()
        self.authenticate("paula", "paula")
        response = self._join_online()
        self.assertIn("You are a member of Glow already", response.text)
        self.assertFalse(self._cart().order_line)
        values = self._rpc(
            "/shop/cart/add",
            product_template_id=self.plan.product_tmpl_id.id,
            product_id=self.plan.product_tmpl_id.product_variant_id.id,
            quantity=1,
        )
        self.assertIn("already", values["notification_info"]["warning"])
        self.assertFalse(self._cart().order_line)

    def test_who_has_an_account_logs_in(self):
        """The card that is kept is that of the account: nobody else may give it."""
        self.user.write(
            {"login": "paula@example.com", "confirmed_email": "paula@example.com"}
        )
        self._join_online()
        self._give_address("paula@example.com")
        response = self.url_open("/shop/agreement")
        self.assertIn("Log in to join", to_text(response.text))
        self.assertIn("Log in to join", self._sign()["error"])
        order = self._cart()
        order.sudo().signature = PIXEL
        with (
            self.assertRaisesRegex(JsonRpcException, "Log in to join"),
            mute_logger("odoo.http"),
        ):
            self._rpc(
                f"/shop/payment/transaction/{order.id}",
                access_token=order._portal_ensure_token(),
            )

    def test_patient_who_is_logged_in_joins(self):
        self.authenticate("paula", "paula")
        self._join_online()
        response = self.url_open("/shop/checkout?try_skip_step=true")
        self.assertTrue(response.url.endswith("/shop/agreement"), response.url)
        self._sign("Paula Patient")
        order = self._cart()
        tx = self._pay_on(self.url_open("/shop/payment").text)
        self.assertEqual(tx.state, "done")
        self.assertEqual(order.membership_ids.partner_id, self.patient)
        page = self.url_open("/shop/confirmation").text
        self.assertIn(f"/my/memberships/{order.membership_ids.id}", page)

    def test_other_carts_have_no_agreement(self):
        self._rpc(
            "/shop/cart/add",
            product_template_id=self.peel.id,
            product_id=self.peel.product_variant_id.id,
            quantity=1,
        )
        self._give_address()
        response = self.url_open("/shop/checkout?try_skip_step=true")
        self.assertTrue(response.url.endswith("/shop/payment"), response.url)
        self.assertNotIn("/shop/agreement", response.text)
        response = self.url_open("/shop/agreement")
        self.assertTrue(response.url.endswith("/shop/payment"), response.url)

    def test_a_trial_that_costs_nothing_waits_for_a_card(self):
        trial = self._publish(
            self._create_plan("Taster", 99, trial_days=14, trial_price=0)
        )
        self._go_to_agreement(trial)
        order = self._cart()
        with self.assertRaisesRegex(ValidationError, "sign the agreement"):
            order._check_cart_is_ready_to_be_paid()
        self._sign()
        page = self._confirm_free()
        membership = order.membership_ids
        self.assertEqual(membership.membership_state, "pending")
        self.assertFalse(membership.period_ids)
        self.assertIn("One step left: save a card", page)
        self.assertEqual(len(self._get_mails(membership, "One step left")), 1)
        self.assertTrue(order.partner_id.user_ids)
        link = re.search(r'o_medspa_save_card[^>]*?href="([^"]+)"', page, re.DOTALL)
        tx = self._pay_on(self.url_open(html.unescape(link.group(1))).text)
        self.assertEqual(tx.operation, "validation")
        self.assertEqual(membership.membership_state, "active")
        self.assertEqual(membership.payment_token_id, tx.token_id)
        self.assertEqual(membership.period_ids.kind, "trial")
        page = self.url_open("/shop/confirmation").text
        self.assertIn("Your membership is active", page)


@tagged("post_install", "-at_install")
class TestAgreementStep(MembershipCase):
    """The step of the checkout: every website has it, each once."""

    def _steps(self, website):
        return self.env["website.checkout.step"].search(
            [("website_id", "=", website.id), ("step_href", "=", "/shop/agreement")]
        )

    def test_a_new_website_has_the_step(self):
        website = self.env["website"].create({"name": "Second"})
        self.assertEqual(len(self._steps(website)), 1)
        self.assertTrue(self._steps(website).is_published)

    def test_a_website_that_lacks_it_gets_it_once(self):
        website = self.env["website"].create({"name": "Second"})
        self._steps(website).unlink()
        for _time in range(2):
            self.env["website"].search([])._copy_agreement_step()
            step = self._steps(website)
            self.assertEqual(len(step), 1)
        between = self.env["website.checkout.step"].search(
            [("website_id", "=", website.id)], order="sequence"
        )
        hrefs = between.mapped("step_href")
        self.assertLess(hrefs.index("/shop/checkout"), hrefs.index("/shop/agreement"))
        self.assertLess(hrefs.index("/shop/agreement"), hrefs.index("/shop/payment"))


@tagged("post_install", "-at_install")
class TestJoinByOrder(JoinCase):
    """An order that the desk has sent: the same agreement on core's page."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.order = cls._order_plan()
        cls.order.action_quotation_sent()

    def test_the_agreement_stands_on_the_page_and_in_the_pdf(self):
        self.authenticate("paula", "paula")
        text = self._read(self.order.get_portal_url())
        self.assertIn("Glow membership", text)
        self.assertIn("2 × Peel", text)
        content, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "sale.action_report_saleorder", self.order.ids
        )
        self.assertIn("Glow membership", to_text(content.decode()))

    def test_signed_then_paid(self):
        self.authenticate("paula", "paula")
        url = self.order.get_portal_url()
        with (
            self.assertRaisesRegex(JsonRpcException, "sign the agreement"),
            mute_logger("odoo.http"),
        ):
            self._rpc(
                f"/my/orders/{self.order.id}/transaction",
                access_token=self.order.access_token,
            )
        self._rpc(
            f"/my/orders/{self.order.id}/accept",
            access_token=self.order.access_token,
            name="Paula Patient",
            signature=PIXEL,
        )
        self.assertTrue(self.order._is_agreement_signed())
        page = self.url_open(url).text
        tx = self._pay_on(page, amount=99.0)
        self.assertEqual(tx.state, "done")
        membership = self.order.membership_ids
        self.assertEqual(membership.membership_state, "active")
        self.assertEqual(membership.agreement_ids.signed_by, "Paula Patient")

    def test_a_payment_link_does_not_lead_past_the_signature(self):
        page = self.url_open(f"{self.order.get_portal_url()}&payment_amount=99").text
        self.assertIn("Sign & Pay", to_text(page))
        self.assertNotIn('data-mode="payment"', page)

    def test_a_stranger_learns_nothing_of_an_order(self):
        with (
            self.assertRaisesRegex(JsonRpcException, "access token is"),
            mute_logger("odoo.http"),
        ):
            self._rpc(f"/my/orders/{self.order.id}/transaction", access_token="wrong")

    def test_an_order_that_changes_is_signed_again(self):
        self.order.sudo().write({"signed_by": "Paula", "signature": PIXEL})
        self.assertFalse(self.order._has_to_be_signed())
        self.order._get_plan_lines().price_unit = 89
        self.assertTrue(self.order._has_to_be_signed())

    def test_what_was_signed_stays_as_it_was(self):
        self.order.sudo().write({"signed_by": "Paula", "signature": PIXEL})
        self.order.action_confirm()
        self.plan.agreement = "<p>Another text of later</p>"
        self.assertNotIn("Another text", self.order._get_agreement())
        self.assertNotIn("Another text", self.order.membership_ids.agreement_ids.body)
