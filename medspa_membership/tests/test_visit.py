# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import base64

from lxml import etree

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, freeze_time, tagged
from odoo.tools import mute_logger

from .common import TODAY, ClinicCase, ClinicData

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)
CLINICAL_FIELDS = (
    "protocol",
    "notes",
    "settings",
    "settings_summary",
    "photo_ids",
    "product_line_ids",
    "allergies",
    "contraindications",
    "previous_protocol",
    "previous_settings",
)


class VisitData(ClinicData):
    @classmethod
    def _set_up_visits(cls):
        cls.filler = cls.env["product.product"].create(
            {"name": "Filler 1 ml", "type": "consu", "standard_price": 40}
        )
        cls.peel.settings_definition = [
            {"name": "fluence", "string": "Fluence (J/cm²)", "type": "float"},
            {
                "name": "spot",
                "string": "Spot",
                "type": "selection",
                "selection": [["small", "6 mm"], ["large", "12 mm"]],
            },
        ]
        cls.patient.write({"allergies": "Latex", "contraindications": "Pregnancy"})

    @classmethod
    def _create_visit(cls, start="2026-02-02 07:30:00", **vals):
        event = cls._create_appointment(start)
        event.action_done()
        event.visit_id.write(vals)
        return event.visit_id


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestVisit(VisitData, ClinicCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_visits()

    # === WRITING IT UP === #

    def test_practitioner_writes_up_in_the_form(self):
        event = self._create_appointment("2026-02-02 07:30:00")
        action = event.with_user(self.practitioner_user).action_open_visit()
        self.assertEqual(action["res_model"], "medspa.visit")
        visit = self.env["medspa.visit"].browse(action["res_id"])
        self.assertEqual(visit.state, "draft")
        with Form(visit.with_user(self.practitioner_user)) as form:
            form.protocol = "<p>Two layers</p>"
            with form.product_line_ids.new() as line:
                line.product_id = self.filler
                line.lot_name = "L-77"
                line.expiration_date = fields.Date.to_date("2027-01-31")
                line.quantity = 2
            with form.photo_ids.new() as photo:
                photo.kind = "after"
                photo.name = "Left cheek"
                photo.image_1920 = PIXEL
        self.assertRecordValues(
            visit.product_line_ids,
            [{"lot_name": "L-77", "quantity": 2, "unit_cost": 40, "cost": 80}],
        )
        self.assertEqual(visit.product_cost, 80)
        self.assertEqual(visit.photo_ids.kind, "after")
        self.assertTrue(visit.photo_ids.image_128)
        event.action_done()
        self.assertEqual(event.visit_id, visit)
        self.assertEqual(visit.state, "done")

    def test_expired_product_is_refused(self):
        visit = self._create_visit()
        form = Form(visit.with_user(self.practitioner_user))
        with form.product_line_ids.new() as line:
            line.product_id = self.filler
            line.lot_name = "OLD"
            line.expiration_date = fields.Date.to_date("2026-02-01")
        with self.assertRaisesRegex(ValidationError, "lot OLD, expired on"):
            form.save()

    def test_copy_from_last_visit(self):
        first = self._create_visit(
            "2026-01-26 09:00:00",
            protocol="<p>Forehead</p>",
            settings={"fluence": 18.5, "spot": "large"},
            product_line_ids=[
                Command.create(
                    {"product_id": self.filler.id, "lot_name": "L-1", "quantity": 3}
                )
            ],
        )
        visit = self._create_visit(settings={"fluence": 20.0})
        visit = visit.with_user(self.practitioner_user)
        self.assertEqual(visit.previous_visit_id, first)
        self.assertEqual(visit.previous_settings, "Fluence (J/cm²): 18.5\nSpot: 12 mm")
        self.assertIn("Forehead", visit.previous_protocol)
        visit.action_copy_previous()
        # What was written already stays.
        self.assertEqual(visit.settings_summary, "Fluence (J/cm²): 20\nSpot: 12 mm")
        self.assertIn("Forehead", visit.protocol)
        self.assertEqual(visit.product_line_ids.quantity, 3)
        self.assertFalse(visit.product_line_ids.lot_name)

    def test_first_visit_has_nothing_to_copy(self):
        visit = self._create_visit().with_user(self.practitioner_user)
        self.assertFalse(visit.previous_visit_id)
        with self.assertRaisesRegex(UserError, "no earlier visit"):
            visit.action_copy_previous()

    def test_appointment_shows_the_last_protocol_to_clinicians(self):
        self._create_visit(
            "2026-01-26 09:00:00",
            protocol="<p>Forehead</p>",
            settings={"fluence": 18.5},
        )
        event = self._create_appointment("2026-02-02 07:30:00")
        doctor = event.with_user(self.practitioner_user)
        self.assertIn("Forehead", doctor.previous_protocol)
        self.assertEqual(doctor.previous_settings, "Fluence (J/cm²): 18.5")
        self.assertEqual(doctor.patient_allergies, "Latex")
        desk = event.with_user(self.receptionist)
        self.assertTrue(desk.has_clinical_warning)
        for name in (
            "previous_protocol",
            "previous_settings",
            "patient_allergies",
            "patient_contraindications",
        ):
            with self.subTest(field=name), self.assertRaises(AccessError):
                desk.read([name])

    # === WARNINGS === #

    def test_clinician_edits_the_warnings(self):
        action = self.patient.with_user(self.practitioner_user).action_edit_warnings()
        Wizard = self.env[action["res_model"]].with_user(self.practitioner_user)
        form = Form(Wizard.with_context(**action["context"]))
        self.assertEqual(form.allergies, "Latex")
        form.allergies = "Latex, lidocaine"
        form.contraindications = ""
        form.save().action_confirm()
        self.assertEqual(self.patient.allergies, "Latex, lidocaine")
        self.assertFalse(self.patient.contraindications)
        self.assertTrue(self.patient.has_clinical_warning)

    def test_nobody_else_edits_the_warnings(self):
        for user in (self.receptionist, self.manager):
            Wizard = self.env["medspa.patient.warning"].with_user(user)
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                Wizard.create({"partner_id": self.patient.id})
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.patient.with_user(user).write({"allergies": "None"})

    # === DEVICE SETTINGS === #

    def _open_settings(self, user):
        action = self.peel.with_user(user).action_edit_settings_definition()
        Wizard = self.env[action["res_model"]].with_user(user)
        return Form(Wizard.with_context(**action["context"]))

    def test_practitioner_and_manager_say_what_is_noted(self):
        for user in (self.practitioner_user, self.manager):
            with self.subTest(user=user.login):
                form = self._open_settings(user)
                count = len(form.line_ids)
                with form.line_ids.new() as line:
                    line.name = f"Pulse of {user.login}"
                    line.kind = "integer"
                form.save().action_confirm()
                definition = self.peel.settings_definition
                self.assertEqual(len(definition), count + 1)
                self.assertEqual(definition[-1]["string"], f"Pulse of {user.login}")

    def test_what_is_written_survives_a_new_definition(self):
        visit = self._create_visit(settings={"fluence": 18.5, "spot": "large"})
        form = self._open_settings(self.practitioner_user)
        with form.line_ids.edit(0) as line:
            line.name = "Energy"
        with form.line_ids.edit(1) as line:
            self.assertEqual(line.choices, "6 mm, 12 mm")
            line.choices = "6 mm, 12 mm, 18 mm"
        form.save().action_confirm()
        self.assertEqual(visit.settings_summary, "Energy: 18.5\nSpot: 12 mm")
        names = [setting["name"] for setting in self.peel.settings_definition]
        self.assertEqual(names, ["fluence", "spot"])

    def test_a_choice_needs_choices(self):
        form = self._open_settings(self.manager)
        with form.line_ids.new() as line:
            line.name = "Tip"
            line.kind = "selection"
            line.choices = " , "
        with self.assertRaisesRegex(UserError, "what can be chosen for Tip"):
            form.save().action_confirm()

    def test_the_rest_of_the_treatment_is_not_the_practitioners(self):
        doctor = self.peel.with_user(self.practitioner_user)
        with self.assertRaises(AccessError):
            doctor.write({"settings_definition": []})
        with self.assertRaises(AccessError):
            doctor.write({"list_price": 1})
        with self.assertRaises(AccessError):
            self.env["medspa.treatment.settings"].with_user(self.receptionist).create(
                {"treatment_id": self.peel.id}
            )
        wizard = (
            self.env["medspa.treatment.settings"]
            .with_user(self.practitioner_user)
            .create({"treatment_id": self.peel_course.id})
        )
        with self.assertRaisesRegex(UserError, "Only treatments"):
            wizard.action_confirm()

    # === WHO SEES WHAT === #

    def test_desk_sees_that_a_visit_exists_and_no_more(self):
        visit = self._create_visit(protocol="<p>Secret</p>", settings={"fluence": 18.5})
        for user in (self.receptionist, self.manager):
            own = visit.with_user(user)
            self.assertEqual(own.read(["state"])[0]["state"], "done")
            for name in CLINICAL_FIELDS:
                case = self.subTest(user=user.login, field=name)
                with case, self.assertRaises(AccessError):
                    own.read([name])
            Visit = self.env["medspa.visit"].with_user(user)
            for name in ("protocol", "notes", "settings", "photo_ids"):
                case = self.subTest(user=user.login, search=name)
                with case, self.assertRaises(AccessError):
                    Visit.search([(name, "!=", False)])
            with self.assertRaises(AccessError):
                Visit.search([("photo_ids.name", "ilike", "cheek")])
            with self.assertRaises(AccessError):
                Visit._read_group([], ["settings.fluence"], ["__count"])
            with self.assertRaises(AccessError):
                self.env["res.partner"].with_user(user).search(
                    [("allergies", "ilike", "Latex")]
                )
            with self.assertRaises(AccessError):
                self.env["res.partner"].with_user(user).search(
                    [("visit_ids.protocol", "ilike", "Secret")]
                )

    def test_photos_are_closed_to_all_but_clinicians(self):
        visit = self._create_visit(
            photo_ids=[Command.create({"kind": "before", "image_1920": PIXEL})]
        )
        photo = visit.photo_ids
        portal = self._create_portal_user(self.patient, "paula")
        for user in (self.receptionist, self.manager, portal):
            Photo = self.env["medspa.visit.photo"].with_user(user)
            for call in (
                lambda Photo=Photo: Photo.search([]),
                lambda Photo=Photo: Photo._read_group([], [], ["__count"]),
                lambda Photo=Photo: Photo.browse(photo.id).read(["image_1920"]),
                lambda Photo=Photo: Photo.browse(photo.id).unlink(),
            ):
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    call()
            attachments = (
                self.env["ir.attachment"]
                .sudo()
                .search(
                    [
                        ("res_model", "=", "medspa.visit.photo"),
                        ("res_field", "!=", False),
                    ]
                )
            )
            self.assertTrue(attachments)
            with self.assertRaises(AccessError):
                attachments.with_user(user).read(["datas"])
            try:
                found = attachments.with_user(user).search(
                    [("id", "in", attachments.ids)]
                )
            except AccessError:
                found = attachments.browse()
            self.assertFalse(found)

    def test_photos_of_another_company_are_not_seen(self):
        visit = self._create_visit(
            photo_ids=[Command.create({"image_1920": PIXEL})],
            product_line_ids=[Command.create({"product_id": self.filler.id})],
        )
        other = self.env["res.company"].create({"name": "Other clinic"})
        stranger = self._create_user(
            "stranger",
            "practitioner",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        for records in (visit.photo_ids, visit.product_line_ids):
            Model = self.env[records._name].with_user(stranger)
            self.assertFalse(Model.search([]))
            with self.assertRaises(AccessError):
                records.with_user(stranger).read(["visit_id"])

    def test_form_of_the_desk_holds_nothing_clinical(self):
        Visit = self.env["medspa.visit"]
        for user, shown in (
            (self.practitioner_user, True),
            (self.receptionist, False),
            (self.manager, False),
        ):
            arch = etree.fromstring(
                Visit.with_user(user).get_view(view_type="form")["arch"]
            )
            names = {node.get("name") for node in arch.iter("field", "button")}
            for name in (*CLINICAL_FIELDS, "action_copy_previous"):
                if name == "settings_summary":
                    continue
                with self.subTest(user=user.login, name=name):
                    self.assertEqual(name in names, shown)
            self.assertFalse(arch.xpath("//chatter"))


@tagged("post_install", "-at_install")
class TestVisitRoutes(VisitData, HttpCase):
    """Photos by their addresses, as the browser asks for them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_clinic()
        cls._set_up_visits()
        with freeze_time(TODAY):
            visit = cls._create_visit(photo_ids=[Command.create({"image_1920": PIXEL})])
        cls.photo = visit.photo_ids
        cls._create_portal_user(cls.patient, "paula")

    def _get(self, url):
        return self.url_open(url, allow_redirects=False)

    def test_photo_routes(self):
        pixel = base64.b64decode(PIXEL)
        attachment = self.env["ir.attachment"].search(
            [
                ("res_model", "=", "medspa.visit.photo"),
                ("res_id", "=", self.photo.id),
                ("res_field", "=", "image_1920"),
            ]
        )
        urls = [
            f"/web/image/medspa.visit.photo/{self.photo.id}/image_1920",
            f"/web/content/medspa.visit.photo/{self.photo.id}/image_1920",
            f"/web/image/{attachment.id}",
            f"/web/content/{attachment.id}",
        ]
        self.authenticate("doc", "doc")
        for url in urls:
            response = self._get(url)
            self.assertEqual((response.status_code, response.content), (200, pixel))
        for login in ("rec", "boss", "paula", None):
            self.authenticate(login, login)
            for url in urls:
                with self.subTest(login=login, url=url):
                    with mute_logger("odoo.http"):
                        response = self._get(url)
                    self.assertNotEqual(response.content, pixel)
                    # A placeholder may be shown, the photo itself never.
                    self.assertTrue(
                        response.status_code in (303, 403, 404)
                        or response.headers["Content-Type"].startswith("image/")
                    )
