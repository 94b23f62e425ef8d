# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, freeze_time, tagged

from .price_common import PriceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-02-02 08:00:00")
class TestTillCredits(PriceCase):
    """Sessions, units and money spent on orders and invoices, and given back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.faces = cls.env["product.category"].create({"name": "Faces"})
        (cls.peel | cls.laser).categ_id = cls.faces

    def _money(self, granted, **vals):
        return self._create_credit(
            granted,
            coverage="category",
            categ_id=self.faces.id,
            treatment_id=False,
            unit="money",
            value=granted,
            **vals,
        )

    def _tax(self, mode):
        return self.env["account.tax"].create(
            {
                "name": f"21 % {mode}",
                "amount": 21,
                "type_tax_use": "sale",
                "price_include_override": f"tax_{mode}",
                "company_id": self.company.id,
            }
        )

    def _invoice(self, *products):
        return self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.patient.id,
                "invoice_date": "2026-02-02",
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": product.product_variant_id.id,
                            "quantity": quantity,
                        }
                    )
                    for product, quantity in products
                ],
            }
        )

    def test_the_dialog_says_what_is_used_and_what_remains(self):
        credit = self._create_credit(4)
        order = self._order((self.peel, 3)).with_user(self.receptionist)
        self.assertTrue(order.can_use_credits)
        action = order.action_use_credits()
        wizard = self.env["medspa.credit.use"].with_user(self.receptionist)
        form = Form(wizard.browse(action["res_id"]))
        with form.line_ids.edit(0) as line:
            self.assertEqual(
                (line.use_label, line.left_label), ("3 sessions", "1 session")
            )
            self.assertTrue(line.is_used)
        form.save().action_confirm()
        self.assertEqual(order.amount_total, 0)
        self.assertIn("paid by credit (3 sessions)", order.order_line.name)
        # A quotation takes nothing yet.
        self.assertBalances(credit, 4, 0)

    def test_an_order_takes_once_gives_back_once_and_takes_again(self):
        credit = self._create_credit(2)
        order = self._order((self.peel, 3))
        order.order_line._use_credit(credit)
        free, paid = order.order_line.sorted("price_unit")
        self.assertEqual((free.product_uom_qty, free.price_unit), (2, 0))
        self.assertEqual((paid.product_uom_qty, order.amount_total), (1, 120))
        for _round in range(2):
            order.action_confirm()
            self.assertBalances(credit, 0, 0)
            free._redeem_credits()
            self.assertBalances(credit, 0, 0)
            order._action_cancel()
            free._restore_credits()
            self.assertBalances(credit, 2, 0)
            order.action_draft()

    def test_what_was_taken_stays_with_its_line(self):
        credit = self._create_credit(2)
        order = self._order((self.peel, 1))
        order.order_line._use_credit(credit)
        order.action_confirm()
        with self.assertRaisesRegex(UserError, "taken already"):
            order.order_line.product_uom_qty = 2
        with self.assertRaisesRegex(UserError, "taken already"):
            order.order_line._stop_using_credit()

    def test_the_quantity_of_an_open_line_moves_what_it_takes(self):
        credit = self._create_credit(4)
        order = self._order((self.peel, 1))
        order.order_line._use_credit(credit)
        order.order_line.product_uom_qty = 3
        self.assertEqual(order.order_line.credit_quantity, 3)
        order.order_line._stop_using_credit()
        self.assertEqual(order.amount_total, 360)

    def test_a_credit_taken_off_again_leaves_the_line_to_be_paid(self):
        credit = self._create_credit(4)
        order = self._order(self.peel, self.laser)
        order.order_line[0]._use_credit(credit)
        self.assertEqual(order.amount_total, 80)
        order.order_line[0]._stop_using_credit()
        self.assertEqual(order.amount_total, 200)

    def test_one_credit_is_not_promised_twice_in_one_order(self):
        credit = self._create_credit(1)
        order = self._order(self.peel, self.peel)
        first, second = order.order_line
        first._use_credit(credit)
        self.assertFalse(second._get_usable_credits())
        with self.assertRaises(UserError):
            second._use_credit(credit)

    def test_the_second_order_on_a_last_session_is_refused(self):
        credit = self._create_credit(1)
        orders = self._order(self.peel) | self._order(self.peel)
        for order in orders:
            order.order_line._use_credit(credit)
        orders[0].action_confirm()
        with self.assertRaisesRegex(UserError, "left"), self.cr.savepoint():
            orders[1].action_confirm()
        self.assertBalances(credit, 0, 0)

    def test_units_pay_for_what_is_counted_in_units(self):
        toxin = self._create_treatment("Toxin", list_price=4, is_unit_based=True)
        credit = self._create_credit(15, treatment_id=toxin.id, unit="unit")
        order = self._order((toxin, 20))
        order.order_line._use_credit(credit)
        self.assertEqual(order.amount_total, 20)
        order.action_confirm()
        self.assertBalances(credit, 0, 0)

    def test_a_long_treatment_takes_its_sessions_of_a_shared_credit(self):
        self.peel.session_cost = 2
        credit = self._create_credit(
            3,
            coverage="treatments",
            treatment_id=False,
            treatment_ids=[Command.set((self.peel | self.laser).ids)],
        )
        order = self._order((self.peel, 2))
        order.order_line._use_credit(credit)
        self.assertEqual(order.amount_total, 120)
        order.action_confirm()
        self.assertBalances(credit, 1, 0)

    def test_money_lowers_price_and_tax_and_is_no_second_sale(self):
        for mode, total, untaxed in [
            ("included", 80.00, 66.12),
            # 120 and 21 % of it are 145.20; 40 less.
            ("excluded", 105.20, 86.94),
        ]:
            with self.subTest(mode):
                self.peel.taxes_id = self._tax(mode)
                credit = self._money(40)
                order = self._order(self.peel)
                order.order_line._use_credit(credit)
                self.assertEqual(order.amount_total, total)
                self.assertEqual(order.amount_untaxed, untaxed)
                order.action_confirm()
                self.assertBalances(credit, 0, 0)
                invoice = order._create_invoices()
                invoice.action_post()
                self.assertEqual(invoice.amount_total, total)
                self.assertEqual(invoice.amount_untaxed, untaxed)
                self.assertBalances(credit, 0, 0)

    def test_money_never_pays_more_than_the_line(self):
        credit = self._money(500)
        order = self._order(self.laser)
        order.order_line._use_credit(credit)
        self.assertEqual(order.amount_total, 0)
        order.order_line[0].product_uom_qty = 2
        order.action_confirm()
        self.assertBalances(credit, 420, 0)
        self.assertEqual(order.amount_total, 80)

    def test_money_in_another_currency(self):
        dollars = self._create_pricelist("Dollars", currency_id=self.dollar.id)
        credit = self._money(40)
        order = self._order(self.peel, pricelist_id=dollars.id)
        order.order_line._use_credit(credit)
        self.assertEqual(order.amount_total, 160)
        order.action_confirm()
        self.assertBalances(credit, 0, 0)

    def test_money_pays_no_plan(self):
        self.plan.product_tmpl_id.categ_id = self.faces
        self._money(500)
        order = self._order_plan()
        self.assertFalse(order._get_credit_offers())

    def test_an_invoice_takes_when_posted_and_gives_back_when_undone(self):
        credit = self._create_credit(2)
        invoice = self._invoice((self.peel, 3))
        invoice.invoice_line_ids._use_credit(credit)
        self.assertEqual(invoice.amount_total, 120)
        self.assertBalances(credit, 2, 0)
        invoice.action_post()
        self.assertBalances(credit, 0, 0)
        invoice.button_draft()
        self.assertBalances(credit, 2, 0)
        invoice.action_post()
        self.assertBalances(credit, 0, 0)
        note = self._credit_note(invoice)
        self.assertBalances(credit, 2, 0)
        note.button_draft()
        self.assertBalances(credit, 0, 0)

    def test_a_credit_note_over_an_order_gives_back_what_it_took(self):
        credit = self._create_credit(1)
        order = self._order(self.peel, self.laser)
        order.order_line[0]._use_credit(credit)
        order.action_confirm()
        invoice = order._create_invoices()
        invoice.action_post()
        self.assertBalances(credit, 0, 0)
        self._credit_note(invoice)
        self.assertBalances(credit, 1, 0)
        # Given back once, whatever else is undone.
        order.locked = False
        order._action_cancel()
        self.assertBalances(credit, 1, 0)

    def _credit_note(self, invoice):
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id, "reason": "Not done"})
        )
        note = self.env["account.move"].browse(wizard.refund_moves()["res_id"])
        note.action_post()
        return note

    def test_money_on_an_invoice_by_hand(self):
        self.peel.taxes_id = self._tax("excluded")
        credit = self._money(40)
        invoice = self._invoice((self.peel, 1))
        invoice.invoice_line_ids._use_credit(credit)
        self.assertEqual(invoice.amount_total, 105.20)
        invoice.action_post()
        self.assertBalances(credit, 0, 0)

    def test_the_credit_of_another_pays_nothing(self):
        credit = self._create_credit(2, partner=self.other_patient)
        order = self._order(self.peel)
        with self.assertRaisesRegex(UserError, "cannot pay"):
            order.order_line._use_credit(credit)
        # Written past the dialog: refused when it would be taken.
        order.order_line.write({"credit_id": credit.id, "credit_quantity": 1})
        with self.assertRaisesRegex(UserError, "cannot pay"), self.cr.savepoint():
            order.action_confirm()
        self.assertBalances(credit, 2, 0)

    def test_frozen_and_lapsed_credits_are_not_offered_nor_taken(self):
        credit = self._create_credit(2, expires_on="2026-02-03")
        order = self._order(self.peel)
        order.order_line._use_credit(credit)
        with (
            freeze_time("2026-02-04 08:00:00"),
            self.assertRaisesRegex(UserError, "expired"),
            self.cr.savepoint(),
        ):
            order.action_confirm()
        credit._freeze("Suspended")
        self.assertFalse(self._order(self.peel)._get_credit_offers())
        with self.assertRaises(UserError), self.cr.savepoint():
            order.action_confirm()

    def test_complimentary_and_earliest_expiry_are_offered_first(self):
        later = self._create_credit(2, expires_on="2026-12-31")
        sooner = self._create_credit(2, expires_on="2026-03-31")
        gift = self._create_credit(1, is_complimentary=True)
        money = self._money(40)
        offers = self._order(self.peel)._get_credit_offers()
        self.assertEqual(
            [offer["credit"] for offer in offers], [gift, sooner, later, money]
        )

    def test_a_session_spent_while_paying_leaves_the_order_open(self):
        credit = self._create_credit(1)
        order = self._order(self.peel, self.laser)
        order.order_line[0]._use_credit(credit)
        order.require_payment = True
        tx = self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.card.id,
                "amount": order.amount_total,
                "currency_id": order.currency_id.id,
                "partner_id": self.patient.id,
                "operation": "online_direct",
                "sale_order_ids": [Command.set(order.ids)],
            }
        )
        other = self._order(self.peel)
        other.order_line._use_credit(credit)
        other.action_confirm()
        tx.sudo()._set_done()
        tx.sudo()._post_process()
        self.assertIn(order.state, ("draft", "sent"))
        self.assertEqual(order.amount_total, 200)
        self.assertIn("Credit used elsewhere", order.activity_ids.mapped("summary"))
        self.assertBalances(credit, 0, 0)

    def test_a_member_spends_the_credit_of_the_plan(self):
        membership = self._join()
        credit = membership.credit_ids
        order = self._order((self.peel, 3))
        self.assertEqual(order.amount_total, 306)
        order.order_line._use_credit(credit)
        self.assertEqual(order.amount_total, 102)
        membership._transition("suspended")
        self.assertEqual(order.amount_total, 120)
        with self.assertRaisesRegex(UserError, "cannot be used"):
            order.action_confirm()
