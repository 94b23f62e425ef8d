# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date

from odoo.tests import tagged

from odoo.addons.medspa_membership.tests.membership_common import MembershipCase

from .common import ReminderData, frozen

PAULA = "+34600111111"


@tagged("post_install", "-at_install")
class TestMembershipRules(ReminderData, MembershipCase):
    """Which memberships get a message, or stand on the morning list."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_reminders()

    def setUp(self):
        super().setUp()
        self.enterContext(frozen("2026-02-02 08:00:00"))

    def test_what_a_plan_gave_and_nobody_has_booked(self):
        rule, loose = self._rule("credits_lapse"), self._rule("expiry_week")
        membership = self._join(on="2026-01-10")
        credit = membership.credit_ids
        self._plan("2026-02-01 02:00:00")
        self.assertFalse(self._reminders(rule))
        credit._set_validity(date(2026, 2, 9))
        self._go_through("2026-02-02 10:10:00")
        self.assertReminder(
            self._reminders(rule), "sent", quantity=2, membership_id=membership
        )
        self.assertIn("2 sessions of your membership", self.sms.texts(PAULA)[0])
        self.assertFalse(self._reminders(loose))

    def test_who_refused_offers_is_not_asked_to_come_back(self):
        left = self._join(on="2026-01-10")
        left |= self._join(partner=self.other_patient, on="2026-01-10")
        for membership in left:
            membership._cancel(self.reason, "now")
        self._consent(self.patient, channel="email", state="withdrawn")
        offers = left._make_offers(
            {"kind": "discount", "percent": 50, "valid_until": date(2026, 3, 1)}
        )
        mails = offers.sudo()._send_letters()
        self.assertEqual(mails.recipient_ids, self.other_patient)
        self.assertIn("List-Unsubscribe", mails.headers)
        self.assertIn("/medspa/unsubscribe/", mails.body_html)
        refused = offers.filtered(lambda o: o.partner_id == self.patient)
        self.assertIn(
            "does not want offers", str(refused.order_id.message_ids.mapped("body"))
        )

    def test_term_of_a_membership(self):
        rule = self._rule("term_renewal", channel="sms")
        membership = self._join(on="2026-01-10")
        membership.sudo().min_term_end = date(2026, 2, 16)
        self._go_through("2026-02-02 10:10:00", "2026-02-03 10:10:00")
        self.assertSent(sms=1)
        self.assertIn("ends on 16 February", self.sms.texts(PAULA)[0])
        self.assertReminder(self._reminders(rule), "sent")

    def test_card_about_to_expire_until_it_is_changed(self):
        rule = self._rule("card_expiry")
        membership = self._join(on="2026-01-10")
        token = membership.payment_token_id
        token.write({"card_expiry_month": 2, "card_expiry_year": 2026})
        self._plan("2026-02-13 02:00:00")
        self.assertFalse(self._reminders(rule))
        self._plan("2026-02-14 02:00:00")
        self.assertTrue(self._reminders(rule))
        membership.sudo().payment_token_id = self._create_token("done")
        self._send("2026-02-14 10:10:00")
        self.assertSent()
        self.assertReminder(self._reminders(rule), "skipped", skip_reason="gone")

    def test_memberships_that_end_or_fail_this_week(self):
        rule = self._rule("membership_ending")
        ending = self._join(on="2026-01-10")
        failing = self._join(partner=self.other_patient, on="2026-01-10")
        ending._transition("ending", "Cancelled")
        ending.sudo().end_date = date(2026, 2, 9)
        failing._transition("past_due", "Declined")
        self._plan("2026-02-01 02:00:00")
        self.assertEqual(self._reminders(rule).membership_id, failing)
        self._plan("2026-02-02 02:00:00")
        reminders = self._reminders(rule)
        self.assertEqual(reminders.membership_id, ending | failing)
        self.assertEqual(set(reminders.mapped("section")), {"membership"})
        self.assertEqual(
            self._reminders(rule, self.patient).reason, "Glow ends on 02/09/2026."
        )
        self.assertEqual(
            self._reminders(rule, self.other_patient).reason, "Glow has not been paid."
        )
        # Paid: off the list.
        failing._transition("active", "Paid")
        self._plan("2026-02-03 02:00:00")
        self.assertReminder(
            self._reminders(rule, self.other_patient), "skipped", skip_reason="gone"
        )

    def test_who_left_within_90_days(self):
        rule = self._rule("left", offset=7)
        membership = self._join(on="2025-09-10")
        membership._transition("ending", "Cancelled")
        membership.sudo().end_date = date(2025, 12, 9)
        membership._transition("ended", "Over")
        self._plan("2025-12-15 02:00:00")
        self.assertFalse(self._reminders(rule))
        self._plan("2025-12-16 02:00:00")
        self.assertReminder(
            self._reminders(rule), "listed", section="left", is_marketing=True
        )
        # Back again: off the list.
        self._join(on="2026-02-01")
        self._plan("2026-02-02 02:00:00")
        self.assertReminder(self._reminders(rule), "skipped", skip_reason="gone")
