# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import io

from lxml import html

from odoo.exceptions import AccessError
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.pdf import PdfFileReader

from .common import TODAY, ClinicCase

REPORT = "medspa_membership.medspa_course_card_report"


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestCourseCard(ClinicCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.course = cls._create_course(purchase_date="2026-01-20")

    def _render(self, course, user=None):
        """Return the text of the card, spaces squeezed."""
        report = self.env["ir.actions.report"].with_user(user or self.receptionist)
        content, _kind = report._render_qweb_html(REPORT, course.ids)
        return " ".join(html.fromstring(content).text_content().split())

    def test_card_says_what_is_left(self):
        course = self.course
        done = self._create_appointment("2026-01-26 09:00:00")
        done.action_done()
        self._create_appointment("2026-02-03 09:00:00")
        text = self._render(course)
        for expected in (
            self.company.name,
            course.name,
            "5 peels",
            "Paula Patient",
            "Treatment Bought Used Booked Left Next from",
            "Peel 5 1 1 4 02/10/2026",
            "Bought on 01/20/2026",
            "Last day 01/20/2027",
            "Appointments 02/03/2026 10:00 Peel Petra",
            "Visits so far 01/26/2026 Peel Petra",
            "Printed on 02/02/2026",
        ):
            with self.subTest(expected=expected):
                self.assertIn(expected, text)

    def test_card_before_the_first_visit(self):
        text = self._render(self.course)
        self.assertIn("Treatment Bought Used Left Next from", text)
        self.assertIn("Visits so far None yet.", text)

    def test_card_tells_nothing_clinical(self):
        course = self.course
        event = self._create_appointment("2026-01-26 09:00:00")
        event.action_done()
        event.visit_id.write({"protocol": "<p>Secret</p>", "notes": "<p>Secret</p>"})
        self.patient.allergies = "Secret"
        self.assertNotIn("Secret", self._render(course, self.practitioner_user))

    def test_undone_visits_are_left_out(self):
        course = self.course
        event = self._create_appointment("2026-01-26 09:00:00")
        event.action_done()
        event.action_undo()
        self.assertIn("Visits so far None yet.", self._render(course))

    def test_paused_course_offers_no_day(self):
        course = self.course
        course._pause("travel")
        text = self._render(course)
        self.assertNotIn("Next from", text)
        self.assertIn("Status Paused", text)

    def test_button_prints(self):
        course = self.course.with_user(self.receptionist)
        action = course.action_print_card()
        self.assertEqual(action["report_type"], "qweb-pdf")
        self.assertEqual(action["context"]["active_ids"], course.ids)

    def test_strangers_print_nothing(self):
        course = self.course
        employee = new_test_user(self.env, "emp", groups="base.group_user")
        with self.assertRaises(AccessError):
            self._render(course, employee)

    def test_pdf(self):
        Report = self.env["ir.actions.report"]
        course = self.course
        event = self._create_appointment("2026-01-26 09:00:00")
        event.action_done()
        # Some builds of wkhtmltopdf print no header: the card needs none.
        with mute_logger("odoo.addons.base.models.ir_actions_report"):
            content, kind = Report.with_context(
                force_report_rendering=True
            )._render_qweb_pdf(REPORT, course.ids)
        self.assertEqual(kind, "pdf")
        pages = PdfFileReader(io.BytesIO(content)).pages
        self.assertEqual(len(pages), 1)
        text = " ".join(pages[0].extract_text().split())
        for expected in (course.name, "5 peels", "Paula Patient", "01/26/2026"):
            self.assertIn(expected, text)
