# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command
from odoo.tests import freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from .common import LoyaltyCase


@tagged("post_install", "-at_install")
@freeze_time("2026-02-02 08:00:00")
class TestGiftCards(LoyaltyCase):
    """Money is sold for what it is worth, to members as well."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.card = cls.env["product.template"].create(
            {
                "name": "Gift card",
                "type": "service",
                "list_price": 50,
                "taxes_id": [Command.clear()],
            }
        )
        cls.member = cls.people["member"]

    def _sell_money(self, program_type):
        return self.env["loyalty.program"].create(
            {
                "name": program_type,
                "program_type": program_type,
                "applies_on": "future",
                "trigger": "auto",
                "company_id": self.company.id,
                "rule_ids": [
                    Command.clear(),
                    Command.create(
                        {
                            "product_ids": self.card.product_variant_id.ids,
                            "reward_point_mode": "money",
                        }
                    ),
                ],
                "reward_ids": [
                    Command.clear(),
                    Command.create(
                        {
                            "reward_type": "discount",
                            "discount_mode": "per_point",
                            "discount": 1,
                            "discount_applicability": "order",
                        }
                    ),
                ],
            }
        )

    def test_a_gift_card_costs_what_it_is_worth(self):
        # 15 % off everything, until the product is money.
        self.assertEqual(self._price(self.card, self.member), 42.5)
        for program_type in ("gift_card", "ewallet"):
            program = self._sell_money(program_type)
            self.assertEqual(self._price(self.card, self.member), 50, program_type)
            program.active = False
            self.assertEqual(self._price(self.card, self.member), 42.5)

    def test_it_is_money_at_every_till_of_the_server(self):
        self._sell_money("gift_card")
        order = self._order(self.card, self.peel, partner=self.member)
        self.assertEqual(order.order_line.mapped("price_unit"), [50, 102])
        self.assertEqual(order.member_saving, 18)
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.member.id,
                "invoice_line_ids": [
                    Command.create({"product_id": self.card.product_variant_id.id})
                ],
            }
        )
        self.assertEqual(invoice.invoice_line_ids.price_unit, 50)

    def test_a_plan_does_not_promise_to_make_it_cheaper(self):
        self._sell_money("gift_card")
        order = self._order(self.card, partner=self.people["stranger"])
        self.assertFalse(order.member_offer)

    def test_another_product_of_the_program_is_money_at_once(self):
        program = self._sell_money("gift_card")
        other = self.card.copy({"name": "Gift card of 100", "list_price": 100})
        self.assertEqual(self._price(other, self.member), 85)
        program.trigger_product_ids += other.product_variant_id
        self.assertEqual(self._price(other, self.member), 100)
        program.trigger_product_ids -= self.card.product_variant_id
        self.assertEqual(self._price(self.card, self.member), 42.5)

    def test_what_a_gift_card_pays_is_no_promotion(self):
        """A gift card pays for member prices in full."""
        program = self._sell_money("gift_card")
        card = self.env["loyalty.card"].create(
            {"program_id": program.id, "points": 30, "code": "a-gift"}
        )
        order = self._order(self.peel, partner=self.member)
        self._enter_code(order, card.code)
        self.assertEqual(order.amount_total, 102 - 30)
        self.assertEqual(order.member_saving, 18)

    def test_the_code_is_mailed_though_the_seller_has_no_address(self):
        """The shop sells in the name of the administrator, who may have no e-mail."""
        program = self._sell_money("gift_card")
        program.communication_plan_ids = [
            Command.clear(),
            Command.create(
                {
                    "trigger": "create",
                    "mail_template_id": self.env.ref(
                        "loyalty.mail_template_gift_card"
                    ).id,
                }
            ),
        ]
        seller = new_test_user(
            self.env, "seller", groups="sales_team.group_sale_manager"
        )
        seller.partner_id.email = False
        self.company.email = "clinic@example.com"
        order = self._order(self.card, partner=self.people["stranger"])
        order.partner_id.email = "stranger@example.com"
        order.user_id = seller
        order._update_programs_and_rewards()
        before = self.env["mail.mail"].search([])
        with mute_logger("odoo.addons.mail.models.mail_mail"):
            order.action_confirm()
        card = self.env["loyalty.card"].search([("order_id", "=", order.id)])
        self.assertEqual(card.points, 50)
        mail = (self.env["mail.mail"].search([]) - before).filtered(
            lambda mail: card.code in mail.body_html
        )
        self.assertEqual(mail.recipient_ids, order.partner_id)
        self.assertIn("clinic@example.com", mail.email_from)

    def test_the_lookup_costs_no_query_more(self):
        self._sell_money("gift_card")
        pricelist = self.member.property_product_pricelist
        pricelist._get_products_price(self.card | self.peel, 1.0)
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        pricelist._get_products_price(self.peel, 1.0)
        of_a_peel = self.env.cr.sql_log_count - before
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        pricelist._get_products_price(self.card, 1.0)
        self.assertLessEqual(self.env.cr.sql_log_count - before, of_a_peel)
