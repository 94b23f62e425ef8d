# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import StripeCase


@tagged("post_install", "-at_install")
class TestAmounts(StripeCase):
    """What Stripe gets, in minor units, or why it gets nothing."""

    def _charge_in(self, code, amount, rounding=None):
        currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", code)])
        )
        currency.active = True
        if rounding:
            currency.rounding = rounding
        invoice = self._create_invoice(amount, currency_id=currency.id)
        self.assertEqual(invoice.amount_total, amount)
        tx = self._create_charge(self._create_token(), invoice)
        self._charge_once(tx)
        return tx

    def assertSent(self, tx, minor):
        self.assertEqual(tx.state, "done")
        self.assertEqual(self.stripe.get_charged(), {tx.reference: [minor]})
        self.assertEqual(tx.invoice_ids.amount_residual, 0)

    def assertRefused(self, tx, words):
        self.assertEqual((tx.state, tx.decline_kind), ("error", "config"))
        self.assertIn(words, tx.state_message)
        self.assertEqual(self.stripe.get_charged(), {})

    def test_yen_have_no_decimals(self):
        self.assertSent(self._charge_in("JPY", 4900), 4900)

    def test_dinars_have_three_and_the_last_is_zero(self):
        self.assertSent(self._charge_in("KWD", 10.12), 10120)

    def test_dinars_that_stripe_cannot_charge(self):
        tx = self._charge_in("KWD", 10.123)
        self.assertRefused(tx, "Set a coarser rounding on the currency")

    def test_dinars_in_a_clinic_that_rounds_them(self):
        self.assertSent(self._charge_in("KWD", 10.12, rounding=0.01), 10120)

    def test_kronur_are_counted_in_hundredths(self):
        self.assertSent(self._charge_in("ISK", 4900), 490000)

    def test_yen_with_decimals_by_mistake(self):
        tx = self._charge_in("JPY", 4900.5, rounding=0.01)
        self.assertRefused(tx, "must be zero")

    def test_less_than_the_least(self):
        self.assertRefused(self._charge_in("JPY", 49), "no less than")
        self.assertRefused(self._charge_in("USD", 0.49), "no less than")

    def test_the_least(self):
        self.assertSent(self._charge_in("USD", 0.5), 50)

    def test_paying_on_a_page_says_it_too(self):
        invoice = self._create_invoice(0.3)
        tx = self._create_charge(
            self._create_token(), invoice, operation="online_direct", token_id=False
        )
        with self.assertRaises(ValidationError):
            tx._stripe_prepare_payment_intent_payload()
