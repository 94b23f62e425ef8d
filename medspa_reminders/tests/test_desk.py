# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from ast import literal_eval
from datetime import date, timedelta

from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import NOW, ReminderCase, frozen

PAULA, OSCAR = "+34600111111", "+34600222222"
TODAY = date(2026, 2, 2)
TEN = "2026-02-02 10:10:00"


class DeskCase(ReminderCase):
    """A morning list with one patient who should renew and one who dropped out."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.renew = cls._rule("renew", discount=10)
        cls.dropped = cls._rule("dropped_out")
        cls.small_course = cls._create_course_product(
            "3 peels", 300, [(cls.peel, 3, 0)], validity_days=365
        )

    def setUp(self):
        super().setUp()
        self.enterContext(frozen(NOW))
        self.course = self._sell(self.small_course, self.patient)
        self._visit(self.course, date(2026, 1, 20), hour=10)
        self.old_course = self._sell(self.peel_course, self.other_patient)
        self._visit(self.old_course, date(2025, 12, 15), hour=12)
        self._consent(self.patient)
        self._plan("2026-02-02 02:00:00")
        self.to_renew = self._reminders(self.renew)
        self.gone = self._reminders(self.dropped)

    def _sell(self, product, partner):
        course = self._create_course(product, partner, activate=False)
        course._activate(on_date=date(2025, 12, 1), notify=False)
        return course

    def _list(self, user=None):
        action = self.env.ref("medspa_reminders.medspa_reminder_action_morning")
        return (
            self.env["medspa.reminder"]
            .with_user(user or self.receptionist)
            .search(literal_eval(action.domain))
        )

    def _edit(self, reminder, text):
        view = "medspa_reminders.medspa_reminder_view_form_text"
        form = Form(reminder.with_user(self.receptionist), view=view)
        form.text = text
        return form.save()


@tagged("post_install", "-at_install")
class TestDesk(DeskCase):
    """What the receptionist does with the morning list, and the manager sees of it."""

    # === THE LIST === #

    def test_the_list_is_ready(self):
        self.assertEqual(self._list(), self.to_renew | self.gone)
        row = self.to_renew.with_user(self.receptionist)
        self.assertEqual(row.section, "renew")
        self.assertEqual(row.reason, "2 sessions left of 3 peels, until 12/01/2026.")
        self.assertEqual(row.last_contact, "Visit on 01/20/2026")
        self.assertEqual(
            row.text,
            "Hello Paula, you have 2 sessions of your course left. "
            "Renew with 10 % off: [link]",
        )
        self.assertTrue(row.is_reachable)
        self.assertTrue(row.can_renew)

    def test_nothing_leaves_before_the_desk_sends(self):
        self._send(TEN)
        self.assertSent()

    def test_send_all(self):
        action = self._list().action_send()
        self.assertEqual(action["params"]["message"], "2 messages are on their way.")
        self._send(TEN)
        self.assertEqual(dict(self.sms.count()), {PAULA: 1, OSCAR: 1})
        self.assertFalse(self._list())
        self.assertEqual(self.gone.approved_by_id, self.receptionist)
        with self.assertRaises(UserError):
            self.gone.with_user(self.receptionist).action_send()

    def test_what_is_promised_is_under_the_link(self):
        self.to_renew.with_user(self.receptionist).action_send()
        self._send(TEN)
        order = self.to_renew.order_id
        self.assertEqual(order.amount_total, 270)
        self.assertEqual(order.state, "sent")
        self.assertIn("10 % off", self.sms.texts(PAULA)[0])
        targets = self.to_renew.link_ids.mapped("url")
        self.assertTrue(
            any(order.get_portal_url().split("?")[0] in target for target in targets)
        )

    def test_what_is_not_on_sale_any_more_is_not_offered(self):
        self.small_course.active = False
        self.to_renew.with_user(self.receptionist).action_send()
        self._send(TEN)
        self.assertReminder(self.to_renew, "skipped", skip_reason="gone")
        self.assertSent()

    def test_edited_text_is_what_is_sent(self):
        self._edit(self.gone, "Hola Oscar, ¿cuándo vienes? [link]")
        self.gone.with_user(self.receptionist).action_send()
        self._send(TEN)
        text = self.sms.texts(OSCAR)[0]
        self.assertTrue(text.startswith("Hola Oscar, ¿cuándo vienes? http"))

    def test_edited_text_by_email(self):
        self.dropped.channel = "email"
        self._edit(self.gone, "Hola Oscar,\n¿cuándo vienes? <b>")
        self.gone.with_user(self.receptionist).action_send()
        self._send(TEN)
        text = self.smtp.texts("oscar@example.com")[0]
        self.assertIn("¿cuándo vienes? <b>", text)

    def test_emptied_text_is_that_of_the_rule_again(self):
        wording = self.gone.text
        self._edit(self.gone, "Something else")
        self._edit(self.gone, "")
        self.assertFalse(self.gone.edited_text)
        self.assertEqual(self.gone.text, wording)

    def test_a_text_that_was_overtaken_comes_back_to_the_list(self):
        self._edit(self.to_renew, "Two sessions left, Paula!")
        self.to_renew.with_user(self.receptionist).action_send()
        self._visit(self.course, TODAY, hour=9)
        self._send("2026-02-02 12:00:00")
        self.assertSent()
        self.assertReminder(self.to_renew, "listed")
        self.assertTrue(self.to_renew.note)
        self.assertIn("you have 1 session of", self.to_renew.text)

    def test_put_off(self):
        wizard = Form(
            self.env["medspa.reminder.snooze"]
            .with_user(self.receptionist)
            .with_context(default_reminder_ids=self.gone.ids)
        )
        wizard.day = TODAY + timedelta(days=3)
        wizard.save().action_confirm()
        self.assertNotIn(self.gone, self._list())
        self._plan("2026-02-04 12:00:00")
        self.assertNotIn(self.gone, self._list())
        self._plan("2026-02-05 02:00:00")
        self.assertIn(self.gone, self._list())

    def test_not_this_patient(self):
        self.gone.with_user(self.receptionist).action_dismiss()
        self._plan("2026-02-03 02:00:00")
        self.assertNotIn(self.gone, self._list())
        self.assertEqual(len(self._reminders(self.dropped)), 1)
        self.gone.with_user(self.receptionist).action_put_back()
        self.assertIn(self.gone, self._list())

    def test_who_has_booked_leaves_the_list_overnight(self):
        self._create_appointment(
            "2026-02-06 10:00:00",
            patient_id=self.other_patient.id,
            credit_id=self.old_course.credit_ids.id,
        )
        self._plan("2026-02-03 02:00:00")
        self.assertReminder(self.gone, "skipped", skip_reason="used")

    def test_who_does_not_want_offers_is_called_instead(self):
        self._consent(self.patient, "sms", "marketing", "withdrawn")
        self.to_renew.invalidate_recordset()
        self.assertFalse(self.to_renew.is_reachable)

    # === RENEWAL === #

    def test_renew_with_one_click(self):
        row = self.to_renew.with_user(self.receptionist)
        row.action_renew()
        order = self.to_renew.order_id
        self.assertEqual(order.state, "sent")
        self.assertEqual(order.partner_id, self.patient)
        # 300, ten percent off.
        self.assertEqual(order.amount_total, 270)
        row.action_renew()
        self.assertEqual(self.to_renew.order_id, order)
        row.action_send()
        self._send(TEN)
        link = self.to_renew.link_ids
        self.assertIn(order.access_token, link.url)
        self.assertIn(link.link_code_ids.code, self.sms.texts(PAULA)[0])

    def test_an_order_changes_nothing_of_what_is_renewed(self):
        """The draft order alone does not count as renewed: the link must still go."""
        row = self.to_renew.with_user(self.receptionist)
        row.action_renew()
        row.action_send()
        self._send(TEN)
        self.assertReminder(self.to_renew, "sent")

    # === OUTCOME === #

    def test_what_came_of_it_is_counted_for_the_rule(self):
        self.to_renew.with_user(self.receptionist).action_renew()
        self._list().action_send()
        self._send(TEN)
        code = self.gone.link_ids.link_code_ids.code
        self.env["link.tracker.click"].add_click(code, ip="127.0.0.1")
        with frozen("2026-02-03 12:00:00"):
            event = self._create_appointment(
                "2026-02-06 10:00:00",
                patient_id=self.other_patient.id,
                credit_id=self.old_course.credit_ids.id,
            )
            self.to_renew.order_id.action_confirm()
        self._run("note_outcomes", "2026-02-03 13:00:00")
        self.assertEqual(self.gone.booked_event_id, event)
        self.assertEqual(self.to_renew.bought_order_id, self.to_renew.order_id)
        rules = (self.dropped | self.renew).with_user(self.manager)
        self.assertEqual(rules.mapped("sent_count"), [1, 1])
        self.assertEqual(rules.mapped("opened_count"), [1, 0])
        self.assertEqual(rules.mapped("booked_count"), [1, 0])
        self.assertEqual(rules.mapped("bought_count"), [0, 1])
        self.assertEqual(rules.mapped("revenue"), [0, 270])
        # Run again, and nothing counts twice; a sale that is undone does not count.
        self.to_renew.order_id._action_cancel()
        self._run("note_outcomes", "2026-02-03 14:00:00")
        rules.invalidate_recordset()
        self.assertEqual(rules.mapped("booked_count"), [1, 0])
        self.assertEqual(rules.mapped("revenue"), [0, 0])

    def test_what_came_before_or_much_later_is_not_counted(self):
        self._list().action_send()
        self._send(TEN)
        with frozen("2026-02-17 12:00:00"):
            self._create_appointment(
                "2026-02-18 10:00:00",
                patient_id=self.other_patient.id,
                credit_id=self.old_course.credit_ids.id,
            )
        self._run("note_outcomes", "2026-02-17 13:00:00")
        self.assertFalse(self.gone.booked_event_id)

    # === DIGEST === #

    def test_the_list_by_email_at_opening_time_once_a_day(self):
        self.receptionist.email = "rec@aurora.example.com"
        self._run("digest", "2026-02-02 07:59:00")
        mails = self._get_digests()
        self.assertFalse(mails)
        self._run("digest", "2026-02-02 08:00:00")
        self._run("digest", "2026-02-02 08:15:00")
        mails = self._get_digests()
        self.assertEqual(len(mails), 1)
        self.assertEqual(
            mails.subject, "Clinic Aurora: 2 messages to send this morning"
        )
        self.assertIn("Who dropped out", mails.body_html)
        self.assertIn("2 sessions left of 3 peels", mails.body_html)
        # Closed at the weekend.
        self._run("digest", "2026-02-07 09:00:00")
        self.assertEqual(len(self._get_digests()), 1)
        self._run("digest", "2026-02-09 08:10:00")
        self.assertEqual(len(self._get_digests()), 2)

    def _get_digests(self):
        return self.env["mail.mail"].search(
            [("email_to", "ilike", "rec@aurora.example.com")]
        )

    # === RULES === #

    def test_the_manager_writes_a_rule_without_code(self):
        rule = Form(self.env["medspa.reminder.rule"].with_user(self.manager))
        rule.name = "Five days before"
        rule.event = "course_expiry"
        rule.offset = 5
        rule.channel = "sms"
        template = (
            self.env["sms.template"]
            .with_user(self.manager)
            .create(
                {
                    "name": "Five days",
                    "model_id": self.env["ir.model"]._get_id("medspa.reminder"),
                    "body": "{{ object.first_name }}: {{ object.quantity_label }}!",
                }
            )
        )
        rule.sms_template_id = template
        rule = rule.save()
        self._create_credit(3, expires_on=TODAY + timedelta(days=5))
        self._go_through("2026-02-03 10:10:00")
        self.assertEqual(self.sms.texts(PAULA), ["Paula: 3 sessions!"])

    def test_preview_on_a_real_patient_in_his_language(self):
        self.dropped.sms_template_id.with_context(
            lang="es_ES"
        ).body = "Hola {{ object.first_name }}: {{ object.quantity_label }}"
        preview = Form(
            self.env["medspa.reminder.preview"]
            .with_user(self.manager)
            .with_context(default_rule_id=self.dropped.id)
        )
        self.assertEqual(preview.partner_id, self.other_patient)
        self.assertFalse(preview.is_invented)
        self.assertEqual(preview.sms_body, "Hola Oscar: 4 sessions")
        preview.partner_id = self.patient
        self.assertTrue(preview.is_invented)
        self.assertIn("Hello Paula, you have 4 sessions", preview.sms_body)
        self.assertIn("We miss you", preview.mail_body)
        self.assertEqual(len(self._reminders(self.dropped)), 1)

    def test_a_rule_needs_a_wording_for_its_way(self):
        with self.assertRaises(UserError):
            self.dropped.with_user(self.manager).mail_template_id = False

    def test_a_rule_that_is_switched_off_clears_its_list(self):
        rule = self.dropped.with_user(self.manager)
        rule.active = False
        self.assertReminder(self.gone, "skipped", skip_reason="gone")
        rule.active = True
        self._plan("2026-02-02 12:00:00")
        self.assertIn(self.gone, self._list())

    def test_message_settings(self):
        form = Form(self.env["medspa.message.settings"].with_user(self.manager))
        form.quiet_from = 20.5
        form.names_treatments = True
        form.save().action_confirm()
        self.assertEqual(self.company.quiet_from, 20.5)
        self.assertTrue(self.company.names_treatments)
        self.assertIn("/medspa/sms/twilio", form.record.twilio_url)

    # === CONSENT === #

    def test_the_desk_notes_a_consent(self):
        form = Form(
            self.env["medspa.consent.wizard"]
            .with_user(self.receptionist)
            .with_context(default_partner_id=self.other_patient.id)
        )
        self.assertTrue(form.email_service)
        self.assertFalse(form.email_marketing)
        form.email_marketing = True
        form.sms_service = False
        form.note = "Told on the phone"
        form.save().action_confirm()
        history = self.other_patient.consent_ids
        self.assertEqual(
            {(c.channel, c.purpose, c.state, c.source) for c in history},
            {
                ("email", "marketing", "given", "desk"),
                ("sms", "service", "withdrawn", "desk"),
            },
        )
        self.assertEqual(history.user_id, self.receptionist)
        self.assertEqual(self.other_patient.consent_email_marketing, "given")
        with self.assertRaises(UserError):
            history[0].state = "given"
        with self.assertRaises(UserError):
            history.unlink()

    def test_the_desk_forges_no_consent(self):
        vals = {
            "partner_id": self.other_patient.id,
            "channel": "email",
            "purpose": "marketing",
            "state": "given",
            "source": "desk",
        }
        Consent = self.env["medspa.consent"].with_user(self.receptionist)
        for forged in (
            {"source": "portal"},
            {"source": "unsubscribe"},
            {"given_at": "2020-01-01 00:00:00"},
            {"user_id": self.env.ref("base.user_admin").id},
        ):
            with self.subTest(forged=forged), self.assertRaises(AccessError):
                Consent.create({**vals, **forged})
        consent = Consent.with_context(
            default_given_at="2020-01-01 00:00:00",
            default_user_id=self.env.ref("base.user_admin").id,
        ).create(vals)
        self.assertEqual(consent.user_id, self.receptionist)
        self.assertNotEqual(consent.given_at.year, 2020)

    # === RIGHTS AND INVARIANTS === #

    @mute_logger("odoo.sql_db")
    def test_one_message_for_an_occasion_by_the_database(self):
        vals = self.gone.copy_data()[0]
        with self.assertRaises(UniqueViolation), self.cr.savepoint():
            self.env["medspa.reminder"].create(
                {**vals, "occasion_key": self.gone.occasion_key}
            )

    def test_the_desk_does_not_write_history(self):
        row = self.gone.with_user(self.receptionist)
        for vals in ({"state": "sent"}, {"revenue": 5}, {"partner_id": 1}):
            with self.assertRaises(AccessError):
                row.write(vals)
        with self.assertRaises(AccessError):
            row.copy()
        with self.assertRaises(AccessError):
            self.dropped.with_user(self.receptionist).offset = 1

    def test_practitioners_and_patients_see_none_of_it(self):
        patient = self._create_portal_user(self.patient, "paula")
        for user in (self.practitioner_user, patient):
            for record in (
                self.gone,
                self.dropped,
                self.patient.consent_ids,
            ):
                with self.assertRaises(AccessError):
                    record.with_user(user).read(["id", "create_date"])
            with self.assertRaises(AccessError):
                self.gone.with_user(user).action_send()

    def test_the_desk_of_another_clinic_sees_none_of_it(self):
        other = self.env["res.company"].create({"name": "Other clinic"})
        user = self._create_user(
            "other_desk", "receptionist", company_id=other.id, company_ids=other.ids
        )
        self.assertFalse(self._list(user))
        with self.assertRaises(AccessError):
            self.gone.with_user(user).action_send()

    def test_the_list_costs_the_same_for_few_and_many(self):
        self._list().mapped("text")

        def count():
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rows = self._list()
            rows.read(["partner_id", "reason", "last_contact", "quantity_label"])
            return self.env.cr.sql_log_count - before

        few = count()
        for number in range(8):
            partner = self.env["res.partner"].create(
                {"name": f"Patient {number}", "phone": f"+34 611 {number:06d}"}
            )
            course = self._sell(self.peel_course, partner)
            self._visit(course, date(2025, 12, 16), hour=9 + number)
        self._plan("2026-02-03 02:00:00")
        self.assertEqual(len(self._list()), 10)
        self.assertLessEqual(count(), few + 2)
