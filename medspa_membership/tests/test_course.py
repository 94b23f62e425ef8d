# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date, timedelta

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import freeze_time, tagged

from .common import TODAY, ClinicCase

DAY = date(2026, 2, 2)


class CourseCase(ClinicCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.cancel_notice_hours = 0

    def _book(self, day, hour=10, **vals):
        return self._create_appointment(self._at(day, hour), **vals)

    def _visit(self, day, hour=10, **vals):
        """Book and close an appointment, on its day."""
        with freeze_time(self._at(day, hour)):
            event = self._book(day, hour, **vals)
            event.action_done()
        return event

    def _run_crons(self, at):
        with freeze_time(at), self.enter_registry_test_mode():
            for name in ("credits", "courses"):
                self.env.ref(
                    f"medspa_membership.ir_cron_expire_{name}"
                ).method_direct_trigger()

    def assertRefused(self, call, *words):
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            call()
        self.env.invalidate_all()
        for word in words:
            self.assertIn(word, str(caught.exception))


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestCourse(CourseCase):
    def test_paid_course_grants_its_sessions_once(self):
        course = self._create_course()
        course._activate()
        self.assertEqual(course.state, "active")
        self.assertEqual(
            (course.purchase_date, course.expires_on), (DAY, date(2027, 2, 2))
        )
        self.assertBalances(course.credit_ids, 5, 0)
        self.assertEqual(course.credit_ids.value, 450)
        self.assertEqual(course.remaining_sessions, 5)

    def test_draft_has_nothing_to_use(self):
        course = self._create_course(activate=False)
        self.assertFalse(course.credit_ids)
        self.assertFalse(self._book(DAY + timedelta(days=1)).credit_id)
        course.unlink()

    def test_paid_course_is_kept(self):
        self.assertRefused(self._create_course().unlink, "never paid")

    def test_price_is_shared_by_list_price(self):
        # 3 peels at 120 and 2 lasers at 80: 360 and 160 of 520.
        product = self._create_course_product(
            "Combo", 400, [(self.peel, 3, 7), (self.laser, 2, 7)]
        )
        course = self._create_course(product)
        self.assertEqual(course.line_ids.mapped("value"), [276.92, 123.08])

    def test_later_edits_of_the_product_do_not_reach_it(self):
        course = self._create_course()
        self.peel_course.write(
            {
                "validity_days": 30,
                "list_price": 999,
                "step_ids": [
                    Command.update(self.peel_course.step_ids.id, {"min_days": 1})
                ],
            }
        )
        self.peel_course.step_ids.sessions = 2
        self.peel.list_price = 1
        self.assertEqual(course.expires_on, date(2027, 2, 2))
        self.assertEqual(course.line_ids.min_days, 7)
        self.assertEqual(course.line_ids.list_price, 120)
        self.assertEqual(course.price, 450)
        self.assertBalances(course.credit_ids, 5, 0)

    def test_completed_by_the_last_session_and_back_by_its_undo(self):
        product = self._create_course_product("2 peels", 200, [(self.peel, 2, 0)])
        course = self._create_course(product)
        self._visit(DAY, 8)
        self.assertEqual((course.state, course.progress), ("active", 50))
        last = self._visit(DAY, 9)
        self.assertEqual((course.state, course.progress), ("completed", 100))
        last.action_undo()
        self.assertEqual(course.state, "active")
        self.assertBalances(course.credit_ids, 1, 1)

    def test_validity_from_the_first_visit(self):
        product = self._create_course_product(
            "5 peels",
            450,
            [(self.peel, 5, 7)],
            validity_days=60,
            validity_from="first_visit",
        )
        course = self._create_course(product)
        self.assertFalse(course.expires_on)
        first = self._visit(date(2026, 2, 9))
        self.assertEqual(course.first_visit_date, date(2026, 2, 9))
        self.assertEqual(course.expires_on, date(2026, 4, 10))
        second = self._visit(date(2026, 2, 16))
        self.assertEqual(course.first_visit_date, date(2026, 2, 9))
        # The first visit was none: the second is the first now.
        with freeze_time("2026-02-16 15:00:00"):
            first.action_undo()
        self.assertEqual(course.first_visit_date, date(2026, 2, 16))
        self.assertEqual(course.expires_on, date(2026, 4, 17))
        with freeze_time("2026-02-16 16:00:00"):
            second.action_undo()
        self.assertFalse(course.first_visit_date)
        self.assertFalse(course.expires_on)
        self.assertFalse(course.credit_ids.expires_on)

    def test_first_visit_late_in_the_evening_counts_on_the_clinic_day(self):
        product = self._create_course_product(
            "5 peels", 450, [(self.peel, 5, 0)], validity_from="first_visit"
        )
        course = self._create_course(product)
        # Half past midnight of the third in Madrid.
        with freeze_time("2026-02-02 23:30:00"):
            self._create_appointment("2026-02-02 23:30:00").action_done()
        self.assertEqual(course.first_visit_date, date(2026, 2, 3))

    def test_unused_course_expires(self):
        course = self._create_course()
        self._visit(DAY)
        self._run_crons("2027-02-02 22:59:00")
        self.assertEqual(course.state, "active")
        self._run_crons("2027-02-02 23:01:00")
        self.assertEqual(course.state, "expired")
        self.assertBalances(course.credit_ids, 0, 0)
        self._run_crons("2027-02-03 23:01:00")
        self.assertEqual(course.state, "expired")

    def test_course_used_up_in_time_does_not_expire(self):
        product = self._create_course_product("1 peel", 100, [(self.peel, 1, 0)])
        course = self._create_course(product)
        self._visit(DAY)
        self._run_crons("2027-03-01 12:00:00")
        self.assertEqual(course.state, "completed")

    def test_second_company_has_its_own(self):
        company = self.env["res.company"].create({"name": "Second clinic"})
        course = self._create_course()
        Course = self.env["medspa.course"].with_company(company)
        vals = Course._prepare_course_vals(
            self.peel_course, self.patient, company, 450, company.currency_id, 450
        )
        other = Course.create(vals)
        other._activate()
        self.assertEqual(other.credit_ids.company_id, company)
        self.assertEqual(
            self._book(DAY + timedelta(days=1)).credit_id.course_id, course
        )
        there = (
            self.env["calendar.event"]
            .with_company(company)
            .create(
                {
                    "patient_id": self.patient.id,
                    "treatment_id": self.peel.id,
                    "practitioner_id": self.pablo.id,
                    "start": self._at(DAY + timedelta(days=1), 10),
                }
            )
        )
        self.assertEqual(there.credit_id.course_id, other)
        staff = self.receptionist
        self.assertFalse(
            self.env["medspa.course"].with_user(staff).search([("id", "=", other.id)])
        )


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestRecipe(CourseCase):
    def test_recipe_that_cannot_be_finished_is_refused(self):
        # Five peels a week apart take 28 days.
        with self.assertRaisesRegex(ValidationError, "at least 28 days"):
            self.peel_course.validity_days = 27
        self.peel_course.validity_days = 28
        with self.assertRaisesRegex(ValidationError, "at least 35 days"):
            self.peel_course.step_ids.sessions = 6
            self.peel_course._check_course_can_be_finished()

    def test_recipe_of_two_steps(self):
        # Four gaps of 7 days, then 3 lasers, each 10 days after the one before: 58.
        steps = [(self.peel, 5, 7), (self.laser, 3, 10)]
        with self.assertRaisesRegex(ValidationError, "at least 58 days"):
            self._create_course_product("Combo", 1, steps, validity_days=57)
        self._create_course_product("Combo", 1, steps, validity_days=58)

    def test_editing_a_step_alone_is_checked_too(self):
        self.peel_course.validity_days = 28
        with self.assertRaises(ValidationError):
            self.peel_course.step_ids.min_days = 8
            self.env.flush_all()

    def test_course_without_recipe_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "what Nothing is made of"):
            self._create_course_product("Nothing", 1, [])

    def test_no_limit_of_validity(self):
        self.peel_course.validity_days = 0
        self.assertFalse(self._create_course().expires_on)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestPace(CourseCase):
    def test_days_between_two_sessions_count_both_ways(self):
        self._create_course()
        middle = date(2026, 2, 17)
        event = self._book(middle)
        for days in (1, 6, -1, -6):
            free = self._book(middle + timedelta(days=days), 12)
            self.assertFalse(free.credit_id, "a credit that is too early is not taken")
            free.action_cancel_appointment()
        for days in (7, -7):
            self.assertEqual(
                self._book(middle + timedelta(days=days)).credit_id, event.credit_id
            )

    def test_picking_the_course_against_its_pace_is_refused(self):
        course = self._create_course()
        self._book(date(2026, 2, 10))
        event = self._book(date(2026, 2, 13))
        self.assertRefused(
            lambda: event.write({"credit_id": course.credit_ids.id}),
            "needs 7 days",
            "02/03/2026",
            "02/17/2026",
        )

    def test_the_days_named_are_possible(self):
        course = self._create_course()
        self._book(date(2026, 2, 10))
        self._book(date(2026, 2, 20))
        event = self._book(date(2026, 2, 16))
        # Blocked from the 4th to the 26th without a gap.
        self.assertRefused(
            lambda: event.write({"credit_id": course.credit_ids.id}),
            "02/03/2026",
            "02/27/2026",
        )
        event.action_cancel_appointment()
        self.assertTrue(self._book(date(2026, 2, 3)).credit_id)

    def test_rescheduling_keeps_the_pace(self):
        self._create_course()
        self._book(date(2026, 2, 10))
        event = self._book(date(2026, 2, 24))
        self.assertRefused(
            lambda: event.write({"start": self._at(date(2026, 2, 16), 10)}), "7 days"
        )
        event.write({"start": self._at(date(2026, 2, 17), 10)})
        self.assertTrue(event.credit_id)
        # It does not stand in its own way.
        event.write({"start": self._at(date(2026, 2, 18), 10)})

    def test_cancelled_sessions_do_not_count(self):
        course = self._create_course()
        self._book(date(2026, 2, 10)).action_cancel_appointment()
        self.assertEqual(self._book(date(2026, 2, 11)).credit_id, course.credit_ids)

    def test_a_step_keeps_its_days_from_the_step_before(self):
        product = self._create_course_product(
            "Combo", 400, [(self.peel, 2, 7), (self.laser, 2, 14)]
        )
        self._create_course(product)
        self._book(date(2026, 2, 10))

        def book_laser(day):
            return self._book(
                day, 12, treatment_id=self.laser.id, practitioner_id=self.pablo.id
            )

        self.assertFalse(book_laser(date(2026, 2, 23)).credit_id)
        laser = book_laser(date(2026, 2, 24))
        self.assertTrue(laser.credit_id)
        # And the other way: a peel keeps the laser's 14 days from the laser.
        self.assertFalse(self._book(date(2026, 3, 9)).credit_id)
        self.assertTrue(self._book(date(2026, 3, 10)).credit_id)

    def test_next_date_is_the_first_possible(self):
        course = self._create_course()
        line = course.line_ids
        self.assertEqual(line.next_date, DAY)
        self._visit(DAY)
        line.invalidate_recordset(["next_date"])
        self.assertEqual(line.next_date, date(2026, 2, 9))
        event = self._book(line.next_date)
        self.assertEqual(event.credit_id, course.credit_ids)

    def test_pace_across_the_clock_change(self):
        course = self._create_course()
        self._book(date(2026, 3, 25), 9)
        event = self._book(date(2026, 4, 1), 9)
        self.assertEqual(event.credit_id, course.credit_ids)

    def test_another_course_pays_when_one_has_to_wait(self):
        first = self._create_course()
        second = self._create_course()
        self.assertEqual(self._book(date(2026, 2, 10)).credit_id, first.credit_ids)
        self.assertEqual(self._book(date(2026, 2, 11)).credit_id, second.credit_ids)
