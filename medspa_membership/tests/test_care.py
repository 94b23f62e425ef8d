# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import re
from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, freeze_time, tagged

from .course_common import CourseDeskCase
from .test_open_booking import OpenBookingCase


@tagged("post_install", "-at_install")
class TestCarePage(OpenBookingCase):
    """My care: the patient's own things, all of them, and nobody else's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.course = cls._create_course()
        cls.single = cls._create_credit(2, treatment_id=cls.laser.id)
        cls.event = cls._create_appointment(cls.start)
        cls.theirs = cls._create_course(partner=cls.other_patient)
        cls._create_appointment(
            cls.start + timedelta(hours=2),
            patient_id=cls.other_patient.id,
            treatment_id=cls.laser.id,
        )

    def _open(self, login):
        self.authenticate(login, login)
        return self.url_open("/my/care")

    def _figure(self, page, name):
        return re.search(rf'class="{name}[^>]*>([^<]*)<', page.text)[1].strip()

    def test_page_shows_what_the_patient_has(self):
        page = self._open("paula")
        text = self._text(page)
        self.assertEqual(self._figure(page, "o_medspa_sessions_left"), "7")
        self.assertEqual(self._figure(page, "o_medspa_sessions_booked"), "1")
        for part in (
            "Peel from 5 peels 5 sessions 1 booked",
            "Laser 2 sessions",
            "5 peels",
            "Peel: 0 of 5 used, next from",
            "Coming up",
        ):
            self.assertIn(part, text)
        self.assertNotIn("Oscar", page.text)

    def test_desk_sees_the_same_numbers(self):
        """One method for both: the page and the form of the patient are compared."""
        order = self._sell_course()
        order._create_invoices().action_post()
        self._create_appointment(
            self.start + timedelta(hours=3),
            treatment_id=self.laser.id,
            is_paid_apart=True,
        )
        page = self._open("paula")
        form = Form(self.patient.with_user(self.receptionist))
        self.assertEqual(
            float(self._figure(page, "o_medspa_sessions_left")), form.care_sessions_left
        )
        self.assertEqual(
            float(self._figure(page, "o_medspa_sessions_booked")),
            form.care_sessions_booked,
        )
        due = self._figure(page, "o_medspa_amount_due")
        self.assertEqual(form.care_amount_due, 450 + 80)
        self.assertEqual(float(re.sub(r"[^\d.]", "", due)), form.care_amount_due)
        care = self.patient.sudo()._get_care(self.company)
        self.assertEqual(
            care["credits"].sorted("id"), self.patient.open_credit_ids.sorted("id")
        )
        self.assertEqual(care["upcoming"], self.patient.upcoming_appointment_ids)

    def test_nothing_yet(self):
        newcomer = self.env["res.partner"].create({"name": "Nina New"})
        self._create_portal_user(newcomer, "nina")
        page = self._open("nina")
        self.assertIn("Nothing is left to use.", self._text(page))
        self.assertIn("Nothing is booked at the moment.", self._text(page))
        self.assertEqual(self._figure(page, "o_medspa_sessions_left"), "0")

    def test_family_sees_what_is_shared_and_no_more(self):
        credit = self._create_credit(
            3, beneficiary_ids=[Command.set(self.other_patient.ids)]
        )
        self.assertIn("Oscar Other", self._text(self._open("paula")))
        page = self._open("oscar")
        self.assertIn("shared by Paula Patient", self._text(page))
        # Shared sessions are not counted twice, nor shown to the desk as his.
        self.assertEqual(self._figure(page, "o_medspa_sessions_left"), "5")
        self.assertIn(
            credit, self.other_patient.sudo()._get_care(self.company)["credits"]
        )
        self.assertNotIn("Laser 2 sessions", self._text(page))

    def test_visitors_log_in_first(self):
        page = self.url_open("/my/care", allow_redirects=False)
        self.assertIn("/web/login", page.headers["Location"])

    def test_unconfirmed_times_are_no_past_visits(self):
        self.authenticate(None, None)
        self._book(
            self._at(self.day, 15),
            visitor={"name": "X", "email": "oscar@example.com", "phone": "600100200"},
        )
        held = self._appointments().filtered("held_until")
        held._release_hold()
        care = self.other_patient.sudo()._get_care(self.company)
        self.assertNotIn(held, care["past"])
        self.assertNotIn(held, care["upcoming"])


@tagged("post_install", "-at_install")
@freeze_time("2026-02-02 08:00:00")
class TestCareFigures(CourseDeskCase):
    def test_amount_due_counts_the_rest_of_a_deposit(self):
        """Order of 120, 30 paid: 90 to pay at the desk."""
        event = self._create_appointment("2026-02-05 10:00:00", is_paid_apart=True)
        event._sell_with_deposit(30, self.patient)
        self.assertEqual(self.patient.care_amount_due, 120)

    def test_open_part_of_an_invoice(self):
        order = self._create_order()
        self._pay(self._invoice(order), 100)
        self.env.invalidate_all()
        self.assertEqual(self.patient.care_amount_due, 350)

    def test_figures_belong_to_the_clinic(self):
        other = self.env["res.company"].create({"name": "Other"})
        self._create_credit(4)
        figures = self.patient._get_care_figures(other)
        self.assertEqual(figures["sessions_left"], 0)
        self.assertEqual(
            self.patient._get_care_figures(self.company)["sessions_left"], 4
        )

    def test_figures_are_for_staff(self):
        user = self._create_portal_user(self.patient, "paula")
        with self.assertRaises(AccessError):
            self.patient.with_user(user).read(["care_amount_due"])

    def test_practitioner_sees_them_without_a_right_on_invoices(self):
        self._invoice(self._create_order())
        patient = self.patient.with_user(self.practitioner_user)
        self.assertEqual(patient.care_amount_due, 450)

    def test_page_costs_the_same_for_a_long_history(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            care = self.patient._get_care(self.company)
            care["credits"].mapped("display_name")
            return self.cr.sql_log_count - before

        self._create_credit(2)
        self._create_appointment("2026-02-05 10:00:00")
        count()
        few = count()
        for day in range(10, 20):
            self._create_credit(1, treatment_id=self.laser.id)
            self._create_appointment(
                f"2026-02-{day} 12:00:00", treatment_id=self.laser.id
            )
        self.assertLessEqual(count(), few + 2)
