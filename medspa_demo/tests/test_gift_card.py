# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command
from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestGiftCard(TransactionCase):
    """A gift certificate is bought in the shop and pays for a course, once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.buyer = cls.env["res.partner"].create(
            {"name": "Greta Giver", "email": "greta@example.com"}
        )
        cls.patient = cls.env["res.partner"].create(
            {"name": "Rosa Receiver", "email": "rosa@example.com"}
        )
        cls.card_product = cls.env.ref("loyalty.gift_card_product_50")
        cls.course_product = cls.env["product.template"].search(
            [("service_tracking", "=", "medspa_course"), ("is_published", "=", True)],
            order="list_price",
            limit=1,
        )

    def _create_order(self, partner, product, quantity=1):
        return self.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "order_line": [
                    Command.create(
                        {"product_id": product.id, "product_uom_qty": quantity}
                    )
                ],
            }
        )

    def _buy_card(self, quantity=1):
        order = self._create_order(self.buyer, self.card_product, quantity)
        order._update_programs_and_rewards()
        order.action_confirm()
        card = self.env["loyalty.card"].search([("order_id", "=", order.id)])
        return card[:1] if quantity == 1 else card

    def _redeem(self, order, card):
        """Enter the code in the cart, as the shop does."""
        status = order._try_apply_code(card.code)
        self.assertNotIn("error", status)
        for coupon, rewards in status.items():
            order._apply_program_reward(rewards[:1], coupon)

    def test_card_is_on_sale(self):
        self.assertTrue(self.card_product.is_published)
        card = self._buy_card()
        self.assertEqual((card.points, card.program_type), (50, "gift_card"))

    def test_card_pays_a_part_of_a_course(self):
        card = self._buy_card()
        order = self._create_order(self.patient, self.course_product.product_variant_id)
        price = order.amount_total
        self._redeem(order, card)
        self.assertEqual(order.amount_total, price - 50)
        order.action_confirm()
        self.assertEqual(card.points, 0)
        self.assertEqual(order.course_ids.state, "draft", "the rest is not paid yet")
        self.assertEqual(order.course_ids.price, price, "a gift is no discount")
        invoice = order._create_invoices()
        invoice.action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        self.assertEqual(order.course_ids.state, "active")

    def test_cards_pay_all_of_a_course(self):
        """Nothing is left to pay: the course is ready when the order is confirmed."""
        order = self._create_order(self.patient, self.course_product.product_variant_id)
        card = self._buy_card()
        card.points = order.amount_total
        self._redeem(order, card)
        self.assertEqual(order.amount_total, 0)
        order.action_confirm()
        self.assertEqual(order.course_ids.state, "active")
        self.assertEqual(card.points, 0)

    def test_card_pays_once(self):
        card = self._buy_card()
        first = self._create_order(self.patient, self.course_product.product_variant_id)
        self._redeem(first, card)
        first.action_confirm()
        second = self._create_order(
            self.patient, self.course_product.product_variant_id
        )
        self.assertIn("error", second._try_apply_code(card.code))

    def test_cancelled_order_gives_the_card_back(self):
        card = self._buy_card()
        order = self._create_order(self.patient, self.course_product.product_variant_id)
        self._redeem(order, card)
        order.action_confirm()
        order._action_cancel()
        self.assertEqual(card.points, 50)
        self.assertFalse(order.course_ids)
