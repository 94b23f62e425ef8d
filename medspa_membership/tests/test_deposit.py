# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import json
import unittest
from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .course_common import CourseDeskCase
from .test_open_booking import VISITOR, OpenBookingCase


class DemoProvider:
    """Core's demo provider takes the money."""

    @classmethod
    def _set_up_provider(cls):
        cls.bank = cls.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", cls.company.id)], limit=1
        )
        cls.provider = cls.env.ref("payment.payment_provider_demo", False)
        if not cls.provider or cls.provider.code != "demo":
            raise unittest.SkipTest("payment_demo is not installed")
        cls.provider.write(
            {"state": "test", "journal_id": cls.bank.id, "is_published": True}
        )
        cls.method = cls.env.ref("payment.payment_method_demo", False)
        cls.method = cls.method or cls.provider.payment_method_ids[:1]
        cls.method.active = True
        cls.company.write({"deposit_kind": "amount", "deposit_value": 30})

    def _pay(self, order, amount):
        tx = self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "reference": f"{order.name}-{len(order.transaction_ids) + 1}",
                "amount": amount,
                "currency_id": order.currency_id.id,
                "partner_id": order.partner_id.id,
                "operation": "online_direct",
                "sale_order_ids": [Command.set(order.ids)],
            }
        )
        tx.sudo()._set_done()
        tx.sudo()._post_process()
        return tx


