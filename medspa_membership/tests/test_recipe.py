# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, freeze_time, tagged

from .common import TODAY, ClinicCase


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestRecipe(ClinicCase):
    """What a recipe says of pace and of other treatments, and who may overrule it."""

    def _book(self, start, **vals):
        """Book as the receptionist, through the form of the desk."""
        form = Form(
            self.env["calendar.event"]
            .with_user(self.receptionist)
            .with_context(default_start=start, default_patient_id=self.patient.id),
            "medspa_membership.calendar_event_view_form_appointment",
        )
        for name, value in vals.items():
            setattr(form, name, value)
        return form.save()

    def test_pace_keeps_a_course_from_paying_too_soon(self):
        self._create_course()
        first = self._book(
            "2026-02-09 09:00:00",
            treatment_id=self.peel,
            practitioner_id=self.petra,
        )
        self.assertTrue(first.credit_id)
        soon = self._book(
            "2026-02-12 09:00:00",
            treatment_id=self.peel,
            practitioner_id=self.petra,
        )
        self.assertFalse(soon.credit_id, "Three days are less than seven")
        with self.assertRaisesRegex(UserError, "write down why under Pace"):
            soon.credit_id = first.credit_id

    def test_staff_overrule_the_pace_with_a_reason(self):
        course = self._create_course()
        self._book(
            "2026-02-09 09:00:00",
            treatment_id=self.peel,
            practitioner_id=self.petra,
        )
        soon = self._book(
            "2026-02-12 09:00:00",
            treatment_id=self.peel,
            practitioner_id=self.petra,
            pace_override_reason="Leaves for a month",
        )
        self.assertEqual(soon.credit_id, course.credit_ids)
        self.assertBalances(course.credit_ids, 5, 2)

    def test_a_reason_given_later_lets_the_course_pay(self):
        course = self._create_course()
        for day in ("09", "12"):
            soon = self._book(
                f"2026-02-{day} 09:00:00",
                treatment_id=self.peel,
                practitioner_id=self.petra,
            )
        with Form(
            soon.with_user(self.receptionist),
            "medspa_membership.calendar_event_view_form_appointment",
        ) as form:
            form.pace_override_reason = "The doctor agrees"
        self.assertEqual(soon.credit_id, course.credit_ids)
        self.assertBalances(course.credit_ids, 5, 2)

    def test_days_between_any_two_sessions_of_the_recipe(self):
        combo = self._create_course_product(
            "Combo",
            300,
            [(self.peel, 1, 0), (self.laser, 1, 0), (self.peel, 1, 0)],
            recipe_min_days=10,
        )
        # Three sessions, ten days between each: 20 days.
        self.assertEqual(combo.step_ids._get_shortest_days(), 20)
        course = self._create_course(combo)
        self._book(
            "2026-02-09 09:00:00",
            treatment_id=self.peel,
            practitioner_id=self.petra,
        )
        laser = self._book(
            "2026-02-13 09:00:00",
            treatment_id=self.laser,
            practitioner_id=self.petra,
        )
        self.assertFalse(laser.credit_id)
        later = self._book(
            "2026-02-19 09:00:00",
            treatment_id=self.laser,
            practitioner_id=self.petra,
        )
        self.assertEqual(later.credit_id.course_id, course)

    def test_recipe_that_cannot_be_finished_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "at least 40 days"):
            self.peel_course.write({"recipe_min_days": 10, "validity_days": 39})
        self.peel_course.write({"recipe_min_days": 10, "validity_days": 40})

    def test_one_treatment_takes_several_sessions(self):
        legs = self._create_treatment("Full legs", list_price=160, session_cost=2)
        self.peel_course.step_ids.other_treatment_ids = [Command.set(legs.ids)]
        course = self._create_course()
        credit = course.credit_ids
        appointment = self._book(
            "2026-02-02 08:00:00",
            treatment_id=legs,
            practitioner_id=self.petra,
        )
        self.assertEqual(appointment.credit_id, credit)
        self.assertBalances(credit, 5, 2)
        appointment.action_done()
        # 450.00 for five sessions: two of them are worth 180.00.
        self.assertBalances(credit, 3, 0)
        self.assertEqual(credit.value_remaining, 270)
        self.assertEqual(course.used_sessions, 2)

    def test_a_treatment_that_takes_more_than_is_left_is_to_be_paid(self):
        legs = self._create_treatment("Full legs", list_price=160, session_cost=2)
        product = self._create_course_product("One peel", 90, [(self.peel, 1, 0)])
        product.step_ids.other_treatment_ids = [Command.set(legs.ids)]
        self._create_course(product)
        appointment = self._book(
            "2026-02-09 09:00:00",
            treatment_id=legs,
            practitioner_id=self.petra,
        )
        self.assertFalse(appointment.credit_id)
        self.assertEqual(appointment.payment_status, "to_pay")
        self.assertEqual(appointment.amount_due, 160)

    def test_later_edits_of_the_recipe_reach_nothing_sold(self):
        legs = self._create_treatment("Full legs", list_price=160)
        course = self._create_course()
        self.peel_course.recipe_min_days = 30
        self.peel_course.step_ids.other_treatment_ids = [Command.set(legs.ids)]
        self.assertEqual(course.recipe_min_days, 0)
        self.assertFalse(course.line_ids.other_treatment_ids)
        self.assertEqual(course.credit_ids.coverage, "treatment")
