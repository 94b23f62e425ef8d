# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import time

from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestMainJob(HttpCase):
    """Buy, pay, book, come, and see the session taken off: four people, one course."""

    def test_main_job(self):
        self.start_tour("/shop", "medspa_main_job_visitor", timeout=180)
        course = self.env["medspa.course"].search(
            [("partner_id.email", "=", "vera@example.com")]
        )
        self.assertRecordValues(
            course,
            [{"state": "active", "total_sessions": 5, "remaining_sessions": 5}],
        )

        self.start_tour("/my", "medspa_main_job_book", login="vera@example.com")
        appointment = self.env["calendar.event"].search(
            [("patient_id", "=", course.partner_id.id)]
        )
        self.assertEqual(appointment.appointment_status, "booked")
        self.assertEqual(course.reserved_sessions, 1)
        self._let_the_day_come(appointment)

        self.start_tour("/odoo/desk", "medspa_main_job_reception", login="rita")
        self.assertEqual(appointment.appointment_status, "arrived")
        login = appointment.practitioner_id.user_id.login
        self.start_tour("/odoo/desk", "medspa_main_job_practitioner", login=login)
        self.assertEqual(appointment.appointment_status, "attended")

        self.start_tour(
            "/my/courses", "medspa_main_job_balance", login="vera@example.com"
        )
        self.assertEqual(course.used_sessions, 1)
        moves = course.credit_ids.move_ids
        self.assertEqual(sum(moves.mapped("quantity")), 4)
        self.assertEqual(sum(moves.mapped("reserved")), 0)

    def _let_the_day_come(self, appointment):
        """Move the appointment to today, before the clinic opens: nobody else is there.

        The clock of a browser cannot be turned.
        """
        company = appointment.medspa_company_id
        start = company._medspa_utc(company._medspa_date(), time(6, 0))
        length = appointment.stop - appointment.start
        appointment.write({"start": start, "stop": start + length})