@tagged("post_install", "-at_install")
class TestDeposit(DemoProvider, OpenBookingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_provider()

    def _book_held(self, login=None, **kwargs):
        self.authenticate(login, login)
        response = self._book(visitor={} if login else VISITOR, **kwargs)
        self.page_url = response.headers["Location"]
        event = self._appointments().sorted("id")[-1]
        self.assertTrue(event.held_until)
        return event

    def test_visitor_pays_the_deposit_on_the_page(self):
        """By the routes that the page calls; the demo provider says yes."""
        review = self._text(self._review())
        self.assertIn("$ 120.00, deposit $ 30.00 by card now", review)
        event = self._book_held()
        order = event.sale_line_id.order_id
        self.assertEqual((order.state, order.amount_total), ("draft", 120))
        self.assertFalse(self._new_mails, "the deposit confirms it, not a mail")
        page = self.url_open(self.page_url).text
        self.assertIn("One step left: the deposit", page)
        route = f"/my/orders/{order.id}/transaction"
        self.assertIn(f'data-transaction-route="{route}', page)
        self.assertIn('data-amount="30.0"', page)
        values = self.make_jsonrpc_request(
            route,
            {
                "access_token": order.access_token,
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "token_id": None,
                "amount": 30.0,
                "flow": "direct",
                "tokenization_requested": False,
                "landing_route": "/",
            },
        )
        self.make_jsonrpc_request(
            "/payment/demo/simulate_payment",
            {
                "reference": values["reference"],
                "payment_details": "1234",
                "simulated_state": "done",
            },
        )
        self.env.invalidate_all()
        self.assertFalse(event.held_until)
        self.assertEqual(order.state, "sale")
        self.assertEqual(event.payment_status, "ordered")
        self.assertEqual(event.amount_due, 90, "the deposit counts towards the price")
        self.assertIn("Your appointment is booked.", self.url_open(self.page_url).text)

    def test_unpaid_deposit_frees_the_time(self):
        event = self._book_held("paula")
        order = event.sale_line_id.order_id
        with freeze_time(event.held_until):
            self._run("ir_cron_release_holds")
        self.assertEqual(event.appointment_status, "cancelled")
        self.assertEqual(order.state, "cancel")
        self.assertIn("not held any more", self._text(self.url_open(self.page_url)))

    def test_payment_on_its_way_holds_the_time(self):
        event = self._book_held("paula")
        tx = self._pay(event.sale_line_id.order_id, 1)
        tx.state = "pending"
        with freeze_time(event.held_until + timedelta(hours=1)):
            self._run("ir_cron_release_holds")
        self.assertEqual(event.appointment_status, "booked")

    def test_late_money_takes_the_time_if_it_is_free(self):
        event = self._book_held("paula")
        with freeze_time(event.held_until):
            self._run("ir_cron_release_holds")
        order = event.sale_line_id.order_id
        order.action_draft()
        self._pay(order, 30)
        self.assertEqual(event.appointment_status, "booked")
        self.assertTrue(event.occupancy_ids)

    def test_late_money_for_a_time_that_is_gone_asks_the_desk(self):
        event = self._book_held("paula")
        with freeze_time(event.held_until):
            self._run("ir_cron_release_holds")
        self._create_appointment(
            self.start,
            practitioner_id=event.practitioner_id.id,
            patient_id=self.other_patient.id,
        )
        order = event.sale_line_id.order_id
        order.action_draft()
        self._pay(order, 30)
        self.assertEqual(event.appointment_status, "cancelled")
        self.assertIn("given away", order.activity_ids.note)

    def _create_card(self):
        return self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.method.id,
                "partner_id": self.patient.id,
                "provider_ref": "hers",
                "payment_details": "4321",
            }
        )

    def _charge(self, order, **params):
        return self.url_open(
            f"/my/orders/{order.id}/transaction",
            data=json.dumps(
                {
                    "params": {
                        "access_token": order.access_token,
                        "provider_id": self.provider.id,
                        "payment_method_id": self.method.id,
                        "amount": 30.0,
                        "flow": "token",
                        "tokenization_requested": False,
                        "landing_route": "/",
                        **params,
                    }
                }
            ),
            headers={"Content-Type": "application/json"},
        ).json()

    def test_visitor_with_a_patient_s_address_gets_nothing_of_hers(self):
        """Somebody types Paula's name and address, and a deposit is to be paid."""
        self.patient.write({"street": "Secret Lane 1", "phone": "600 111 222"})
        self.patient.property_product_pricelist = self.env["product.pricelist"].create(
            {
                "name": "Hers",
                "item_ids": [
                    Command.create({"compute_price": "fixed", "fixed_price": 50})
                ],
            }
        )
        card = self._create_card()
        self.authenticate(None, None)
        visitor = {**VISITOR, "name": "Paula Patient", "email": "paula@example.com"}
        page = self.url_open(self._book(visitor=visitor).headers["Location"])
        event = self._appointments()
        order = event.sale_line_id.order_id
        self.assertNotIn(self.patient, event.patient_id | order.partner_id)
        self.assertNotIn(
            self.patient, order.partner_invoice_id | order.message_partner_ids
        )
        self.assertEqual(order.amount_total, 120, "the price on the list")
        self.assertNotIn("4321", page.text)
        portal = self.url_open(order.get_portal_url())
        for secret in ("4321", "Secret Lane", "600 111 222"):
            self.assertNotIn(secret, portal.text)
        with mute_logger("odoo.http"):
            self.assertIn("error", self._charge(order, token_id=card.id))
        self.env.invalidate_all()
        self.assertFalse(self.env["payment.transaction"].search_count([]))

    def test_link_of_an_order_charges_no_saved_card(self):
        """Who only has the link of Paula's own order has not logged in as her."""
        card = self._create_card()
        order = self._book_held("paula").sale_line_id.order_id
        self.authenticate(None, None)
        self.assertNotIn("4321", self.url_open(order.get_portal_url()).text)
        with mute_logger("odoo.http"):
            self.assertIn("error", self._charge(order, token_id=card.id))
        self.env.invalidate_all()
        self.assertFalse(order.transaction_ids)
        self.authenticate("paula", "paula")
        self.assertIn("4321", self.url_open(order.get_portal_url()).text)
        self.assertNotIn("error", self._charge(order, token_id=card.id))
        self.env.invalidate_all()
        self.assertEqual(order.transaction_ids.token_id, card)

    def test_deposit_paid_by_a_visitor_confirms_no_address(self):
        self.authenticate(None, None)
        self._book(visitor={**VISITOR, "email": "paula@example.com"})
        event = self._appointments()
        self._pay(event.sale_line_id.order_id, 30)
        self.assertFalse(event.held_until)
        self.assertTrue(event.patient_id.is_unconfirmed_visitor)
        find = self.env["res.partner"]._find_patient_by_email
        self.assertEqual(find("paula@example.com"), self.patient)

    def test_desk_says_that_the_visitor_is_the_patient(self):
        self.patient.phone = "600 000 111"
        self.authenticate(None, None)
        self._book(visitor={**VISITOR, "email": "paula@example.com"})
        event, visitor = self._appointments(), self._appointments().patient_id
        order = event.sale_line_id.order_id
        self._pay(order, 30)
        seen = event.with_user(self.receptionist)
        self.assertEqual(seen.same_address_ids, self.patient)
        with self.assertRaises(AccessError):
            event.with_user(self.other_user).action_join_patient()
        seen.action_join_patient()
        self.assertEqual((event.patient_id, order.partner_id), (self.patient,) * 2)
        self.assertEqual(event.name, "Paula Patient · Peel")
        self.assertEqual(self.patient.phone, "600 000 111")
        self.assertFalse(visitor.exists())
        self.assertFalse(self.patient.is_unconfirmed_visitor)
        with self.assertRaisesRegex(UserError, "No other patient"):
            seen.action_join_patient()

    def test_session_needs_no_deposit(self):
        self._create_credit(2)
        self.authenticate("paula", "paula")
        self.assertNotIn("deposit", self._text(self._review()).split("Where")[1][:400])
        self._book(visitor={})
        self.assertFalse(self._appointments().held_until)
        self.assertFalse(self._appointments().sale_line_id)

    def test_second_patient_cannot_pay_or_see_the_order(self):
        event = self._book_held("paula")
        order = event.sale_line_id.order_id
        self.authenticate("oscar", "oscar")
        page = self.url_open(f"/my/orders/{order.id}", allow_redirects=False)
        self.assertEqual(page.status_code, 303)
        answer = self.url_open(
            f"/my/orders/{order.id}/transaction",
            data=json.dumps({"params": {"access_token": "x"}}),
            headers={"Content-Type": "application/json"},
        ).json()
        self.assertIn("error", answer)

    def test_patient_cancels_in_time_and_is_paid_back(self):
        event = self._book_held("paula")
        tx = self._pay(event.sale_line_id.order_id, 30)
        page = self.url_open(f"/my/appointments/{event.id}")
        self.assertIn("Your deposit of $ 30.00 is paid back.", self._text(page))
        self._post(f"/my/appointments/{event.id}/cancel")
        self.env.invalidate_all()
        self.assertEqual(event.appointment_status, "cancelled")
        self.assertEqual(tx.child_transaction_ids.amount, -30)
        self.assertEqual(event.sale_line_id.order_id.state, "cancel")


