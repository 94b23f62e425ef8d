# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import TODAY, ClinicCase

# What each role may do with each model: read, write, create, unlink. A model that is
# not named for a role is closed to it.
RIGHTS = {
    "receptionist": {
        "calendar.event": "rwcu",
        "medspa.course": "rw",
        "medspa.course.line": "r",
        "medspa.course.step": "r",
        "medspa.credit": "r",
        "medspa.credit.move": "r",
        "medspa.occupancy": "r",
        "medspa.visit": "r",
        "product.template": "r",
        "res.partner": "rwcu",
        "resource.calendar": "r",
        "resource.resource": "r",
        "sale.order": "rwc",
    },
    "practitioner": {
        "calendar.event": "rwcu",
        "medspa.course": "r",
        "medspa.course.line": "r",
        "medspa.course.step": "r",
        "medspa.credit": "r",
        "medspa.credit.move": "r",
        "medspa.occupancy": "r",
        "medspa.visit": "rw",
        "product.template": "r",
        "res.partner": "r",
        "resource.calendar": "r",
        "resource.resource": "r",
    },
    "manager": {
        "calendar.event": "rwcu",
        "medspa.course": "rw",
        "medspa.course.line": "r",
        "medspa.course.step": "rwcu",
        "medspa.credit": "r",
        "medspa.credit.move": "r",
        "medspa.occupancy": "r",
        "medspa.visit": "r",
        "product.template": "rwcu",
        "res.partner": "rwcu",
        "resource.calendar": "rwc",
        "resource.resource": "rwc",
        "sale.order": "rwcu",
    },
    "employee": {
        "calendar.event": "rwcu",
        "medspa.course.step": "r",
        "product.template": "r",
        "res.partner": "r",
        "resource.calendar": "r",
        "resource.resource": "r",
    },
    "portal": {
        "calendar.event": "r",
        "medspa.course": "r",
        "medspa.course.line": "r",
        "product.template": "r",
        "res.partner": "r",
        "sale.order": "r",
    },
}
OPERATIONS = {"r": "read", "w": "write", "c": "create", "u": "unlink"}
CLINICAL_FIELDS = ("protocol", "notes")


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestSecurity(ClinicCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.employee = new_test_user(
            cls.env, login="emp", groups="base.group_user", tz="Europe/Madrid"
        )
        cls.portal_user = cls._create_portal_user(cls.patient, "paula")
        cls.users = {
            "receptionist": cls.receptionist,
            "practitioner": cls.practitioner_user,
            "manager": cls.manager,
            "employee": cls.employee,
            "portal": cls.portal_user,
        }
        cls.course = cls._create_course()
        cls.credit = cls.course.credit_ids
        cls.appointment = cls._create_appointment("2026-02-02 09:00:00")

    def setUp(self):
        super().setUp()
        # Each role comes with a request of its own, and an empty cache.
        self.env.flush_all()
        self.env.invalidate_all()

    def _close_visit(self):
        self.appointment.action_done()
        visit = self.appointment.visit_id
        visit.write({"protocol": "<p>Glycolic 30%</p>", "notes": "<p>Retinol</p>"})
        return visit

    # === WHO MAY DO WHAT === #

    def test_rights_by_role(self):
        models = sorted({model for rights in RIGHTS.values() for model in rights})
        for role, rights in RIGHTS.items():
            for model in models:
                Model = self.env[model].with_user(self.users[role])
                granted = "".join(
                    letter
                    for letter, operation in OPERATIONS.items()
                    if self.env["ir.model.access"]
                    .with_user(self.users[role])
                    .check(model, operation, raise_exception=False)
                )
                with self.subTest(role=role, model=model):
                    self.assertEqual(granted, rights.get(model, ""))
                    self.assertEqual(Model.has_access("read"), "r" in granted)

    def test_nobody_writes_balances(self):
        for role in ("receptionist", "practitioner", "manager"):
            user = self.users[role]
            credit = self.credit.with_user(user)
            for values in ({"remaining": 99}, {"expires_on": "2030-01-01"}):
                with (
                    self.subTest(role=role, values=values),
                    self.assertRaises(AccessError),
                ):
                    credit.write(values)
            with self.subTest(role=role), self.assertRaises(AccessError):
                credit.with_context(medspa_ledger=True).write({"remaining": 99})
            with self.subTest(role=role), self.assertRaises(UserError):
                credit.move_ids[:1].write({"quantity": 99})
            with self.subTest(role=role), self.assertRaises(AccessError):
                credit.copy()
        with self.assertRaises(AccessError):
            self.credit.write({"remaining": 99})
        with self.assertRaises(UserError):
            self.credit.unlink()

    def test_nobody_writes_occupancy(self):
        row = self.appointment.occupancy_ids[:1]
        for role in ("receptionist", "practitioner", "manager"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                row.with_user(self.users[role]).write({"stop": "2026-02-02 20:00:00"})
            with self.subTest(role=role), self.assertRaises(AccessError):
                row.with_user(self.users[role]).unlink()

    def test_course_state_is_not_written_by_hand(self):
        draft = self._create_course(activate=False)
        for role in ("receptionist", "practitioner", "manager"):
            course = draft.with_user(self.users[role])
            for values in (
                {"state": "active"},
                {"price": 1},
                {"expires_on": "2030-01-01"},
                {"line_ids": [Command.clear()]},
            ):
                with (
                    self.subTest(role=role, values=values),
                    self.assertRaises(AccessError),
                ):
                    course.write(values)
        self.assertEqual(draft.state, "draft")

    # === WHAT OTHER EMPLOYEES SEE === #

    def test_employee_sees_busy(self):
        event = self.appointment.with_user(self.employee)
        self.assertEqual(event.display_name, "Busy")
        values = event.read(["name", "patient_id", "treatment_id", "credit_id"])[0]
        self.assertEqual(values["name"], "Busy")
        self.assertFalse(values["patient_id"])
        self.assertFalse(values["treatment_id"])
        self.assertFalse(values["credit_id"])
        self.assertEqual(event.start, self.appointment.start)

    def test_employee_does_not_group_appointments(self):
        groups = (
            self.env["calendar.event"]
            .with_user(self.employee)
            ._read_group([("treatment_id", "!=", False)], ["patient_id"], ["__count"])
        )
        self.assertFalse(groups)

    def test_employee_does_not_find_appointments_by_patient(self):
        Event = self.env["calendar.event"].with_user(self.employee)
        for domain in (
            [("patient_id", "=", self.patient.id)],
            [("patient_id.name", "ilike", "Paula")],
            [("treatment_id", "=", self.peel.id)],
            [("name", "ilike", "Paula")],
        ):
            with self.subTest(domain=domain):
                self.assertNotIn(self.appointment.id, Event.search(domain).ids)

    def test_employee_does_not_change_appointments(self):
        event = self.appointment.with_user(self.employee)
        for name, act in (
            ("move", lambda: event.write({"start": "2026-02-02 11:00:00"})),
            ("unmark", lambda: event.write({"medspa_company_id": False})),
            ("close", lambda: event.action_done()),
            ("cancel", lambda: event.write({"appointment_status": "cancelled"})),
            ("delete", lambda: event.unlink()),
        ):
            # Before and after a read, which empties what the employee may not see.
            for attempt in range(2):
                with self.subTest(act=name, attempt=attempt):
                    with self.assertRaises(AccessError):
                        act()
                    event.read(["name", "treatment_id"])
            self.env.invalidate_all()
        with self.assertRaises(AccessError):
            self.env["calendar.event"].with_user(self.employee).create(
                {
                    "patient_id": self.patient.id,
                    "treatment_id": self.peel.id,
                    "practitioner_id": self.petra.id,
                    "start": "2026-02-03 09:00:00",
                }
            )

    def test_employee_finds_that_time_is_taken(self):
        found = (
            self.env["calendar.event"]
            .with_user(self.employee)
            .search(
                [
                    ("partner_ids", "in", self.practitioner_user.partner_id.ids),
                    ("start", ">=", "2026-02-02 00:00:00"),
                ]
            )
        )
        self.assertEqual(found, self.appointment)

    def test_employee_keeps_own_meetings(self):
        meeting = (
            self.env["calendar.event"]
            .with_user(self.employee)
            .create({"name": "Lunch", "start": TODAY, "stop": "2026-02-02 09:00:00"})
        )
        meeting.write({"name": "Late lunch"})
        self.assertEqual(meeting.display_name, "Late lunch")

    def test_patient_sees_own_courses_only(self):
        other = self._create_course(partner=self.other_patient)
        found = self.env["medspa.course"].with_user(self.portal_user).search([])
        self.assertIn(self.course, found)
        self.assertNotIn(other, found)
        with self.assertRaises(AccessError):
            other.with_user(self.portal_user).read(["name"])

    # === CARE NOTES === #

    def test_care_notes_are_read_by_practitioners_only(self):
        visit = self._close_visit()
        self.assertIn("Glycolic", visit.with_user(self.practitioner_user).protocol)
        export = self.env.ref("base.group_allow_export")
        (self.receptionist | self.manager).group_ids |= export
        for role in ("receptionist", "manager"):
            closed = visit.with_user(self.users[role])
            self.assertEqual(closed.partner_id, self.patient)
            for name in CLINICAL_FIELDS:
                with self.subTest(role=role, field=name):
                    with self.assertRaises(AccessError):
                        closed.read([name])
                    with self.assertRaises(AccessError):
                        closed.search([(name, "ilike", "a")])
                    with self.assertRaises(AccessError):
                        closed.export_data([name])
                    with self.assertRaises(AccessError):
                        closed._read_group([], [], [f"{name}:count"])
                    with self.assertRaises(AccessError):
                        closed.write({name: "x"})
                    self.assertNotIn(name, closed.fields_get())

    def test_practitioner_writes_visit_up(self):
        visit = self._close_visit().with_user(self.practitioner_user)
        visit.write({"protocol": "<p>Two layers</p>"})
        self.assertIn("Two layers", visit.protocol)

    # === OTHER COMPANIES === #

    def test_second_company_sees_nothing(self):
        self._close_visit()
        company = self.env["res.company"].create({"name": "Other clinic"})
        stranger = self._create_user(
            "stranger",
            "receptionist",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        for model in (
            "medspa.credit",
            "medspa.credit.move",
            "medspa.course",
            "medspa.course.line",
            "medspa.visit",
            "medspa.occupancy",
        ):
            with self.subTest(model=model):
                self.assertFalse(self.env[model].with_user(stranger).search([]))
        self.assertFalse(
            self.env["calendar.event"]
            .with_user(stranger)
            .search([("treatment_id", "!=", False)])
        )
        with self.assertRaises(AccessError):
            self.appointment.with_user(stranger).write({"notes": "x"})

    # === THE DAY'S WORK === #

    def test_receptionist_works_the_desk(self):
        env = self.env(user=self.receptionist)
        patient = env["res.partner"].create({"name": "Nora New", "is_patient": True})
        event = env["calendar.event"].create(
            {
                "patient_id": patient.id,
                "treatment_id": self.laser.id,
                "practitioner_id": self.pablo.id,
                "start": fields.Datetime.to_datetime("2026-02-02 10:00:00"),
            }
        )
        event.action_arrive()
        event.action_done()
        event.action_undo()
        event.action_undo()
        event.action_cancel_appointment()
        event.action_undo()
        event.action_no_show()
        self.assertEqual(event.appointment_status, "no_show")

    def test_receptionist_sells_and_takes_payment(self):
        env = self.env(user=self.receptionist)
        order = env["sale.order"].create(
            {
                "partner_id": self.other_patient.id,
                "order_line": [
                    Command.create(
                        {"product_id": self.peel_course.product_variant_id.id}
                    )
                ],
            }
        )
        order.action_confirm()
        self.assertEqual(order.course_ids.state, "draft")
        invoice = order._create_invoices()
        invoice.action_post()
        env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        self.assertEqual(order.course_ids.state, "active")
        self.assertEqual(order.course_ids.remaining_sessions, 5)

    def test_practitioner_works_their_agenda(self):
        event = self.appointment.with_user(self.practitioner_user)
        agenda = event.search([("practitioner_id.user_id", "=", event.env.uid)])
        self.assertIn(event, agenda)
        self.assertIn("5 sessions remaining, 1 of them reserved", event.credit_summary)
        event.action_arrive()
        event.action_done()
        event.visit_id.notes = "<p>Mild redness</p>"
        self.assertBalances(self.credit, 4, 0)

    def test_manager_sets_the_clinic_up(self):
        env = self.env(user=self.manager)
        hours = env["resource.calendar"].create(
            {
                "name": "Evenings",
                "attendance_ids": [
                    Command.clear(),
                    Command.create(
                        {
                            "name": "Evening",
                            "dayofweek": "0",
                            "hour_from": 17,
                            "hour_to": 20,
                            "day_period": "afternoon",
                        }
                    ),
                ],
            }
        )
        hours.attendance_ids.write({"hour_to": 21})
        env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": hours.id,
                "date_from": "2026-03-02 08:00:00",
                "date_to": "2026-03-02 20:00:00",
            }
        )
        nurse = env["resource.resource"].create(
            {
                "name": "Nina Nurse",
                "medspa_role": "practitioner",
                "calendar_id": hours.id,
            }
        )
        nurse.action_archive()
        treatment = env["product.template"].create(
            {
                "name": "Hydration",
                "type": "service",
                "service_tracking": "medspa_treatment",
                "practitioner_ids": [Command.link(nurse.id)],
                "room_ids": [Command.link(self.room_1.id)],
            }
        )
        course = env["product.template"].create(
            {
                "name": "3 hydrations",
                "type": "service",
                "service_tracking": "medspa_course",
                "step_ids": [
                    Command.create({"treatment_id": treatment.id, "sessions": 3})
                ],
            }
        )
        course.step_ids.write({"sessions": 4})
        self.assertEqual(course.course_sessions, 4)
