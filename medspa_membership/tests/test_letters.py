# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date

from odoo import Command, fields
from odoo.tests import freeze_time, tagged
from odoo.tools import html2plaintext

from odoo.addons.mail.tests.common import MockEmail

from ..models.letter.mail_template import LAYOUT
from .common import TODAY, ClinicCase
from .test_membership_desk import DeskCase


class LetterData(MockEmail):
    """What is queued, and what of it leaves."""

    @classmethod
    def _speak(cls, record):
        """Return a record whose changes are told, as outside of tests."""
        return record.with_context(dont_notify=False)

    def _letters(self, record, state="outgoing"):
        """Return our mails about a record; core's own are for the staff."""
        mails = (
            self.env["mail.mail"]
            .sudo()
            .search(
                [
                    ("model", "=", record._name),
                    ("res_id", "in", record.ids),
                    ("state", "=", state),
                ]
            )
        )
        return mails.filtered(
            lambda mail: mail.mail_template_id.email_layout_xmlid == LAYOUT
        )

    def _run_queue(self):
        """Let the queue run, as it does when it is woken; return what left."""
        with self.mock_mail_gateway():
            self.env["mail.mail"].sudo().process_email_queue()
        return self._mails

    def _text(self, mail):
        """Return the words of the letter without its frame."""
        return " ".join(html2plaintext(mail.body_html).split())


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestAppointmentLetters(LetterData, ClinicCase):
    """Booked, moved, cancelled: the patient is told, once, and what is true."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.write(
            {"email": "desk@aurora.example.com", "phone": "+34 910 000 000"}
        )
        cls.company.partner_id.write({"street": "Calle Mayor 7", "city": "Madrid"})
        cls.course = cls._create_course()
        cls.env["mail.mail"].sudo().search([("state", "=", "outgoing")]).cancel()

    def _book(self, start="2026-02-05 10:00:00", **vals):
        event = self.env["calendar.event"].with_context(dont_notify=False)
        return event.create(
            {
                "patient_id": self.patient.id,
                "treatment_id": self.peel.id,
                "practitioner_id": self.petra.id,
                "start": start,
                **vals,
            }
        )

    def test_a_session_booked_from_a_course_is_confirmed(self):
        line = self._speak(self.course.line_ids)
        event = line._book(fields.Datetime.to_datetime("2026-02-05 10:00:00"))
        letter = self._letters(event)
        self.assertEqual(letter.recipient_ids, self.patient)
        text = self._text(letter)
        for words in (
            "Peel",
            "Thursday, February 5, 2026, 11:00",
            "Petra",
            "Calle Mayor 7",
            "4 sessions left to book",
            "until Wednesday, February 4, 2026, 11:00",
        ):
            self.assertIn(words, text.replace("\u202f", " "))
        self.assertNotIn("Central European", text)
        self.assertNotIn(":00:00", text)
        ics = letter.attachment_ids
        self.assertEqual(ics.mapped("name"), ["appointment.ics"])
        self.assertIn(b"DTSTART:20260205T100000Z", ics.raw)
        self.assertIn(f"/my/appointments/{event.id}", letter.body_html)

    def test_a_move_is_told_and_overtakes_what_waits(self):
        event = self._book()
        event.start = "2026-02-06 10:00:00"
        letter = self._letters(event)
        self.assertIn("Friday, February 6, 2026, 11:00", self._text(letter))
        self.assertEqual(len(self._letters(event, "cancel")), 1)
        left = [
            m["subject"] for m in self._run_queue() if "Paula" in str(m["email_to"])
        ]
        self.assertEqual(len(left), 1)
        self.assertTrue(left[0].startswith("Moved: Peel"), left)

    def test_another_practitioner_is_told(self):
        event = self._book()
        self._run_queue()
        event.practitioner_id = self.pablo
        self.assertIn("Pablo", self._text(self._letters(event)))

    def test_a_cancellation_is_told_with_what_became_of_the_session(self):
        event = self._book()
        self._run_queue()
        event.action_cancel_appointment()
        letter = self._letters(event)
        text = self._text(letter)
        self.assertIn("is cancelled", text)
        self.assertIn(b"STATUS:CANCELLED", letter.attachment_ids.raw)
        self.assertIn("5 sessions left to book", text)
        self.assertIn(f"/my/courses/{self.course.id}", letter.body_html)

    def test_what_was_cancelled_meanwhile_is_not_confirmed(self):
        event = self._book()
        event.with_context(dont_notify=True).action_cancel_appointment()
        self.assertFalse(
            [m for m in self._run_queue() if "Paula" in str(m["email_to"])]
        )
        self.assertEqual(len(self._letters(event, "cancel")), 1)

    def test_nobody_is_told_of_what_is_over_or_not_theirs(self):
        self.assertFalse(self._letters(self._book("2026-01-29 10:00:00")))
        self.other_patient.email = False
        event = self._book(patient_id=self.other_patient.id)
        self.assertFalse(self._letters(event))
        meeting = self.env["calendar.event"].create({"name": "Meeting"})
        self.assertFalse(self._letters(meeting))

    def test_core_invites_no_patient(self):
        before = self.env["mail.message"].search([])
        event = self._book()
        event.start = "2026-02-06 10:00:00"
        told = self.env["mail.message"].search([]) - before
        told -= self._letters(event, "outgoing").mail_message_id
        told -= self._letters(event, "cancel").mail_message_id
        self.assertNotIn(self.patient, told.notified_partner_ids | told.partner_ids)
        self.assertNotIn(self.patient, event.attendee_ids.partner_id)

    def test_core_mails_no_practitioner_of_a_move(self):
        """Whose diary it stands in sees it there; of meetings core tells as ever."""
        self.practitioner_user.email = "doc@example.com"
        doctor = self.practitioner_user.partner_id
        event = self._book()
        self.assertIn(doctor, event.attendee_ids.partner_id)
        meeting = self._speak(self.env["calendar.event"]).create(
            {
                "name": "Team",
                "start": "2026-02-05 15:00:00",
                "stop": "2026-02-05 16:00:00",
                "partner_ids": [Command.set(doctor.ids)],
            }
        )
        for record, is_told in ((event, False), (meeting, True)):
            before = self.env["mail.message"].search([])
            record.write(
                {"start": "2026-02-06 10:00:00", "stop": "2026-02-06 11:00:00"}
            )
            told = self.env["mail.message"].search([]) - before
            partners = told.partner_ids | told.notified_partner_ids
            self.assertEqual(doctor in partners, is_told, record.name)

    def test_a_queued_letter_wakes_the_queue(self):
        cron = self.env.ref("mail.ir_cron_mail_scheduler_action")
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self._book()
        woken = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self.assertTrue(woken - triggers)

    def test_the_history_keeps_the_words_and_no_link(self):
        event = self._book()
        body = event.message_ids.filtered(lambda m: "Peel" in (m.body or ""))[:1].body
        self.assertIn("is booked", body)
        self.assertNotIn("/my/appointments", body)

    def test_a_visitor_who_did_not_confirm_is_not_told_of_the_release(self):
        event = self._book(held_until="2026-02-02 08:30:00", is_paid_apart=True)
        self._speak(event)._release_hold()
        self.assertEqual(event.appointment_status, "cancelled")
        self.assertFalse(self._letters(event))

    def test_letters_speak_the_language_of_the_patient(self):
        self.env["res.lang"]._activate_lang("es_ES")
        self.patient.lang = "es_ES"
        text = self._text(self._letters(self._book()))
        self.assertIn("jueves, 5 de febrero de 2026, 11:00", text)


@tagged("post_install", "-at_install")
class TestMemberLetters(LetterData, DeskCase):
    """What has become untrue is not sent; one purchase is one mail."""

    def test_who_has_paid_is_not_told_that_it_failed(self):
        membership = self._fail()
        period = membership.period_ids.filtered(lambda p: p.state == "open")
        self.assertEqual(len(self._letters(period)), 1)
        with freeze_time("2026-02-28 10:00:00"):
            register = self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=period.invoice_id.ids
            )
            register.create({})._create_payments()
        self.assertEqual(period.state, "paid")
        subjects = [mail["subject"] for mail in self._run_queue()]
        self.assertFalse([s for s in subjects if "could not collect" in s])
        self.assertEqual(len(self._letters(period, "cancel")), 1)

    def test_a_failure_that_stands_is_told(self):
        self._fail()
        subjects = [mail["subject"] for mail in self._run_queue()]
        self.assertEqual(len([s for s in subjects if "could not collect" in s]), 1)

    def test_who_joins_gets_one_mail_with_the_way_in(self):
        newcomer = self.env["res.partner"].create(
            {"name": "Nora New", "email": "nora@example.com"}
        )
        before = self.env["mail.mail"].sudo().search([])
        membership = self._join(partner=newcomer, on="2026-01-31")
        self._work("2026-01-31 08:01:00")
        mails = self.env["mail.mail"].sudo().search([]) - before
        mine = mails.filtered(
            lambda m: (
                newcomer in m.recipient_ids or newcomer.email in (m.email_to or "")
            )
        )
        self.assertEqual(mine.mapped("subject"), ["Welcome: Glow"])
        self.assertIn("99.00", self._text(mine))
        self.assertIn("/web/signup?", mine.body_html)
        self.assertIn(f"memberships%2F{membership.id}", mine.body_html)
        self.assertNotIn("signup", mine.mail_message_id.body)

    def test_who_buys_a_course_gets_one_mail_with_the_way_in(self):
        newcomer = self.env["res.partner"].create(
            {"name": "Nora New", "email": "nora@example.com"}
        )
        order = self.env["sale.order"].create(
            {
                "partner_id": newcomer.id,
                "order_line": [
                    Command.create(
                        {"product_id": self.peel_course.product_variant_id.id}
                    )
                ],
            }
        )
        token = self._create_token("done", newcomer)
        before = self.env["mail.mail"].sudo().search([])
        tx = (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": token.provider_id.id,
                    "payment_method_id": token.payment_method_id.id,
                    "token_id": token.id,
                    "amount": order.amount_total,
                    "currency_id": order.currency_id.id,
                    "partner_id": newcomer.id,
                    "operation": "online_token",
                    "sale_order_ids": [Command.set(order.ids)],
                }
            )
        )
        tx.sudo()._set_done()
        tx.sudo()._post_process()
        mails = self.env["mail.mail"].sudo().search([]) - before
        mine = mails.filtered(
            lambda m: (
                newcomer in m.recipient_ids or newcomer.email in (m.email_to or "")
            )
        )
        self.assertEqual(mine.mapped("subject"), ["Your course is ready: 5 peels"])
        text = self._text(mine)
        for words in ("5 sessions", "450.00", order.name):
            self.assertIn(words, text)
        self.assertIn("/web/signup?", mine.body_html)

    def test_the_first_password_is_no_alarm_and_the_second_is(self):
        user = self._create_portal_user(self.patient, "paula")
        before = self.env["mail.mail"].sudo().search([])
        user.sudo().password = "first-password-1"
        self.assertEqual(self.env["mail.mail"].sudo().search([]), before)
        self.env["res.users.log"].with_user(user).sudo().create({})
        user.invalidate_recordset()
        user.sudo().password = "second-password-2"
        self.assertNotEqual(self.env["mail.mail"].sudo().search([]), before)

    def test_core_welcomes_the_staff_only(self):
        """Who comes by a letter of ours is not told again that there is a log-in."""
        template = self.env.ref(
            "auth_signup.mail_template_user_signup_account_created"
        ).sudo()
        user = self._create_portal_user(self.patient, "paula")
        self.assertFalse(template.send_mail(user.id))
        self.assertTrue(template.send_mail(self.receptionist.id))

    def test_days_are_written_in_words(self):
        self.assertEqual(
            self.company._medspa_day_text(date(2026, 2, 5)),
            "Thursday, February 5, 2026",
        )
        spanish = self.company.with_context(lang="es_ES")
        self.env["res.lang"]._activate_lang("es_ES")
        self.assertEqual(
            spanish._medspa_moment_text(fields.Datetime.to_datetime(TODAY)),
            "lunes, 2 de febrero de 2026, 9:00",
        )
