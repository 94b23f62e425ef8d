# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from lxml import html

from odoo.tests import HttpCase, tagged

from .common import ClinicData


@tagged("post_install", "-at_install")
class TestCourseDocuments(ClinicData, HttpCase):
    """The patient's pages that say what a course is worth, for the patient alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_clinic()
        cls.user = cls._create_portal_user(cls.patient, "paula.p")
        cls.other_user = cls._create_portal_user(cls.other_patient, "oscar.o")
        cls.course = cls._create_course()
        cls.course.sudo().write({"refund_basis": "list", "refund_fee": 15})
        cls.course.credit_ids._redeem(2, cls.company._medspa_date())

    def _get(self, page, login):
        self.authenticate(login, login)
        return self.url_open(f"/my/courses/{self.course.id}/{page}")

    def test_refund_is_shown_line_by_line(self):
        response = self._get("refund", "paula.p")
        tree = html.fromstring(response.text)
        amounts = [
            "".join(c for c in cell.text_content() if c in "-.0123456789")
            for cell in tree.xpath("//table//td[contains(@class, 'text-end')]")
        ]
        # 450.00 paid, two peels used at 120.00, a fee of 15.00.
        self.assertEqual(amounts, ["450.00", "-240.00", "-15.00", "195.00"])
        self.assertEqual(self.course.state, "active", "Looking changes nothing")

    def test_refund_of_another_patient_is_not_shown(self):
        response = self._get("refund", "oscar.o")
        self.assertTrue(response.url.endswith("/my"))
        self.assertNotIn("240.00", response.text)

    def test_card_is_the_patients_alone(self):
        response = self._get("card", "oscar.o")
        self.assertTrue(response.url.endswith("/my"))
        response = self._get("card", "paula.p")
        self.assertEqual(response.status_code, 200)
        self.assertIn("application/pdf", response.headers["Content-Type"])

    def test_visitors_log_in_first(self):
        self.authenticate(None, None)
        for page in ("refund", "card"):
            response = self.url_open(f"/my/courses/{self.course.id}/{page}")
            self.assertIn("/web/login", response.url)
