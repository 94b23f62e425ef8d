# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import fields
from odoo.tests import HttpCase, tagged

from .common import ReminderData, frozen

PAULA, OSCAR = "+34600111111", "+34600222222"


@tagged("post_install", "-at_install")
class TestMorningListTour(ReminderData, HttpCase):
    """The desk in a browser: one text edited, all sent, the outcome counted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_clinic()
        cls._set_up_reminders()
        cls.company.write({"quiet_from": 0, "quiet_to": 0})
        cls.renew, cls.dropped = cls._rule("renew"), cls._rule("dropped_out")
        cls._consent(cls.patient)

    def _run_now(self, cron):
        self.env.ref(f"medspa_reminders.ir_cron_{cron}").method_direct_trigger()

    def test_morning_list(self):
        today = self.company._medspa_date()
        small = self._create_course_product("3 peels", 300, [(self.peel, 3, 0)])
        bought = today - timedelta(days=90)
        for product, partner, days in (
            (small, self.patient, 10),
            (self.peel_course, self.other_patient, 60),
        ):
            course = self._create_course(product, partner, activate=False)
            course._activate(on_date=bought, notify=False)
            day = today - timedelta(days=days)
            while day.weekday() > 4:
                day -= timedelta(days=1)
            self._visit(course, day)
        self._run_now("plan")
        self.start_tour("/odoo/morning-list", "medspa_morning_list", login="rec")
        self._run_now("send")
        self.assertEqual(dict(self.sms.count()), {PAULA: 1, OSCAR: 1})
        text = self.sms.texts(OSCAR)[0]
        self.assertTrue(text.startswith("Oscar, your sessions miss you. http"))
        # Oscar opens the link, and books.
        link = text.rsplit(" ", 1)[1]
        self.url_open(link, allow_redirects=False)
        with frozen(fields.Datetime.now() + timedelta(minutes=5)):
            self._create_appointment(
                self._at(self._next_working_day(3), 12),
                patient_id=self.other_patient.id,
            )
        self._run_now("note_outcomes")
        self.start_tour("/odoo/message-rules", "medspa_rule_outcome", login="boss")
