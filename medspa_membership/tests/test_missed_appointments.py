# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date, timedelta

from odoo.exceptions import UserError
from odoo.tests import Form, freeze_time, tagged

from .common import TODAY
from .course_common import CourseDeskCase

DAY = date(2026, 2, 2)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestMissedAppointments(CourseDeskCase):
    """The clinic's clock is 09:00 on Monday, 2 February; the notice is 24 hours."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.cancel_notice_hours = 24
        cls.peel_course.step_ids.min_days = 0

    def _miss(self, event, action="action_no_show", user=None, reason=None):
        """Press the button; confirm the dialog when there is one."""
        result = getattr(event.with_user(user or self.receptionist), action)()
        if result:
            form = Form(
                self.env[result["res_model"]]
                .with_user(user or self.receptionist)
                .with_context(**result["context"])
            )
            if reason is not None:
                form.is_waived = True
                form.waiver_reason = reason
            form.save().action_confirm()
        self.env.invalidate_all()
        return bool(result)

    def _cancel(self, event, **kwargs):
        return self._miss(event, "action_cancel_appointment", **kwargs)

    def _soon(self, **vals):
        """Book for 11:00 of the same day."""
        return self._book(DAY, 11, **vals)

    # === RULE === #

    def test_no_show_uses_the_session(self):
        course = self._create_course()
        event = self._soon()
        self.assertTrue(self._miss(event), "the desk is asked first")
        self.assertEqual(event.appointment_status, "no_show")
        self.assertEqual(event.loss_outcome, "used")
        self.assertBalances(course.credit_ids, 4, 0)
        move = course.credit_ids.move_ids[0]
        self.assertEqual((move.kind, move.value), ("redeem", -90))
        self.assertFalse(event.visit_ids)
        self.assertFalse(event.occupancy_ids)

    def test_late_cancellation_uses_the_session(self):
        course = self._create_course()
        event = self._soon()
        self.assertTrue(event.is_late_to_cancel)
        self.assertTrue(self._cancel(event))
        self.assertEqual(event.loss_outcome, "used")
        self.assertBalances(course.credit_ids, 4, 0)

    def test_cancelled_in_time_costs_nothing(self):
        course = self._create_course()
        # The last minute: 24 hours before 09:00 of the third.
        event = self._create_appointment("2026-02-03 08:00:00")
        self.assertFalse(event.is_late_to_cancel)
        self.assertFalse(self._cancel(event))
        self.assertFalse(event.loss_outcome)
        self.assertBalances(course.credit_ids, 5, 0)
        late = self._create_appointment("2026-02-03 07:59:00")
        self.assertTrue(self._cancel(late))
        self.assertBalances(course.credit_ids, 4, 0)

    def test_notice_is_in_hours_across_the_clock_change(self):
        # The clocks go forward on 29 March: 24 hours before 10:00 are 09:00 of the
        # day before, on the wall.
        self._create_course()
        event = self._create_appointment("2026-03-29 08:00:00")
        with freeze_time("2026-03-28 08:00:00"):
            event.invalidate_recordset()
            self.assertFalse(event.is_late_to_cancel)
        with freeze_time("2026-03-28 08:01:00"):
            event.invalidate_recordset()
            self.assertTrue(event.is_late_to_cancel)

    def test_clinic_that_takes_no_session(self):
        self.company.write(
            {"late_cancel_uses_session": False, "no_show_uses_session": False}
        )
        course = self._create_course()
        self.assertFalse(self._cancel(self._soon()))
        self.assertFalse(self._miss(self._soon()))
        self.assertBalances(course.credit_ids, 5, 0)

    def test_terms_of_the_sale_count(self):
        course = self._create_course()
        self.company.write({"no_show_uses_session": False, "cancel_notice_hours": 0})
        self._miss(self._soon())
        self.assertBalances(course.credit_ids, 4, 0)
        self.assertTrue(self._cancel(self._soon()))
        self.assertBalances(course.credit_ids, 3, 0)

    def test_terms_of_a_course_with_its_own(self):
        self.peel_course.write({"has_own_terms": True, "no_show_uses_session": False})
        course = self._create_course()
        self.assertFalse(self._miss(self._soon()))
        self.assertBalances(course.credit_ids, 5, 0)

    def test_nothing_to_lose_without_a_credit(self):
        event = self._soon()
        self.assertFalse(event.credit_id)
        self.assertFalse(self._miss(event))
        self.assertFalse(event.loss_outcome)

    def test_practitioner_notes_a_no_show(self):
        course = self._create_course()
        event = self._soon()
        self.assertTrue(self._miss(event, user=self.practitioner_user))
        self.assertBalances(course.credit_ids, 4, 0)

    def test_many_at_once_follow_the_rule(self):
        course = self._create_course()
        events = self._soon() | self._book(DAY, 13)
        events.with_user(self.receptionist).action_no_show()
        self.assertBalances(course.credit_ids, 3, 0)

    def test_last_session_missed_completes_the_course(self):
        product = self._create_course_product("1 peel", 100, [(self.peel, 1, 0)])
        course = self._create_course(product)
        self._miss(self._soon())
        self.assertEqual(course.state, "completed")

    # === WAIVER === #

    def test_waiver_needs_a_reason(self):
        course = self._create_course()
        event = self._soon()
        for reason in ("", "  "):
            with self.assertRaisesRegex(UserError, "Write down why"):
                self._miss(event, reason=reason)
        self._miss(event, reason="Her child was ill")
        self.assertEqual(
            (event.loss_outcome, event.waiver_reason), ("waived", "Her child was ill")
        )
        self.assertBalances(course.credit_ids, 5, 0)

    def test_waived_cancellation_can_be_taken_back(self):
        course = self._create_course()
        for miss in (self._miss, self._cancel):
            event = self._soon()
            miss(event, reason="Snow")
            event.with_user(self.receptionist).action_undo()
            self.assertEqual(event.appointment_status, "booked")
            self.assertFalse(event.loss_outcome or event.waiver_reason)
            self.assertBalances(course.credit_ids, 5, 1)
            # The next time it is lost again.
            miss(event)
            self.assertEqual(event.loss_outcome, "used")
            event.action_undo()
            event.with_context(x=1).write({"appointment_status": "arrived"})
            event.action_done()
            event.action_undo()
            event.write({"appointment_status": "cancelled", "waiver_reason": "x"})

    def test_booking_that_is_kept_has_nothing_to_waive(self):
        self._create_course()
        event = self._soon()
        self.assertRefused(
            lambda: event.write({"waiver_reason": "x"}), "something to waive"
        )

    def test_used_session_comes_back_with_the_appointment(self):
        course = self._create_course()
        event = self._soon()
        self._miss(event)
        event.with_user(self.receptionist).action_undo()
        self.assertEqual(event.appointment_status, "booked")
        self.assertBalances(course.credit_ids, 5, 1)
        self.assertEqual(course.credit_ids.value_remaining, 450)
        event.with_user(self.receptionist).action_done()
        self.assertBalances(course.credit_ids, 4, 0)
        self.assertFalse(event.loss_outcome)

    # === FREE PASSES === #

    def test_two_are_forgiven_in_six_months(self):
        self.company.write({"free_passes": 2, "free_pass_months": 6})
        course = self._create_course()
        for day in (DAY, DAY + timedelta(days=7)):
            with freeze_time(self._at(day, 9)):
                event = self._book(day, 11)
                self.assertFalse(self._miss(event), "nothing is lost: no question")
            self.assertEqual(event.loss_outcome, "free_pass")
            self.assertBalances(course.credit_ids, 5, 0)
        day = DAY + timedelta(days=14)
        with freeze_time(self._at(day, 9)):
            event = self._book(day, 11)
            self.assertTrue(self._miss(event))
        self.assertEqual(event.loss_outcome, "used")
        self.assertBalances(course.credit_ids, 4, 0)
        # Six months after the first miss that one counts no more.
        day = date(2026, 8, 3)
        with freeze_time(self._at(day, 9)):
            event = self._book(day, 11)
            self.assertFalse(self._miss(event))
        self.assertEqual(event.loss_outcome, "free_pass")

    def test_months_end_on_their_last_day(self):
        # Missed on 31 August: six months are over at the end of February.
        self.company.write({"free_passes": 1, "free_pass_months": 6})
        self.peel_course.validity_days = 0
        self._create_course()
        with freeze_time("2026-08-31 08:00:00"):
            self.assertFalse(self._miss(self._book(date(2026, 8, 31), 10)))
        with freeze_time("2027-02-28 08:00:00"):
            event = self._book(date(2027, 2, 28), 10)
            self.assertTrue(event._would_lose_session("no_show"))

    def test_pass_taken_back_is_free_again(self):
        self.company.write({"free_passes": 1})
        self._create_course()
        first = self._soon()
        self._miss(first)
        first.action_undo()
        self.assertFalse(first.loss_outcome)
        second = self._book(DAY, 13)
        self.assertFalse(self._miss(second))
        self.assertEqual(second.loss_outcome, "free_pass")

    def test_late_cancellation_and_no_show_share_the_passes(self):
        self.company.write({"free_passes": 1})
        self._create_course()
        self.assertFalse(self._cancel(self._soon()))
        self.assertTrue(self._miss(self._soon()))

    def test_misses_without_a_credit_take_no_pass(self):
        self.company.write({"free_passes": 1})
        self._miss(self._soon())
        course = self._create_course()
        event = self._soon()
        self.assertFalse(self._miss(event))
        self.assertEqual(event.loss_outcome, "free_pass")
        self.assertBalances(course.credit_ids, 5, 0)

    def test_passes_are_the_patients_own(self):
        self.company.write({"free_passes": 1})
        self._create_course()
        self._create_course(partner=self.other_patient)
        self._miss(self._soon())
        event = self._soon(patient_id=self.other_patient.id)
        self.assertFalse(self._miss(event))
