# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date, datetime, timedelta

from odoo.tests import freeze_time, tagged

from .membership_common import MembershipCase


@tagged("post_install", "-at_install")
@freeze_time("2026-02-02 08:00:00")
class TestMemberBooking(MembershipCase):
    """What members are told and may do when they book, by their membership."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.membership = cls._join(on="2026-02-02")
        cls.start = datetime(2026, 2, 4, 10, 0)

    def _state(self, patient):
        return self.peel.sudo()._get_booking_statement(
            patient, self.start, self.company
        )

    def test_benefit_of_the_plan_is_included(self):
        """Two peels a month, no deposit; the one who is no member pays both."""
        self.company.write({"deposit_kind": "amount", "deposit_value": 30})
        statement = self._state(self.patient)
        self.assertEqual((statement["kind"], statement["available"]), ("plan", 2))
        self.assertEqual(statement["credit"].membership_id, self.membership)
        self.assertEqual(statement["deposit"], 0)
        other = self._state(self.other_patient)
        self.assertEqual((other["kind"], other["deposit"]), ("price", 30))

    def test_course_of_a_member_is_no_plan(self):
        self._create_course(partner=self.other_patient)
        self.assertEqual(self._state(self.other_patient)["kind"], "credit")

    def test_members_only(self):
        self.peel.is_members_only = True
        today = date(2026, 2, 2)
        self.assertTrue(self.peel._is_bookable_by(self.patient, today, self.company))
        self.assertFalse(
            self.peel._is_bookable_by(self.other_patient, today, self.company)
        )

    def test_members_book_earlier(self):
        self.company.write({"booking_horizon_days": 30, "member_horizon_days": 60})
        now = datetime(2026, 2, 2, 8, 0)
        for patient, days in ((self.patient, 60), (self.other_patient, 30), (None, 30)):
            window = self.peel._get_booking_window(self.company, patient)
            self.assertEqual(window[1], now + timedelta(days=days))

    def test_suspended_member_has_no_rights(self):
        self.membership._transition("past_due", "No money")
        self.membership._transition("suspended", "No money")
        self.assertFalse(self.patient._is_member(date(2026, 2, 4), self.company))
        self.assertEqual(self._state(self.patient)["kind"], "price")

    def test_care_shows_the_membership_to_its_owner(self):
        care = self.patient.sudo()._get_care(self.company)
        self.assertEqual(care["memberships"], self.membership)
        self.assertEqual(care["sessions_left"], 2)
        other = self.other_patient.sudo()._get_care(self.company)
        self.assertFalse(other["memberships"])
