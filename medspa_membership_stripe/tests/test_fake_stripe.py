# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import stripe

from odoo.tests import BaseCase, tagged

from odoo.addons.medspa_membership.tests.fake_stripe import GOOD_CARD, FakeStripe

DECLINED = "4000000000009995"


@tagged("post_install", "-at_install")
class TestFakeStripe(BaseCase):
    """The fake answers Stripe's own client as Stripe does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stripe = FakeStripe().start()
        cls.addClassCleanup(cls.stripe.stop)
        cls.client = stripe.StripeClient(
            "sk_test_1",
            base_addresses={"api": cls.stripe.url},
            http_client=stripe.RequestsClient(timeout=5),
            max_network_retries=0,
        ).v1

    def _create_intent(self, number=GOOD_CARD, options=None, **params):
        customer = self.client.customers.create({"name": "Paula"})
        method = self.client.payment_methods.create(
            {"type": "card", "card": {"number": number}}
        )
        return self.client.payment_intents.create(
            {
                "amount": 45000,
                "currency": "eur",
                "customer": customer.id,
                "payment_method": method.id,
                "description": "S0001",
                **params,
            },
            options or {},
        )

    def test_create_confirm_retrieve(self):
        intent = self._create_intent()
        self.assertEqual(intent.status, "requires_payment_method")
        confirmed = self.client.payment_intents.confirm(intent.id)
        self.assertEqual(confirmed.status, "succeeded")
        found = self.client.payment_intents.retrieve(
            intent.id, {"expand": ["payment_method"]}
        )
        self.assertEqual((found.amount_received, found.currency), (45000, "eur"))
        self.assertEqual(found.payment_method.card.last4, "4242")

    def test_declines(self):
        with self.assertRaises(stripe.CardError) as caught:
            self._create_intent(DECLINED, confirm=True)
        self.assertEqual(caught.exception.code, "card_declined")
        self.assertEqual(caught.exception.error.decline_code, "insufficient_funds")
        self.assertEqual(
            self.stripe.events[-1]["type"], "payment_intent.payment_failed"
        )

    def test_advice_and_codes_of_the_network(self):
        with self.assertRaises(stripe.CardError) as caught:
            self._create_intent("4000000000000259", confirm=True)
        error = caught.exception.error
        self.assertEqual(error.decline_code, "do_not_honor")
        self.assertEqual(error.advice_code, "do_not_try_again")
        self.assertEqual(error.network_advice_code, "03")
        self.assertEqual(error.payment_intent.status, "requires_payment_method")

    def test_lists_and_search(self):
        reference = {"odoo_reference": "M-1"}
        intents = [
            self._create_intent(metadata=reference),
            *(self._create_intent() for _index in range(3)),
        ]
        wanted = {intent.id for intent in intents}
        params = {"limit": 2, "created": {"gte": 0}}
        found = self.client.payment_intents.list(params).auto_paging_iter()
        self.assertLessEqual(wanted, {intent.id for intent in found})
        customer = {"customer": intents[0].customer}
        found = self.client.payment_intents.list(customer).data
        self.assertEqual([intent.id for intent in found], [intents[0].id])
        query = {"query": "metadata['odoo_reference']:'M-1'"}
        found = self.client.payment_intents.search(query).data
        self.assertEqual([intent.id for intent in found], [intents[0].id])

    def test_cards_of_a_customer(self):
        customer = self.client.customers.create({"email": "paula@example.com"})
        method = self.client.payment_methods.create(
            {"type": "card", "card": {"number": GOOD_CARD}}
        )
        self.client.payment_methods.attach(method.id, {"customer": customer.id})
        found = self.client.payment_methods.list({"customer": customer.id}).data
        self.assertEqual([card.id for card in found], [method.id])
        self.client.payment_methods.detach(method.id)
        found = self.client.payment_methods.list({"customer": customer.id}).data
        self.assertFalse(found)
        self.assertEqual(self.stripe.events[-1]["type"], "payment_method.detached")

    def test_refusals(self):
        params = {"amount": 100, "currency": "eur"}
        for fault, error in (
            ("rate_limit", stripe.RateLimitError),
            ("unauthorized", stripe.AuthenticationError),
            ("conflict", stripe.StripeError),
            ("refused", stripe.APIConnectionError),
        ):
            self.stripe.fail_next("POST", "payment_intents", fault)
            before = len(self.stripe.objects)
            with self.assertRaises(error):
                self.client.payment_intents.create(params)
            self.assertEqual(len(self.stripe.objects), before)
        for amount, currency in ((10123, "kwd"), (49, "jpy")):
            with self.assertRaises(stripe.InvalidRequestError):
                self.client.payment_intents.create(
                    {"amount": amount, "currency": currency}
                )

    def test_disputes_and_books(self):
        intent = self._create_intent(confirm=True, metadata={"odoo_reference": "M-2"})
        self.assertEqual(self.stripe.get_charged()["M-2"], [45000])
        dispute = self.stripe.dispute(intent.id, amount=20000)
        found = self.client.disputes.retrieve(dispute["id"])
        self.assertEqual((found.status, found.amount), ("needs_response", 20000))
        self.assertEqual(self.stripe.get_balance()["M-2"], 25000)
        self.stripe.close_dispute(dispute["id"], "won")
        self.assertEqual(self.stripe.get_balance()["M-2"], 45000)
        refund = self.client.refunds.create({"payment_intent": intent.id})
        self.assertEqual(self.stripe.get_balance()["M-2"], 0)
        self.stripe.fail_refund(refund.id)
        self.assertEqual(self.client.refunds.retrieve(refund.id).status, "failed")
        self.assertEqual(self.stripe.get_balance()["M-2"], 45000)
        kinds = [event["type"] for event in self.stripe.events[-6:]]
        self.assertEqual(
            kinds,
            [
                "charge.dispute.funds_withdrawn",
                "charge.dispute.closed",
                "charge.dispute.funds_reinstated",
                "charge.refunded",
                "charge.refund.updated",
                "refund.failed",
            ],
        )

    def test_slow_money(self):
        intent = self._create_intent("4000000000005001", confirm=True)
        self.assertEqual(intent.status, "processing")
        charge = self.stripe.objects[intent.latest_charge]
        self.assertEqual(charge["status"], "pending")
        self.stripe.settle(intent.id)
        found = self.client.payment_intents.retrieve(intent.id)
        self.assertEqual(found.status, "succeeded")

    def test_same_key_charges_once(self):
        params = {"amount": 100, "currency": "eur"}
        create = self.client.payment_intents.create
        first = create(params, {"idempotency_key": "key-1"})
        self.assertEqual(create(params, {"idempotency_key": "key-1"}).id, first.id)
        with self.assertRaises(stripe.IdempotencyError):
            create({**params, "amount": 200}, {"idempotency_key": "key-1"})

    def test_faults(self):
        params = {"amount": 100, "currency": "eur"}
        create = self.client.payment_intents.create
        before = len(self.stripe.objects)
        self.stripe.fail_next("POST", "payment_intents", "error")
        with self.assertRaises(stripe.APIError):
            create(params, {"idempotency_key": "key-2"})
        self.assertEqual(len(self.stripe.objects), before)
        self.stripe.fail_next("POST", "payment_intents", "lost_answer")
        with self.assertRaises(stripe.APIConnectionError):
            create(params, {"idempotency_key": "key-3"})
        self.assertEqual(len(self.stripe.objects), before + 1)
        # Asking again with the same key finds what was done.
        create(params, {"idempotency_key": "key-3"})
        self.assertEqual(len(self.stripe.objects), before + 1)
        self.stripe.fail_next("POST", "payment_intents", "error_after")
        for _time in range(2):  # Stripe keeps even a 500 with its key.
            with self.assertRaises(stripe.APIError):
                create(params, {"idempotency_key": "key-4"})

    def test_unknown_and_incomplete_requests(self):
        with self.assertRaises(stripe.InvalidRequestError):
            self.client.payment_intents.retrieve("pi_unknown")
        with self.assertRaises(stripe.InvalidRequestError):
            self.client.payment_intents.create({"currency": "eur"})

    def test_refunds(self):
        intent = self._create_intent(confirm=True)
        refund = self.client.refunds.create(
            {"payment_intent": intent.id, "amount": 15000}
        )
        self.assertEqual(refund.status, "succeeded")
        event = self.stripe.events[-1]
        self.assertEqual(event["type"], "charge.refunded")
        self.assertEqual(event["data"]["object"]["amount_refunded"], 15000)
        with self.assertRaises(stripe.InvalidRequestError):
            self.client.refunds.create({"payment_intent": intent.id, "amount": 30001})

    def test_events_are_signed_as_stripe_signs_them(self):
        self._create_intent(confirm=True)
        payload, headers = self.stripe.sign(self.stripe.events[-1])
        check = stripe.Webhook.construct_event
        event = check(payload, headers["Stripe-Signature"], "whsec_test")
        self.assertEqual(event.type, "payment_intent.succeeded")
        with self.assertRaises(stripe.SignatureVerificationError):
            check(payload, headers["Stripe-Signature"], "whsec_other")
