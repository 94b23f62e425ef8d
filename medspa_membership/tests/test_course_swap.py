# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .common import TODAY
from .course_common import CourseDeskCase

DAY = date(2026, 2, 2)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestCourseSwap(CourseDeskCase):
    """Five peels of 120 for 450: a session is worth 90."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.facial = cls._create_treatment("Facial", list_price=160)
        cls.group = cls.env["medspa.swap.group"].create({"name": "Face"})
        for treatment in cls.peel | cls.laser | cls.facial:
            treatment.swap_group_id = cls.group

    def _swap(self, course, treatment, sessions=1, user=None, **values):
        credit = values.pop("credit", course.credit_ids[0])
        return self._confirm(
            "medspa_course_swap_wizard",
            course,
            user,
            credit_id=credit,
            sessions=sessions,
            treatment_id=treatment,
            **values,
        )

    def _new_credit(self, course):
        return course.credit_ids.filtered("course_line_id.swapped_from_id")

    def _get_order(self, action):
        self.assertEqual(action["res_model"], "sale.order")
        return self.env["sale.order"].browse(action["res_id"])

    def test_even_swap_costs_nothing(self):
        self.laser.list_price = 120
        course = self._create_course()
        self.assertFalse(self._swap(course, self.laser, 2, reason="Her skin"))
        old, new = course.credit_ids.sorted("id")
        self.assertBalances(old, 3, 0)
        self.assertBalances(new, 2, 0)
        # 2 x 90 move along; nothing is made or lost.
        self.assertEqual((old.value_remaining, new.value_remaining), (270, 180))
        self.assertEqual(new.treatment_id, self.laser)
        self.assertEqual(new.expires_on, old.expires_on)
        self.assertEqual(course.total_sessions, 5)
        self.assertEqual(course.remaining_sessions, 5)
        self.assertIn("Her skin", course.message_ids[0].body)
        self.assertIn("2 Peel for Laser", course.message_ids[0].body)
        event = self._book(date(2026, 2, 9), treatment_id=self.laser.id)
        self.assertEqual(event.credit_id, new)

    def test_cheaper_treatment_gives_nothing_back(self):
        course = self._create_course()
        form = self._dialog("medspa_course_swap_wizard", course)
        form.credit_id = course.credit_ids
        form.treatment_id = self.laser
        self.assertEqual(form.difference, 0)

    def test_dearer_treatment_makes_an_order_over_the_difference(self):
        course = self._create_course()
        # 160 - 120 = 40 for each of 2.
        order = self._get_order(self._swap(course, self.facial, 2))
        self.assertEqual(order.amount_total, 80)
        self.assertEqual(order.partner_id, self.patient)
        self.assertEqual(order.create_uid, self.receptionist)
        self.assertEqual(course.sudo().credit_ids.mapped("remaining"), [3, 2])

    def test_difference_with_tax_is_to_the_cent(self):
        # 100.00 and 133.33 without tax: 121.00 and 161.33 with 21 %.
        for is_included in (False, True):
            tax = self._create_tax(21, is_included)
            for treatment, price in ((self.peel, 100), (self.facial, 133.33)):
                treatment.write({"list_price": price, "taxes_id": tax.ids})
            course = self._create_course()
            form = self._dialog("medspa_course_swap_wizard", course)
            form.credit_id = course.credit_ids
            form.treatment_id = self.facial
            form.sessions = 3
            # (161.33 - 121.00) x 3 = 120.99, (133.33 - 100.00) x 3 = 99.99
            expected = 99.99 if is_included else 120.99
            self.assertEqual(form.difference, expected)
            order = self._get_order(form.save().action_confirm())
            self.assertAlmostEqual(order.amount_total, expected, places=2)

    def test_difference_in_the_currency_of_the_patient(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        self.env["res.currency.rate"].create(
            {"name": "2026-01-01", "currency_id": yen.id, "rate": 150}
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Japan", "currency_id": yen.id}
        )
        self.patient.specific_property_product_pricelist = pricelist
        order = self._get_order(self._swap(self._create_course(), self.facial))
        self.assertEqual(order.currency_id, yen)
        # 40.00 at 150.
        self.assertEqual(order.amount_total, 6000)

    def test_cancelled_difference_undoes_the_swap(self):
        for method in ("_action_cancel", "unlink"):
            course = self._create_course()
            order = self._get_order(self._swap(course, self.facial, 2))
            getattr(order, method)()
            self.env.invalidate_all()
            old, new = course.credit_ids.sorted("id")
            self.assertBalances(old, 5, 0)
            self.assertBalances(new, 0, 0)
            self.assertEqual((old.value_remaining, new.value_remaining), (450, 0))
            # Nothing is minted: all of it unused is what was paid, once.
            self.assertEqual(course._get_refund()["amount"], 450)

    def test_difference_of_a_used_session_stays_due(self):
        course = self._create_course()
        order = self._get_order(self._swap(course, self.facial, 2))
        self._new_credit(course)._redeem(1, DAY)
        self.assertRefused(order._action_cancel, "stays due")
        self.assertEqual(self._new_credit(course).remaining, 1)

    def test_waived_difference(self):
        course = self._create_course()
        self.assertFalse(self._swap(course, self.facial, is_waived=True))
        self.assertEqual(self._new_credit(course).remaining, 1)

    def test_price_at_sale_counts_for_what_is_given(self):
        course = self._create_course()
        self.peel.list_price = 10
        order = self._get_order(self._swap(course, self.facial))
        self.assertEqual(order.amount_total, 40)

    def test_another_group_is_refused(self):
        course = self._create_course()
        massage = self._create_treatment("Massage", list_price=10)
        with self.assertRaisesRegex(UserError, "share no swap group"):
            course._swap(course.credit_ids, massage, 1, None)
        massage.swap_group_id = self._create_swap_group(massage)
        with self.assertRaisesRegex(UserError, "share no swap group"):
            self._swap(course, massage)
        with self.assertRaisesRegex(UserError, "another treatment"):
            course._swap(course.credit_ids, self.peel, 1, None)

    def test_new_group_reaches_what_was_sold(self):
        course = self._create_course()
        massage = self._create_treatment("Massage", list_price=10)
        massage.swap_group_id = self.group
        self.assertFalse(self._swap(course, massage))

    def test_only_what_is_free_is_swapped(self):
        course = self._create_course()
        self._book(date(2026, 2, 10))
        with self.assertRaisesRegex(UserError, "4 sessions left"):
            self._swap(course, self.laser, 5)
        for sessions in (0, -1):
            with self.assertRaisesRegex(UserError, "at least one session"):
                self._swap(course, self.laser, sessions)
        self.assertBalances(course.credit_ids, 5, 1)

    def test_part_sessions_only_where_they_were_sold(self):
        course = self._create_course()
        with self.assertRaisesRegex(UserError, "whole sessions"):
            self._swap(course, self.laser, 1.5)
        self.company.allows_part_sessions = True
        course = self._create_course()
        self._swap(course, self.laser, 1.5)
        self.assertEqual(self._new_credit(course).remaining, 1.5)
        self.assertEqual(self._new_credit(course).value, 135)

    def test_swap_again_and_back(self):
        course = self._create_course()
        self._swap(course, self.laser, 2)
        new = self._new_credit(course)
        # The peel costs 40 more than the laser.
        order = self._get_order(self._swap(course, self.peel, 1, credit=new))
        self.assertEqual(order.amount_total, 40)
        self.assertEqual(course.remaining_sessions, 5)
        self.assertEqual(course.total_sessions, 5)
        self.assertEqual(sum(course.credit_ids.mapped("value_remaining")), 450)

    def test_free_session_stays_free(self):
        self.peel_course.step_ids.free_sessions = 1
        course = self._create_course()
        bonus = course.credit_ids.filtered("is_bonus")
        self._swap(course, self.laser, 1, credit=bonus)
        new = self._new_credit(course)
        self.assertTrue(new.is_bonus)
        self.assertEqual(new.value, 0)

    def test_paused_course_is_not_swapped(self):
        course = self._create_course()
        course._pause("travel")
        with self.assertRaisesRegex(UserError, "Paused"):
            self._swap(course, self.laser)

    def test_credit_of_another_course_is_refused(self):
        course, other = self._create_course(), self._create_course()
        with self.assertRaisesRegex(UserError, "cannot be swapped"):
            course._swap(other.credit_ids, self.laser, 1, None)

    def test_undone_visit_of_a_swapped_session(self):
        self.peel_course.step_ids.min_days = 0
        course = self._create_course()
        self._swap(course, self.laser)
        event = self._visit(DAY, 9, treatment_id=self.laser.id)
        new = self._new_credit(course)
        self.assertBalances(new, 0, 0)
        event.action_undo()
        self.assertBalances(new, 1, 1)
        self.assertEqual(new.value_remaining, 90)

    def test_only_paid_sessions_are_swapped(self):
        self.peel_course.allows_instalments = True
        term = self.env["account.payment.term"].create(
            {
                "name": "Parts",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": share, "nb_days": days}
                    )
                    for share, days in ((40, 0), (60, 30))
                ],
            }
        )
        order = self._create_order(payment_term_id=term.id)
        invoice = self._invoice(order)
        self._pay(invoice, 180)
        course = order.course_ids
        self.assertEqual(course.credit_ids.available, 2)
        with self.assertRaisesRegex(UserError, "2 sessions paid"):
            self._swap(course, self.laser, 3)
        self._swap(course, self.laser, 1)
        # Two paid sessions: one peel, one laser, however often money is looked at.
        order._sync_courses_with_payment()
        self.assertEqual(course.credit_ids.mapped("available"), [1, 1])
        self._pay(invoice)
        self.assertEqual(course.credit_ids.mapped("available"), [4, 1])
