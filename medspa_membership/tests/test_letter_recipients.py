# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date

from odoo import SUPERUSER_ID, Command
from odoo.modules.migration import load_script
from odoo.tests import freeze_time, tagged
from odoo.tools import email_normalize
from odoo.tools.misc import file_path

from odoo.addons.mail.tests.common import MockEmail

from .common import TODAY
from .test_membership_desk import DeskCase

PATIENT = "paula@example.com"
VISITOR = "vera@example.com"
MIGRATION = "medspa_membership/migrations/19.0.3.0.0/post-mail_templates.py"


class LetterCase(MockEmail, DeskCase):
    """A patient with a course, a membership, an appointment, a place in line."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.email = "desk@aurora.example.com"
        # As after the set-up of a clinic: the practitioners read mail as well.
        cls.practitioner_user.email = "doc@aurora.example.com"
        cls.membership = cls._join(on="2026-01-31")
        cls.period = cls.membership.period_ids
        with freeze_time(TODAY):
            cls.course = cls._create_course()
            cls.event = cls._create_appointment("2026-02-05 10:00:00")
            cls.waiting = cls.env["medspa.waiting"].create(
                {
                    "partner_id": cls.patient.id,
                    "treatment_id": cls.peel.id,
                    "date_from": "2026-02-02",
                    "date_to": "2026-02-20",
                }
            )

    def _send_out(self, send):
        """Call what sends a letter; return to whom the mail server was given it."""
        before = self.env["mail.mail"].sudo().search([])
        with self.mock_mail_gateway():
            send()
            queued = self.env["mail.mail"].sudo().search([("state", "=", "outgoing")])
            letters = queued - before
            # Whether they are still true is another matter: see test_letters.
            letters.mail_template_id = False
            letters.send()
        return sorted(
            email_normalize(address)
            for mail in self._mails
            for address in mail["email_to"] or []
        )


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestLetterRecipients(LetterCase):
    """Each letter of ours is sent on a real record: who got it?"""

    def _get_records(self):
        """Return a record to send each letter on, by the letter's name."""
        records = {
            "course_active": self.course,
            "instalment_failed": self.period.invoice_id,
            "membership_payment_failed": self.period,
            "membership_receipt": self.period,
            "membership_join": self._order_plan(),
            "membership_sign": self._create_agreement(),
            "membership_price": self._create_campaign_line(),
            "membership_winback": self._create_winback(),
            "booked_online": self.event,
            "appointment_moved": self.event,
            "appointment_cancelled": self.event,
            "invitation": self.patient,
            "waiting_offer": self._create_offer(),
            "login_link": self._create_login_link(),
        }
        left = records["membership_winback"].membership_id
        for name in ("withdrawn", "cancelled", "ended"):
            records[f"membership_{name}"] = left
        for name in (
            "card_missing",
            "welcome",
            "suspended",
            "restored",
            "paused",
            "resumed",
            "renewal",
        ):
            records[f"membership_{name}"] = self.membership
        return records

    def _get_senders(self):
        """Return what sends the letters to an address that the visitor gives."""
        return {
            "confirm_booking": lambda: self.event._ask_to_confirm(VISITOR),
            "waiting_join": lambda: self.waiting._ask_to_confirm(VISITOR),
            "family_invitation": lambda: self.membership._ask_family_member(
                self.env["res.partner"].create({"name": "Vera", "email": VISITOR})
            ),
        }

    def _create_agreement(self):
        self.plan.agreement = "<p>House rules</p>"
        self.membership._ask_to_sign()
        return self.membership._get_agreement_to_sign()

    def _create_campaign_line(self):
        campaign = self.env["medspa.price.campaign"].create(
            {
                "name": "2026",
                "percent": 5,
                "effective_date": date(2026, 6, 1),
                "plan_ids": [Command.set(self.plan.ids)],
            }
        )
        campaign.action_prepare()
        return campaign.line_ids

    def _create_winback(self):
        left = self._join(self.other_plan, on="2026-01-31")
        left._cancel(self.reason, "now")
        return (
            self.env["medspa.winback.offer"]
            .sudo()
            .create(
                {
                    "membership_id": left.id,
                    "plan_id": self.plan.id,
                    "order_id": self._order_plan().id,
                    "percent": 50,
                    "valid_until": date(2026, 3, 1),
                }
            )
        )

    def _create_offer(self):
        # Nobody makes offers by hand: the job does.
        env = self.env(su=True)
        slot = env["medspa.waiting.slot"].create(
            {
                "company_id": self.company.id,
                "practitioner_id": self.petra.id,
                "room_id": self.room_1.id,
                "start": "2026-02-06 10:00:00",
                "stop": "2026-02-06 10:45:00",
                "next_step_at": "2026-02-02 10:00:00",
            }
        )
        return env["medspa.waiting.offer"].create(
            {"slot_id": slot.id, "waiting_id": self.waiting.id}
        )

    def _create_login_link(self):
        user = self._create_portal_user(self.patient, "paula")
        self.patient.email = PATIENT
        return (
            self.env["medspa.login.link"]
            .sudo()
            .create({"email": PATIENT, "user_id": user.id})
        )

    def _get_letters(self):
        data = self.env["ir.model.data"].search(
            [("module", "=", "medspa_membership"), ("model", "=", "mail.template")]
        )
        return self.env["mail.template"].browse(data.mapped("res_id"))

    def test_each_letter_reaches_its_patient_and_nobody_else(self):
        records, senders = self._get_records(), self._get_senders()
        for template in self._get_letters():
            xmlid = template.get_external_id()[template.id]
            name = xmlid.removeprefix("medspa_membership.mail_template_")
            with self.subTest(letter=name):
                if name in senders:
                    self.assertEqual(self._send_out(senders[name]), [VISITOR])
                    continue
                record = records[name]
                self.assertEqual(len(record), 1)
                got = self._send_out(
                    lambda t=template, r=record: t.sudo().send_mail(r.id)
                )
                self.assertEqual(got, [PATIENT])

    def test_letters_can_be_changed_where_records_are_older_than_the_addon(self):
        """Core tries a letter on the first record that it finds when it is saved."""
        bare = {
            "account.move": self.env["account.move"].create({"move_type": "entry"}),
            "calendar.event": self.env["calendar.event"].create({"name": "Meeting"}),
            "res.partner": self.env["res.partner"].create({"name": "Nobody"}),
            "sale.order": self.env["sale.order"].create(
                {"partner_id": self.patient.id}
            ),
            "sale.subscription": self.membership,
        }
        for template in self._get_letters():
            record = bare.get(template.model)
            if record:
                with self.subTest(letter=template.name):
                    for name in template._get_dynamic_field_names():
                        template._render_field(name, record.ids)

    def test_installed_clinics_get_the_recipients_and_keep_their_words(self):
        template = self.env.ref("medspa_membership.mail_template_booked_online")
        other = self.env.ref("medspa_membership.mail_template_waiting_offer")
        for letter in (template, other):
            letter.with_user(SUPERUSER_ID).write(
                {"use_default_to": True, "partner_to": False, "body_html": "<p>x</p>"}
            )
        template.with_user(self.manager).sudo().write({"subject": "Our own words"})
        self.env.flush_all()
        migrate = load_script(file_path(MIGRATION), "post_mail_templates").migrate
        migrate(self.env.cr, "19.0.2.1.0")
        self.env.invalidate_all()
        for letter in (template, other):
            self.assertFalse(letter.use_default_to)
            self.assertIn(
                "partner_id.id" if letter == other else "patient_id.id",
                letter.partner_to,
            )
        self.assertEqual(template.subject, "Our own words")
        self.assertEqual(template.body_html, "<p>x</p>")
        self.assertIn("became free", other.body_html)
