# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.service.model import call_kw
from odoo.tests import freeze_time, new_test_user, tagged

from .common import TODAY, ClinicCase


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestPublicMethods(ClinicCase):
    """What a client may call by name is refused to whom it is none of the business."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.env["res.company"].create({"name": "Another clinic"})
        cls.attackers = (
            cls._create_portal_user(cls.other_patient, "oscar")
            | new_test_user(cls.env, login="nobody", groups="base.group_user")
            | cls._create_user(
                "elsewhere",
                "receptionist",
                company_id=cls.other_company.id,
                company_ids=[fields.Command.set(cls.other_company.ids)],
            )
        )
        cls.event = cls._create_appointment("2026-02-05 10:00:00")

    def _attack(self, record, method, *args):
        """Call a method as a client of each attacker does, and expect a refusal."""
        for user in self.attackers:
            with self.subTest(method=method, login=user.login):
                model = self.env[record._name].with_user(user)
                with self.assertRaises(AccessError):
                    call_kw(model, method, [record.ids, *args], {})
            self.env.invalidate_all()

    def test_held_time_is_confirmed_by_the_desk_only(self):
        """Otherwise nobody would have to pay a deposit, or to answer a mail."""
        self.event.held_until = "2026-02-02 09:00:00"
        self._attack(self.event, "action_confirm_hold")
        self.assertTrue(self.event.held_until)
        self.event.with_user(self.receptionist).action_confirm_hold()
        self.assertFalse(self.event.held_until)

    def test_appointment(self):
        for method in (
            "action_charge",
            "action_apply_credit",
            "action_arrive",
            "action_done",
            "action_undo",
            "action_cancel_appointment",
            "action_no_show",
            "action_join_patient",
            "action_open_visit",
        ):
            self._attack(self.event, method)
        self.assertEqual(self.event.appointment_status, "booked")
        self.assertFalse(self.event.sale_line_id)

    def test_network_is_what_one_household_has(self):
        """An IPv6 household has more addresses than any limit counts."""
        Limit = self.env["medspa.rate.limit"]
        for address, network in (
            ("203.0.113.7", "203.0.113.7"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:a::1", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:b::9", "2001:db8:1:2::/64"),
            ("nonsense", "nonsense"),
            (None, None),
        ):
            self.assertEqual(Limit._get_network(address), network)
        hits = [
            Limit._hit("test-network", f"2001:db8::{number}", 2, 60)
            for number in range(3)
        ]
        self.assertEqual(hits, [True, True, False])

    def test_offered_time(self):
        slot = self.env["medspa.waiting.slot"].create(
            {
                "company_id": self.company.id,
                "practitioner_id": self.petra.id,
                "room_id": self.room_1.id,
                "start": "2026-02-06 10:00:00",
                "stop": "2026-02-06 11:00:00",
                "next_step_at": "2026-02-02 12:00:00",
            }
        )
        self._attack(slot, "action_close")
        self.assertEqual(slot.state, "open")

    def test_place_in_line(self):
        entry = self.env["medspa.waiting"].create(
            {
                "partner_id": self.patient.id,
                "treatment_id": self.peel.id,
                "date_from": "2026-02-05",
                "date_to": "2026-02-06",
            }
        )
        self._attack(entry, "action_leave")
        self.assertEqual(entry.state, "waiting")

    def test_course(self):
        self.event.action_cancel_appointment()
        course = self._create_course()
        course._pause("travel", "Away", fields.Date.to_date("2026-02-20"))
        self._attack(course, "action_resume")
        self.assertEqual(course.state, "paused")

    def test_dialogs_reach_no_other_clinic(self):
        """A dialog of one's own about a course of another clinic does nothing."""
        self.event.action_cancel_appointment()
        course = self._create_course()
        elsewhere = self.attackers.filtered(lambda u: u.login == "elsewhere")
        day = fields.Date.to_date("2026-02-20") + timedelta(days=400)
        for model, vals in (
            ("medspa.course.extend", {"expires_on": day, "reason": "x"}),
            ("medspa.course.pause.wizard", {"kind": "medical", "reason": "x"}),
            ("medspa.course.share", {"member_ids": self.other_patient.ids}),
            (
                "medspa.course.transfer",
                {"partner_id": self.other_patient.id, "reason": "x"},
            ),
        ):
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(elsewhere).create(
                    {**vals, "course_id": course.id}
                ).action_confirm()
            self.env.invalidate_all()
        self.assertEqual(course.state, "active")
        self.assertFalse(course.member_ids)
