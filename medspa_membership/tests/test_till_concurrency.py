# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from functools import partial

from odoo import Command
from odoo.tests import tagged

from .test_credit_concurrency import RealTransactionsCase


@tagged("post_install", "-at_install")
class TestTillConcurrency(RealTransactionsCase):
    """Tills that spend the same session at the same moment."""

    def _quote(self, credit_id):
        """Return a quotation over one peel that the credit pays for."""
        with self._transaction() as env:
            order = env["sale.order"].create(
                {
                    "partner_id": self.patient_id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": env["product.template"]
                                .browse(self.peel_id)
                                .product_variant_id.id,
                            }
                        )
                    ],
                }
            )
            order.order_line._use_credit(env["medspa.credit"].browse(credit_id))
            return order.id

    @staticmethod
    def _confirm(order_id, env):
        return env["sale.order"].browse(order_id).action_confirm()

    def test_two_tills_spend_the_last_session_once(self):
        credit_id = self._grant(1)
        order_ids = [self._quote(credit_id) for _till in range(2)]
        results = self._run_together(
            *[partial(self._confirm, order_id) for order_id in order_ids]
        )
        done, refused, others = self._split(results)
        self.assertFalse(others)
        self.assertEqual((len(done), len(refused)), (1, 1))
        self.assertIn("Nothing is left to use", str(refused[0]))
        self.assertLedger(credit_id, 0, 0)

    def test_one_order_confirmed_twice_takes_once(self):
        credit_id = self._grant(5)
        order_id = self._quote(credit_id)
        results = self._run_together(*[partial(self._confirm, order_id)] * 2)
        self.assertFalse(self._split(results)[2])
        self.assertLedger(credit_id, 4, 0)

    def test_a_visit_and_a_till_spend_the_last_session_once(self):
        credit_id = self._grant(1)
        order_id = self._quote(credit_id)

        def book(env):
            return env["calendar.event"].create(self._prepare_booking()).credit_id.id

        results = self._run_together(partial(self._confirm, order_id), book)
        _done, refused, others = self._split(results)
        self.assertFalse(others)
        with self.registry.cursor() as cr:
            cr.execute(
                "SELECT remaining, reserved FROM medspa_credit WHERE id = %s",
                [credit_id],
            )
            remaining, reserved = map(float, cr.fetchone())
        # Either the order took it, or the booking holds it and the order was refused.
        self.assertEqual((remaining, reserved), (1, 1) if refused else (0, 0))
        self.assertLedger(credit_id)
