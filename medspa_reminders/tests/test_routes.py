# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import base64
import hashlib
import hmac
import re
from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import ReminderData, frozen

PAULA = "+34600111111"
CONTROLLER = "odoo.addons.medspa_reminders.controllers.sms_inbound"


@tagged("post_install", "-at_install")
class TestRoutes(ReminderData, HttpCase):
    """The links of messages, the answers by SMS, and the patient's own page.

    Tried as the patient, as somebody else, and as a scanner that opens every link.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_clinic()
        cls._set_up_reminders()
        cls._create_portal_user(cls.patient, "paula")
        cls._create_portal_user(cls.other_patient, "oscar")

    def _book(self, days=3):
        """Book an appointment some days ahead of the real clock."""
        start = self._at(self._next_working_day(days), 12)
        return self._create_appointment(start)

    def _url(self, event, purpose):
        return f"/medspa/appointment/{purpose}/{event._get_patient_token(purpose)}"

    def _post(self, url, **data):
        """Open a page and press its button."""
        page = self.url_open(url)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        if token:
            data["csrf_token"] = token.group(1)
        return self.url_open(url, data=data or {"": ""})

    def _text(self, response):
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))

    # === APPOINTMENTS === #

    def test_confirm(self):
        event = self._book()
        url = self._url(event, "confirm")
        page = self.url_open(url)
        self.assertEqual(page.status_code, 200)
        self.assertIn("I will come", page.text)
        self.assertEqual(page.headers["Cache-Control"], "no-store")
        # A scanner that looks at the link confirms nothing.
        self.assertFalse(event.patient_confirmed_at)
        self.assertIn("we are expecting you", self._text(self._post(url)))
        self.assertTrue(event.patient_confirmed_at)
        self.assertIn("we are expecting you", self._text(self.url_open(url)))
        event.start += timedelta(days=7)
        self.assertFalse(event.patient_confirmed_at)

    def test_cancel_shows_the_rule_first(self):
        event = self._book()
        url = self._url(event, "cancel")
        page = self.url_open(url)
        self.assertIn("12:00 PM", self._text(page).replace("\u202f", " "))
        self.assertIn("You can cancel without loss until", self._text(page))
        self.assertEqual(event.appointment_status, "booked")
        self.assertIn("is cancelled", self._text(self._post(url)))
        self.assertEqual(event.appointment_status, "cancelled")

    def test_too_late_to_cancel(self):
        event = self._book()
        self.company.cancel_notice_hours = 24 * 30
        url = self._url(event, "cancel")
        text = self._text(self.url_open(url))
        self.assertIn("720 hours before. That time is over: please call us", text)
        page = self.url_open(url)
        self.assertNotIn("Cancel the appointment", page.text)

    def test_a_link_does_one_thing_for_one_time(self):
        event = self._book()
        token = event._get_patient_token("confirm")
        wrong = [
            f"/medspa/appointment/cancel/{token}",
            f"/medspa/appointment/confirm/{token[:-3]}AAA",
            "/medspa/appointment/confirm/xyz",
            f"/medspa/appointment/delete/{token}",
        ]
        for url in wrong:
            self.assertEqual(self.url_open(url).status_code, 404, url)
        event.start += timedelta(days=7)
        self.assertEqual(self.url_open(self._url(event, "confirm")).status_code, 200)
        old = self.url_open(f"/medspa/appointment/confirm/{token}")
        self.assertIn("This link is not valid any more", self._text(old))

    def test_a_link_ends_with_the_appointment(self):
        event = self._book()
        with frozen(event.start - timedelta(minutes=1)):
            token = event._get_patient_token("confirm")
            self.assertTrue(event._find_by_patient_token("confirm", token))
        with frozen(event.start + timedelta(minutes=1)):
            self.assertFalse(event._find_by_patient_token("confirm", token))

    def test_in_the_language_of_the_patient(self):
        event = self._book()
        event.patient_id = self.other_patient
        view = self.env.ref("medspa_reminders.appointment_page")
        view.update_field_translations(
            "arch_db", {"es_ES": {"I will come": "Iré seguro"}}
        )
        page = self.url_open(self._url(event, "confirm"))
        self.assertIn("Iré seguro", page.text)

    # === UNSUBSCRIBE === #

    def _get_unsubscribe_url(self, is_marketing=True):
        rule = self._rule("expiry_week", channel="email", is_marketing=is_marketing)
        self._consent(self.patient, "email")
        today = self.company._medspa_date()
        self._create_credit(2, expires_on=today + timedelta(days=5))
        moment = fields.Datetime.now().replace(hour=12, minute=0, second=0)
        rule._plan(self.company, moment, today)
        reminder = self._reminders(rule)
        return reminder._get_unsubscribe_url().removeprefix(reminder.get_base_url())

    def test_one_click_of_a_mail_program(self):
        url = self._get_unsubscribe_url()
        self.assertEqual(self.url_open(url).status_code, 200)
        self.assertEqual(self.patient.consent_email_marketing, "given")
        # As RFC 8058 has it: no cookie, no token, this one field.
        self.opener.cookies.clear()
        answer = self.url_open(url, data={"List-Unsubscribe": "One-Click"})
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(self.patient.consent_email_marketing, "withdrawn")
        self.assertFalse(self.patient.consent_email_service)
        self.assertEqual(self.patient.consent_ids[0].source, "unsubscribe")
        self.url_open(url, data={"List-Unsubscribe": "One-Click"})
        self.assertEqual(len(self.patient.consent_ids), 2)

    def test_service_messages_apart(self):
        url = self._get_unsubscribe_url(is_marketing=False)
        self._post(url)
        self.assertEqual(self.patient.consent_email_marketing, "given")
        self.assertEqual(self.patient.consent_email_service, "withdrawn")

    def test_forged_link(self):
        url = self._get_unsubscribe_url()
        forged = url[:-4] + "AAAA"
        self.assertEqual(self.url_open(forged).status_code, 404)
        self.assertEqual(self.url_open(forged, data={"a": "b"}).status_code, 404)
        self.assertEqual(self.patient.consent_email_marketing, "given")

    # === ANSWERS BY SMS === #

    def _post_twilio(self, text, key="secret", **values):
        params = {
            "AccountSid": self.company.sms_twilio_account_sid,
            "From": PAULA,
            "To": "+34600000000",
            "Body": text,
            **values,
        }
        url = f"{self.company.get_base_url()}/medspa/sms/twilio"
        data = url + "".join(f"{name}{params[name]}" for name in sorted(params))
        digest = hmac.new(key.encode(), data.encode(), hashlib.sha1).digest()
        return self.url_open(
            "/medspa/sms/twilio",
            data=params,
            headers={"X-Twilio-Signature": base64.b64encode(digest).decode()},
        )

    def test_stop_and_start_by_twilio(self):
        answer = self._post_twilio(" Stop. ")
        self.assertEqual(answer.status_code, 200)
        self.assertIn("<Response>", answer.text)
        self.assertEqual(self.patient.consent_sms_service, "withdrawn")
        self.assertEqual(self.patient.consent_sms_marketing, "withdrawn")
        self.assertTrue(self.patient.phone_sanitized_blacklisted)
        self.assertFalse(self.patient._may_be_written_to("sms", "service"))
        self.assertFalse(self.other_patient.consent_sms_service)
        self._post_twilio("START")
        self.patient.invalidate_recordset()
        self.assertTrue(self.patient._may_be_written_to("sms", "service"))
        # Offers are not asked for by lifting a STOP.
        self.assertFalse(self.patient._may_be_written_to("sms", "marketing"))

    @mute_logger(CONTROLLER)
    def test_twilio_with_a_wrong_signature(self):
        self.assertEqual(self._post_twilio("STOP", key="guess").status_code, 404)
        answer = self._post_twilio("STOP", AccountSid="AC" + "9" * 32)
        self.assertEqual(answer.status_code, 404)
        self.assertFalse(self.patient.consent_sms_service)

    def test_other_words_do_nothing(self):
        self._post_twilio("Please stop by at five, thank you")
        self.assertFalse(self.patient.consent_sms_service)

    def test_stop_by_any_gateway(self):
        url = f"/medspa/sms/inbound/{self.company.sms_inbound_key}"
        answer = self.url_open(url, data={"msisdn": "34600111111", "text": "BAJA"})
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(self.patient.consent_sms_marketing, "withdrawn")
        for nonsense in (
            {"text": "STOP"},
            {"from": "", "text": "STOP"},
            {"from": "MYBANK", "text": "STOP"},
            {"from": "1" * 5000, "text": "STOP"},
            {"from": "34600111111"},
        ):
            answer = self.url_open(url, data=nonsense)
            self.assertEqual(answer.status_code, 200, nonsense)
        wrong = self.url_open("/medspa/sms/inbound/é", data={"from": PAULA})
        self.assertEqual(wrong.status_code, 404)
        wrong = self.url_open("/medspa/sms/inbound/guess", data={"from": PAULA})
        self.assertEqual(wrong.status_code, 404)

    # === PORTAL === #

    def test_my_messages(self):
        self.authenticate("paula", "paula")
        page = self.url_open("/my/messages")
        self.assertIn("+34 600 111 111", page.text)
        self.assertNotIn("222 222", page.text)
        saved = self._post(
            "/my/messages",
            preferred_channel="email",
            email_service="1",
            email_marketing="1",
        )
        self.assertIn("Saved", self._text(saved))
        self.assertEqual(self.patient.preferred_channel, "email")
        self.assertEqual(self.patient.consent_email_marketing, "given")
        self.assertEqual(self.patient.consent_sms_service, "withdrawn")
        self.assertFalse(self.patient.consent_sms_marketing)
        self.assertEqual(set(self.patient.consent_ids.mapped("source")), {"portal"})
        self.assertFalse(self.other_patient.consent_ids)

    def test_a_stop_is_lifted_on_the_page(self):
        self._post_twilio("STOP")
        self.authenticate("paula", "paula")
        self._post("/my/messages", email_service="1", sms_service="1")
        self.patient.invalidate_recordset()
        self.assertTrue(self.patient._may_be_written_to("sms", "service"))

    def test_visitors_log_in_first(self):
        page = self.url_open("/my/messages", allow_redirects=False)
        self.assertEqual(page.status_code, 303)
        self.assertIn("/web/login", page.headers["Location"])
