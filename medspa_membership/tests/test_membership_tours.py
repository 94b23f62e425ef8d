# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .membership_http_common import MemberPages


class MemberTours:
    """The member's ways in a browser. Mixed into one class for each width."""

    def _find(self, email):
        return self.env["sale.subscription"].search([("partner_id.email", "=", email)])

    def test_guest_joins(self):
        self.plan.joining_fee = 25
        self.start_tour("/plans", "medspa_membership_join_guest", timeout=180)
        membership = self._find("greta@example.com")
        self.assertEqual(membership.membership_state, "active")
        self.assertEqual(membership.agreement_ids.state, "signed")
        self.assertTrue(membership.payment_token_id)

    def test_patient_joins(self):
        self.start_tour(
            "/plans", "medspa_membership_join_patient", login="paula", timeout=180
        )
        membership = self.patient.membership_ids
        self.assertEqual(membership.membership_state, "active")

    def test_a_signature_that_is_not_taken_says_why(self):
        Order = self.env.registry["sale.order"]
        stamp = Order._stamp_agreement
        failures = [ValueError("broken"), UserError("The plan is being changed.")]

        def fail_twice(order):
            if failures:
                raise failures.pop(0)
            return stamp(order)

        with (
            patch.object(Order, "_stamp_agreement", fail_twice),
            mute_logger("odoo.http"),
        ):
            self.start_tour(
                "/plans", "medspa_membership_sign_again", login="paula", timeout=120
            )
        self.assertFalse(failures)

    def test_trial_for_nothing(self):
        self._publish(self._create_plan("Taster", 99, trial_days=14, trial_price=0))
        self.start_tour("/plans", "medspa_membership_trial", timeout=180)
        membership = self._find("greta@example.com")
        self.assertEqual(membership.membership_state, "active")
        self.assertEqual(membership.period_ids.kind, "trial")

    def test_pause_upgrade_cancel(self):
        self.plan.max_pause_days = 30
        membership = self._join()
        self._publish(self._create_plan("Radiance", 199))
        self.start_tour(
            "/my/memberships", "medspa_membership_change", login="paula", timeout=180
        )
        self.assertEqual(membership.template_id.name, "Radiance")
        self.assertEqual(membership.membership_state, "active")

    def test_another_card_after_a_failed_payment(self):
        membership = self._join()
        membership.sudo().payment_token_id = self._create_token("error")
        period = membership._bill_now()
        period._on_failure("new_method", "The card was declined.")
        url = period._get_payment_url().split("/", 3)[-1]
        self.start_tour(f"/{url}", "medspa_membership_pay", timeout=120)
        self.assertEqual(period.state, "paid")
        self.assertEqual(membership.membership_state, "active")

    def test_another_card_from_the_page(self):
        membership = self._join()
        self.start_tour(
            f"/my/memberships/{membership.id}",
            "medspa_membership_card",
            login="paula",
            timeout=120,
        )
        self.assertNotEqual(membership.payment_token_id, self.token)
        self.assertEqual(membership.membership_state, "active")


@tagged("post_install", "-at_install")
class TestMembershipToursPhone(MemberTours, MemberPages):
    allow_inherited_tests_method = True
    browser_size = "390x844"
    touch_enabled = True


@tagged("post_install", "-at_install")
class TestMembershipToursDesk(MemberTours, MemberPages):
    allow_inherited_tests_method = True
    browser_size = "1280x800"
