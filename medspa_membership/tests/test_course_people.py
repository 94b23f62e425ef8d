# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date

from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .common import TODAY
from .course_common import CourseDeskCase

DAY = date(2026, 2, 2)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestShare(CourseDeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.share_limit = 1
        cls.third_patient = cls.env["res.partner"].create({"name": "Tina Third"})

    def _share(self, course, *members):
        members = self.env["res.partner"].concat(*members)
        self._confirm("medspa_course_share", course, member_ids=members)

    def test_receptionist_shares_and_the_other_books(self):
        course = self._create_course()
        self._share(course, self.other_patient)
        self.assertEqual(course.member_ids, self.other_patient)
        event = self._book(date(2026, 2, 10), patient_id=self.other_patient.id)
        self.assertEqual(event.credit_id, course.credit_ids)
        self.assertBalances(course.credit_ids, 5, 1)
        # It stays the patient's: the pace is kept by both together.
        early = self._book(date(2026, 2, 11))
        self.assertFalse(early.credit_id)

    def test_limit_is_the_one_of_the_sale(self):
        course = self._create_course()
        self.company.share_limit = 5
        with self.assertRaisesRegex(UserError, "with 1 persons, not 2"):
            self._share(course, self.other_patient, self.third_patient)
        self.assertFalse(course.member_ids)

    def test_patient_does_not_count(self):
        course = self._create_course()
        self._share(course, self.patient, self.other_patient)
        self.assertEqual(course.member_ids, self.other_patient)

    def test_not_sold_as_shareable(self):
        self.company.share_limit = 0
        course = self._create_course()
        with self.assertRaisesRegex(UserError, "with 0 persons"):
            self._share(course, self.other_patient)

    def test_who_has_appointments_is_not_dropped(self):
        course = self._create_course()
        self._share(course, self.other_patient)
        event = self._book(date(2026, 2, 10), patient_id=self.other_patient.id)
        with self.assertRaisesRegex(UserError, "Oscar Other has appointments"):
            self._share(course, self.third_patient)
        event.action_cancel_appointment()
        self._share(course, self.third_patient)
        self.assertEqual(course.credit_ids.beneficiary_ids, self.third_patient)
        self.assertFalse(
            self._book(date(2026, 2, 10), patient_id=self.other_patient.id).credit_id
        )

    def test_shared_before_it_was_paid(self):
        course = self._create_order().course_ids
        self._share(course, self.other_patient)
        self._pay(self._invoice(course.sale_order_id))
        self.assertEqual(course.credit_ids.beneficiary_ids, self.other_patient)

    def test_swapped_sessions_are_shared_too(self):
        self._create_swap_group(self.peel, self.laser)
        course = self._create_course()
        self._share(course, self.other_patient)
        credit = course._swap(course.credit_ids, self.laser, 1, None)
        self.assertEqual(credit.beneficiary_ids, self.other_patient)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestTransfer(CourseDeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.is_transferable = True

    def _transfer(self, course, partner=None):
        action = self._confirm(
            "medspa_course_transfer",
            course,
            partner_id=partner or self.other_patient,
            reason="She moves away",
        )
        return self.env["medspa.course"].browse(action["res_id"])

    def test_what_remains_moves(self):
        course = self._create_course()
        self._visit(DAY)
        new = self._transfer(course)
        self.assertEqual((course.state, new.state), ("transferred", "active"))
        self.assertEqual(new.partner_id, self.other_patient)
        self.assertEqual(new.transferred_from_id, course)
        self.assertEqual(new.expires_on, course.expires_on)
        self.assertTrue(self.other_patient.is_patient)
        self.assertBalances(course.credit_ids, 0, 0)
        self.assertBalances(new.credit_ids, 4, 0)
        # 450 / 5 = 90 each: 4 are worth 360, and 360 again.
        self.assertEqual(course.credit_ids.value_remaining, 0)
        self.assertEqual(new.credit_ids.value_remaining, 360)
        self.assertEqual(course.credit_ids.used, 1)
        self.assertEqual(new.credit_ids.expires_on, course.credit_ids.expires_on)
        self.assertEqual(
            course.credit_ids.move_ids[0].mapped("reason"), ["She moves away"]
        )
        self.assertFalse(self._book(date(2026, 2, 10)).credit_id)
        event = self._book(date(2026, 2, 11), patient_id=self.other_patient.id)
        self.assertEqual(event.credit_id, new.credit_ids)

    def test_terms_and_pace_go_along(self):
        self.company.write({"cancel_notice_hours": 48, "grace_days": 9})
        course = self._create_course()
        self.company.write({"cancel_notice_hours": 1, "grace_days": 0})
        new = self._transfer(course)
        self.assertEqual((new.cancel_notice_hours, new.grace_days), (48, 9))
        self.assertEqual(new.usable_until, course.usable_until)
        self.assertEqual(new.line_ids.min_days, 7)

    def test_combo_with_free_sessions_keeps_its_parts(self):
        product = self._create_course_product(
            "Combo", 400, [(self.peel, 3, 7), (self.laser, 2, 7)]
        )
        product.step_ids[0].free_sessions = 1
        course = self._create_course(product)
        new = self._transfer(course)
        self.assertEqual(
            [(c.granted, c.value, c.is_bonus) for c in new.credit_ids.sorted("id")],
            [(c.granted, c.value, c.is_bonus) for c in course.credit_ids.sorted("id")],
        )
        self.assertEqual(new.remaining_sessions, 6)

    def test_once_only(self):
        new = self._transfer(self._create_course())
        with self.assertRaisesRegex(UserError, "once only"):
            self._transfer(new, self.patient)

    def test_not_sold_as_transferable(self):
        course = self._create_course()
        course.is_transferable = False
        with self.assertRaisesRegex(UserError, "not sold as transferable"):
            self._transfer(course)

    def test_booked_appointments_go_first(self):
        course = self._create_course()
        self._book(date(2026, 2, 10))
        with self.assertRaisesRegex(UserError, r"is transferred:\n02/10/2026 Peel"):
            self._transfer(course)
        self.assertBalances(course.credit_ids, 5, 1)

    def test_other_refusals(self):
        course = self._create_course()
        with self.assertRaisesRegex(UserError, "this patient already"):
            self._transfer(course, self.patient)
        course._pause("travel")
        with self.assertRaisesRegex(UserError, "Resume"):
            self._transfer(course)
        course.action_resume()
        course.credit_ids._redeem(5, DAY)
        with self.assertRaisesRegex(UserError, "Completed"):
            self._transfer(course)

    def test_first_visit_still_starts_the_clock(self):
        product = self._create_course_product(
            "5 peels",
            450,
            [(self.peel, 5, 0)],
            validity_from="first_visit",
            validity_days=60,
        )
        new = self._transfer(self._create_course(product))
        self._visit(date(2026, 2, 9), patient_id=self.other_patient.id)
        self.assertEqual(new.expires_on, date(2026, 4, 10))

    def test_clock_that_runs_is_not_started_again(self):
        product = self._create_course_product(
            "5 peels",
            450,
            [(self.peel, 5, 0)],
            validity_from="first_visit",
            validity_days=60,
        )
        course = self._create_course(product)
        self._visit(DAY)
        self.assertEqual(course.expires_on, date(2026, 4, 3))
        new = self._transfer(course)
        self.assertEqual(new.expires_on, date(2026, 4, 3))
        event = self._visit(date(2026, 3, 9), patient_id=self.other_patient.id)
        self.assertEqual(new.expires_on, date(2026, 4, 3))
        with freeze_time("2026-03-10 10:00:00"):
            event.action_undo()
        self.assertEqual(new.expires_on, date(2026, 4, 3))

    def test_unpaid_parts_are_not_transferred(self):
        self.peel_course.allows_instalments = True
        term = self.env["account.payment.term"].create(
            {
                "name": "Halves",
                "line_ids": [
                    (0, 0, {"value": "percent", "value_amount": 50, "nb_days": days})
                    for days in (0, 30)
                ],
            }
        )
        order = self._create_order(payment_term_id=term.id)
        invoice = self._invoice(order)
        self._pay(invoice, 225)
        course = order.course_ids
        self.assertEqual(course.credit_ids.available, 2)
        with self.assertRaisesRegex(UserError, "paid"):
            self._transfer(course)
        self._pay(invoice)
        self.assertBalances(self._transfer(course).credit_ids, 5, 0)

    def test_money_gone_holds_the_new_course_too(self):
        course = self._sell_paid()
        new = self._transfer(course)
        invoice = course.sale_order_id.invoice_ids
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual(new.state, "unpaid")
        self.assertFalse(
            self._book(date(2026, 2, 10), patient_id=self.other_patient.id).credit_id
        )
        self._pay(invoice)
        self.assertEqual((course.state, new.state), ("transferred", "active"))
        self.assertFalse(new.credit_ids.is_frozen)

    def test_second_company(self):
        company = self.env["res.company"].create(
            {"name": "Second clinic", "is_transferable": True}
        )
        Course = self.env["medspa.course"].with_company(company)
        course = Course.create(
            Course._prepare_course_vals(
                self.peel_course, self.patient, company, 450, company.currency_id, 450
            )
        )
        course._activate()
        self.receptionist.company_ids += company
        new = course.with_user(self.receptionist)._transfer(self.other_patient, "x")
        self.assertEqual(new.company_id, company)
        self.assertEqual(new.credit_ids.company_id, company)
