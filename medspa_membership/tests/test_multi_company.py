# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .common import TODAY
from .membership_common import MembershipCase


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestMultiCompany(MembershipCase):
    """One patient, two clinics, and a branch that books with its company's accounts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Company_sudo = cls.env["res.company"].sudo()
        cls.branch = Company_sudo.create(
            {"name": "Clinic by the sea", "parent_id": cls.company.id}
        )
        # Branches get their accounts before the transaction is committed.
        cls.cr.precommit.run()
        cls.branch.resource_calendar_id = cls.calendar
        cls.other = Company_sudo.create(
            {
                "name": "Clinic over the sea",
                "currency_id": cls.env.ref("base.JPY").id,
            }
        )
        cls.other.currency_id.active = True
        cls.other.resource_calendar_id.tz = "Asia/Tokyo"
        everyone = cls.env.user | cls.receptionist | cls.manager
        everyone.company_ids += cls.branch | cls.other
        cls.env = cls.env(
            context={
                **cls.env.context,
                "allowed_company_ids": (cls.company | cls.branch | cls.other).ids,
            }
        )

    def _both(self, user, *companies):
        """Return the environment of a user with companies ticked, the first active."""
        ids = [company.id for company in companies]
        return self.env(
            user=user, context={**self.env.context, "allowed_company_ids": ids}
        )

    def _order_course(self, company):
        order = (
            self.env["sale.order"]
            .with_company(company)
            .create(
                {
                    "partner_id": self.patient.id,
                    "company_id": company.id,
                    "order_line": [
                        Command.create(
                            {"product_id": self.peel_course.product_variant_id.id}
                        )
                    ],
                }
            )
        )
        order.with_company(self.company).action_confirm()
        order.course_ids.sudo()._activate()
        return order

    def test_course_is_the_clinics_that_sold_it(self):
        """Whatever company is active when the order is confirmed."""
        for company in (self.branch, self.other):
            course = self._order_course(company).course_ids
            self.assertEqual(course.company_id, company)
            self.assertEqual(course.credit_ids.company_id, company)
            self.assertEqual(course.currency_id, course.company_id.currency_id)

    def test_desk_sees_the_clinics_that_are_ticked(self):
        mine = self._create_course()
        theirs = self._order_course(self.other).course_ids
        both = self._both(self.receptionist, self.company, self.other)
        patient = both["res.partner"].browse(self.patient.id)
        self.assertEqual(patient.course_ids, (mine | theirs).with_env(both))
        one = self._both(self.receptionist, self.company)
        patient = one["res.partner"].browse(self.patient.id)
        patient.invalidate_recordset()
        self.assertEqual(patient.course_ids, mine.with_env(one))

    def test_appointment_is_on_its_own_clinics_clock_and_credit(self):
        course = self._order_course(self.other).course_ids
        self.assertEqual(course.credit_ids.company_id, self.other)
        both = self._both(self.receptionist, self.company, self.other)
        event = both["calendar.event"].create(
            {
                "patient_id": self.patient.id,
                "treatment_id": self.peel.id,
                "practitioner_id": self.petra.id,
                "room_id": self.room_1.id,
                "start": "2026-02-03 09:00:00",
                "medspa_company_id": self.company.id,
            }
        )
        self.assertEqual(event.medspa_company_id._medspa_tz().key, "Europe/Madrid")
        self.assertNotEqual(event.credit_id.company_id, self.other)

    def test_branch_charges_by_the_provider_of_its_company(self):
        """A plan of the company is joined, and changed, in its branch."""
        self.plan.company_id = self.company
        wizard = self._both(self.receptionist, self.branch, self.company)
        wizard = wizard["medspa.membership.enrol"].create(
            {"partner_id": self.patient.id, "plan_id": self.plan.id, "payment": "card"}
        )
        self.assertEqual(wizard.company_id, self.branch)
        self.assertEqual(wizard.token_id, self.token)
        other_plan = self._create_plan("Sea", 50, company_id=self.company.id)
        order = (
            self.env["sale.order"]
            .with_company(self.branch)
            .create(
                {
                    "partner_id": self.patient.id,
                    "company_id": self.branch.id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": (
                                    self.plan.product_tmpl_id.product_variant_id.id
                                )
                            }
                        )
                    ],
                }
            )
        )
        order.action_confirm()
        membership = order.membership_ids
        self.assertEqual(membership.company_id, self.branch)
        foreign = self._create_plan("Far", 50, company_id=self.other.id)
        with self.assertRaisesRegex(UserError, "another clinic"):
            membership._check_can_change(foreign)
        with self.assertRaisesRegex(UserError, "cannot be changed now"):
            # It is not paid yet; that it is the company's plan is no reason.
            membership._check_can_change(other_plan)
