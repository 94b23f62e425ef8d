# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date

from odoo import Command
from odoo.tests import freeze_time, tagged

from .common import TODAY
from .course_common import CourseDeskCase

DAY = date(2026, 2, 2)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestCourseMoney(CourseDeskCase):
    """What a course is worth and what of it is paid, counted by hand: 900 for three."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.course_900 = cls._create_course_product("Three", 900, [(cls.peel, 3, 0)])
        cls.discount = cls.env["product.product"].create(
            {"name": "Discount", "type": "service", "taxes_id": [Command.clear()]}
        )
        cls.thirds = cls.env["account.payment.term"].create(
            {
                "name": "Thirds",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": share, "nb_days": days}
                    )
                    for share, days in ((33.33, 0), (33.33, 30), (33.34, 60))
                ],
            }
        )

    def _sell(self, *lines, **vals):
        """Return the confirmed order of (product, quantity, price) lines."""
        order = self.env["sale.order"].create(
            {
                "partner_id": self.patient.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.product_variant_id.id,
                            "product_uom_qty": quantity,
                            "price_unit": price,
                        }
                    )
                    for product, quantity, price in lines
                ],
                **vals,
            }
        )
        order.action_confirm()
        return order

    def _sell_and_pay(self, *lines, **vals):
        order = self._sell(*lines, **vals)
        self._pay(self._invoice(order))
        return order

    def _credit_by_hand(self, invoice, amount, is_linked=True):
        """Credit a part of an invoice in accounting."""
        if is_linked:
            note = invoice._reverse_moves()
            note.invoice_line_ids[1:].unlink()
            note.invoice_line_ids.write({"quantity": 1, "price_unit": amount})
        else:
            note = self.env["account.move"].create(
                {
                    "move_type": "out_refund",
                    "partner_id": invoice.partner_id.id,
                    "invoice_line_ids": [
                        Command.create({"name": "Sorry", "price_unit": amount})
                    ],
                }
            )
            note.invoice_line_ids.tax_ids = False
        note.action_post()
        return note

    def assertRefund(self, course, amount, credit=None):
        """What is previewed is given, and the credit note says so."""
        preview = course._get_refund()
        self.assertAlmostEqual(preview["amount"], amount, places=3)
        note = course._refund(preview["amount"], "She moves away")
        self.assertAlmostEqual(course.refund_amount, amount, places=3)
        self.assertAlmostEqual(
            note.amount_total, amount if credit is None else credit, places=3
        )
        return note

    # === DISCOUNTS === #

    def test_discount_line_is_shared(self):
        discount = self.discount.product_tmpl_id
        order = self._sell_and_pay((self.course_900, 1, 900), (discount, 1, -90))
        self.assertEqual(order.course_ids.price, 810)
        self.assertEqual(order.course_ids.credit_ids.value, 810)
        note = self.assertRefund(order.course_ids, 810)
        self.assertEqual(note.reversed_entry_id, order.invoice_ids)

    def test_discount_is_shared_over_several_lines(self):
        discount = self.discount.product_tmpl_id
        # 100 off 900 + 450 + 150: 60, 30 and 10.
        order = self._sell_and_pay(
            (self.course_900, 1, 900),
            (self.peel_course, 1, 450),
            (self.laser, 1, 150),
            (discount, 1, -100),
        )
        first, second = order.course_ids.sorted("id")
        self.assertRefund(first, 840)
        self.assertRefund(second, 420)

    def test_discount_goes_to_lines_of_its_tax(self):
        tax = self._create_tax(21, True)
        order = self._sell(
            (self.course_900, 1, 900),
            (self.peel_course, 1, 450),
            (self.discount.product_tmpl_id, 1, -90),
        )
        order.order_line[0].tax_ids = tax
        order.order_line[2].tax_ids = tax
        self._pay(self._invoice(order))
        first, second = order.course_ids.sorted("id")
        note = self.assertRefund(first, 810)
        self.assertEqual(note.amount_tax, 140.58)
        self.assertRefund(second, 450)

    def test_discount_of_the_wizard_of_sales(self):
        order = self._sell((self.course_900, 2, 900))
        self.env["sale.order.discount"].create(
            {
                "sale_order_id": order.id,
                "discount_type": "so_discount",
                "discount_percentage": 0.1,
            }
        ).action_apply_discount()
        self._pay(self._invoice(order))
        first, second = order.course_ids.sorted("id")
        self.assertRefund(first, 810)
        self.assertEqual(second.state, "active")
        self.assertRefund(second, 810)

    def test_discounted_course_of_which_one_session_was_used(self):
        discount = self.discount.product_tmpl_id
        order = self._sell_and_pay((self.course_900, 1, 900), (discount, 1, -90))
        order.course_ids.credit_ids._redeem(1, DAY)
        self.assertRefund(order.course_ids, 540)

    def test_course_that_a_discount_makes_free(self):
        discount = self.discount.product_tmpl_id
        order = self._sell((self.course_900, 1, 900), (discount, 1, -900))
        self.assertEqual(order.course_ids.state, "active")
        self.assertRefund(order.course_ids, 0)

    # === CREDIT NOTES BY HAND === #

    def test_credit_note_by_hand(self):
        order = self._sell_and_pay((self.course_900, 1, 900))
        self._credit_by_hand(order.invoice_ids, 150)
        self.assertEqual(order.course_ids.state, "active")
        self.assertRefund(order.course_ids, 750)

    def test_credit_note_by_hand_paid_out(self):
        order = self._sell_and_pay((self.course_900, 1, 900))
        self._pay(self._credit_by_hand(order.invoice_ids, 150))
        self.assertEqual(order.course_ids.state, "active")
        self.assertRefund(order.course_ids, 750)

    def test_credit_note_by_hand_before_the_payment(self):
        order = self._sell((self.course_900, 1, 900))
        invoice = self._invoice(order)
        note = self._credit_by_hand(invoice, 150, is_linked=False)
        (note | invoice).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).reconcile()
        self.assertEqual(order.course_ids.state, "draft")
        self._pay(invoice)
        self.assertEqual(order.course_ids.state, "active")
        self.assertRefund(order.course_ids, 750)

    def test_credit_note_of_one_line_leaves_the_other(self):
        order = self._sell_and_pay(
            (self.course_900, 1, 900), (self.peel_course, 1, 450)
        )
        first, second = order.course_ids.sorted("id")
        self._credit_by_hand(order.invoice_ids, 900)
        self.assertEqual((first.state, second.state), ("unpaid", "active"))
        self.assertRefund(second, 450)

    # === IN PARTS === #

    def _sell_in_thirds(self, product, price, quantity=1):
        product.allows_instalments = True
        order = self._sell((product, quantity, price), payment_term_id=self.thirds.id)
        return order, self._invoice(order)

    def test_thirds_of_three_sessions(self):
        order, invoice = self._sell_in_thirds(self.course_900, 100)
        for available in (1, 2):
            self._pay(invoice, 33.33)
            self.assertEqual(order.course_ids.credit_ids.available, available)
        self._pay(invoice)
        self.assertEqual(order.course_ids.credit_ids.available, 3)

    def test_thirds_of_a_combo_of_single_sessions(self):
        facial = self._create_treatment("Facial", list_price=120)
        self.laser.list_price = 120
        combo = self._create_course_product(
            "Combo", 900, [(self.peel, 1, 0), (self.laser, 1, 0), (facial, 1, 0)]
        )
        order, invoice = self._sell_in_thirds(combo, 900)
        self._pay(invoice, 300)
        credits = order.course_ids.credit_ids.sorted("id")
        self.assertEqual(credits.mapped("available"), [1, 0, 0])
        credits[0]._redeem(1, DAY)
        order._sync_courses_with_payment()
        self.assertEqual(credits.mapped("available"), [0, 0, 0])
        self._pay(invoice, 300)
        self.assertEqual(credits.mapped("available"), [0, 1, 0])
        # 600 paid, one of three used: 600 unused, 300 of that never paid.
        self.assertRefund(order.course_ids, 300, credit=600)
        self.assertEqual(invoice.amount_residual, 0)

    def test_part_paid_less_than_a_session(self):
        order, invoice = self._sell_in_thirds(self.course_900, 900)
        self._pay(invoice, 299)
        self.assertEqual(order.course_ids.credit_ids.available, 0)

    # === ORDERS THAT CHANGE === #

    def test_quantity_raised_keeps_the_paid_course(self):
        for is_in_parts in (False, True):
            if is_in_parts:
                order, invoice = self._sell_in_thirds(self.course_900, 900)
                self._pay(invoice, 900)
            else:
                order = self._sell_and_pay((self.course_900, 1, 900))
            order.order_line.product_uom_qty = 2
            order._create_invoices().action_post()
            order._sync_courses_with_payment()
            first, second = order.course_ids.sorted("sale_position")
            self.assertEqual((first.state, second.state), ("active", "draft"))
            self.assertEqual(first.credit_ids.available, 3)
            self._pay(order.invoice_ids.filtered("amount_residual"), 900)
            self.assertEqual(second.state, "active")
            self.assertRefund(first, 900)
            self.assertRefund(second, 900)

    def test_line_added_keeps_the_paid_course(self):
        order = self._sell_and_pay((self.course_900, 1, 900))
        course = order.course_ids
        order.order_line = [
            Command.create(
                {
                    "product_id": self.peel_course.product_variant_id.id,
                    "product_uom_qty": 1,
                }
            )
        ]
        order._sync_courses_with_payment()
        self.assertEqual(course.state, "active")
        # The invoice is made again over both of them; its payment stays.
        invoice = order.invoice_ids
        payment = invoice.matched_payment_ids
        invoice.button_draft()
        invoice.invoice_line_ids = [
            Command.create(order.order_line[1]._prepare_invoice_line())
        ]
        invoice.action_post()
        (payment.move_id | invoice).line_ids.filtered(
            lambda line: (
                line.account_id.account_type == "asset_receivable"
                and not line.reconciled
            )
        ).reconcile()
        states = order.course_ids.sorted("id").mapped("state")
        self.assertEqual(states, ["active", "draft"])

    # === CURRENCIES === #

    def _create_pricelist(self, code):
        currency = self.env["res.currency"].with_context(active_test=False)
        currency = currency.search([("name", "=", code)])
        currency.active = True
        return self.env["product.pricelist"].create(
            {"name": code, "currency_id": currency.id}
        )

    def test_discount_in_yen_and_dinars(self):
        discount = self.discount.product_tmpl_id
        for code, price, off, expected in (
            ("JPY", 10000, -1000, 6000),
            # 100.001 - 10.001 = 90; 30 a session, one is used.
            ("KWD", 100.001, -10.001, 60),
        ):
            order = self._sell_and_pay(
                (self.course_900, 1, price),
                (discount, 1, off),
                pricelist_id=self._create_pricelist(code).id,
            )
            self.assertEqual(order.currency_id.name, code)
            order.course_ids.credit_ids._redeem(1, DAY)
            self.assertRefund(order.course_ids, expected)
