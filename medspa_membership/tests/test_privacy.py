# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import base64

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, freeze_time, new_test_user, tagged

from .common import TODAY, ClinicCase, ClinicData
from .test_visit import PIXEL


class PrivacyData(ClinicData):
    @classmethod
    def _set_up_privacy(cls):
        cls.employee = new_test_user(
            cls.env, login="emp", groups="base.group_user", password="emp-password"
        )
        company = cls.env["res.company"].create({"name": "Other clinic"})
        cls.strangers = [
            cls._create_user(
                f"stranger_{role}",
                role,
                company_id=company.id,
                company_ids=[Command.set(company.ids)],
            )
            for role in ("receptionist", "practitioner", "manager")
        ]
        cls.course = cls._create_course()
        cls.patient.write({"medspa_birthdate": "1980-05-05", "is_patient": True})
        cls.appointment = cls._create_appointment("2026-02-02 09:00:00")

    def _as(self, user, records):
        self.env.flush_all()
        self.env.invalidate_all()
        return records.with_env(self.env(user=user, su=False, context={}))


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestPrivacy(PrivacyData, ClinicCase):
    """Who is treated for what is known to the clinic's staff, and to nobody else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_privacy()

    def test_attendees_are_for_staff(self):
        attendees = self.appointment.attendee_ids
        self.assertTrue(attendees)
        meeting = (
            self.env["calendar.event"]
            .with_user(self.employee)
            .create({"name": "Lunch", "start": TODAY, "stop": "2026-02-02 09:00:00"})
        )
        for user in (self.employee, *self.strangers):
            Attendee = self._as(user, self.env["calendar.attendee"])
            with self.subTest(user=user.login):
                found = Attendee.search([("event_id", "=", self.appointment.id)])
                self.assertFalse(found)
                with self.assertRaises(AccessError):
                    attendees.with_env(Attendee.env).read(["access_token"])
        own = self._as(self.employee, self.env["calendar.attendee"]).search([])
        self.assertIn(meeting.attendee_ids.id, own.ids)
        desk = self._as(self.receptionist, attendees)
        self.assertTrue(desk.read(["common_name"]))

    def test_sorting_and_searching_say_nothing(self):
        second = self._create_appointment(
            "2026-02-02 11:00:00", patient_id=self.other_patient.id
        )
        Event = self._as(self.employee, self.env["calendar.event"])
        both = (self.appointment | second).ids
        mine = [("id", "in", both)]
        for order in ("patient_id", "patient_id desc, id", "name", "treatment_id"):
            with self.subTest(order=order):
                self.assertFalse(Event.search(mine, order=order))
        self.assertEqual(Event.search(mine, order="start desc").ids, both[::-1])
        token = self.appointment.attendee_ids.access_token
        for domain in (
            [("attendee_ids.access_token", "=", token)],
            [("attendee_ids.common_name", "ilike", "e")],
            [("credit_id", "!=", False)],
            [("activity_ids", "!=", False)],
            [("message_ids.body", "ilike", "a")],
            [("partner_ids.meeting_ids.name", "ilike", "Paula")],
        ):
            with self.subTest(domain=domain):
                try:
                    found = Event.search(domain)
                except AccessError:
                    continue
                self.assertFalse(found & self.appointment.with_env(Event.env))

    def test_an_appointment_shows_no_patient(self):
        activity = self.env["mail.activity"].create(
            {
                "res_model_id": self.env["ir.model"]._get_id("calendar.event"),
                "res_id": self.appointment.id,
                "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
                "summary": "Call Paula",
                "user_id": self.receptionist.id,
            }
        )
        self.appointment.message_post(body="Paula called")
        file = self.env["ir.attachment"].create(
            {
                "name": "paula.txt",
                "raw": b"Paula",
                "res_model": "calendar.event",
                "res_id": self.appointment.id,
            }
        )
        event = self._as(self.employee, self.appointment)
        names = [
            name
            for name, field in event._fields.items()
            if field.type in ("char", "text", "html", "many2one", "many2many")
            and event._has_field_access(field, "read")
        ]
        values = event.read(names)[0]
        self.assertNotIn("Paula", str(values))
        self.assertNotIn("Peel", str(values))
        for records in (
            activity,
            file,
            self.appointment.message_ids,
        ):
            records = self._as(self.employee, records)
            with self.subTest(model=records._name):
                self.assertFalse(records.search([("id", "in", records.ids)]))
                with self.assertRaises(AccessError):
                    records.read(["display_name"])
        self.assertFalse(
            file.with_env(event.env).search([("res_model", "=", "calendar.event")])
        )

    def test_people_are_no_patients_to_employees(self):
        Partner = self._as(self.employee, self.env["res.partner"])
        partner = self.patient.with_env(Partner.env)
        for name in (
            "is_patient",
            "medspa_birthdate",
            "course_ids",
            "course_count",
            "credit_ids",
            "membership_ids",
            "open_membership_ids",
            "visit_ids",
            "allergies",
        ):
            with self.subTest(field=name):
                with self.assertRaises(AccessError):
                    partner.read([name])
                with self.assertRaises(AccessError):
                    Partner.search([(name, "!=", False)])
                if Partner._fields[name].store:
                    with self.assertRaises(AccessError):
                        Partner.search([], order=f"{name} desc", limit=1)
                        Partner._read_group([], [name], ["__count"])
                with self.assertRaises(AccessError):
                    partner.write({name: False})
        self.assertNotIn("medspa_birthdate", Partner.fields_get())

    def test_seller_without_a_role_sells_to_a_patient(self):
        seller = new_test_user(
            self.env, login="seller", groups="sales_team.group_sale_salesman"
        )
        newcomer = self.env["res.partner"].create({"name": "Nora New"})
        order = self._as(seller, self.env["sale.order"]).create(
            {
                "partner_id": newcomer.id,
                "order_line": [
                    Command.create(
                        {"product_id": self.peel_course.product_variant_id.id}
                    )
                ],
            }
        )
        order.action_confirm()
        self.assertTrue(newcomer.is_patient)

    def test_what_is_said_of_a_visit_is_for_clinicians(self):
        self.appointment.action_done()
        visit = self.appointment.visit_id
        said = visit.message_post(body="Pustules on the left cheek")
        picture = self.env["ir.attachment"].create(
            {
                "name": "cheek.png",
                "datas": PIXEL,
                "res_model": "medspa.visit",
                "res_id": visit.id,
            }
        )
        for user in (self.receptionist, self.manager, self.employee, *self.strangers):
            for records in (said, picture):
                records = self._as(user, records)
                with self.subTest(user=user.login, model=records._name):
                    self.assertFalse(records.search([("id", "in", records.ids)]))
                    self.assertFalse(
                        records.search_read([("res_id", "=", visit.id)], ["create_uid"])
                        if records._name == "ir.attachment"
                        else False
                    )
                    with self.assertRaises(AccessError):
                        records.read(["display_name"])
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._as(user, visit).message_post(body="x")
        doctor = self._as(self.practitioner_user, said)
        self.assertIn("Pustules", doctor.body)
        self.assertTrue(self._as(self.practitioner_user, picture).raw)
        visit.sudo()._finish()
        self._as(self.practitioner_user, visit).message_post(body="Better today")

    def test_who_was_written_to_is_told_to_nobody(self):
        said = self.course.sudo().message_post(
            body="Six peels",
            subject="Your peels are ready",
            partner_ids=self.patient.ids,
            subtype_xmlid="mail.mt_comment",
        )
        sent = said.notification_ids
        self.assertEqual(sent.res_partner_id, self.patient)
        for user in (self.employee, *self.strangers):
            notifications = self._as(user, sent)
            with self.subTest(user=user.login):
                self.assertFalse(notifications.search([("id", "in", sent.ids)]))
                with self.assertRaises(AccessError):
                    notifications.read(["mail_message_id"])
        meeting = self.env["res.partner"].create({"name": "Supplier"})
        note = meeting.message_post(
            body="Hello", partner_ids=self.receptionist.partner_id.ids
        )
        # Other letters are read as before.
        self.assertTrue(
            self._as(self.employee, note.notification_ids).read(["is_read"])
        )

    def test_other_companies_see_no_pauses_and_groups(self):
        pause = (
            self.env["medspa.course.pause"]
            .sudo()
            .create({"course_id": self.course.id, "date_from": "2026-02-01"})
        )
        group = self.env["medspa.swap.group"].create(
            {"name": "Ours", "company_id": self.company.id}
        )
        for user in self.strangers:
            for records in (pause, group):
                records = self._as(user, records)
                with self.subTest(user=user.login, model=records._name):
                    self.assertFalse(records.search([("id", "in", records.ids)]))
                    with self.assertRaises(AccessError):
                        records.read(["display_name"])
        for user in (self.receptionist, self.practitioner_user):
            self.assertTrue(self._as(user, pause).read(["kind"]))


@tagged("post_install", "-at_install")
class TestPrivacyHttp(PrivacyData, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_clinic()

    def test_pictures_of_a_protocol_are_not_served_to_the_desk(self):
        desk = self._create_user("desk", "receptionist", password="desk-password")
        doctor = self._create_user("clin", "practitioner", password="clin-password")
        event = self._create_appointment("2026-02-02 09:00:00")
        visit = event.sudo()._create_visit("draft")
        picture = self.env["ir.attachment"].create(
            {
                "name": "cheek.png",
                "raw": base64.b64decode(PIXEL),
                "mimetype": "image/png",
                "res_model": "medspa.visit",
                "res_id": visit.id,
            }
        )
        url = f"/web/content/{picture.id}"
        self.authenticate(desk.login, "desk-password")
        self.assertNotEqual(self.url_open(url).status_code, 200)
        self.authenticate(doctor.login, "clin-password")
        self.assertEqual(self.url_open(url).status_code, 200)
