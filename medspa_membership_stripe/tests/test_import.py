# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.medspa_membership.tests.common import TODAY

from .common import StripeCase

WIZARD = "odoo.addons.medspa_membership_stripe.wizards.medspa_stripe_import"


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestImport(StripeCase):
    """The saved cards of an account that another system has used."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager.write(
            {
                "company_ids": [Command.link(cls.company.id)],
                "company_id": cls.company.id,
            }
        )

    def _add_customer(self, name, email, *cards):
        with self.stripe.lock:
            customer = self.stripe._route(
                "POST",
                "customers",
                {"name": name, **({"email": email} if email else {})},
            )
            methods = []
            for card in cards:
                method = self.stripe._route("POST", "payment_methods", {"card": card})
                self.stripe.objects[method["id"]]["customer"] = customer["id"]
                methods.append(method["id"])
        return customer["id"], methods

    def _open(self):
        with Form(self.env["medspa.stripe.import"].with_user(self.manager)) as form:
            wizard = form.save()
        self.assertEqual(wizard.provider_id, self.provider)
        return wizard

    def _check(self):
        wizard = self._open()
        wizard.action_check()
        return wizard

    def _get_outcomes(self, wizard):
        return {line.customer_name: line.outcome for line in wizard.line_ids}

    def _get_tokens(self):
        return self.env["payment.token"].search(
            [("provider_id", "=", self.provider.id)]
        )

    def test_every_row_is_shown_before_anything_is_written(self):
        twins = self.env["res.partner"].create(
            [{"name": name, "email": "family@example.com"} for name in ("Ada", "Ben")]
        )
        number = "4242424242424242"
        customer, methods = self._add_customer(
            "Paula at Stripe",
            "PAULA@Example.com",
            {"number": number, "exp_month": "3", "exp_year": "2027"},
        )
        self._add_customer("Family", "family@example.com", {"number": number})
        self._add_customer("Nobody", "nobody@example.com", {"number": number})
        self._add_customer("No address", None, {"number": number})
        self._add_customer("No card", "oscar@example.com")
        self._add_customer(
            "Oscar",
            "oscar@example.com",
            {"number": number, "exp_month": "1", "exp_year": "2026"},
        )
        wizard = self._check()
        self.assertEqual(
            self._get_outcomes(wizard),
            {
                "Paula at Stripe": "new",
                "Family": "ambiguous",
                "Nobody": "no_patient",
                "No address": "no_patient",
                "No card": "no_card",
                "Oscar": "expired",
            },
        )
        family = wizard.line_ids.filtered(lambda li: li.outcome == "ambiguous")
        for twin in twins:
            self.assertIn(twin.name, family.reason)
        self.assertEqual((wizard.new_count, wizard.left_count), (1, 5))
        self.assertFalse(self._get_tokens(), "It was only looked at")
        wizard.action_import()
        token = self._get_tokens()
        self.assertEqual(token.partner_id, self.patient)
        self.assertEqual(token.provider_ref, customer)
        self.assertEqual([token.stripe_payment_method], methods)
        self.assertEqual((token.payment_details, token.card_brand), ("4242", "visa"))
        self.assertEqual(str(token.card_expiry_date), "2027-03-31")
        self.assertEqual(wizard.done_count, 1)
        # The card that came over can be charged.
        tx = self._create_charge(token)
        self._charge_once(tx)
        self.assertEqual(tx.state, "done")

    def test_again_brings_nothing_twice(self):
        self._add_customer("Paula", "paula@example.com", {"number": "4242424242424242"})
        self._check().action_import()
        wizard = self._check()
        self.assertEqual(self._get_outcomes(wizard), {"Paula": "there"})
        wizard.action_import()
        self.assertEqual(len(self._get_tokens()), 1)
        # A card that the patient has removed here does not come back.
        self._get_tokens().active = False
        self.assertEqual(self._get_outcomes(self._check()), {"Paula": "there"})

    def test_two_checks_then_two_imports(self):
        self._add_customer("Paula", "paula@example.com", {"number": "4242424242424242"})
        first, second = self._check(), self._check()
        first.action_import()
        second.action_import()
        self.assertEqual(len(self._get_tokens()), 1)

    def test_the_same_card_saved_twice(self):
        card = {"number": "4242424242424242"}
        self._add_customer("Paula", "paula@example.com", card, card)
        wizard = self._check()
        self.assertEqual(sorted(wizard.line_ids.mapped("outcome")), ["new", "there"])

    def test_several_pages_and_the_time_is_up(self):
        for index in range(7):
            self.env["res.partner"].create(
                {"name": f"P{index}", "email": f"p{index}@example.com"}
            )
            self._add_customer(
                f"P{index}",
                f"p{index}@example.com",
                {"number": f"424242424242424{index}"},
            )
        with patch(f"{WIZARD}.PAGE", 2), patch(f"{WIZARD}.READ_SECONDS", 0):
            wizard = self._check()
            self.assertFalse(wizard.line_ids)
            self.assertTrue(wizard.has_more)
            with self.assertRaises(UserError):
                wizard.action_import()
        with patch(f"{WIZARD}.PAGE", 2):
            wizard.action_read_on()
        self.assertFalse(wizard.has_more)
        self.assertEqual(wizard.new_count, 7)
        wizard.action_import()
        self.assertEqual(len(self._get_tokens()), 7)

    def test_what_goes_wrong_is_said(self):
        wizard = self._open()
        for fault, times, words in (
            ("unauthorized", 1, "secret key"),
            ("rate_limit", 3, "too often"),
            ("refused", 3, "did not answer"),
            ("error", 3, "Stripe says"),
        ):
            self.stripe.faults.clear()
            self.stripe.fail_next("GET", "customers", fault, times=times)
            with self.assertRaisesRegex(UserError, words), mute_logger("stripe"):
                wizard.action_check()
        self.stripe.faults.clear()
        self.provider.state = "disabled"
        with self.assertRaisesRegex(UserError, "not switched on"):
            self.env["medspa.stripe.import"].with_user(self.manager).create(
                {}
            ).action_check()

    def test_time_out_is_said(self):
        wizard = self._open()
        self.stripe.fail_next("GET", "customers", "timeout", times=3)
        with (
            patch(f"{WIZARD}.TIMEOUT_SECONDS", 0.3),
            self.assertRaisesRegex(UserError, "did not answer"),
        ):
            wizard.action_check()

    def test_a_page_costs_the_same_number_of_queries(self):
        def add(count, start):
            for index in range(start, start + count):
                self.env["res.partner"].create(
                    {"name": f"Q{index}", "email": f"q{index}@example.com"}
                )
                self._add_customer(
                    f"Q{index}", f"q{index}@example.com", {"number": f"4{index:015d}"}
                )

        def count():
            wizard = self._open()
            wizard.provider_id.sudo().mapped("stripe_secret_key")
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            wizard.action_check()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        add(2, 0)
        count()
        few = count()
        add(28, 2)
        self.assertLessEqual(count(), few + 2)

    def test_managers_only(self):
        for user in (self.receptionist, self.practitioner_user):
            with self.assertRaises(AccessError):
                self.env["medspa.stripe.import"].with_user(user).create({})
        wizard = self._check()
        with self.assertRaises(AccessError):
            wizard.with_user(self.receptionist).action_import()

    def test_a_line_cannot_be_turned_to_another_patient(self):
        self._add_customer("Paula", "paula@example.com", {"number": "4242424242424242"})
        wizard = self._check()
        with self.assertRaises(AccessError):
            self.env["medspa.stripe.import.line"].with_user(self.manager).create(
                {"import_id": wizard.id, "customer_ref": "cus_1", "outcome": "new"}
            )
        with self.assertRaises(AccessError):
            wizard.line_ids.with_user(self.manager).partner_id = self.other_patient