@tagged("post_install", "-at_install")
@freeze_time("2026-02-02 08:00:00")
class TestDepositRule(DemoProvider, CourseDeskCase):
    """What becomes of the deposit, by the clinic's rule."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_provider()
        cls.company.cancel_notice_hours = 24

    def _book_paid(self, start="2026-02-05 10:00:00"):
        event = self._create_appointment(
            start, is_paid_apart=True, held_until="2026-02-02 08:30:00"
        )
        event._sell_with_deposit(30, event.patient_id)
        self.tx = self._pay(event.sale_line_id.order_id, 30)
        self.assertFalse(event.held_until)
        return event

    def test_late_cancellation_keeps_it(self):
        event = self._book_paid("2026-02-02 20:00:00")
        event.action_cancel_appointment()
        order = event.sale_line_id.order_id
        self.assertFalse(self.tx.child_transaction_ids)
        self.assertEqual((order.state, order.amount_total), ("sale", 30))
        self.assertIn("deposit kept", event.sale_line_id.name)
        self.assertEqual(event.sale_line_id._get_paid_share(), 1)

    def test_no_show_keeps_it(self):
        event = self._book_paid("2026-02-02 07:00:00")
        event.action_no_show()
        self.assertEqual(event.sale_line_id.order_id.amount_total, 30)

    def test_clinic_that_pays_nothing_back(self):
        self.company.refunds_deposit = False
        event = self._book_paid()
        event.action_cancel_appointment()
        self.assertFalse(self.tx.child_transaction_ids)
        self.assertEqual(event.sale_line_id.order_id.amount_total, 30)

    def test_refused_refund_asks_the_desk(self):
        event = self._book_paid()

        def refuse(tx):
            tx.sudo()._set_error("Too old")

        Transaction = self.registry["payment.transaction"]
        with patch.object(Transaction, "_send_refund_request", refuse):
            event.action_cancel_appointment()
        self.assertEqual(event.appointment_status, "cancelled")
        self.assertIn("by hand", event.sale_line_id.order_id.activity_ids.note)

    def test_deposit_counts_at_the_desk(self):
        """120 less 30: 90 at check-in, and the visit is paid when they are."""
        event = self._book_paid("2026-02-02 07:00:00")
        event.action_arrive()
        self.assertEqual((event.payment_status, event.amount_due), ("ordered", 90))
        event.action_done()
        self._pay(event.sale_line_id.order_id, 90)
        self.env.invalidate_all()
        self.assertEqual((event.payment_status, event.amount_due), ("paid", 0))

    def test_move_takes_the_deposit_along(self):
        event = self._book_paid()
        event._move_by_patient(self._at(event.start.date(), 15))
        self.assertEqual(event.sale_line_id.order_id.state, "sale")
        self.assertEqual(event.amount_due, 90)

    def test_deposit_with_odd_cents(self):
        """A third of 119.99 with 21 % tax on top: what was said is what is asked."""
        self.peel.list_price = 119.99
        self.peel.taxes_id = self._create_tax(21, is_included=False)
        self.company.write({"deposit_kind": "percent", "deposit_value": 33.33})
        start = self._at(self.company._medspa_date() + timedelta(days=2), 11)
        statement = self.peel._get_booking_statement(self.patient, start, self.company)
        self.assertEqual(statement["own_price"], 145.19)
        self.assertEqual(statement["deposit"], 48.39)
        event = self._create_appointment(start, is_paid_apart=True)
        event._sell_with_deposit(statement["deposit"], self.patient)
        self.assertEqual(event.deposit_amount, 48.39)
