# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import unittest
from datetime import date, timedelta

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .common import TODAY
from .course_common import CourseDeskCase

DAY = date(2026, 2, 2)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestMoneyGone(CourseDeskCase):
    """Paid, taken back, paid again: the course follows, whatever way it happens."""

    def assertHeld(self, course):
        self.env.invalidate_all()
        self.assertEqual(course.state, "unpaid")
        self.assertTrue(all(course.credit_ids.mapped("is_frozen")))
        self.assertIn("Held: no longer paid", course.message_ids[0].body)

    def assertInUse(self, course, remaining=5):
        self.env.invalidate_all()
        self.assertEqual(course.state, "active")
        self.assertFalse(any(course.credit_ids.mapped("is_frozen")))
        self.assertEqual(course.remaining_sessions, remaining)

    def _get_invoice(self, course):
        return course.sale_order_id.invoice_ids

    def test_payment_unreconciled_and_back(self):
        course = self._sell_paid()
        invoice = self._get_invoice(course)
        invoice.line_ids.remove_move_reconcile()
        self.assertHeld(course)
        self.assertIn("taken back", course.message_ids[0].body)
        self.assertIn("taken back", course.credit_ids.move_ids[0].reason)
        self._pay(invoice)
        self.assertInUse(course)
        self.assertBalances(course.credit_ids, 5, 0)

    def test_payment_cancelled(self):
        order = self._create_order()
        payment = self._pay(self._invoice(order))
        course = order.course_ids
        self.assertInUse(course)
        payment.action_draft()
        payment.action_cancel()
        self.assertHeld(course)
        self._pay(self._get_invoice(course))
        self.assertInUse(course)

    def test_invoice_made_draft(self):
        course = self._sell_paid()
        invoice = self._get_invoice(course)
        invoice.button_draft()
        self.assertHeld(course)
        # Core reconciles it with the same payment again.
        invoice.action_post()
        self.assertInUse(course)

    def test_invoice_cancelled(self):
        course = self._sell_paid()
        invoice = self._get_invoice(course)
        invoice.button_draft()
        invoice.button_cancel()
        self.assertHeld(course)

    def _reverse(self, invoice, is_modify=False):
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"reason": "Mistake", "journal_id": invoice.journal_id.id})
        )
        wizard.reverse_moves(is_modify=is_modify)
        return invoice.reversal_move_ids

    def test_invoice_credited_in_full(self):
        course = self._sell_paid()
        note = self._reverse(self._get_invoice(course))
        self.assertInUse(course)
        note.action_post()
        self.assertHeld(course)

    def test_unpaid_invoice_credited_in_full(self):
        order = self._create_order()
        invoice = self._invoice(order)
        self._reverse(invoice).action_post()
        self.assertEqual(order.course_ids.state, "draft")

    def test_credit_note_of_goodwill_changes_nothing(self):
        course = self._sell_paid()
        note = self._reverse(self._get_invoice(course))
        note.invoice_line_ids.price_unit = 50
        note.action_post()
        course.sale_order_id._sync_courses_with_payment()
        self.assertInUse(course)

    def test_all_ways_twice(self):
        course = self._sell_paid()
        invoice = self._get_invoice(course)
        for _time in range(2):
            invoice.line_ids.remove_move_reconcile()
            course.sale_order_id._sync_courses_with_payment("again")
            self.assertEqual(course.state, "unpaid")
            self._pay(invoice)
            course.sale_order_id._sync_courses_with_payment()
            self.assertInUse(course)
        kinds = course.credit_ids.move_ids.mapped("kind")
        self.assertEqual((kinds.count("freeze"), kinds.count("unfreeze")), (2, 2))

    def test_used_up_course_is_completed_again(self):
        course = self._sell_paid()
        course.credit_ids._redeem(5, DAY)
        invoice = self._get_invoice(course)
        invoice.line_ids.remove_move_reconcile()
        self.assertHeld(course)
        self._pay(invoice)
        self.env.invalidate_all()
        self.assertEqual(course.state, "completed")

    def test_money_gone_during_a_pause_shows_when_it_ends(self):
        course = self._sell_paid()
        course._pause("travel")
        invoice = self._get_invoice(course)
        invoice.line_ids.remove_move_reconcile()
        self.assertEqual(course.state, "paused")
        course.with_user(self.receptionist).action_resume()
        self.assertHeld(course)
        self._pay(invoice)
        self.assertInUse(course)

    def test_held_course_is_not_changed(self):
        self.company.write({"share_limit": 1, "is_transferable": True})
        course = self._sell_paid()
        self._get_invoice(course).line_ids.remove_move_reconcile()
        for name, values in {
            "medspa_course_pause_wizard": {},
            "medspa_course_extend": {"expires_on": date(2028, 1, 1), "reason": "x"},
            "medspa_course_transfer": {
                "partner_id": self.other_patient,
                "reason": "x",
            },
        }.items():
            with self.assertRaisesRegex(UserError, "No longer paid"):
                self._confirm(name, course, **values)

    def test_reversed_sale_can_be_closed(self):
        """The money went back by a credit note: nothing is refunded again."""
        course = self._sell_paid()
        event = self._book(DAY + timedelta(days=7))
        self._reverse(self._get_invoice(course)).action_post()
        self.assertHeld(course)
        self._confirm("medspa_course_refund_wizard", course, reason="Closed")
        self.assertEqual((course.state, course.refund_amount), ("cancelled", 0))
        self.assertFalse(course.refund_move_id)
        self.assertEqual(event.appointment_status, "cancelled")
        self.assertBalances(course.credit_ids, 0, 0)

    def test_sale_that_was_charged_back_can_be_closed(self):
        """Two of five were used: 180 stay due of an invoice of 450."""
        course = self._sell_paid()
        course.credit_ids._redeem(2, DAY)
        invoice = self._get_invoice(course)
        invoice.line_ids.remove_move_reconcile()
        self._confirm("medspa_course_refund_wizard", course, reason="Closed")
        self.assertEqual((course.state, course.refund_amount), ("cancelled", 0))
        self.assertEqual(course.refund_move_id.amount_total, 270)
        self.assertEqual(invoice.amount_residual, 180)

    # === APPOINTMENTS OF A HELD COURSE === #

    def _hold_with_booking(self):
        course = self._sell_paid()
        event = self._book(DAY)
        self._get_invoice(course).line_ids.remove_move_reconcile()
        self.assertHeld(course)
        self.assertBalances(course.credit_ids, 5, 1)
        return course, event.with_user(self.receptionist)

    def test_booking_is_refused_at_check_in(self):
        course, event = self._hold_with_booking()
        for action in (event.action_arrive, event.action_done):
            self.assertRefused(action, course.name, "no longer paid")
        self.assertEqual(event.appointment_status, "booked")

    def test_paid_again_the_booking_goes_on(self):
        course, event = self._hold_with_booking()
        self._pay(self._get_invoice(course))
        event.action_arrive()
        event.action_done()
        self.assertBalances(course.credit_ids, 4, 0)

    def test_patient_pays_this_visit_apart(self):
        course, event = self._hold_with_booking()
        event.is_paid_apart = True
        event.action_arrive()
        event.action_done()
        self.assertBalances(course.credit_ids, 5, 0)

    def test_missed_booking_of_a_held_course_takes_nothing(self):
        course, event = self._hold_with_booking()
        self.assertFalse(event.action_no_show())
        self.assertEqual(event.appointment_status, "no_show")
        self.assertBalances(course.credit_ids, 5, 0)

    def test_booking_of_a_held_course_can_be_cancelled(self):
        self.company.cancel_notice_hours = 24
        course, event = self._hold_with_booking()
        self.assertFalse(event.action_cancel_appointment())
        self.assertEqual(event.appointment_status, "cancelled")
        self.assertBalances(course.credit_ids, 5, 0)

    def test_visit_of_a_held_course_can_be_undone(self):
        course = self._sell_paid()
        event = self._visit(DAY)
        self._get_invoice(course).line_ids.remove_move_reconcile()
        event.with_user(self.receptionist).action_undo()
        self.assertBalances(course.credit_ids, 5, 1)

    # === SECOND COMPANY === #

    def test_one_order_does_not_hold_another(self):
        first, second = self._sell_paid(), self._sell_paid()
        self._get_invoice(first).line_ids.remove_move_reconcile()
        self.assertHeld(first)
        self.assertInUse(second)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestCardMoneyGone(CourseDeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls.env.ref("payment.payment_provider_demo", False)
        if not cls.provider or cls.provider.code != "demo":
            raise unittest.SkipTest("payment_demo is not installed")
        cls.provider.write({"state": "test", "journal_id": cls.bank.id})

    def _pay_by_card(self, order):
        tx = self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.provider.payment_method_ids[:1].id,
                "reference": f"{order.name}-1",
                "amount": order.amount_total,
                "currency_id": order.currency_id.id,
                "partner_id": self.patient.id,
                "operation": "online_direct",
                "sale_order_ids": [Command.set(order.ids)],
            }
        )
        tx.sudo()._set_done()
        tx.sudo()._post_process()
        return tx

    def test_chargeback_of_an_order_without_invoice(self):
        order = self._create_order()
        tx = self._pay_by_card(order)
        course = order.course_ids
        self.assertEqual(course.state, "active")
        tx.payment_id.action_draft()
        self.assertEqual(course.state, "unpaid")
        tx.payment_id.action_post()
        self.assertEqual(course.state, "active")
        self.assertFalse(course.credit_ids.is_frozen)

    def test_chargeback_of_an_invoiced_order(self):
        order = self._create_order()
        tx = self._pay_by_card(order)
        self._invoice(order)
        course = order.course_ids
        tx.payment_id.action_cancel()
        self.assertEqual(course.state, "unpaid")
        self._pay(order.invoice_ids)
        self.assertEqual(course.state, "active")

    def test_invoice_of_an_order_paid_by_card_holds_nothing(self):
        order = self._create_order()
        self._pay_by_card(order)
        self._invoice(order)
        self.assertEqual(order.course_ids.state, "active")
        self.assertNotIn("freeze", order.course_ids.credit_ids.move_ids.mapped("kind"))
