# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .common import TODAY, ClinicCase


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestCourseSale(ClinicCase):
    def _pay(self, order, amount=None):
        """Invoice an order and register a payment of the invoice, of all by default."""
        invoice = order._create_invoices()
        invoice.action_post()
        self._pay_invoice(invoice, amount)
        return invoice

    def _pay_invoice(self, invoice, amount=None):
        register = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        register.create({"amount": amount} if amount else {}).action_create_payments()

    def _create_order(self, *line_vals, **vals):
        order = self.env["sale.order"].create(
            {
                "partner_id": self.patient.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.peel_course.product_variant_id.id,
                            **values,
                        }
                    )
                    for values in line_vals
                ],
                **vals,
            }
        )
        order.action_confirm()
        return order

    def _repeat_all_hooks(self, order):
        """Let every event arrive again that may arrive twice."""
        order._sync_courses_with_payment()
        order.invoice_ids._invoice_paid_hook()
        order.order_line._create_courses()
        order.course_ids._activate()

    # === ORDER === #

    def test_confirmed_order_makes_a_draft_for_each_unit(self):
        order = self._sell_course(quantity=3)
        self.assertEqual(order.course_ids.mapped("state"), ["draft"] * 3)
        self.assertEqual(len(set(order.course_ids.mapped("name"))), 3)
        self.assertEqual(sorted(order.course_ids.mapped("sale_position")), [0, 1, 2])
        self.assertEqual(order.course_count, 3)
        self.assertTrue(self.patient.is_patient)

    def test_nothing_is_used_before_it_is_paid(self):
        order = self._sell_course()
        self.assertFalse(order.course_ids.credit_ids)
        self.assertFalse(self._create_appointment(TODAY).credit_id)

    def test_quotation_makes_nothing(self):
        order = self._create_order({"product_uom_qty": 1})
        draft = order.copy()
        self.assertEqual(draft.state, "draft")
        self.assertFalse(draft.course_ids)

    def test_part_of_a_course_is_not_sold(self):
        with self.assertRaisesRegex(UserError, "sold whole"):
            self._sell_course(quantity=1.5)

    def test_cancelled_order_drops_what_was_not_paid(self):
        order = self._sell_course(quantity=2)
        order._action_cancel()
        self.assertFalse(order.course_ids)
        order.action_draft()
        order.action_confirm()
        self.assertEqual(len(order.course_ids), 2)

    def test_other_products_make_no_course(self):
        order = self._create_order(
            {"product_id": self.peel.product_variant_id.id, "product_uom_qty": 2}
        )
        self.assertFalse(order.course_ids)

    # === MONEY === #

    def test_paid_invoice_activates(self):
        order = self._sell_course()
        invoice = order._create_invoices()
        self.assertEqual(order.course_ids.state, "draft", "invoiced is not paid")
        invoice.action_post()
        self.assertEqual(order.course_ids.state, "draft", "posted is not paid")
        self._pay_invoice(invoice)
        course = order.course_ids
        self.assertEqual(course.state, "active")
        self.assertEqual(course.purchase_date, date(2026, 2, 2))
        self.assertBalances(course.credit_ids, 5, 0)

    def test_part_payment_activates_nothing_yet(self):
        order = self._sell_course()
        invoice = self._pay(order, amount=200)
        self.assertEqual(order.course_ids.state, "draft")
        self._pay_invoice(invoice)
        self.assertEqual(order.course_ids.state, "active")

    def test_repeated_events_change_nothing(self):
        order = self._sell_course(quantity=2)
        self._pay(order)
        courses, moves = order.course_ids, order.course_ids.credit_ids.move_ids
        for _time in range(2):
            self._repeat_all_hooks(order)
        self.assertEqual(order.course_ids, courses)
        self.assertEqual(order.course_ids.credit_ids.move_ids, moves)
        self.assertEqual(courses.mapped("state"), ["active"] * 2)

    def test_free_course_is_active_at_once(self):
        order = self._create_order({"product_uom_qty": 1, "price_unit": 0})
        self.assertEqual(order.course_ids.state, "active")
        self.assertEqual(order.course_ids.credit_ids.value, 0)
        self.assertBalances(order.course_ids.credit_ids, 5, 0)

    def test_two_lines_are_paid_together(self):
        order = self._create_order({"product_uom_qty": 1}, {"product_uom_qty": 2})
        self._pay(order)
        self.assertEqual(order.course_ids.mapped("state"), ["active"] * 3)

    def test_a_larger_quantity_leaves_what_is_paid_in_use(self):
        order = self._sell_course()
        self._pay(order)
        order.order_line.product_uom_qty = 2
        courses = order.course_ids.sorted("sale_position")
        self.assertEqual(courses.mapped("state"), ["active", "draft"])
        # Later events on the same order do not change that.
        invoice = order._create_invoices()
        invoice.action_post()
        order._sync_courses_with_payment()
        order.invoice_ids._invoice_paid_hook()
        self.assertEqual(courses.mapped("state"), ["active", "draft"])
        self._pay_invoice(invoice)
        self.assertEqual(courses.mapped("state"), ["active", "active"])

    def test_a_line_added_later_takes_nothing_from_what_is_paid(self):
        order = self._sell_course()
        self._pay(order)
        order.order_line = [
            Command.create({"product_id": self.peel.product_variant_id.id})
        ]
        self._repeat_all_hooks(order)
        self.assertEqual(order.course_ids.state, "active")

    def test_order_of_a_course_in_use_is_not_cancelled(self):
        order = self._sell_course()
        order.course_ids._activate()
        with self.assertRaisesRegex(UserError, "is in use"):
            order._action_cancel()
        self.assertEqual(order.state, "sale")
        self.assertEqual(order.course_ids.state, "active")

    def test_share_of_price(self):
        # 100.00 for three courses of 5: 33.33, 33.33 and 33.34.
        order = self._create_order({"product_uom_qty": 3, "price_unit": 100 / 3})
        self.assertEqual(order.amount_total, 100)
        self._pay(order)
        credits = order.course_ids.sorted("sale_position").credit_ids
        self.assertEqual(credits.sorted("id").mapped("value"), [33.33, 33.33, 33.34])

    def test_discount_lowers_the_value(self):
        order = self._create_order({"product_uom_qty": 1, "discount": 10})
        self._pay(order)
        self.assertEqual(order.course_ids.price, 405)
        self.assertEqual(order.course_ids.credit_ids.value, 405)
        use = order.course_ids.credit_ids._redeem(1, date(2026, 2, 2))
        self.assertEqual(use.value, -81)

    def test_tax_is_in_the_price_and_not_in_the_value(self):
        tax = self.env["account.tax"].create(
            {
                "name": "21 %",
                "amount": 21,
                "price_include_override": "tax_included",
                "country_id": self.company.account_fiscal_country_id.id,
                "tax_group_id": self.env["account.tax.group"]
                .create({"name": "VAT", "company_id": self.company.id})
                .id,
            }
        )
        order = self._create_order(
            {"product_uom_qty": 1, "price_unit": 484, "tax_ids": [Command.set(tax.ids)]}
        )
        self._pay(order)
        self.assertEqual(order.course_ids.price, 484)
        self.assertEqual(order.course_ids.credit_ids.value, 400)

    def test_another_currency(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        self.env["res.currency.rate"].create(
            {
                "name": "2026-01-01",
                "currency_id": yen.id,
                "rate": 150,
                "company_id": self.company.id,
            }
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": "Japan", "currency_id": yen.id}
        )
        order = self._create_order(
            {"product_uom_qty": 2, "price_unit": 33333}, pricelist_id=pricelist.id
        )
        self.assertEqual(order.currency_id, yen)
        self._pay(order)
        courses = order.course_ids
        self.assertEqual(courses.mapped("price"), [33333, 33333])
        self.assertEqual(courses.currency_id, yen)
        # 33333 / 150 = 222.22 in the clinic's own currency.
        self.assertEqual(courses.credit_ids.mapped("value"), [222.22, 222.22])
        self.assertEqual(set(courses.mapped("state")), {"active"})

    def test_price_in_a_combo_follows_list_prices(self):
        combo = self._create_course_product(
            "Combo", 400, [(self.peel, 3, 7), (self.laser, 2, 7)]
        )
        order = self._sell_course(combo)
        self._pay(order)
        credits = order.course_ids.credit_ids.sorted("id")
        self.assertEqual(credits.mapped("value"), [276.92, 123.08])

    def test_receptionist_sells_and_cashes(self):
        receptionist = self.receptionist
        receptionist.group_ids += self.env.ref("account.group_account_invoice")
        order = (
            self.env["sale.order"]
            .with_user(receptionist)
            .create(
                {
                    "partner_id": self.patient.id,
                    "order_line": [
                        Command.create(
                            {"product_id": self.peel_course.product_variant_id.id}
                        )
                    ],
                }
            )
        )
        order.action_confirm()
        invoice = order._create_invoices()
        invoice.action_post()
        self.env["account.payment.register"].with_user(receptionist).with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({}).action_create_payments()
        self.assertEqual(order.course_ids.state, "active")
