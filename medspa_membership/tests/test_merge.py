# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.exceptions import UserError
from odoo.tests import Form, freeze_time, tagged

from .common import TODAY
from .membership_common import MembershipCase

RULES = {"rows", "both", "any", "all", "first", "newest"}


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestMerge(MembershipCase):
    """Two records of one patient become one by core's wizard; nothing is lost."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.twin = cls.env["res.partner"].create(
            {
                "name": "Paula Pátient",
                "email": "paula.old@example.com",
                "phone": "+34 600 11 22 33",
            }
        )

    def _merge(self, kept, other, user=None):
        wizard = (
            self.env["base.partner.merge.automatic.wizard"]
            .with_user(user or self.receptionist)
            .with_context(active_model="res.partner", active_ids=(kept | other).ids)
            .create({"dst_partner_id": kept.id})
        )
        wizard.action_merge()
        self.assertFalse(other.exists())

    def test_each_field_has_a_rule(self):
        """A field that is added to people says what becomes of it."""
        rules = self.env["base.partner.merge.automatic.wizard"]
        rules = rules._get_patient_merge_rules()
        missing = [
            field.name
            for field in self.env["res.partner"]._fields.values()
            if any(module.startswith("medspa") for module in field._modules)
            and all(module.startswith("medspa") for module in field._modules)
            and (field.store or field.type == "one2many")
            and (not field.compute or field.store)
            and field.name not in rules
        ]
        self.assertFalse(missing)
        self.assertLessEqual(set(rules.values()), RULES)

    def test_warnings_of_both_are_kept(self):
        """A receptionist, who may not read them, merges: they are all there after."""
        patient_sudo, twin_sudo = self.patient.sudo(), self.twin.sudo()
        patient_sudo.allergies = "Lidocaine"
        patient_sudo.contraindications = "Pregnant"
        twin_sudo.allergies = "lidocaine \nLatex"
        self._merge(self.patient, self.twin)
        self.assertEqual(patient_sudo.allergies, "Lidocaine\nLatex")
        self.assertEqual(patient_sudo.contraindications, "Pregnant")

    def test_what_was_bought_moves_over(self):
        self.company.share_limit = 1
        course = self._create_course(partner=self.twin)
        credit = course.credit_ids
        remaining = credit.remaining
        self.env["medspa.waiting"].create(
            [
                {
                    "partner_id": partner.id,
                    "treatment_id": self.laser.id,
                    "date_from": "2026-02-02",
                    "date_to": "2026-03-02",
                }
                for partner in (self.patient, self.twin)
            ]
        )
        course._share_with(self.patient)
        self._create_portal_user(self.twin, "paula_portal")
        login, address = self.twin.user_ids, self.twin.email
        self._merge(self.patient, self.twin)
        self.assertEqual(course.partner_id, self.patient)
        self.assertEqual(credit.partner_id, self.patient)
        self.assertEqual(credit.move_ids.partner_id, self.patient)
        self.assertEqual(credit.remaining, remaining)
        self.assertFalse(credit.beneficiary_ids)
        self.assertEqual(login.partner_id, self.patient)
        states = self.patient.waiting_ids.sorted("id").mapped("state")
        self.assertEqual(states, ["waiting", "over"])
        self.assertTrue(self.patient.is_patient)
        self.assertIn(address, self.patient.message_ids[0].body)

    def test_visitor_never_replaces_a_patient(self):
        visitor = self.env["res.partner"].create(
            {
                "name": "Paula",
                "email": "p@example.com",
                "is_unconfirmed_visitor": True,
            }
        )
        wizard = (
            self.env["base.partner.merge.automatic.wizard"]
            .with_user(self.receptionist)
            .with_context(
                active_model="res.partner", active_ids=(visitor | self.patient).ids
            )
        )
        self.assertEqual(Form(wizard).dst_partner_id, self.patient)
        form = Form(wizard)
        form.dst_partner_id = visitor
        self.assertIn("has not confirmed", form.patient_notice)
        with self.assertRaisesRegex(UserError, "has not confirmed"):
            self._merge(visitor, self.patient)
        self._merge(self.patient, visitor)
        self.assertFalse(self.patient.is_unconfirmed_visitor)

    def test_two_dates_of_birth_are_two_people(self):
        self.patient.medspa_birthdate = "1990-01-01"
        self.twin.medspa_birthdate = "1990-01-02"
        with self.assertRaisesRegex(UserError, "dates of birth differ"):
            self._merge(self.patient, self.twin)
        self.twin.medspa_birthdate = False
        self._merge(self.patient, self.twin)
        self.assertEqual(str(self.patient.medspa_birthdate), "1990-01-01")

    def test_two_memberships_of_one_plan_are_said(self):
        self._join()
        self._join(partner=self.twin)
        with self.assertRaisesRegex(UserError, "Both are members of Glow"):
            self._merge(self.patient, self.twin)

    def test_log_in_of_an_employee_is_not_handed_over(self):
        """Core's guard against that stays: only an administrator may do it."""
        self.twin.is_patient = True
        colleague = self.manager.partner_id
        with self.assertRaisesRegex(UserError, "addresses differ"):
            self._merge(self.twin, colleague)

    def test_duplicates_are_seen(self):
        patient = self.patient.with_user(self.receptionist)
        self.assertFalse(patient.duplicate_patient_ids)
        self.patient.phone = "600112233"
        self.patient.country_id = self.env.ref("base.es")
        self.assertEqual(patient.duplicate_patient_ids, self.twin)
        self.patient.phone = False
        self.assertFalse(patient.duplicate_patient_ids)
        self.patient.email = "PAULA.old@example.com"
        self.assertEqual(patient.duplicate_patient_ids, self.twin)
        self.patient.email = False
        (self.patient | self.twin).medspa_birthdate = "1990-01-01"
        self.assertEqual(patient.duplicate_patient_ids, self.twin)
        self.patient.name = "Quentin Quick"
        self.assertFalse(patient.duplicate_patient_ids)
        action = self.patient.with_user(self.receptionist).action_merge_duplicates()
        self.assertEqual(action["res_model"], "base.partner.merge.automatic.wizard")

    def test_duplicates_are_seen_while_typing(self):
        form = Form(self.env["res.partner"].with_user(self.receptionist))
        form.name = "Paula"
        form.email = "paula.old@example.com"
        self.assertEqual(form.duplicate_patient_ids[:], self.twin)
