# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.exceptions import AccessError
from odoo.tests import Form, freeze_time, tagged

from .common import TODAY
from .course_common import CourseDeskCase

# Values that differ from every default.
OTHER_TERMS = {
    "cancel_notice_hours": 48,
    "late_cancel_uses_session": False,
    "no_show_uses_session": False,
    "free_passes": 3,
    "free_pass_months": 7,
    "grace_days": 9,
    "max_pause_days": 60,
    "share_limit": 2,
    "is_transferable": True,
    "allows_part_sessions": True,
    "refund_basis": "list",
    "refund_fee": 25,
    "refund_fee_percent": 12,
}


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestTerms(CourseDeskCase):
    def test_every_term_is_tested(self):
        self.assertEqual(self.company._get_terms().keys(), OTHER_TERMS.keys())

    def test_clinic_terms_are_stamped(self):
        self.company.write(OTHER_TERMS)
        course = self._sell_paid()
        self.assertEqual(course._get_terms(), OTHER_TERMS)

    def test_own_terms_go_before_the_clinics(self):
        self.peel_course.write({"has_own_terms": True, **OTHER_TERMS})
        course = self._sell_paid()
        self.assertEqual(course._get_terms(), OTHER_TERMS)

    def test_values_of_a_product_without_own_terms_do_not_count(self):
        self.peel_course.write(OTHER_TERMS)
        course = self._sell_paid()
        self.assertEqual(course._get_terms(), self.company._get_terms())

    def test_later_edits_reach_nothing_sold(self):
        self.peel_course.has_own_terms = True
        courses = self._sell_paid() | self._create_order().course_ids
        terms = courses[0]._get_terms()
        self.peel_course.write(OTHER_TERMS)
        self.company.write(OTHER_TERMS)
        self._pay(self._invoice(courses[1].sale_order_id))
        for course in courses:
            self.assertEqual(course._get_terms(), terms)
            self.assertEqual(course.usable_until, course.expires_on)
        self.peel_course.has_own_terms = False
        self.peel_course.action_archive()
        self.assertEqual(courses[0]._get_terms(), terms)

    def test_own_terms_start_from_the_clinics(self):
        self.company.write(OTHER_TERMS)
        with Form(self.peel_course.with_user(self.manager)) as form:
            form.has_own_terms = True
        self.assertEqual(self.peel_course._get_terms(), OTHER_TERMS)

    def test_each_company_has_its_terms(self):
        company = self.env["res.company"].create(
            {"name": "Second clinic", **OTHER_TERMS}
        )
        Course = self.env["medspa.course"].with_company(company)
        vals = Course._prepare_course_vals(
            self.peel_course, self.patient, company, 450, company.currency_id, 450
        )
        self.assertEqual(Course.create(vals)._get_terms(), OTHER_TERMS)
        self.assertNotEqual(self._sell_paid()._get_terms(), OTHER_TERMS)

    def test_nobody_writes_the_terms_of_a_course(self):
        course = self._sell_paid()
        for user in (self.receptionist, self.manager, self.practitioner_user):
            for vals in ({"refund_fee": 0}, {"state": "active"}, {"member_ids": []}):
                with self.assertRaises(AccessError):
                    course.with_user(user).write(vals)

    def test_receptionist_does_not_change_the_clinics_terms(self):
        with self.assertRaises(AccessError):
            self.company.with_user(self.receptionist).write({"refund_fee": 0})
        with self.assertRaises(AccessError):
            self.peel_course.with_user(self.receptionist).write({"refund_fee": 0})

    def test_copy_of_a_product_keeps_its_terms(self):
        self.peel_course.write({"has_own_terms": True, **OTHER_TERMS})
        self.assertEqual(self.peel_course.copy()._get_terms(), OTHER_TERMS)

    def test_appointment_follows_the_course_that_pays(self):
        self.company.cancel_notice_hours = 5
        course = self._create_course()
        self.company.cancel_notice_hours = 1
        covered = self._create_appointment("2026-02-02 12:00:00")
        apart = self._create_appointment("2026-02-02 14:00:00", is_paid_apart=True)
        self.assertEqual(covered._get_terms_holder(), course)
        self.assertEqual(apart._get_terms_holder(), self.company)
        self.assertTrue(covered.is_late_to_cancel)
        self.assertFalse(apart.is_late_to_cancel)
