# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date, timedelta

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import NOW, ReminderCase, frozen

TODAY = date(2026, 2, 2)


@tagged("post_install", "-at_install")
class TestCourseRules(ReminderCase):
    """Which courses and credits get a message, when, and with which words."""

    def setUp(self):
        super().setUp()
        self.enterContext(frozen(NOW))

    def _sell(self, days_left, partner=None, **vals):
        """Sell a course whose last day is so many days ahead."""
        course = self._create_course(partner=partner, activate=False, **vals)
        course._activate(
            on_date=TODAY - timedelta(days=course.validity_days - days_left),
            notify=False,
        )
        return course

    # === EXPIRY === #

    def test_a_week_before_and_the_day_before(self):
        week, day = self._rule("expiry_week"), self._rule("expiry_day")
        course = self._sell(days_left=7)
        self._go_through("2026-02-02 02:00:00", "2026-02-02 09:10:00")
        self.assertSent(sms=1)
        self.assertIn(
            "Hello Paula, you have 5 sessions of your course left until 9 February.",
            self.sms.texts("+34600111111")[0],
        )
        self.assertReminder(self._reminders(week), "sent", course_id=course)
        self._go_through(
            *(f"2026-02-{day:02d} 09:10:00" for day in range(3, 11)),
        )
        self.assertSent(sms=2)
        self.assertIn("until 9 February", self.sms.texts("+34600111111")[1])
        self.assertReminder(self._reminders(day), "sent")
        self.assertEqual(len(self._reminders(week)), 1)

    def test_a_missed_week_is_caught_up_with_one_message_only(self):
        self._rule("expiry_week")
        self._rule("expiry_day")
        self._sell(days_left=7)
        # No run for six days: the message of the day before is the one that matters.
        self._go_through("2026-02-08 09:10:00", "2026-02-08 12:00:00")
        self.assertSent(sms=1)

    def test_booked_sessions_do_not_expire_unused(self):
        rule = self._rule("expiry_week")
        course = self._sell(days_left=7)
        self._create_appointment(
            self._at(TODAY + timedelta(days=1), 10),
            credit_id=course.credit_ids.id,
            credit_quantity=5,
        )
        self._plan()
        self.assertFalse(self._reminders(rule))

    def test_frozen_and_unpaid_credits_are_left_alone(self):
        rule = self._rule("expiry_week")
        paused, unpaid = self._sell(days_left=5), self._sell(days_left=5)
        paused._pause("travel")
        unpaid.credit_ids._hold({unpaid.credit_ids: 5})
        self._plan()
        self.assertFalse(self._reminders(rule))

    def test_loose_credits_of_a_day_are_one_message(self):
        rule = self._rule("expiry_week")
        self._create_credit(2, expires_on=TODAY + timedelta(days=3))
        self._create_credit(1, expires_on=TODAY + timedelta(days=3))
        self._create_credit(4, expires_on=TODAY + timedelta(days=30))
        self._plan()
        self.assertEqual(self._reminders(rule).mapped("quantity"), [3])

    def test_extended_course_gets_a_new_message_for_its_new_day(self):
        rule = self._rule("expiry_week")
        course = self._sell(days_left=7)
        self._plan("2026-02-02 02:00:00")
        course._extend(TODAY + timedelta(days=40), "Ill")
        self._send("2026-02-02 09:10:00")
        self.assertSent()
        self.assertReminder(self._reminders(rule), "skipped", skip_reason="used")
        self._go_through("2026-03-07 09:10:00")
        self.assertSent(sms=1)
        self.assertIn("until 14 March", self.sms.texts("+34600111111")[0])

    def test_only_for_the_courses_of_the_rule(self):
        rule = self._rule("expiry_week")
        other = self._create_course_product("3 lasers", 200, [(self.laser, 3, 7)])
        rule.product_ids = other
        self._sell(days_left=7)
        course = self._sell(days_left=7, product=other)
        self._plan()
        self.assertEqual(self._reminders(rule).course_id, course)

    # === PACE AND START === #

    def test_next_session_by_the_advised_pace(self):
        rule = self._rule("next_step", offset=3)
        self.peel_course.step_ids.advised_days = 21
        course = self._sell(days_left=200)
        self._visit(course, date(2026, 1, 13))
        # 21 days after 13 January is 3 February; three days before is 31 January.
        self._plan("2026-01-30 08:00:00")
        self.assertFalse(self._reminders(rule))
        self._go_through("2026-01-31 09:10:00")
        self.assertIn("is best around 3 February", self.sms.texts("+34600111111")[0])
        self.assertIn("You have 4 sessions left", self.sms.texts("+34600111111")[0])
        self._go_through("2026-02-01 09:10:00", "2026-02-02 09:10:00")
        self.assertSent(sms=1)

    def test_whoever_has_booked_is_not_asked_to(self):
        rule = self._rule("next_step", offset=3)
        self.peel_course.step_ids.advised_days = 21
        course = self._sell(days_left=200)
        self._visit(course, date(2026, 1, 13))
        self._plan("2026-02-02 02:00:00")
        self.assertTrue(self._reminders(rule))
        self._create_appointment("2026-02-06 10:00:00", credit_id=course.credit_ids.id)
        self._send("2026-02-02 09:10:00")
        self.assertSent()
        self.assertReminder(self._reminders(rule), "skipped", skip_reason="used")

    def test_a_cancelled_booking_brings_the_message_back(self):
        rule = self._rule("next_step", offset=3)
        self.peel_course.step_ids.advised_days = 21
        course = self._sell(days_left=200)
        self._visit(course, date(2026, 1, 13))
        self._plan("2026-02-02 02:00:00")
        event = self._create_appointment(
            "2026-02-06 10:00:00", credit_id=course.credit_ids.id
        )
        self._send("2026-02-02 09:10:00")
        event.appointment_status = "cancelled"
        self._go_through("2026-02-03 09:10:00")
        self.assertSent(sms=1)
        self.assertReminder(self._reminders(rule), "sent")

    def test_bought_and_never_started(self):
        rule = self._rule("never_started", offset=14)
        started, waiting = self._sell(days_left=350), self._sell(days_left=350)
        self._sell(days_left=352)
        self._sell(days_left=200)
        self._visit(started, date(2026, 1, 26))
        self._go_through("2026-02-02 09:10:00")
        self.assertEqual(self._reminders(rule).course_id, waiting)
        self.assertIn("5 sessions of your course", self.sms.texts("+34600111111")[0])

    # === RENEWAL AND RECOVERY === #

    def test_who_should_renew(self):
        rule = self._rule("renew", sessions_left=2, offset=7)
        product = self._create_course_product("3 peels", 300, [(self.peel, 3, 0)])
        unused = self._sell(days_left=6)
        half = self._sell(days_left=200)
        nearly = self._sell(days_left=200, product=product)
        ends = self._sell(days_left=6, partner=self.other_patient)
        for hour, course in enumerate((nearly, ends, half), 9):
            self._visit(course, date(2026, 1, 13), hour)
        self._plan()
        self.assertEqual(self._reminders(rule).course_id, nearly | ends)
        self.assertNotIn(unused, self._reminders(rule).course_id)
        self.assertEqual(set(self._reminders(rule).mapped("state")), {"listed"})
        # Bought again: renewed, and off the list.
        self._sell(days_left=365, product=product)
        self._plan("2026-02-03 02:00:00")
        self.assertReminder(
            self._reminders(rule).filtered(lambda r: r.course_id == nearly),
            "skipped",
            skip_reason="used",
        )

    def test_who_dropped_out(self):
        rule = self._rule("dropped_out", offset=35, pace_factor=2)
        gone, coming = (
            self._sell(days_left=200),
            self._sell(days_left=200, partner=self.other_patient),
        )
        slow = self._create_course_product("5 lasers", 300, [(self.laser, 5, 30)])
        slow.step_ids.advised_days = 30
        # Advised every 30 days, last seen 40 days ago: nobody has dropped out yet.
        patient = self.env["res.partner"].create({"name": "Sam Slow"})
        slow_course = self._sell(days_left=200, partner=patient, product=slow)
        self._visit(gone, date(2025, 12, 22), hour=9)
        self._visit(coming, date(2025, 12, 22), hour=11)
        self._visit(slow_course, date(2025, 12, 22), hour=13)
        self._create_appointment(
            "2026-02-10 10:00:00",
            patient_id=self.other_patient.id,
            is_paid_apart=True,
        )
        self._plan()
        reminder = self._reminders(rule)
        self.assertEqual(reminder.course_id, gone)
        self.assertEqual(
            reminder.reason,
            "4 sessions left of 5 peels, last visit on 12/22/2025, nothing booked.",
        )
        self.assertEqual(reminder.last_contact, "Visit on 12/22/2025")
        self.assertIn("you have 4 sessions of your course left", reminder.text)
        # 60 days without a visit: twice the advised pace.
        self._plan("2026-02-19 02:00:00")
        self.assertNotIn(slow_course, self._reminders(rule).course_id)
        self._plan("2026-02-20 02:00:00")
        self.assertIn(slow_course, self._reminders(rule).course_id)

    # === CLINICS === #

    def test_each_clinic_has_its_own_day_and_rules(self):
        rule = self._rule("expiry_week")
        other = self.env["res.company"].create({"name": "Other clinic"})
        rule.company_id = other
        self._sell(days_left=7)
        self._plan()
        self.assertFalse(self._reminders(rule))

    def test_one_broken_rule_stops_no_other(self):
        broken, sound = self._rule("never_started"), self._rule("expiry_week")
        self._sell(days_left=7)
        # A number no interval of days can hold.
        broken.offset = 2147483647
        with (
            self.assertLogs("odoo.addons.medspa_reminders", "ERROR"),
            mute_logger("odoo.sql_db"),
        ):
            self._plan()
        self.assertTrue(broken.error)
        self.assertTrue(self._reminders(sound))
        broken.offset = 14
        self._plan()
        self.assertFalse(broken.error)
