# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import unittest
from datetime import date
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .common import TODAY
from .course_common import CourseDeskCase

DAY = date(2026, 2, 2)


class CourseRefundCase(CourseDeskCase):
    def _use(self, course, sessions):
        """Use sessions of a course up, the paid ones first."""
        for _index in range(sessions):
            credits = course.credit_ids.filtered("available")
            credit = credits.sorted(lambda c: c._get_spending_order())[0]
            credit._redeem(1, DAY)
        self.env.invalidate_all()

    def _refund(self, course, user=None, **values):
        """Confirm the dialog; return the credit note."""
        values = {"reason": "She moves away", **values}
        action = self._confirm("medspa_course_refund_wizard", course, user, **values)
        return self.env["account.move"].browse(action and action["res_id"])

    def _preview(self, course):
        form = self._dialog("medspa_course_refund_wizard", course)
        form.reason = "x"
        wizard = form.save()
        return [line.amount for line in wizard.line_ids], wizard.amount


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestRefundAmount(CourseRefundCase):
    """Five peels of 120 each for 450."""

    def _check(self, course, lines, amount):
        shown, shown_amount = self._preview(course)
        self.assertEqual(shown, lines)
        self.assertEqual(shown_amount, amount)
        note = self._refund(course)
        self.assertEqual(course.state, "cancelled")
        self.assertEqual(course.refund_amount, amount)
        self.assertEqual(note.amount_total if note else 0.0, amount)
        for credit in course.credit_ids:
            self.assertBalances(credit, 0, 0)
            self.assertEqual(credit.value_remaining, 0)
        return note

    def test_price_of_the_sessions_that_remain(self):
        course = self._sell_paid()
        self._use(course, 2)
        # 450 / 5 = 90, three remain: 270.
        note = self._check(course, [270], 270)
        self.assertEqual(note.move_type, "out_refund")
        self.assertEqual(note.state, "posted")
        self.assertEqual(note.reversed_entry_id, course.sale_order_id.invoice_ids[0])
        self.assertEqual(note.partner_id, self.patient)
        self.assertEqual(course.refund_move_id, note)
        self.assertEqual(course.credit_ids.used, 2)
        self.assertEqual(course.credit_ids.move_ids[0].kind, "refund")
        self.assertEqual(course.credit_ids.move_ids[0].user_id, self.receptionist)

    def test_used_sessions_at_list_price(self):
        self.company.refund_basis = "list"
        course = self._sell_paid()
        self._use(course, 2)
        # 450 - 2 x 120 = 210.
        self._check(course, [450, -240], 210)

    def test_fees_are_kept(self):
        self.company.write({"refund_fee_percent": 10, "refund_fee": 15})
        course = self._sell_paid()
        self._use(course, 2)
        # 270 - 27 - 15 = 228.
        self._check(course, [270, -27, -15], 228)

    def test_fees_by_list_price(self):
        self.company.write(
            {"refund_basis": "list", "refund_fee_percent": 10, "refund_fee": 15}
        )
        course = self._sell_paid()
        self._use(course, 2)
        # 210 - 21 - 15 = 174.
        self._check(course, [450, -240, -21, -15], 174)

    def test_never_below_zero(self):
        self.company.write({"refund_basis": "list", "refund_fee": 15})
        course = self._sell_paid()
        self._use(course, 4)
        # 450 - 480 is below zero, and so is the fee: nothing.
        note = self._check(course, [450, -480, -15], 0)
        self.assertFalse(note)

    def test_fee_takes_no_more_than_there_is(self):
        self.company.refund_fee = 100
        course = self._sell_paid()
        self._use(course, 4)
        self._check(course, [90, -100], 0)

    def test_unused_course_gives_all_back(self):
        self._check(self._sell_paid(), [450], 450)

    def test_completed_course_gives_nothing(self):
        course = self._sell_paid()
        self._use(course, 5)
        self.assertEqual(course.state, "completed")
        self._check(course, [], 0)

    def test_paused_course(self):
        course = self._sell_paid()
        course._pause("travel")
        self._check(course, [450], 450)

    def test_free_sessions_are_worth_nothing(self):
        self.peel_course.step_ids.free_sessions = 1
        course = self._sell_paid()
        self.assertEqual(course.total_sessions, 6)
        self._use(course, 2)
        # Paid first: three of 90 remain, and the free one.
        self._check(course, [270, 0], 270)

    def test_only_the_free_session_is_left(self):
        self.peel_course.step_ids.free_sessions = 1
        course = self._sell_paid()
        self._use(course, 5)
        self.assertEqual(course.state, "active")
        self._check(course, [0], 0)

    def test_free_session_used_counts_at_list_price(self):
        self.peel_course.step_ids.free_sessions = 1
        self.company.refund_basis = "list"
        course = self._sell_paid()
        self._use(course, 2)
        self._check(course, [450, -240], 210)

    def test_free_course_gives_nothing(self):
        product = self._create_course_product(
            "Gift", 0, [(self.peel, 2, 0), (self.laser, 1, 0)]
        )
        course = self._create_order(product).course_ids
        self.assertEqual(course.state, "active")
        self._check(course, [0, 0], 0)

    def test_combo_of_uneven_shares(self):
        # 3 peels of 120 and 2 lasers of 80 for 400: 360 and 160 of 520,
        # 276.92 and 123.08. A peel is worth 92.31, a laser 61.54.
        product = self._create_course_product(
            "Combo", 400, [(self.peel, 3, 0), (self.laser, 2, 0)]
        )
        course = self._sell_paid(product)
        peels, lasers = course.credit_ids.sorted("id")
        peels._redeem(1, DAY)
        lasers._redeem(1, DAY)
        # 400 - 92.31 - 61.54 = 246.15: 184.61 for peels, 61.54 for lasers.
        self._check(course, [184.61, 61.54], 246.15)

    def test_shares_that_do_not_divide(self):
        # 100 for 3: 33.33, 33.33, 33.34. Two used: the last one is worth 33.34.
        product = self._create_course_product("3 peels", 100, [(self.peel, 3, 0)])
        course = self._sell_paid(product)
        self._use(course, 2)
        self._check(course, [33.34], 33.34)

    def test_after_a_swap_it_gives_the_same(self):
        self._create_swap_group(self.peel, self.laser)
        course = self._sell_paid()
        self._use(course, 1)
        course._swap(course.credit_ids, self.laser, 2, None)
        # 360 as before: 2 peels of 90, 2 lasers that were peels of 90.
        self._check(course, [180, 180], 360)

    def test_after_a_swap_to_a_dearer_treatment_by_list_price(self):
        facial = self._create_treatment("Facial", list_price=160)
        self._create_swap_group(self.peel, facial)
        self.company.refund_basis = "list"
        course = self._sell_paid()
        new = course._swap(course.credit_ids, facial, 2, None)
        new._redeem(1, DAY)
        self._use(course, 1)
        # The difference of 40 was charged by the swap: the facial counts as a peel.
        self._check(course, [450, -120, -120], 210)

    def test_after_a_swap_to_a_cheaper_treatment_by_list_price(self):
        self._create_swap_group(self.peel, self.laser)
        self.company.refund_basis = "list"
        course = self._sell_paid()
        new = course._swap(course.credit_ids, self.laser, 2, None)
        new._redeem(1, DAY)
        self._check(course, [450, -80], 370)

    def test_after_an_undo_it_counts_as_not_used(self):
        course = self._sell_paid()
        event = self._visit(DAY)
        self.assertEqual(self._preview(course)[1], 360)
        event.action_undo()
        self.assertEqual(self._preview(course)[1], 450)
        self._check(course, [450], 450)
        self.assertEqual(event.appointment_status, "cancelled")

    def test_parts_of_sessions(self):
        self.company.allows_part_sessions = True
        course = self._sell_paid()
        course.credit_ids._redeem(0.5, DAY)
        # 450 - 45 = 405.
        self._check(course, [405], 405)

    def test_units(self):
        toxin = self._create_treatment("Toxin", list_price=12, is_unit_based=True)
        product = self._create_course_product("50 units", 500, [(toxin, 50, 0)])
        product.step_ids.unit = "unit"
        course = self._sell_paid(product)
        course.credit_ids._redeem(12.5, DAY)
        # 500 / 50 = 10: 37.5 left.
        self._check(course, [375], 375)

    def test_terms_are_those_of_the_sale(self):
        course = self._sell_paid()
        self._use(course, 2)
        self.company.write({"refund_basis": "list", "refund_fee": 99})
        self.peel.list_price = 1000
        self._check(course, [270], 270)

    def test_list_price_is_the_one_of_the_sale(self):
        self.company.refund_basis = "list"
        course = self._sell_paid()
        self._use(course, 2)
        self.peel.list_price = 1000
        self._check(course, [450, -240], 210)

    # === TAXES AND CURRENCIES === #

    def test_price_per_session_is_given_back_to_the_cent(self):
        tax = self._create_tax(21, True)
        self.peel.taxes_id = tax
        product = self._create_course_product(
            "6 peels", 690, [(self.peel, 6, 0)], taxes_id=[Command.set(tax.ids)]
        )
        course = self._sell_paid(product)
        self._use(course, 3)
        # 570.25 without tax are 95.04 a session; with tax it is 115.00: 3 x 115 = 345.
        self._check(course, [345], 345)

    def test_tax_included(self):
        tax = self._create_tax(21, True)
        course = self._sell_paid(tax=tax)
        self._use(course, 2)
        # 450 with tax, 371.90 without: 3 of 5 are 270 with tax.
        note = self._check(course, [270], 270)
        self.assertEqual(note.amount_untaxed, 223.14)
        self.assertEqual(note.amount_tax, 46.86)

    def test_tax_excluded(self):
        tax = self._create_tax(21, False)
        course = self._sell_paid(tax=tax)
        self.assertEqual(course.price, 544.5)
        self._use(course, 2)
        # 544.50 with tax: 3 of 5 are 326.70.
        note = self._check(course, [326.7], 326.7)
        self.assertEqual(note.amount_untaxed, 270)

    def test_list_price_is_with_tax(self):
        tax = self._create_tax(21, False)
        self.peel.taxes_id = tax
        self.company.refund_basis = "list"
        course = self._sell_paid(tax=tax)
        self._use(course, 2)
        # 544.50 - 2 x 145.20 = 254.10.
        self._check(course, [544.5, -290.4], 254.1)

    def test_odd_amounts_with_tax_excluded_are_to_the_cent(self):
        tax = self._create_tax(21, False)
        for price, used in ((33.33, 0), (33.33, 1), (99.99, 2), (0.07, 1), (10.01, 3)):
            product = self._create_course_product(
                f"5 peels for {price}", price, [(self.peel, 5, 0)]
            )
            course = self._sell_paid(product, tax=tax)
            self._use(course, used)
            shown = self._preview(course)[1]
            note = self._refund(course)
            self.assertEqual(note.amount_total, shown, f"{price}, {used} used")
            self.assertEqual(course.refund_amount, shown)

    def test_amount_that_no_price_with_tax_comes_to(self):
        tax = self._create_tax(21, False)
        # 33.33 without tax is 40.33 with it; the fee leaves 33.33 with tax: 27.55 is
        # 33.34 with tax, 27.54 is 33.32. A line of one cent makes up for it.
        product = self._create_course_product("Odd", 33.33, [(self.peel, 1, 0)])
        self.company.refund_fee = 7
        course = self._sell_paid(product, tax=tax)
        note = self._check(course, [40.33, -7], 33.33)
        self.assertEqual(len(note.invoice_line_ids), 2)

    def _create_pricelist(self, code, rate, price):
        currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", code)])
        )
        currency.active = True
        self.env["res.currency.rate"].create(
            {
                "name": "2026-01-01",
                "currency_id": currency.id,
                "rate": rate,
                "company_id": self.company.id,
            }
        )
        return self.env["product.pricelist"].create(
            {
                "name": code,
                "currency_id": currency.id,
                "item_ids": [
                    Command.create(
                        {
                            "compute_price": "fixed",
                            "fixed_price": price,
                            "applied_on": "3_global",
                        }
                    )
                ],
            }
        )

    def test_yen_have_no_decimals(self):
        pricelist = self._create_pricelist("JPY", 150, 50000)
        self.company.write({"refund_fee_percent": 10, "refund_fee": 15})
        product = self._create_course_product("3 peels", 300, [(self.peel, 3, 0)])
        course = self._sell_paid(product, pricelist_id=pricelist.id)
        self.assertEqual((course.currency_id.name, course.price), ("JPY", 50000))
        self._use(course, 1)
        # 50000 / 150 = 333.33 in books, 111.11 used: 50000 - 16667 = 33333.
        # 10 % are 3333, 15.00 are 2250: 27750.
        note = self._check(course, [33333, -3333, -2250], 27750)
        self.assertEqual(note.currency_id.name, "JPY")

    def test_dinars_have_three_decimals(self):
        pricelist = self._create_pricelist("KWD", 0.3, 100.1)
        product = self._create_course_product("3 peels", 300, [(self.peel, 3, 0)])
        course = self._sell_paid(product, pricelist_id=pricelist.id)
        self.assertEqual((course.currency_id.name, course.price), ("KWD", 100.1))
        self.company.refund_basis = "list"
        self._use(course, 1)
        # 100.100 / 3 = 33.367 for the one that was used: 66.733.
        self._check(course, [66.733], 66.733)

    def test_list_price_in_another_currency(self):
        pricelist = self._create_pricelist("KWD", 0.3, 100.1)
        self.company.refund_basis = "list"
        product = self._create_course_product("3 peels", 300, [(self.peel, 3, 0)])
        course = self._sell_paid(product, pricelist_id=pricelist.id)
        self._use(course, 1)
        # 120 at 0.3 = 36: 100.1 - 36 = 64.1.
        self._check(course, [100.1, -36], 64.1)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestRefund(CourseRefundCase):
    def test_booked_sessions_are_released_and_refunded(self):
        self.company.write({"cancel_notice_hours": 48, "free_passes": 1})
        course = self._sell_paid()
        soon, later = self._book(date(2026, 2, 3)), self._book(date(2026, 2, 20))
        form = self._dialog("medspa_course_refund_wizard", course)
        self.assertEqual(form.booking_count, 2)
        self.assertEqual(form.amount, 450)
        form.reason = "She moves away"
        form.save().action_confirm()
        self.env.invalidate_all()
        self.assertEqual((soon | later).mapped("appointment_status"), ["cancelled"] * 2)
        self.assertFalse((soon | later).occupancy_ids)
        # The clinic ends it: that is no late cancellation, and takes no free pass.
        self.assertNotIn(soon.loss_outcome, ("used", "free_pass"))
        self.assertEqual(course.refund_amount, 450)
        self.assertBalances(course.credit_ids, 0, 0)

    def test_appointment_of_a_refunded_course_can_be_booked_again(self):
        course = self._sell_paid()
        event = self._book(date(2026, 2, 20))
        self._refund(course)
        event.with_user(self.receptionist).action_undo()
        self.assertEqual(event.appointment_status, "booked")
        self.assertFalse(event.credit_id)

    def test_refund_seen_before_a_visit_is_refused(self):
        course = self._sell_paid()
        form = self._dialog("medspa_course_refund_wizard", course)
        form.reason = "x"
        wizard = form.save()
        self._use(course, 1)
        with self.assertRaisesRegex(UserError, "360.00"):
            wizard.action_confirm()
        self.assertEqual(course.state, "active")

    def test_only_once(self):
        course = self._sell_paid()
        form = self._dialog("medspa_course_refund_wizard", course)
        form.reason = "x"
        wizard = form.save()
        self._refund(course)
        with self.assertRaisesRegex(UserError, "Cancelled"):
            wizard.action_confirm()
        notes = self.env["account.move"].search(
            [("reversed_entry_id", "in", course.sale_order_id.invoice_ids.ids)]
        )
        self.assertEqual(len(notes), 1)

    def test_one_of_two_courses_of_an_order(self):
        first, second = self._sell_paid(quantity=2)
        note = self._refund(first)
        self.assertEqual(note.amount_total, 450)
        self.assertEqual((first.state, second.state), ("cancelled", "active"))
        self.assertFalse(second.credit_ids.is_frozen)
        # Paying the note out, at the desk, changes nothing for the other.
        self._pay(note)
        self.assertEqual(second.state, "active")
        self._refund(second)
        self.assertEqual(second.refund_amount, 450)

    def test_deferred_order_is_invoiced_first(self):
        order = self._create_order()
        order.course_ids._activate()
        course = order.course_ids
        self.assertFalse(order.invoice_ids)
        # Nothing has been paid: nothing is paid back, and the note settles the invoice.
        note = self._refund(course)
        self.assertEqual(course.refund_amount, 0)
        self.assertEqual(note.amount_total, 450)
        self.assertEqual(note.reversed_entry_id.amount_residual, 0)

    def test_course_without_order(self):
        """Brought over from another system, say."""
        course = self._create_course()
        self._use(course, 2)
        note = self._refund(course)
        self.assertEqual(note.amount_total, 270)
        self.assertEqual(note.partner_id, self.patient)
        self.assertFalse(note.reversed_entry_id)

    def test_other_states_are_refused(self):
        for state in ("draft", "expired", "transferred", "cancelled"):
            course = self._sell_paid()
            course.state = state
            with self.assertRaisesRegex(UserError, "is not possible"):
                self._refund(course)

    def test_second_company(self):
        company = self.env["res.company"].create({"name": "Second clinic"})
        self.receptionist.company_ids += company
        course = self._sell_paid()
        other = self.receptionist
        other.company_id = company
        self._use(course, 2)
        note = self._refund(course, other)
        self.assertEqual(note.company_id, self.company)
        self.assertEqual(note.amount_total, 270)

    # === IN PARTS === #

    def _sell_in_parts(self, quantity=1):
        """180 of 450 paid now, 270 in 30 days; two of five sessions can be used."""
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
        order = self._create_order(payment_term_id=term.id, quantity=quantity)
        self._pay(self._invoice(order), 180 * quantity)
        return order.course_ids

    def test_parts_not_paid_are_set_off(self):
        course = self._sell_in_parts()
        self._use(course, 1)
        # 4 of 5 remain: 360, of which 270 were never paid: 90.
        self.assertEqual(self._preview(course), ([360, -270], 90))
        note = self._refund(course)
        self.assertEqual(course.refund_amount, 90)
        self.assertEqual(note.amount_total, 360)
        self.assertEqual(note.amount_residual, 90)
        self.assertEqual(note.reversed_entry_id.amount_residual, 0)
        self.assertBalances(course.credit_ids, 0, 0)

    def test_used_up_to_what_is_paid(self):
        course = self._sell_in_parts()
        self._use(course, 2)
        # 270 remain, 270 were never paid: nothing, and nothing is owed.
        note = self._refund(course)
        self.assertEqual(course.refund_amount, 0)
        self.assertEqual(note.amount_residual, 0)
        self.assertEqual(note.reversed_entry_id.amount_residual, 0)

    def test_fee_is_still_owed_when_little_was_paid(self):
        self.company.refund_fee = 50
        course = self._sell_in_parts()
        self._use(course, 2)
        # 270 - 50 = 220 of credit against 270 open: 50 are owed.
        note = self._refund(course)
        self.assertEqual(course.refund_amount, 0)
        self.assertEqual(note.amount_total, 220)
        self.assertEqual(note.reversed_entry_id.amount_residual, 50)

    def test_one_of_two_in_parts_leaves_the_other_as_paid(self):
        first, second = self._sell_in_parts(quantity=2)
        note = self._refund(first)
        # 450 of credit, 270 never paid: 180 are paid back.
        self.assertEqual(first.refund_amount, 180)
        self.assertEqual(note.amount_residual, 180)
        # 900 - 360 paid - 270 credited = 270 are open, for the second one.
        self.assertEqual(note.reversed_entry_id.amount_residual, 270)
        self.assertEqual(second.credit_ids.available, 2)
        self._pay(note)
        self.assertEqual(second.credit_ids.available, 2)
        self._pay(note.reversed_entry_id)
        self.assertEqual(second.credit_ids.available, 5)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestRefundByCard(CourseRefundCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider = cls.env.ref("payment.payment_provider_demo", False)
        if not cls.provider or cls.provider.code != "demo":
            raise unittest.SkipTest("payment_demo is not installed")
        cls.provider.write({"state": "test", "journal_id": cls.bank.id})
        cls.method = cls.provider.payment_method_ids[:1] or cls.env.ref(
            "payment.payment_method_demo"
        )

    def _sell_by_card(self, quantity=1, amount=None):
        order = self._create_order(quantity=quantity)
        tx = self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "reference": f"{order.name}-1",
                "amount": amount or order.amount_total,
                "currency_id": order.currency_id.id,
                "partner_id": self.patient.id,
                "operation": "online_direct",
                "sale_order_ids": [Command.set(order.ids)],
            }
        )
        tx.sudo()._set_done()
        tx.sudo()._post_process()
        return order.course_ids

    def _refund_by_card(self, course):
        form = self._dialog("medspa_course_refund_wizard", course)
        self.assertTrue(form.can_refund_by_card)
        return self._refund(course, method="card")

    def _children(self, course):
        return course.sale_order_id.transaction_ids.child_transaction_ids

    def test_money_goes_back_to_the_card(self):
        course = self._sell_by_card()
        self.assertEqual(course.state, "active")
        self._use(course, 2)
        note = self._refund_by_card(course)
        child = self._children(course)
        self.assertEqual((child.state, child.amount), ("done", -270))
        self.assertEqual(note.amount_total, 270)
        self.assertEqual(note.amount_residual, 0)
        self.assertEqual(child.payment_id.payment_type, "outbound")
        self.assertEqual(child.payment_id.amount, 270)

    def test_refused_refund_changes_nothing(self):
        course = self._sell_by_card()
        event = self._book(date(2026, 2, 20))
        moves = course.credit_ids.move_ids

        def refuse(tx):
            tx.sudo()._set_error("Too old")

        with (
            patch.object(
                self.registry["payment.transaction"], "_send_refund_request", refuse
            ),
            self.assertRaisesRegex(UserError, "nothing was changed: Too old"),
            self.env.cr.savepoint(),
        ):
            self._refund_by_card(course)
        self.env.invalidate_all()
        self.assertEqual(course.state, "active")
        self.assertEqual(course.credit_ids.move_ids, moves)
        self.assertBalances(course.credit_ids, 5, 1)
        self.assertEqual(event.appointment_status, "booked")
        self.assertFalse(course.refund_move_id)
        self.assertFalse(
            self.env["account.move"].search(
                [("move_type", "=", "out_refund"), ("partner_id", "=", self.patient.id)]
            )
        )
        # And again, when the provider is willing.
        self.assertEqual(self._refund_by_card(course).amount_residual, 0)

    def test_two_courses_are_refunded_one_by_one(self):
        first, second = self._sell_by_card(quantity=2)
        self._refund_by_card(first)
        self.assertEqual((first.state, second.state), ("cancelled", "active"))
        self._refund_by_card(second)
        self.assertEqual(sum(self._children(first).mapped("amount")), -900)

    def test_card_that_has_less_left_is_not_offered(self):
        course = self._sell_by_card()
        tx = course.sale_order_id.transaction_ids
        tx._refund(amount_to_refund=200)
        form = self._dialog("medspa_course_refund_wizard", course)
        self.assertFalse(form.can_refund_by_card)
        with self.assertRaisesRegex(UserError, "No card payment"):
            course._refund(450, "x", by_provider=True)

    def test_course_paid_at_the_desk_is_not_refunded_by_card(self):
        form = self._dialog("medspa_course_refund_wizard", self._sell_paid())
        self.assertFalse(form.can_refund_by_card)

    def test_card_that_paid_the_invoice(self):
        order = self._create_order()
        invoice = self._invoice(order)
        tx = self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "reference": f"{invoice.name}-1",
                "amount": 450,
                "currency_id": order.currency_id.id,
                "partner_id": self.patient.id,
                "operation": "online_direct",
                "invoice_ids": [Command.set(invoice.ids)],
            }
        )
        tx.sudo()._set_done()
        tx.sudo()._post_process()
        course = order.course_ids
        self.assertEqual(course.state, "active")
        self.assertEqual(self._refund_by_card(course).amount_residual, 0)
        self.assertEqual(tx.child_transaction_ids.amount, -450)
