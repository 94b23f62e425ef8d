# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import TransactionCase

from odoo.addons.base.models.ir_mail_server import IrMail_Server
from odoo.addons.mail.tests.common import freeze_all_time
from odoo.addons.medspa_membership.models.credit.medspa_credit import Moment
from odoo.addons.medspa_membership.tests.common import ClinicData
from odoo.addons.sms_twilio.tools import sms_api

from .gateways import HOST, FakeSms, FakeSmtp, get_session_class

# A Monday in winter, nine o'clock on the clinic's clock: UTC+1.
NOW = "2026-02-02 08:00:00"
TWILIO = {
    "sms_provider": "twilio",
    "sms_twilio_account_sid": "AC" + "0" * 32,
    "sms_twilio_auth_token": "secret",
}


def frozen(moment):
    """Stop every clock, that of the database too, at a moment (text, in UTC)."""
    return freeze_all_time(fields.Datetime.to_datetime(moment))


class ReminderData(ClinicData):
    """The clinic, its gateways on this machine, patients in two languages and zones."""

    @classmethod
    def _set_up_reminders(cls):
        cls.env["res.lang"]._activate_lang("es_ES")
        cls.company.write(
            {
                "name": "Clinic Aurora",
                "email": "desk@aurora.example.com",
                "phone": "+34 910 000 000",
                # Half a day: a reminder of the day before is early enough.
                "cancel_notice_hours": 12,
                **TWILIO,
            }
        )
        cls.company.country_id = cls.env.ref("base.es")
        cls.env["sms.twilio.number"].create(
            {
                "company_id": cls.company.id,
                "number": "+34600000000",
                "country_id": cls.env.ref("base.es").id,
            }
        )
        cls.patient.write(
            {
                "phone": "+34 600 111 111",
                "lang": "en_US",
                "tz": "Europe/Madrid",
                "is_patient": True,
            }
        )
        cls.other_patient.write(
            {
                "phone": "+34 600 222 222",
                "lang": "es_ES",
                "tz": "Atlantic/Canary",
                "is_patient": True,
            }
        )
        cls.env["medspa.reminder.rule"].search([]).active = False
        cls._set_up_gateways()

    @classmethod
    def _set_up_gateways(cls):
        cls.smtp, cls.sms = FakeSmtp(), FakeSms()
        cls.addClassCleanup(cls.smtp.stop)
        cls.addClassCleanup(cls.sms.stop)
        cls.env["ir.mail_server"].search([]).active = False
        cls.env["ir.mail_server"].create(
            {
                "name": "Test",
                "smtp_host": HOST,
                "smtp_port": cls.smtp.port,
                "smtp_encryption": "none",
            }
        )
        cls.startClassPatcher(
            patch.object(IrMail_Server, "_disable_send", return_value=False)
        )
        cls.startClassPatcher(
            patch.object(
                sms_api.requests,
                "Session",
                get_session_class(cls.sms.server_address[1]),
            )
        )

    def setUp(self):
        super().setUp()
        self.smtp.messages.clear()
        self.smtp.answers.clear()
        self.sms.messages.clear()
        self.sms.errors.clear()

    # === FACTORIES === #

    @classmethod
    def _rule(cls, name, **vals):
        """Switch one of the shipped rules on."""
        rule = cls.env.ref(f"medspa_reminders.rule_{name}")
        rule.write({"active": True, **vals})
        return rule

    @classmethod
    def _consent(cls, partner, channel="sms", purpose="marketing", state="given"):
        return cls.env["medspa.consent"]._note(
            partner, [channel], [purpose], state, "desk"
        )

    def _book_early(self, start, **vals):
        """Book an appointment as if it had been booked a month before."""
        event = self._create_appointment(start, **vals)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE calendar_event SET create_date = start - interval '30 days'"
            " WHERE id = %s",
            [event.id],
        )
        event.invalidate_recordset(["create_date"])
        return event

    def _visit(self, course, day, hour=10):
        """Let a patient come for a session of a course on a day."""
        start = self._at(day, hour)
        with frozen(start + timedelta(hours=2)):
            event = self._create_appointment(
                start,
                patient_id=course.partner_id.id,
                credit_id=course.credit_ids[0].id,
                treatment_id=course.line_ids[0].treatment_id.id,
            )
            event.with_context(medspa_moment=Moment(event.stop)).action_done()
        return event

    # === RUNNING === #

    def _run(self, cron, at):
        """Run one of our jobs at a moment (UTC)."""
        with frozen(at), self.enter_registry_test_mode():
            self.assertTrue(
                self.env.ref(f"medspa_reminders.ir_cron_{cron}").method_direct_trigger()
                is True
            )

    def _plan(self, at=NOW):
        self._run("plan", at)

    def _send(self, at=NOW):
        self._run("send", at)

    def _go_through(self, *moments):
        """Let the jobs run at some moments, in turn, as they do all day."""
        for moment in moments:
            self._plan(moment)
            self._send(moment)

    def _reminders(self, rule, partner=None):
        domain = [("rule_id", "=", rule.id)]
        if partner:
            domain.append(("partner_id", "=", partner.id))
        return self.env["medspa.reminder"].search(domain, order="id")

    def assertSent(self, emails=0, sms=0):
        """Check how many of our messages have left by each way.

        Other e-mails of the clinic, as of a sale, carry no way out of them.
        """
        mails = [m for _to, m in self.smtp.messages if m["List-Unsubscribe"]]
        self.assertEqual((len(mails), len(self.sms.messages)), (emails, sms))

    def assertReminder(self, reminder, state, **values):
        self.assertEqual(
            {"state": reminder.state, **{name: reminder[name] for name in values}},
            {"state": state, **values},
        )

    @staticmethod
    def _moment(text):
        return fields.Datetime.to_datetime(text)


class ReminderCase(ReminderData, TransactionCase):
    """Base of the tests that need no HTTP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_clinic()
        cls._set_up_reminders()
