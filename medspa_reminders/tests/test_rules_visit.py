# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date, timedelta

from odoo.tests import tagged

from .common import NOW, ReminderCase, frozen

PAULA, OSCAR = "+34600111111", "+34600222222"


@tagged("post_install", "-at_install")
class TestVisitRules(ReminderCase):
    """Appointments, visits and birthdays, in two languages and two time zones."""

    def setUp(self):
        super().setUp()
        self.enterContext(frozen(NOW))

    # === APPOINTMENTS === #

    def test_a_day_and_two_hours_before(self):
        day, hours = self._rule("appointment_day"), self._rule("appointment_hours")
        # Wednesday at noon in Madrid.
        self._book_early("2026-02-04 11:00:00")
        self._go_through("2026-02-03 10:45:00")
        self.assertSent()
        self._go_through("2026-02-03 11:00:00", "2026-02-03 11:15:00")
        self.assertSent(sms=1)
        text = self.sms.texts(PAULA)[0]
        self.assertIn("your appointment at Clinic Aurora: 4 February, 12:00", text)
        self.assertEqual(text.count("/r/"), 2)
        self._go_through(
            "2026-02-04 08:45:00", "2026-02-04 09:00:00", "2026-02-04 10:00:00"
        )
        self.assertSent(sms=2)
        self.assertReminder(self._reminders(day), "sent")
        self.assertReminder(self._reminders(hours), "sent")

    def test_in_the_words_of_the_patient(self):
        rule = self._rule("appointment_day")
        spanish = rule.sms_template_id.with_context(lang="es_ES")
        spanish.body = (
            "Hola {{ object.first_name }}, {{ object.treatment_label }}: "
            "{{ object.day_label }} a las {{ object.time_label }}"
        )
        self._book_early("2026-02-04 11:00:00")
        self._book_early(
            "2026-02-04 11:00:00",
            patient_id=self.other_patient.id,
            practitioner_id=self.pablo.id,
        )
        self._go_through("2026-02-03 11:00:00")
        self.assertIn("Hello Paula", self.sms.texts(PAULA)[0])
        self.assertIn("Hola Oscar", self.sms.texts(OSCAR)[0])
        # The clinic's clock, in the patient's language.
        self.assertIn("4 febrero a las 12:00", self.sms.texts(OSCAR)[0])

    def test_in_the_night_it_goes_out_the_evening_before(self):
        """Nine o'clock in Madrid: two hours before it is seven, in quiet hours."""
        rule = self._rule("appointment_hours")
        self._book_early("2026-02-04 08:00:00")
        self._book_early(
            "2026-02-04 08:00:00",
            patient_id=self.other_patient.id,
            practitioner_id=self.pablo.id,
        )
        self._plan("2026-02-03 10:00:00")
        # 20:59 on each patient's clock: 19:59 UTC in Madrid, 20:59 on the Canaries.
        due = {r.partner_id: r.due_at for r in self._reminders(rule)}
        self.assertEqual(due[self.patient], self._moment("2026-02-03 19:59:00"))
        self.assertEqual(due[self.other_patient], self._moment("2026-02-03 20:59:00"))
        self._send("2026-02-03 20:10:00")
        self.assertEqual(list(self.sms.count()), [])
        # That was after nine in Madrid: too late for the evening, too late for Paula.
        reminder = self._reminders(rule, self.patient)
        self.assertReminder(reminder, "skipped", skip_reason="late")
        self._send("2026-02-03 20:59:30")
        self.assertEqual(dict(self.sms.count()), {OSCAR: 1})
        self.assertIn("see you tomorrow at", self.sms.texts(OSCAR)[0])

    def test_on_the_day_it_says_today(self):
        self._rule("appointment_hours")
        self._book_early("2026-02-04 11:00:00")
        self._go_through("2026-02-04 09:00:00")
        self.assertIn("see you today at", self.sms.texts(PAULA)[0])

    def test_a_reminder_leaves_before_its_own_link_to_cancel_is_over(self):
        """A day of notice: a reminder of a day before would be too late for it."""
        self.company.cancel_notice_hours = 24
        rule = self._rule("appointment_day")
        event = self._book_early("2026-02-04 13:00:00")
        # Four hours before the notice ends: ten o'clock in Madrid.
        self._go_through("2026-02-03 08:45:00")
        self.assertSent()
        self._go_through("2026-02-03 09:00:00")
        self.assertSent(sms=1)
        self.assertEqual(self.sms.texts(PAULA)[0].count("/r/"), 2)
        with frozen("2026-02-03 12:59:00"):
            self.assertTrue(event._can_patient_cancel())
        self.assertReminder(self._reminders(rule), "sent")

    def test_when_it_is_too_late_to_cancel_it_names_the_phone(self):
        self.company.cancel_notice_hours = 12
        rule = self._rule("appointment_day")
        self._book_early("2026-02-04 11:00:00")
        self._plan("2026-02-03 10:45:00")
        # The sender was down for the day.
        self.company.cancel_notice_hours = 23
        self._send("2026-02-03 15:00:00")
        text = self.sms.texts(PAULA)[0]
        self.assertIn("Call +34 910 000 000", text)
        self.assertEqual(text.count("/r/"), 1)
        self.assertReminder(self._reminders(rule), "sent")

    def test_across_the_change_of_the_clocks(self):
        """On 29 March Madrid goes from UTC+1 to UTC+2."""
        rule = self._rule("appointment_day")
        # Monday the 30th, 12:00 in summer time; the day before that is 12:00 too.
        self._book_early("2026-03-30 10:00:00")
        self._plan("2026-03-29 09:00:00")
        self.assertEqual(
            self._reminders(rule).due_at, self._moment("2026-03-29 10:00:00")
        )
        self._send("2026-03-29 10:00:00")
        self.assertIn("30 March, 12:00", self.sms.texts(PAULA)[0])
        # Days are counted on the patient's clock: ten o'clock before and after.
        expiry = self._rule("expiry_week")
        for day in (date(2026, 4, 4), date(2026, 4, 5)):
            self._create_credit(1, expires_on=day)
            self._create_credit(1, partner=self.other_patient, expires_on=day)
        self._plan("2026-03-28 00:30:00")
        self._plan("2026-03-29 00:30:00")
        due = {
            (r.partner_id, r.deadline.day): r.due_at for r in self._reminders(expiry)
        }
        self.assertEqual(
            due,
            {
                (self.patient, 4): self._moment("2026-03-28 09:00:00"),
                (self.patient, 5): self._moment("2026-03-29 08:00:00"),
                (self.other_patient, 4): self._moment("2026-03-28 10:00:00"),
                (self.other_patient, 5): self._moment("2026-03-29 09:00:00"),
            },
        )

    def test_what_was_booked_later_needs_no_reminder(self):
        rule = self._rule("appointment_day")
        with frozen("2026-02-03 12:00:00"):
            self._create_appointment("2026-02-04 11:00:00")
        self._go_through("2026-02-03 12:15:00")
        self.assertFalse(self._reminders(rule))

    def test_moved_or_cancelled_meanwhile(self):
        rule = self._rule("appointment_day")
        moved = self._book_early("2026-02-04 11:00:00")
        cancelled = self._book_early(
            "2026-02-04 13:00:00", patient_id=self.other_patient.id
        )
        self._plan("2026-02-03 10:00:00")
        moved.with_context(dont_notify=True).start = "2026-02-05 11:00:00"
        cancelled.appointment_status = "cancelled"
        self._send("2026-02-03 13:00:00")
        self.assertSent()
        self.assertEqual(
            self._reminders(rule).mapped("skip_reason"), ["moved", "moved"]
        )
        self._go_through("2026-02-04 11:00:00")
        self.assertEqual(dict(self.sms.count()), {PAULA: 1})

    def test_the_treatment_is_named_where_the_clinic_wants_it(self):
        rule = self._rule("appointment_day")
        rule.sms_template_id.body = "Peel on {{ object.day_label }}, come in time"
        self._book_early("2026-02-04 11:00:00")
        self._book_early(
            "2026-02-05 11:00:00",
        )
        self._go_through("2026-02-03 11:00:00")
        # Also where the wording itself names it.
        self.assertNotIn("peel", self.sms.texts(PAULA)[0].lower())
        self.company.names_treatments = True
        self._go_through("2026-02-04 11:00:00")
        self.assertIn("Peel on 5 February", self.sms.texts(PAULA)[1])

    # === VISITS AND BIRTHDAYS === #

    def test_the_day_after_a_visit(self):
        rule = self._rule("visit_follow_up")
        course = self._create_course()
        self._visit(course, date(2026, 1, 30), hour=16)
        old = self._visit(course, date(2026, 1, 12))
        self.smtp.messages.clear()
        self._go_through("2026-01-31 06:00:00")
        self.assertSent()
        self._go_through("2026-01-31 09:00:00", "2026-02-01 09:00:00")
        self.assertSent(sms=1)
        self.assertIn("well after your visit", self.sms.texts(PAULA)[0])
        self.assertNotIn(old.visit_id, self._reminders(rule).visit_id)

    def test_hours_after_a_visit(self):
        rule = self._rule("visit_follow_up", offset=3, offset_unit="hours")
        course = self._create_course()
        event = self._visit(course, date(2026, 2, 2), hour=10)
        self._plan(event.start + timedelta(hours=2, minutes=45))
        self.assertFalse(self._reminders(rule))
        self._go_through(event.start + timedelta(hours=3))
        self.assertReminder(self._reminders(rule), "sent")

    def test_an_undone_visit_is_not_followed_up(self):
        rule = self._rule("visit_follow_up")
        event = self._visit(self._create_course(), date(2026, 1, 30), hour=16)
        self._plan("2026-01-31 06:00:00")
        event.action_undo()
        self._send("2026-01-31 09:00:00")
        self.assertReminder(self._reminders(rule), "skipped", skip_reason="gone")

    def test_birthday_once_a_year_and_only_with_consent(self):
        rule = self._rule("birthday", channel="sms")
        self._visit(self._create_course(), date(2026, 1, 12))
        self._visit(
            self._create_course(partner=self.other_patient), date(2026, 1, 12), hour=12
        )
        # Born on a leap day: kept on 28 February.
        (self.patient | self.other_patient).medspa_birthdate = date(1992, 2, 29)
        self._consent(self.patient)
        self._go_through(
            "2026-02-27 10:10:00", "2026-02-28 10:10:00", "2026-03-01 10:10:00"
        )
        self.assertEqual(dict(self.sms.count()), {PAULA: 1})
        self.assertReminder(
            self._reminders(rule, self.other_patient), "skipped", skip_reason="consent"
        )
        self._go_through("2027-02-28 10:10:00")
        self.assertEqual(dict(self.sms.count()), {PAULA: 2})
