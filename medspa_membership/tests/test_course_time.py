# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date, timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from .common import TODAY
from .course_common import CourseDeskCase

DAY = date(2026, 2, 2)
# 365 days after the day of purchase.
LAST_DAY = date(2027, 2, 2)


class CourseTimeCase(CourseDeskCase):
    def _run_resume(self, at):
        with freeze_time(at), self.enter_registry_test_mode():
            self.env.ref(
                "medspa_membership.ir_cron_resume_courses"
            ).method_direct_trigger()
        self.env.invalidate_all()

    def _pause(self, course, at=TODAY, **values):
        with freeze_time(at):
            self._confirm("medspa_course_pause_wizard", course, **values)

    def _resume(self, course, at):
        with freeze_time(at):
            course.with_user(self.receptionist).action_resume()
        self.env.invalidate_all()


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestExtend(CourseTimeCase):
    def _extend(self, course, expires_on, user=None, **values):
        values = {"reason": "She was ill", **values}
        return self._confirm(
            "medspa_course_extend", course, user, expires_on=expires_on, **values
        )

    def test_receptionist_gives_more_time(self):
        course = self._create_course()
        self._extend(course, date(2027, 3, 2))
        self.assertEqual(course.expires_on, date(2027, 3, 2))
        self.assertEqual(course.credit_ids.expires_on, date(2027, 3, 2))
        move = course.credit_ids.move_ids[0]
        self.assertEqual((move.kind, move.reason), ("adjust", "She was ill"))
        self.assertEqual(move.user_id, self.receptionist)
        self.assertIn("She was ill", course.message_ids[0].body)
        self.assertBalances(course.credit_ids, 5, 0)

    def test_what_cannot_be_used_in_time_is_said(self):
        """Five sessions a week apart take 28 days: from 5 January 2027 on too many."""
        course = self._create_course()
        for today, expected in (("2027-01-05", False), ("2027-01-06", True)):
            with freeze_time(f"{today} 09:00:00"):
                course.invalidate_recordset()
                self.assertEqual(course.is_too_late, expected, today)
        self.assertEqual(course.earliest_last_date, date(2027, 2, 3))
        with freeze_time("2027-01-06 09:00:00"):
            # A session that is used leaves four: in time again.
            course.credit_ids._redeem(1, date(2027, 1, 6))
            course.invalidate_recordset()
            self.assertFalse(course.is_too_late)

    def test_days_of_grace_come_on_top(self):
        self.company.grace_days = 14
        course = self._create_course()
        self._extend(course, date(2027, 3, 2))
        self.assertEqual(course.credit_ids.expires_on, date(2027, 3, 16))

    def test_less_time_is_refused(self):
        course = self._create_course()
        for day in (LAST_DAY, LAST_DAY - timedelta(days=1)):
            with self.assertRaisesRegex(UserError, "Choose a day after 02/02/2027"):
                self._extend(course, day)

    def test_course_without_last_day_needs_none(self):
        self.peel_course.validity_days = 0
        with self.assertRaisesRegex(UserError, "nothing to extend"):
            self._extend(self._create_course(), LAST_DAY)

    def test_what_is_over_is_not_extended(self):
        for state in ("cancelled", "transferred", "draft", "unpaid"):
            course = self._create_course()
            course.state = state
            with self.assertRaisesRegex(UserError, "is not possible"):
                self._extend(course, date(2027, 3, 2))

    def test_after_the_last_session_only_the_date_moves(self):
        product = self._create_course_product("1 peel", 100, [(self.peel, 1, 0)])
        course = self._create_course(product)
        self._visit(DAY)
        self._extend(course, date(2027, 3, 2))
        self.assertEqual(course.state, "completed")

    def test_days_of_grace_can_still_be_used(self):
        self.company.grace_days = 3
        course = self._create_course()
        with freeze_time("2027-02-05 10:00:00"):
            self._run_crons("2027-02-05 22:30:00")
            self.assertEqual(course.state, "active")
            event = self._visit(date(2027, 2, 5), 9)
        self.assertEqual(event.credit_id, course.credit_ids)
        # Half past midnight of the sixth in Madrid.
        self._run_crons("2027-02-05 23:30:00")
        self.assertEqual(course.state, "expired")

    # === REVIVE === #

    def _expire(self):
        with freeze_time(TODAY):
            course = self._create_course()
            self._visit(DAY)
        self._run_crons("2027-02-02 23:01:00")
        self.assertEqual(course.state, "expired")
        self.assertBalances(course.credit_ids, 0, 0)
        return course

    @freeze_time("2027-03-01 10:00:00")
    def test_manager_brings_back_what_was_left(self):
        course = self._expire()
        self._extend(course, date(2027, 6, 1), self.manager)
        self.assertEqual(course.state, "active")
        self.assertEqual(course.expires_on, date(2027, 6, 1))
        self.assertBalances(course.credit_ids, 4, 0)
        # 450 / 5 = 90 each: the value comes back as it went.
        self.assertEqual(course.credit_ids.value_remaining, 360)
        self.assertEqual(self._book(date(2027, 3, 2)).credit_id, course.credit_ids)
        self._run_crons("2027-03-01 11:00:00")
        self.assertEqual(course.state, "active")

    @freeze_time("2027-03-01 10:00:00")
    def test_course_expires_again_after_its_second_life(self):
        course = self._expire()
        self._extend(course, date(2027, 6, 1), self.manager)
        self._run_crons("2027-06-01 22:01:00")
        self.assertEqual(course.state, "expired")
        self.assertBalances(course.credit_ids, 0, 0)
        with freeze_time("2027-06-02 10:00:00"):
            self._extend(course, date(2027, 7, 1), self.manager)
        self.assertBalances(course.credit_ids, 4, 0)
        self.assertEqual(course.credit_ids.value_remaining, 360)

    @freeze_time("2027-03-01 10:00:00")
    def test_receptionist_does_not_revive(self):
        course = self._expire()
        with self.assertRaisesRegex(AccessError, "Only a manager"):
            self._extend(course, date(2027, 6, 1))

    @freeze_time("2027-03-01 10:00:00")
    def test_revived_until_today_or_later(self):
        course = self._expire()
        with self.assertRaisesRegex(UserError, "still to come"):
            self._extend(course, date(2027, 2, 28), self.manager)
        self._extend(course, date(2027, 3, 1), self.manager)
        self.assertEqual(course.state, "active")

    def test_extending_between_the_two_jobs_loses_nothing(self):
        """The sessions have lapsed, a booking keeps the course open: more time."""
        course = self._create_course()
        with freeze_time(self._at(LAST_DAY, 10)):
            self._book(LAST_DAY, 12)
        with freeze_time("2027-02-03 08:00:00"):
            course.credit_ids._expire()
            self.assertEqual(course.state, "active")
            self._extend(course, date(2027, 3, 2), self.manager)
        self.assertBalances(course.credit_ids, 5, 1)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPause(CourseTimeCase):
    def test_pause_stops_use_and_clock(self):
        course = self._create_course()
        self._pause(course, kind="pregnancy", reason="Until June")
        self.assertEqual(course.state, "paused")
        self.assertTrue(course.credit_ids.is_frozen)
        self.assertFalse(self._book(DAY + timedelta(days=1)).credit_id)
        self._resume(course, "2026-02-12 10:00:00")
        self.assertEqual(course.state, "active")
        self.assertFalse(course.credit_ids.is_frozen)
        # Ten days more: 2 February to 12 February.
        self.assertEqual(course.expires_on, date(2027, 2, 12))
        self.assertEqual(course.credit_ids.expires_on, date(2027, 2, 12))
        self.assertEqual(
            course.credit_ids.move_ids.mapped("kind")[::-1],
            ["grant", "freeze", "unfreeze", "adjust"],
        )
        self.assertBalances(course.credit_ids, 5, 0)

    def test_paused_course_does_not_expire(self):
        course = self._create_course()
        self._pause(course)
        self._run_crons("2028-01-01 10:00:00")
        self.assertEqual(course.state, "paused")
        self.assertBalances(course.credit_ids, 5, 0)

    def test_same_day_gives_no_day(self):
        course = self._create_course()
        self._pause(course)
        self._resume(course, "2026-02-02 15:00:00")
        self.assertEqual(course.expires_on, LAST_DAY)
        # And again on the same day.
        self._pause(course)
        self._resume(course, "2026-02-03 15:00:00")
        self.assertEqual(course.expires_on, LAST_DAY + timedelta(days=1))

    def test_days_are_the_clinic_days(self):
        course = self._create_course()
        # Half past midnight of 3 February in Madrid until a quarter to of 4 February.
        self._pause(course, "2026-02-02 23:30:00")
        self._resume(course, "2026-02-03 22:45:00")
        self.assertEqual(course.pause_ids.date_from, date(2026, 2, 3))
        self.assertEqual(course.expires_on, LAST_DAY)

    def test_pause_across_the_clock_change_and_the_end_of_february(self):
        course = self._create_course()
        self._pause(course, "2026-02-27 10:00:00")
        self._resume(course, "2026-03-30 10:00:00")
        # 27 February to 30 March: 31 days, an hour less does not matter.
        self.assertEqual(course.expires_on, date(2027, 3, 5))

    def test_booked_appointments_go_first(self):
        course = self._create_course()
        event = self._book(date(2026, 2, 10))
        with self.assertRaisesRegex(UserError, r"is paused:\n02/10/2026 Peel"):
            self._pause(course)
        self.assertEqual(course.state, "active")
        event.action_cancel_appointment()
        self._pause(course)
        self.assertEqual(course.state, "paused")

    def test_planned_end_resumes_by_itself(self):
        course = self._create_course()
        self._pause(course, date_to=date(2026, 2, 8))
        # The last planned day is over at 23:00 in UTC.
        self._run_resume("2026-02-08 22:59:00")
        self.assertEqual(course.state, "paused")
        self._run_resume("2026-02-08 23:01:00")
        self.assertEqual(course.state, "active")
        self.assertEqual(course.pause_ids.resumed_on, date(2026, 2, 9))
        # 2 to 8 February: seven days.
        self.assertEqual(course.expires_on, date(2027, 2, 9))
        self._run_resume("2026-02-09 23:01:00")
        self.assertEqual(course.expires_on, date(2027, 2, 9))

    def test_late_job_gives_the_planned_days(self):
        course = self._create_course()
        self._pause(course, date_to=date(2026, 2, 8))
        self._run_resume("2026-03-08 10:00:00")
        self.assertEqual(course.expires_on, date(2027, 2, 9))

    def test_resumed_by_hand_after_the_planned_end_gives_the_planned_days(self):
        course = self._create_course()
        self._pause(course, date_to=date(2026, 2, 8))
        self._resume(course, "2026-02-20 10:00:00")
        self.assertEqual(course.expires_on, date(2027, 2, 9))

    def test_earlier_back_than_planned(self):
        course = self._create_course()
        self._pause(course, date_to=date(2026, 3, 31))
        self._resume(course, "2026-02-05 10:00:00")
        self.assertEqual(course.expires_on, LAST_DAY + timedelta(days=3))

    def test_end_before_the_beginning_is_refused(self):
        course = self._create_course()
        with self.assertRaisesRegex(UserError, "still to come"):
            self._pause(course, date_to=date(2026, 2, 1))

    # === LIMIT === #

    def test_limit_counts_all_pauses(self):
        self.company.max_pause_days = 30
        course = self._create_course()
        # 20 days, 2 to 21 February.
        self._pause(course, date_to=date(2026, 2, 21))
        self._run_resume("2026-02-22 10:00:00")
        self.assertEqual(course.pause_ids._get_days(date(2026, 4, 1)), 20)
        # Ten are left: 1 to 10 March.
        with self.assertRaisesRegex(UserError, "30 days in all"):
            self._pause(course, "2026-03-01 10:00:00", date_to=date(2026, 3, 11))
        self._pause(course, "2026-03-01 10:00:00", date_to=date(2026, 3, 10))
        self._run_resume("2026-03-11 10:00:00")
        self.assertEqual(course.expires_on, LAST_DAY + timedelta(days=30))
        with self.assertRaisesRegex(UserError, "30 days in all"):
            self._pause(course, "2026-03-12 10:00:00")

    def test_pause_without_end_ends_at_the_limit(self):
        self.company.max_pause_days = 30
        course = self._create_course()
        self._pause(course)
        self.assertEqual(course.pause_ids.date_to, date(2026, 3, 3))
        self._run_resume("2026-08-01 10:00:00")
        self.assertEqual(course.expires_on, LAST_DAY + timedelta(days=30))

    def test_medical_hold_has_no_limit_and_does_not_count(self):
        self.company.max_pause_days = 30
        course = self._create_course()
        self._pause(course, kind="medical")
        self.assertFalse(course.pause_ids.date_to)
        self._resume(course, "2026-06-02 10:00:00")
        self.assertEqual(course.expires_on, LAST_DAY + timedelta(days=120))
        self._pause(course, "2026-06-03 10:00:00", date_to=date(2026, 7, 2))

    def test_limit_is_the_one_of_the_sale(self):
        self.company.max_pause_days = 30
        course = self._create_course()
        self.company.max_pause_days = 5
        self._pause(course, date_to=date(2026, 2, 20))
        self.assertEqual(course.state, "paused")

    # === OTHERS === #

    def test_only_what_runs_is_paused(self):
        course = self._create_course()
        self._pause(course)
        with self.assertRaisesRegex(UserError, "Paused"):
            self._pause(course)
        with self.assertRaisesRegex(UserError, "Active"):
            self._create_course().with_user(self.receptionist).action_resume()

    def test_pause_before_the_first_visit_moves_no_date(self):
        product = self._create_course_product(
            "5 peels", 450, [(self.peel, 5, 0)], validity_from="first_visit"
        )
        course = self._create_course(product)
        self._pause(course)
        self._resume(course, "2026-03-02 10:00:00")
        self.assertFalse(course.expires_on)
        self._visit(date(2026, 3, 9))
        self.assertEqual(course.expires_on, date(2027, 3, 9))

    def test_more_time_outlives_a_first_visit_closed_by_mistake(self):
        product = self._create_course_product(
            "5 peels",
            450,
            [(self.peel, 5, 0)],
            validity_from="first_visit",
            validity_days=60,
        )
        course = self._create_course(product)
        self._visit(DAY)
        second = self._visit(date(2026, 2, 9))
        course._extend(date(2026, 5, 3), "30 days more")
        self.assertEqual(course.expires_on, date(2026, 5, 3))
        with freeze_time("2026-02-10 10:00:00"):
            course.event_ids[0].action_undo()
        # The first visit is a week later now, and so is the last day.
        self.assertEqual(course.first_visit_date, second._get_local_date())
        self.assertEqual(course.expires_on, date(2026, 5, 10))

    def test_many_courses_resume_together(self):
        courses = self.env["medspa.course"]
        for _index in range(3):
            courses |= self._create_course()
        for course in courses:
            course._pause("travel", date_to=date(2026, 2, 8))
        self._run_resume("2026-02-09 10:00:00")
        self.assertEqual(courses.mapped("state"), ["active"] * 3)

    def test_second_company_resumes_on_its_own_day(self):
        # In Auckland it is the ninth when Madrid still has the eighth.
        company = self.env["res.company"].create({"name": "Auckland"})
        company.resource_calendar_id.tz = "Pacific/Auckland"
        here = self._create_course()
        Course = self.env["medspa.course"].with_company(company)
        there = Course.create(
            Course._prepare_course_vals(
                self.peel_course, self.patient, company, 450, company.currency_id, 450
            )
        )
        there._activate()
        here._pause("travel", date_to=date(2026, 2, 8))
        there._pause("travel", date_to=date(2026, 2, 8))
        self.assertEqual(there.pause_ids.date_from, DAY)
        self._run_resume("2026-02-08 12:00:00")
        self.assertEqual((here.state, there.state), ("paused", "active"))

    def test_practitioner_changes_no_clock(self):
        course = self._create_course()
        for name in (
            "medspa_course_pause_wizard",
            "medspa_course_extend",
            "medspa_course_share",
            "medspa_course_transfer",
            "medspa_course_swap_wizard",
            "medspa_course_refund_wizard",
        ):
            with self.assertRaises(AccessError):
                self._dialog(name, course, self.practitioner_user).save()
        course._pause("travel")
        with self.assertRaises(AccessError):
            course.with_user(self.practitioner_user).action_resume()

    def test_portal_changes_no_clock(self):
        user = self._create_portal_user(self.patient, "paula")
        course = self._create_course()
        course._pause("travel")
        with self.assertRaises(AccessError):
            course.with_user(user).action_resume()
        with self.assertRaises(AccessError):
            self.env["medspa.course.extend"].with_user(user).create(
                {
                    "course_id": course.id,
                    "expires_on": date(2030, 1, 1),
                    "reason": "I want to",
                }
            )
