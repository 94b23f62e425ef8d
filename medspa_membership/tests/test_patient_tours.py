# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import base64
import io
from datetime import timedelta

from PIL import Image

from odoo import Command
from odoo.tests import tagged

from .test_deposit import DemoProvider
from .test_login_link import LINK
from .test_open_booking import OpenBookingCase
from .test_waiting import OFFER, WaitingData

PHONE, DESK = "390x844", "1280x800"
LONG_NAME = "Mikrodermabrasionsbehandlungsverlängerungsmöglichkeit"


def _make_picture():
    """Return a picture that takes its place when it arrives, and not before."""
    stream = io.BytesIO()
    Image.new("RGB", (640, 480), "#6b4e71").save(stream, "PNG")
    return base64.b64encode(stream.getvalue())


PICTURE = _make_picture()


class PatientTourCase(DemoProvider, WaitingData, OpenBookingCase):
    """The patient's pages in a browser. Each tour looks for barriers by axe-core."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_provider()
        cls.company.write({"deposit_kind": False, "cancel_notice_hours": 24})

    def _tour(self, url, name, login=None):
        self.start_tour(url, name, login=login, timeout=120)
        self.env.invalidate_all()

    def _check_visitor_books(self):
        with self.mock_mail_gateway():
            self._tour("/book", "medspa_visitor_books")
        event = self._appointments()
        self.assertEqual(event.practitioner_id, self.pablo)
        self.assertTrue(event.held_until)
        with self.mock_mail_gateway():
            path = event._get_confirm_url("vera@example.com")
            path = path[path.index("/book/") :]
            self._tour(path, "medspa_visitor_confirms")
        self.assertFalse(event.held_until)

    def _check_visitor_pays_deposit(self):
        self.company.write({"deposit_kind": "amount", "deposit_value": 30})
        with self.mock_mail_gateway():
            self._tour("/book", "medspa_visitor_pays_deposit")
        event = self._appointments()
        self.assertFalse(event.held_until)
        self.assertEqual((event.payment_status, event.amount_due), ("ordered", 90))

    def _check_patient_care(self):
        # The first free time may be today's, and can still be cancelled then.
        self.company.booking_lead_minutes = 120
        course = self._create_course(cancel_notice_hours=1)
        event = course.line_ids._book(self.start)
        self._tour("/my", "medspa_patient_care", login="paula")
        self.assertEqual(event.appointment_status, "cancelled")
        self.assertEqual(course.reserved_sessions, 0)

    def _check_patient_waits(self):
        self._tour("/book", "medspa_patient_waits", login="paula")
        entry = self.env["medspa.waiting"].search([])
        self.assertEqual((entry.state, entry.in_evening), ("left", False))
        self._create_credit(2)
        entry.write({"state": "waiting", "date_to": self.day + timedelta(days=9)})
        taken = self._create_appointment(self.start, patient_id=self.other_patient.id)
        taken.action_cancel_appointment()
        with self.mock_mail_gateway():
            self._run("ir_cron_offer_freed_times")
        path = OFFER.search(self._new_mails[-1].body_html)[1]
        with self.mock_mail_gateway():
            self._tour(path, "medspa_patient_takes_offer")
        self.assertEqual(entry.state, "booked")

    def _check_login_link(self):
        self._tour("/web/login", "medspa_login_link_ask")
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self._run("ir_cron_send_login_links")
        path = LINK.search(self._mails[0]["body"])[1]
        self._tour(path, "medspa_login_link_use")

    def _check_right_to_left(self):
        lang = self.env["res.lang"]._activate_lang("ar_001")
        website = self.env["website"].search([], limit=1)
        website.language_ids = [Command.link(lang.id)]
        self.peel.name = LONG_NAME
        self._tour("/ar/book", "medspa_pages_right_to_left")

    def _check_course_page(self):
        self.peel_course.image_1920 = PICTURE
        self._tour(self.peel_course.website_url, "medspa_course_page")


@tagged("post_install", "-at_install")
class TestPatientToursPhone(PatientTourCase):
    browser_size = PHONE
    touch_enabled = True

    def test_visitor_books(self):
        self._check_visitor_books()

    def test_visitor_pays_deposit(self):
        self._check_visitor_pays_deposit()

    def test_patient_care(self):
        self._check_patient_care()

    def test_patient_waits(self):
        self._check_patient_waits()

    def test_login_link(self):
        self._check_login_link()

    def test_course_page(self):
        self._check_course_page()

    def test_a_page_that_jumps_does_not_pass(self):
        self._tour("/book", "medspa_page_jumps")

    def test_right_to_left_and_long_words(self):
        self._check_right_to_left()


@tagged("post_install", "-at_install")
class TestPatientToursDesk(PatientTourCase):
    browser_size = DESK

    def test_visitor_books(self):
        self._check_visitor_books()

    def test_visitor_pays_deposit(self):
        self._check_visitor_pays_deposit()

    def test_patient_care(self):
        self._check_patient_care()

    def test_patient_waits(self):
        self._check_patient_waits()

    def test_login_link(self):
        self._check_login_link()

    def test_course_page(self):
        self._check_course_page()

    def test_times_by_keyboard(self):
        slug = self.env["ir.http"]._slug(self.peel)
        self._tour(f"/book/{slug}", "medspa_times_by_keyboard")
