# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import json
import re

from odoo.tests import tagged

from .membership_http_common import to_text
from .test_membership_join import JoinCase


@tagged("post_install", "-at_install")
class TestCheckout(JoinCase):
    """Who buys a service is asked for what the clinic and its invoice need."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.country_id = cls.country

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)
        self._join_online()

    def _submit(self, **data):
        response = self._post(
            "/shop/address/submit",
            **{
                "name": "Greta Guest",
                "email": "greta@example.com",
                "phone": "+34 600 111 222",
                "country_id": self.country.id,
                "address_type": "billing",
                "use_delivery_as_billing": "true",
                "required_fields": "name,email,phone",
                **data,
            },
        )
        return json.loads(response.text)

    def _get_open(self, page, name):
        """Tell whether a part of the form is unfolded."""
        tag = re.search(rf"<details[^>]*o_medspa_{name}\b[^>]*>", page).group(0)
        return "open=" in tag

    def test_small_invoice_needs_no_address(self):
        page = self.url_open("/shop/address").text
        self.assertFalse(self._get_open(page, "address"))
        self.assertFalse(self._get_open(page, "company"))
        for part, names in (
            ("address", ("street", "street2", "zip", "city", "country_id", "state_id")),
            ("company", ("company_name", "vat")),
        ):
            inside = re.search(
                rf"<details[^>]*o_medspa_{part}.*?</details>", page, re.DOTALL
            ).group(0)
            for name in names:
                self.assertEqual(page.count(f'name="{name}"'), 1, name)
                self.assertIn(f'name="{name}"', inside)
        self.assertNotIn("<xpath", page)
        selected = re.search(
            rf'value="{self.country.id}"\s+selected="(selected|True)"', page
        )
        self.assertTrue(selected)
        self.assertIn("/my/login-link?redirect=/shop/checkout", page)
        answer = self._submit()
        self.assertNotIn("invalid_fields", answer)
        partner = self._cart().partner_id
        self.assertEqual(partner.country_id, self.country)
        self.assertEqual(re.sub(r"\D", "", partner.phone), "34600111222")
        response = self.url_open(answer["redirectUrl"])
        self.assertTrue(response.url.endswith("/shop/agreement"), response.url)

    def test_large_invoice_needs_one(self):
        self.company.address_from_amount = 99
        page = self.url_open("/shop/address").text
        self.assertTrue(self._get_open(page, "address"))
        self.assertFalse(self._get_open(page, "company"))
        self.assertEqual(
            set(self._submit()["invalid_fields"]) & {"street", "city", "zip"},
            {"street", "city", "zip"}
            if self.country.zip_required
            else {"street", "city"},
        )
        answer = self._submit(street="Calle Mayor 1", city="Madrid", zip="28001")
        self.assertNotIn("invalid_fields", answer)

    def test_half_an_address_is_completed(self):
        self.assertIn("city", self._submit(street="Calle Mayor 1")["invalid_fields"])

    def test_refused_in_words(self):
        for phone in ("abc", "12", "call me at 5", "+34 6001 abc"):
            answer = self._submit(phone=phone)
            self.assertEqual(answer["invalid_fields"], ["phone"], phone)
            self.assertIn(f"{phone} is no phone number", answer["messages"][0])
        for phone in ("600111222", "+1 (212) 555-0100", "0034.600.111.222"):
            self.assertNotIn("invalid_fields", self._submit(phone=phone), phone)
        self.assertEqual(self._submit(phone="")["invalid_fields"], ["phone"])
        answer = self._submit(email="foo@bar")
        self.assertEqual(answer["invalid_fields"], ["email"])
        self.assertIn("valid email", answer["messages"][0])

    def test_the_payment_page_says_what_is_charged_when(self):
        self.plan.joining_fee = 25
        self._submit()
        self.url_open("/shop/checkout?try_skip_step=true")
        self._cart()._recompute_cart()
        self._sign()
        page = self.url_open("/shop/payment").text
        found = re.search(
            r"<section[^>]*o_medspa_plan_payments.*?</section>", page, re.DOTALL
        )
        text = to_text(found.group(0)).replace("$ ", "")
        order = self._cart()
        self.assertIn(f"Today {order.amount_total:.2f}", text)
        self.assertRegex(text, r"From \w+ \d+, \d{4} 99.00 a month")

    def test_the_link_can_be_sent_again(self):
        data = {"email": "nobody@example.com", "redirect": "/shop/checkout"}
        page = self._post("/my/login-link", **data).text
        self.assertIn("nobody@example.com", page)
        form = re.search(r"<form[^>]*o_medspa_send_again.*?</form>", page, re.DOTALL)
        for value in data.values():
            self.assertIn(f'value="{value}"', form.group(0))
        self.assertNotIn(
            "evil",
            self._post(
                "/my/login-link",
                email="a@example.com",
                redirect="https://evil.example.com",
            ).text,
        )
