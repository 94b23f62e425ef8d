# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import time
from unittest.mock import patch

from odoo import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.medspa_membership.tests.common import ClinicData
from odoo.addons.medspa_membership.tests.stripe_common import StripeMixin
from odoo.addons.medspa_membership.tests.test_credit_concurrency import (
    RealTransactionsCase,
)

DECLINED = "4000000000009995"
WEBHOOK = "/payment/stripe/webhook"


@tagged("post_install", "-at_install")
class TestStripe(ClinicData, StripeMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_clinic()
        cls._start_stripe()
        cls.provider = cls.env.ref("payment.payment_provider_stripe")
        cls.provider.write(cls._get_provider_vals())
        cls.card = cls.env.ref("payment.payment_method_card")
        cls.card.active = True
        cls.provider.payment_method_ids = cls.card
        cls.patient.write(
            {
                "street": "Calle Mayor 1",
                "city": "Madrid",
                "zip": "28001",
                "phone": "+34600000000",
                "country_id": cls.env.ref("base.es").id,
            }
        )
        cls._create_portal_user(cls.patient, "paula")

    def setUp(self):
        super().setUp()
        self.authenticate("paula", "paula")
        website = self.env["website"].search(
            [("company_id", "=", self.company.id)], limit=1
        )
        self.order = self.env["sale.order"].create(
            {
                "partner_id": self.patient.id,
                "website_id": website.id,
                "order_line": [
                    Command.create(
                        {"product_id": self.peel_course.product_variant_id.id}
                    )
                ],
            }
        )

    # === STEPS === #

    def _begin(self, **kwargs):
        """Choose the card in the checkout; return the transaction and its intent."""
        values = self.make_jsonrpc_request(
            f"/shop/payment/transaction/{self.order.id}",
            {
                "access_token": self.order._portal_ensure_token(),
                "provider_id": self.provider.id,
                "payment_method_id": self.card.id,
                "token_id": None,
                "flow": "direct",
                "tokenization_requested": False,
                "landing_route": "/shop/payment/validate",
                **kwargs,
            },
        )
        tx = self.env["payment.transaction"].search(
            [("reference", "=", values["reference"])]
        )
        return tx, values["client_secret"].split("_secret")[0], values["return_url"]

    def _return(self, return_url, intent_id):
        path = "/payment/stripe/return" + return_url.split("/payment/stripe/return")[1]
        response = self.url_open(
            f"{path}&payment_intent={intent_id}", allow_redirects=False
        )
        self.assertEqual(response.status_code, 303)

    def _deliver(self, event, **kwargs):
        payload, headers = self.stripe.sign(event, **kwargs)
        return self.url_open(WEBHOOK, data=payload, headers=headers)

    def assertCourseIsPaidOnce(self, tx):
        self.env.invalidate_all()
        self.assertEqual(tx.state, "done")
        self.assertTrue(tx.is_post_processed)
        self.assertEqual(self.order.state, "sale")
        course = self.order.course_ids
        self.assertEqual(course.mapped("state"), ["active"])
        self.assertEqual(course.credit_ids.move_ids.mapped("kind"), ["grant"])
        self.assertBalances(course.credit_ids, 5, 0)
        self.assertEqual(len(tx.payment_id), 1)

    # === TESTS === #

    def test_webhook_then_return_page(self):
        tx, intent_id, return_url = self._begin()
        self.assertEqual(tx.state, "draft")
        self._confirm(intent_id)
        self.assertEqual(self._deliver(self.stripe.events[-1]).status_code, 200)
        self.assertCourseIsPaidOnce(tx)
        self._return(return_url, intent_id)
        self.assertCourseIsPaidOnce(tx)

    def test_return_page_then_webhook(self):
        tx, intent_id, return_url = self._begin()
        self._confirm(intent_id)
        self._return(return_url, intent_id)
        self.assertCourseIsPaidOnce(tx)
        self._deliver(self.stripe.events[-1])
        self.assertCourseIsPaidOnce(tx)

    def test_the_browser_is_closed_after_paying(self):
        tx, intent_id, _return_url = self._begin()
        self._confirm(intent_id)
        self._deliver(self.stripe.events[-1])
        self.assertCourseIsPaidOnce(tx)
        self.env.ref("payment.cron_post_process_payment_tx").method_direct_trigger()
        self.assertCourseIsPaidOnce(tx)

    def test_webhook_comes_three_times(self):
        tx, intent_id, _return_url = self._begin()
        self._confirm(intent_id)
        for _time in range(3):
            self.assertEqual(self._deliver(self.stripe.events[-1]).status_code, 200)
        self.assertCourseIsPaidOnce(tx)

    def test_forged_webhooks_are_refused(self):
        tx, intent_id, _return_url = self._begin()
        self._confirm(intent_id)
        event = self.stripe.events[-1]
        payload, headers = self.stripe.sign(event)
        forgeries = [
            self.stripe.sign(event, secret="whsec_guessed"),
            self.stripe.sign(event, timestamp=time.time() - 3600),
            (payload.replace(b"45000", b"1"), headers),
            (payload, {**headers, "Stripe-Signature": "t=1,v1=0"}),
        ]
        for body, sent in forgeries:
            with mute_logger(
                "odoo.http", "odoo.addons.medspa_membership_stripe.controllers.main"
            ):
                self.assertEqual(
                    self.url_open(WEBHOOK, data=body, headers=sent).status_code, 403
                )
        self.env.invalidate_all()
        self.assertEqual(tx.state, "draft")
        self.assertFalse(self.order.course_ids)

    def test_declined_then_paid_with_another_card(self):
        tx, intent_id, return_url = self._begin()
        status, answer = self._confirm(intent_id, DECLINED)
        self.assertEqual(
            (status, answer["error"]["decline_code"]), (402, "insufficient_funds")
        )
        declined = self.stripe.events[-1]
        self._deliver(declined)
        self.env.invalidate_all()
        self.assertEqual(tx.state, "error")
        self.assertFalse(self.order.course_ids.credit_ids)
        self._confirm(intent_id)
        self._return(return_url, intent_id)
        self.assertCourseIsPaidOnce(tx)
        # The news of the decline comes late and changes nothing.
        with mute_logger("odoo.addons.payment.models.payment_transaction"):
            self._deliver(declined)
        self.assertCourseIsPaidOnce(tx)

    def test_nobody_returns_into_a_paid_course_without_paying(self):
        tx, intent_id, return_url = self._begin()
        self._return(return_url, intent_id)
        self.env.invalidate_all()
        self.assertNotEqual(tx.state, "done")
        self.assertFalse(self.order.course_ids)

    def test_the_amount_must_be_the_one_asked_for(self):
        tx, intent_id, return_url = self._begin()
        self.stripe.objects[intent_id]["amount"] = 100
        self._confirm(intent_id)
        with mute_logger("odoo.addons.payment.models.payment_transaction"):
            self._return(return_url, intent_id)
        self.env.invalidate_all()
        self.assertEqual(tx.state, "error")
        self.assertFalse(self.order.course_ids)

    def test_stripe_is_down_when_the_patient_returns(self):
        tx, intent_id, return_url = self._begin()
        self._confirm(intent_id)
        for fault in ("error", "lost_answer"):
            self.stripe.fail_next("GET", f"payment_intents/{intent_id}", fault)
            with mute_logger(
                "odoo.addons.payment_stripe.controllers.main",
                "odoo.addons.payment.models.payment_provider",
            ):
                self._return(return_url, intent_id)
            self.env.invalidate_all()
            self.assertEqual(tx.state, "draft")
        self._deliver(self.stripe.events[-1])
        self.assertCourseIsPaidOnce(tx)

    def test_saved_card_is_kept_with_its_customer(self):
        tx, intent_id, _return_url = self._begin(tokenization_requested=True)
        self._confirm(intent_id)
        self._deliver(self.stripe.events[-1])
        self.assertCourseIsPaidOnce(tx)
        token = tx.token_id
        self.assertEqual((token.payment_details, token.card_brand), ("4242", "visa"))
        self.assertEqual(str(token.card_expiry_date), "2040-12-31")
        self.assertEqual(
            self.stripe.objects[token.stripe_payment_method]["customer"],
            token.provider_ref,
        )

    def test_failing_follow_up_does_not_lose_the_payment(self):
        tx, intent_id, _return_url = self._begin()
        self._confirm(intent_id)
        Course = self.registry["medspa.course"]
        with (
            patch.object(Course, "_notify_active", side_effect=ValueError("no mail")),
            mute_logger(
                "odoo.addons.medspa_membership.models.billing.payment_transaction_charge"
            ),
        ):
            self.assertEqual(self._deliver(self.stripe.events[-1]).status_code, 200)
        self.env.invalidate_all()
        self.assertEqual(tx.state, "done")
        self.assertFalse(tx.is_post_processed)
        self.env.ref("payment.cron_post_process_payment_tx").method_direct_trigger()
        self.assertCourseIsPaidOnce(tx)


@tagged("post_install", "-at_install")
class TestStripeAtOnce(StripeMixin, RealTransactionsCase):
    """The webhook and the return page in the same moment, in real transactions."""

    @classmethod
    def _create_data(cls, env):
        cls._start_stripe()
        provider = env.ref("payment.payment_provider_stripe").copy(
            {"name": "Stripe at once", **cls._get_provider_vals()}
        )
        cls.provider_id = provider.id
        cls.method_id = env.ref("payment.payment_method_card").id
        return super()._create_data(env)

    def test_webhook_and_return_page_at_once(self):
        with self._transaction() as env:
            product = env["product.template"].browse(self.course_product_id)
            order = env["sale.order"].create(
                {
                    "partner_id": self.patient_id,
                    "order_line": [
                        Command.create({"product_id": product.product_variant_id.id})
                    ],
                }
            )
            order_id = order.id
            tx = env["payment.transaction"].create(
                {
                    "provider_id": self.provider_id,
                    "payment_method_id": self.method_id,
                    "amount": order.amount_total,
                    "currency_id": order.currency_id.id,
                    "partner_id": self.patient_id,
                    "operation": "online_direct",
                    "reference": "AT-ONCE-1",
                    "sale_order_ids": [Command.set(order.ids)],
                }
            )
            intent_id = tx._stripe_create_intent()["id"]
        _status, intent = self._confirm(intent_id)

        def process(env):
            tx = env["payment.transaction"].search([("reference", "=", "AT-ONCE-1")])
            data = {"reference": tx.reference, "payment_intent": intent}
            tx._process("stripe", {**data, "payment_method": None})

        results = self._run_together(*[process] * 4, pause=0.2)
        self.assertEqual(results, [None] * 4, "nobody sees an error")
        with self._transaction() as env:
            order = env["sale.order"].browse(order_id)
            tx = order.transaction_ids
            self.assertEqual((tx.state, tx.is_post_processed), ("done", True))
            self.assertEqual(order.course_ids.mapped("state"), ["active"])
            self.assertEqual(len(tx.payment_id), 1)
            credit = order.course_ids.credit_ids
            self.assertEqual(credit.move_ids.mapped("kind"), ["grant"])
            credit_id = credit.id
        self.assertLedger(credit_id, 5, 0)
