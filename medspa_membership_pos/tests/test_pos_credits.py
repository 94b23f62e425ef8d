# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged

from .common import PosCase


@tagged("post_install", "-at_install")
@freeze_time("2026-02-02 08:00:00")
class TestPosCredits(PosCase):
    """Credits at the till: offered, checked, taken once, given back, reported."""

    def test_the_till_is_told_what_can_pay_and_what_remains(self):
        credit = self._create_credit(3)
        self._create_credit(5, partner=self.other_patient)
        (offer,) = self._offers(self._line(self.peel, 2), self._line(self.laser))
        self.assertEqual(
            (offer["credit"], offer["use"], offer["left"], offer["quantity"]),
            (credit.id, "2 sessions", "1 session", 2),
        )
        self.assertFalse(self._offers(self._line(self.laser)))

    def test_what_the_order_takes_already_is_not_offered_again(self):
        self._create_credit(1)
        line = self._line(self.peel)
        (offer,) = self._offers(line)
        self.assertFalse(self._offers(self._paid(line, offer), self._line(self.peel)))

    def test_a_paid_order_takes_once_even_when_it_is_sent_twice(self):
        credit = self._create_credit(3)
        line = self._line(self.peel, 2)
        (offer,) = self._offers(line)
        order = self._prepare_order(
            self._paid(line, offer), self._line(self.laser), partner=self.patient
        )
        again = {**order, "lines": [list(command) for command in order["lines"]]}
        pos_order = self._send(order)
        self.assertEqual((pos_order.state, pos_order.amount_total), ("paid", 80))
        self.assertBalances(credit, 1, 0)
        self._send(again)
        pos_order.lines._redeem_credits()
        self.assertBalances(credit, 1, 0)
        move = credit.move_ids.filtered(lambda m: m.kind == "redeem")
        self.assertEqual(move.pos_line_id, pos_order.lines[0])

    def test_an_order_that_is_free_needs_no_payment(self):
        credit = self._create_credit(1)
        line = self._line(self.peel)
        (offer,) = self._offers(line)
        pos_order = self._send(self._prepare_order(self._paid(line, offer)))
        self.assertEqual(pos_order.state, "paid")
        self.assertBalances(credit, 0, 0)

    def test_what_was_spent_elsewhere_is_refused_in_words(self):
        credit = self._create_credit(1)
        line = self._line(self.peel)
        (offer,) = self._offers(line)
        paid = self._paid(line, offer)
        ask = self.env["pos.order"].check_till_credits
        question = (self.config.id, self.patient.id, [paid])
        self.assertFalse(ask(*question))
        credit._redeem(1, self.company._medspa_date())
        self.assertIn("Nothing is left", ask(*question))
        with self.assertRaisesRegex(UserError, "left"), self.cr.savepoint():
            self._send(self._prepare_order(paid))
        self.assertBalances(credit, 0, 0)

    def test_the_till_cannot_name_the_credit_of_another(self):
        credit = self._create_credit(3, partner=self.other_patient)
        line = self._line(
            self.peel, price=0, credit_number=credit.id, credit_quantity=1
        )
        with self.assertRaisesRegex(UserError, "cannot pay"), self.cr.savepoint():
            self._send(self._prepare_order(line))
        self.assertBalances(credit, 3, 0)

    def test_the_till_cannot_take_more_than_the_credit_gives(self):
        credit = self._create_credit(3)
        line = self._line(
            self.peel, 3, price=0, credit_number=credit.id, credit_quantity=1
        )
        with self.assertRaisesRegex(UserError, "does not pay"), self.cr.savepoint():
            self._send(self._prepare_order(line))
        self.assertBalances(credit, 3, 0)

    def _money_order(self, discount):
        faces = self.env["product.category"].create({"name": "Faces"})
        self.peel.categ_id = faces
        credit = self._create_credit(
            40,
            coverage="category",
            categ_id=faces.id,
            treatment_id=False,
            unit="money",
            value=40,
        )
        line = self._line(self.peel)
        (offer,) = self._offers(line)
        self.assertEqual((offer["taken"], offer["price_unit"]), (40, -40))
        spent = self.env.ref("medspa_membership.product_credit_spent")
        paid = self._line(
            spent.product_tmpl_id,
            price=discount,
            credit_number=credit.id,
            credit_quantity=40,
            covered_uuid=line["uuid"],
        )
        return credit, self._prepare_order(line, paid)

    def test_money_is_a_line_of_its_own(self):
        credit, order = self._money_order(-40)
        pos_order = self._send(order)
        self.assertEqual((pos_order.state, pos_order.amount_total), ("paid", 80))
        self.assertBalances(credit, 0, 0)

    def test_money_never_pays_more_than_it_is(self):
        credit, order = self._money_order(-100)
        with self.assertRaisesRegex(UserError, "does not pay"), self.cr.savepoint():
            self._send(order)
        self.assertBalances(credit, 40, 0)

    def test_a_return_gives_back_what_the_line_took(self):
        credit = self._create_credit(2)
        line = self._line(self.peel, 2)
        (offer,) = self._offers(line)
        pos_order = self._send(self._prepare_order(self._paid(line, offer)))
        self.assertBalances(credit, 0, 0)
        refund = self._line(
            self.peel, -2, price=0, refunded_orderline_id=pos_order.lines.id
        )
        self._send(self._prepare_order(refund, is_refund=True))
        self.assertBalances(credit, 2, 0)

    def test_the_report_of_the_session_shows_what_credits_paid(self):
        self._create_credit(3)
        line = self._line(self.peel, 2)
        (offer,) = self._offers(line)
        self._send(self._prepare_order(self._paid(line, offer)))
        session = self.config.current_session_id
        report = self.env["report.point_of_sale.report_saledetails"]
        details = report.get_sale_details(session_ids=session.ids)
        self.assertEqual(
            details["spent_credits"],
            [{"name": "Peel", "quantity": "2 sessions", "count": 1}],
        )
        page, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "point_of_sale.sale_details_report",
            session.ids,
            data={"session_ids": session.ids},
        )
        self.assertIn("Paid by credit", page.decode())

    def test_a_suspended_member_spends_nothing_at_the_till(self):
        member = self.people["member"]
        self.assertTrue(self._offers(self._line(self.peel), partner=member))
        member.membership_ids._transition("suspended")
        self.assertFalse(self._offers(self._line(self.peel), partner=member))

    def test_who_may_not_sell_asks_in_vain(self):
        self._create_credit(1)
        practitioner = self.env["pos.order"].with_user(self.practitioner_user)
        with self.assertRaises(AccessError):
            practitioner.get_till_credit_offers(
                self.config.id, self.patient.id, [self._line(self.peel)]
            )

    def test_a_session_closes_with_orders_that_credits_paid(self):
        self._create_credit(1)
        line = self._line(self.peel)
        (offer,) = self._offers(line)
        self._send(self._prepare_order(self._paid(line, offer), self._line(self.laser)))
        session = self.config.current_session_id
        session.post_closing_cash_details(80)
        session.close_session_from_ui()
        self.assertEqual(session.state, "closed")
        revenue = session.move_id.line_ids.filtered(
            lambda li: li.account_id.account_type == "income"
        )
        self.assertEqual(-sum(revenue.mapped("balance")), 80)
