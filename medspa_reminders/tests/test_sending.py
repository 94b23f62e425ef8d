# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import NOW, ReminderCase, frozen

PAULA, OSCAR = "+34600111111", "+34600222222"
# Past ten in the morning in Madrid and on the Canaries.
TEN = "2026-02-02 10:10:00"
SMTP_LOG = "odoo.addons.base.models.ir_mail_server"


@tagged("post_install", "-at_install")
class TestSending(ReminderCase):
    """On which way a message leaves, what keeps it back, and what is told of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule = cls._rule("expiry_week")

    def setUp(self):
        super().setUp()
        self.enterContext(frozen(NOW))

    def _expire_soon(self, partner=None, days=5, quantity=2):
        return self._create_credit(
            quantity,
            partner=partner,
            expires_on=self.company._medspa_date() + timedelta(days=days),
        )

    def _make_patients(self, number):
        partners = self.env["res.partner"].create(
            [
                {
                    "name": f"Patient {n}",
                    "email": f"patient{n}@example.com",
                    "phone": f"+34 611 {n:06d}",
                    "is_patient": True,
                }
                for n in range(number)
            ]
        )
        for partner in partners:
            self._expire_soon(partner)
        return partners

    # === WAYS === #

    def test_email_with_one_click_unsubscribe(self):
        self.rule.channel = "email"
        self._expire_soon()
        self._go_through(TEN)
        self.assertSent(emails=1)
        address, message = self.smtp.messages[0]
        self.assertEqual(address, "paula@example.com")
        self.assertEqual(
            message["Subject"], "You have 2 sessions left until 7 February"
        )
        self.assertIn("desk@aurora.example.com", message["From"])
        self.assertRegex(
            message["List-Unsubscribe"], r"^<http.*/medspa/unsubscribe/[\w-]+>$"
        )
        self.assertEqual(message["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click")
        text = self.smtp.texts(address)[0]
        self.assertIn("You have 2 sessions of your treatments left", text)
        self.assertIn("/r/", text)
        self.assertNotIn("[link]", text)

    def test_both_ways_are_one_message(self):
        self.rule.channel = "both"
        self._expire_soon()
        self._go_through(TEN, "2026-02-02 11:00:00")
        self.assertSent(emails=1, sms=1)
        reminder = self._reminders(self.rule)
        self.assertEqual(len(reminder), 1)
        self.assertEqual(reminder.dispatch_ids.mapped("state"), ["sent", "sent"])

    def test_the_patient_prefers(self):
        self.patient.preferred_channel = "email"
        self.other_patient.preferred_channel = "both"
        self._expire_soon()
        self._expire_soon(self.other_patient)
        self._go_through(TEN)
        self.assertEqual(
            dict(self.smtp.count()), {"paula@example.com": 1, "oscar@example.com": 1}
        )
        self.assertEqual(dict(self.sms.count()), {OSCAR: 1})

    def test_links_are_long_enough_not_to_be_guessed(self):
        self._expire_soon()
        self._go_through(TEN)
        code = self._reminders(self.rule).link_ids.link_code_ids.code
        self.assertGreaterEqual(len(code), 12)
        self.assertIn(f"/r/{code}", self.sms.texts(PAULA)[0])

    # === WHAT KEEPS IT BACK === #

    def test_service_messages_go_out_unless_refused(self):
        self._expire_soon()
        self._expire_soon(self.other_patient)
        for channel in ("sms", "email"):
            self._consent(self.other_patient, channel, "service", "withdrawn")
        self._go_through(TEN)
        self.assertEqual(dict(self.sms.count()), {PAULA: 1})
        self.assertReminder(
            self._reminders(self.rule, self.other_patient),
            "skipped",
            skip_reason="consent",
        )

    def test_refused_on_one_way_goes_the_other(self):
        self._consent(self.patient, "sms", "service", "withdrawn")
        self._expire_soon()
        self._go_through(TEN)
        self.assertSent(emails=1)

    def test_blacklist_of_core_is_respected(self):
        self.env["phone.blacklist"]._add([PAULA])
        self.rule.write({"channel": "sms", "allows_fallback": False})
        self._expire_soon()
        self._go_through(TEN)
        self.assertSent()

    def test_offers_need_consent(self):
        self.rule.is_marketing = True
        self._expire_soon()
        self._expire_soon(self.other_patient)
        self._consent(self.patient)
        self._go_through(TEN)
        self.assertEqual(dict(self.sms.count()), {PAULA: 1})
        self.assertIn("Reply STOP", self.sms.texts(PAULA)[0])

    def test_offers_to_own_patients_where_the_clinic_chose_so(self):
        self.company.marketing_needs_consent = False
        self.rule.is_marketing = True
        self._expire_soon()
        self._expire_soon(self.other_patient)
        for channel in ("sms", "email"):
            self._consent(self.other_patient, channel, "marketing", "withdrawn")
        self._go_through(TEN)
        self.assertEqual(dict(self.sms.count()), {PAULA: 1})

    def test_no_more_offers_a_week_than_the_clinic_allows(self):
        self.company.marketing_per_week = 2
        self.rule.is_marketing = True
        self._consent(self.patient)
        for days in range(1, 4):
            self._expire_soon(days=days)
        self._go_through(TEN)
        self.assertSent(sms=2)
        waiting = self._reminders(self.rule).filtered(lambda r: r.state == "planned")
        self.assertEqual(waiting.due_at, self._moment(TEN) + timedelta(days=7))
        self.assertTrue(waiting.note)

    def test_nothing_at_night_on_the_patients_clock(self):
        self.rule.send_at = 20.75
        self._expire_soon()
        self._expire_soon(self.other_patient)
        self._plan("2026-02-02 02:00:00")
        # The server was down: 21:05 in Madrid is 20:05 on the Canaries.
        self._send("2026-02-02 20:05:00")
        self.assertSent()
        self.assertEqual(
            self._reminders(self.rule, self.patient).due_at,
            self._moment("2026-02-03 08:00:00"),
        )
        self._send("2026-02-02 20:50:00")
        self.assertEqual(dict(self.sms.count()), {OSCAR: 1})
        self._send("2026-02-03 07:59:00")
        self.assertEqual(dict(self.sms.count()), {OSCAR: 1})
        self._send("2026-02-03 08:00:00")
        self.assertEqual(dict(self.sms.count()), {OSCAR: 1, PAULA: 1})

    def test_archived_patients_are_left_alone(self):
        self._expire_soon()
        self._plan("2026-02-02 02:00:00")
        self.patient.active = False
        self._send(TEN)
        self.assertSent()
        self.assertReminder(
            self._reminders(self.rule), "skipped", skip_reason="archived"
        )

    # === BAD NUMBERS AND FAILURES === #

    def test_a_missing_number_goes_by_email(self):
        self.rule.channel = "sms"
        self.patient.phone = False
        self._expire_soon()
        self._go_through(TEN)
        self.assertSent(emails=1)

    def test_no_address_at_all_is_reported(self):
        self.patient.write({"phone": "123", "email": "nobody"})
        self._expire_soon()
        self._go_through(TEN)
        self.assertReminder(
            self._reminders(self.rule), "skipped", skip_reason="address"
        )

    def test_a_number_the_gateway_refuses_goes_by_email(self):
        self.sms.errors[PAULA] = (400, 21211)
        self._expire_soon()
        self._go_through(TEN, "2026-02-02 10:20:00")
        self.assertSent(emails=1)
        reminder = self._reminders(self.rule)
        self.assertReminder(reminder, "sent")
        bad = reminder.dispatch_ids.filtered("is_address_bad")
        self.assertEqual(bad.mapped("channel"), ["sms"])

    @mute_logger("odoo.addons.sms_twilio.tools.sms_api")
    def test_a_gateway_out_of_order_is_tried_again_later(self):
        self.sms.errors[PAULA] = (503, 20503)
        self._expire_soon()
        self._go_through(TEN)
        reminder = self._reminders(self.rule)
        self.assertReminder(
            reminder, "planned", due_at=self._moment("2026-02-02 10:25:00")
        )
        self._send("2026-02-02 10:25:00")
        self.assertReminder(
            reminder, "planned", due_at=self._moment("2026-02-02 11:25:00")
        )
        self.sms.errors.clear()
        self._send("2026-02-02 11:25:00")
        self.assertReminder(reminder, "sent")
        self.assertSent(sms=1)

    @mute_logger("odoo.addons.sms_twilio.tools.sms_api")
    def test_given_up_after_three_attempts_and_sent_by_email(self):
        self.sms.errors[PAULA] = (503, 20503)
        self._expire_soon()
        self._go_through(
            TEN, "2026-02-02 10:25:00", "2026-02-02 11:25:00", "2026-02-02 11:30:00"
        )
        self.assertSent(emails=1)

    @mute_logger("odoo.addons.sms_twilio.tools.sms_api")
    def test_no_answer_is_not_sent_again_by_itself(self):
        """The gateway had taken it: a second attempt would be a second message."""
        self.sms.errors[PAULA] = "hang up"
        self._expire_soon()
        self._go_through(
            TEN, "2026-02-02 11:00:00", "2026-02-02 13:00:00", "2026-02-03 12:00:00"
        )
        self.assertSent(sms=1)
        reminder = self._reminders(self.rule)
        self.assertReminder(reminder, "failed", is_uncertain=True)
        # The desk has asked the patient, and sends it.
        self.sms.errors.clear()
        reminder.with_user(self.receptionist).action_send_again()
        self._send("2026-02-03 12:30:00")
        self.assertSent(sms=2)
        self.assertReminder(reminder, "sent")

    @mute_logger("odoo.addons.mail.models.mail_mail", SMTP_LOG)
    def test_an_address_the_mail_server_refuses_goes_by_sms(self):
        self.rule.channel = "email"
        self.smtp.answers["paula@example.com"] = "550 no such user"
        self._expire_soon()
        self._go_through(TEN, "2026-02-02 10:20:00")
        self.assertSent(sms=1)

    @mute_logger("odoo.addons.mail.models.mail_mail", SMTP_LOG)
    def test_a_mail_server_that_is_busy_is_tried_again(self):
        self.rule.channel = "email"
        self.smtp.answers["paula@example.com"] = "451 come back"
        self._expire_soon()
        self._go_through(TEN)
        self.smtp.answers.clear()
        self._send("2026-02-02 10:25:00")
        self.assertSent(emails=1)

    def test_undelivered_later_goes_by_email(self):
        self._expire_soon()
        self._go_through(TEN)
        reminder = self._reminders(self.rule)
        tracker = self.env["sms.tracker"].search(
            [("reminder_message_id", "=", reminder.dispatch_ids.id)]
        )
        tracker._action_update_from_sms_state("sent")
        self.assertEqual(reminder.dispatch_ids.state, "delivered")
        reminder.dispatch_ids.state = "sent"
        with frozen(TEN):
            tracker._action_update_from_sms_state(
                "error", failure_type="sms_invalid_destination"
            )
        self._send("2026-02-02 10:30:00")
        self.assertSent(emails=1, sms=1)
        self.assertReminder(reminder, "sent")

    @mute_logger("odoo.addons.medspa_reminders.models.medspa_reminder_message")
    def test_a_wording_that_cannot_be_filled_in_stops_no_other(self):
        broken = self.rule.copy({"name": "Broken", "channel": "sms"})
        broken.sms_template_id = self.rule.sms_template_id.copy(
            {"body": "{{ object.no_such_thing }}"}
        )
        broken.allows_fallback = False
        self._expire_soon()
        with mute_logger("odoo.addons.mail.models.mail_render_mixin"):
            self._go_through(TEN)
        self.assertSent(sms=1)
        self.assertReminder(self._reminders(self.rule), "sent")
        failed = self._reminders(broken)
        self.assertReminder(failed, "failed", is_uncertain=False)
        self.assertTrue(failed.note)

    # === SPEED AND SIZE === #

    def test_no_faster_than_the_clinic_allows(self):
        self.company.messages_per_minute = 3
        self._make_patients(7)
        self._go_through(TEN)
        self.assertSent(sms=3)
        self._send("2026-02-02 10:10:30")
        self.assertSent(sms=3)
        self._send("2026-02-02 10:11:05")
        self.assertSent(sms=6)
        self._send("2026-02-02 10:12:10")
        self.assertSent(sms=7)
        self.assertEqual(set(self.sms.count().values()), {1})

    def test_the_pass_costs_the_same_for_few_and_many(self):
        self._plan("2026-02-02 02:00:00")

        def count(day):
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            with frozen(f"2026-02-{day:02d} 02:00:00"):
                self.rule._plan(self.company, *self._clock())
            return self.env.cr.sql_log_count - before

        self._make_patients(2)
        # The first one fills the caches.
        count(3)
        few = count(4)
        self._make_patients(60)
        self.assertEqual(count(5), few)
        self.assertEqual(len(self._reminders(self.rule)), 62)

    def test_repeated_passes_add_nothing(self):
        self._make_patients(5)
        with frozen(NOW):
            self.assertEqual(self.rule._plan(self.company, *self._clock()), 5)
            self.env["medspa.reminder.pass"].search([]).unlink()
            self.assertEqual(self.rule._plan(self.company, *self._clock()), 0)

    def _clock(self):
        return fields.Datetime.now(), self.company._medspa_date()
