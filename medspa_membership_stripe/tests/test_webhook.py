# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import json
import time
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import Form, HttpCase, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.medspa_membership.tests.fake_stripe import SLOW_CARD

from .common import WEBHOOK, StripeCase

CONTROLLER = "odoo.addons.medspa_membership_stripe.controllers.main"
EVENTS = "odoo.addons.medspa_membership.models.billing.medspa_payment_event"


class WebhookCase(StripeCase, HttpCase):
    def _deliver(self, event, status=200, **kwargs):
        payload, headers = self.stripe.sign(event, **kwargs)
        return self._post(payload, headers, status)

    def _post(self, payload, headers, status):
        self.env.flush_all()
        response = self.url_open(WEBHOOK, data=payload, headers=headers)
        self.env.invalidate_all()
        self.assertEqual(response.status_code, status)
        return response

    def _get_event(self, event):
        return self.env["medspa.payment.event"].search(
            [("event_ref", "=", event["id"])]
        )

    def _process_later(self, **delta):
        with freeze_time(fields.Datetime.now() + timedelta(**delta)):
            self._run_cron("ir_cron_process_payment_events")


@tagged("post_install", "-at_install")
class TestSignature(WebhookCase):
    """Only Stripe is heard, and nothing of it is lost."""

    def setUp(self):
        super().setUp()
        self.tx = self._charge(SLOW_CARD)
        self.stripe.settle(self.tx.provider_reference)
        self.event = self.stripe.events[-1]

    def test_signed(self):
        self._deliver(self.event)
        self.assertEqual(self.tx.state, "done")
        self.assertPaid(self.tx.invoice_ids)
        self.assertEqual(self._get_event(self.event).state, "done")

    def test_both_secrets_are_good_while_one_is_changed(self):
        for secrets in (["whsec_new", "whsec_test"], ["whsec_test", "whsec_new"]):
            self._deliver(self.event, secrets=secrets)
        self.assertEqual(self.tx.state, "done")

    def test_forgeries(self):
        payload, headers = self.stripe.sign(self.event)
        changed = {**self.event, "id": "evt_forged"}
        forgeries = [
            self.stripe.sign(changed, secret="whsec_guessed"),
            self.stripe.sign(changed, secrets=["whsec_a", "whsec_b"]),
            self.stripe.sign(changed, timestamp=time.time() - 301),
            self.stripe.sign(changed, timestamp=time.time() + 330),
            (payload.replace(b"4900", b"1"), headers),
            (payload, {"Content-Type": "application/json"}),
            (payload, {**headers, "Stripe-Signature": "t=1,v1=é"}),
            (payload, {**headers, "Stripe-Signature": "nonsense"}),
            (payload, {**headers, "Stripe-Signature": "t=,v1="}),
            (payload, {**headers, "Stripe-Signature": "t=²,v1=00"}),
            (payload, {**headers, "Stripe-Signature": f"t={'9' * 5000},v1=00"}),
        ]
        for body, sent in forgeries:
            sent = {name: value.encode() for name, value in sent.items()}
            with mute_logger("odoo.http", CONTROLLER):
                self._post(body, sent, 403)
        self.assertEqual(self.tx.state, "pending")
        self.assertFalse(self.env["medspa.payment.event"].search([]))

    def test_nearly_too_old_is_good(self):
        self._deliver(self.event, timestamp=time.time() - 280)
        self.assertEqual(self.tx.state, "done")

    def test_without_a_secret_nothing_is_believed(self):
        stripe_providers = self.env["payment.provider"].search(
            [("code", "=", "stripe")]
        )
        stripe_providers.stripe_webhook_secret = False
        with mute_logger("odoo.http", CONTROLLER):
            response = self._deliver(self.event, 409)
        self.assertIn("signing secret", response.text)
        self.assertEqual(self.tx.state, "pending")

    def test_signed_nonsense(self):
        with mute_logger("odoo.http"):
            self._deliver({"id": "evt_1"}, 400)
            for created in (10**18, -(10**18), "soon", None, [1]):
                self._deliver({**self.event, "created": created}, 400)
        self.assertFalse(self.env["medspa.payment.event"].search([]))

    def test_secret_of_another_company(self):
        """Who has one company's secret moves nothing of another company's."""
        other = self.provider.copy({"name": "Stripe of another company"})
        other.write(
            {
                **self._get_provider_vals(),
                "stripe_webhook_secret": "whsec_other",
            }
        )
        self._deliver(self.event, secret="whsec_other")
        self.assertEqual(self.tx.state, "pending")
        self.assertEqual(self._get_event(self.event).provider_id, other)

    def test_the_button_orders_the_events(self):
        self.provider.stripe_webhook_secret = False
        self.provider.action_stripe_create_webhook()
        self.assertEqual(self.provider.stripe_webhook_secret, "whsec_test")
        method, path, params, _key = self.stripe.requests[-1]
        self.assertEqual((method, path), ("POST", "webhook_endpoints"))
        for kind in (
            "payment_intent.succeeded",
            "charge.dispute.created",
            "charge.dispute.funds_withdrawn",
            "payment_method.automatically_updated",
            "mandate.updated",
            "refund.failed",
        ):
            self.assertIn(kind, params["enabled_events"])
            handlers = self.provider._stripe_get_event_handlers()
            self.assertLessEqual(
                set(params["enabled_events"]),
                set(handlers) | {"payment_intent.amount_capturable_updated"},
            )


@tagged("post_install", "-at_install")
class TestEvents(WebhookCase):
    """Twice, late, in the wrong order, before their transaction: one effect."""

    def test_three_times(self):
        tx = self._charge(SLOW_CARD)
        self.stripe.settle(tx.provider_reference)
        for _time in range(3):
            self._deliver(self.stripe.events[-1])
        self.assertEqual(tx.state, "done")
        event = self._get_event(self.stripe.events[-1])
        self.assertEqual((len(event), event.attempts), (1, 1))
        payments = self.env["account.payment"].search(
            [("payment_transaction_id", "=", tx.id)]
        )
        self.assertEqual(len(payments), 1)

    def test_pending_for_days_then_failed(self):
        tx = self._charge(SLOW_CARD)
        self.assertEqual((tx.state, tx.is_outcome_unknown), ("pending", False))
        self._charge_once(tx)
        self.assertEqual(self.stripe.count_requests("POST", "payment_intents"), 1)
        self.stripe.settle(tx.provider_reference, succeeds=False)
        self._deliver(self.stripe.events[-1])
        self.assertEqual((tx.state, tx.decline_code), ("error", "insufficient_funds"))
        self.assertEqual(tx.settled_as, "error")

    def test_pending_whose_news_were_lost(self):
        tx = self._charge(SLOW_CARD)
        self.stripe.settle(tx.provider_reference)
        self._resolve()
        self.assertEqual(tx.state, "pending", "Not asked before a day is over")
        with freeze_time(fields.Datetime.now() + timedelta(days=1, minutes=1)):
            self._resolve()
        self.assertEqual(tx.state, "done")
        self.assertPaid(tx.invoice_ids)

    def test_failure_that_comes_after_the_success(self):
        tx = self._charge("4000000000009995")
        failed = self.stripe.events[-1]
        with self.stripe.lock:
            _customer, method = self._create_card()
            self.stripe._route(
                "POST",
                f"payment_intents/{tx.provider_reference}/confirm",
                {"payment_method": method["id"]},
            )
        self._deliver(self.stripe.find_events("payment_intent.succeeded")[-1])
        self.assertEqual(tx.state, "done")
        self._deliver(failed)
        self.assertEqual(tx.state, "done", "An old event moves nothing back")
        self.assertFalse(tx.decline_code)
        self.assertPaid(tx.invoice_ids)

    def test_event_before_its_transaction(self):
        """The webhook is quicker than our commit: it is kept, not lost."""
        tx = self._charge(SLOW_CARD)
        reference, intent_id = tx.reference, tx.provider_reference
        self.stripe.settle(intent_id)
        tx.write({"reference": "not there yet", "provider_reference": False})
        event = self.stripe.events[-1]
        self._deliver(event)
        self.assertEqual(self._get_event(event).state, "received")
        self.assertEqual(tx.state, "pending")
        tx.write({"reference": reference, "provider_reference": intent_id})
        self._process_later(minutes=2)
        self.assertEqual(self._get_event(event).state, "done")
        self.assertEqual(tx.state, "done")
        self.assertPaid(tx.invoice_ids)

    def test_event_of_another_system_is_ignored_in_the_end(self):
        tx = self._charge(SLOW_CARD)
        event = json.loads(json.dumps(self.stripe.events[-1]))
        obj = event["data"]["object"]
        obj.update(id="pi_shop", description="Order 7", metadata={})
        event["id"] = "evt_shop"
        self._deliver(event)
        for day in range(1, 6):
            self._process_later(days=day)
        stored = self._get_event(event)
        self.assertEqual((stored.state, stored.attempts), ("ignored", 5))
        obj["metadata"] = {"odoo_reference": tx.reference, "odoo_database": "other"}
        event["id"] = "evt_other_database"
        self._deliver(event)
        self.assertEqual(self._get_event(event).state, "ignored")
        self.assertEqual(tx.state, "pending")

    def test_failure_is_kept_and_tried_again(self):
        tx = self._charge(SLOW_CARD)
        self.stripe.settle(tx.provider_reference)
        event = self.stripe.events[-1]
        Transaction = self.registry["payment.transaction"]
        with (
            patch.object(Transaction, "_process", side_effect=ValueError("broken")),
            mute_logger(EVENTS),
        ):
            self._deliver(event)
            stored = self._get_event(event)
            self.assertEqual((stored.state, stored.error), ("received", "broken"))
            self._run_cron("ir_cron_process_payment_events")
            self.assertEqual(stored.attempts, 1, "Not before its time")
        # Stripe sends it again meanwhile: done at once.
        self._deliver(event)
        self.assertEqual((stored.state, stored.error), ("done", False))
        self.assertEqual(tx.state, "done")

    def test_event_that_fails_for_days_is_left_to_people(self):
        tx = self._charge(SLOW_CARD)
        event = self.stripe.events[-1]
        manager = self.manager
        manager.write(
            {
                "company_ids": [Command.link(self.company.id)],
                "company_id": self.company.id,
            }
        )
        # Stripe does not answer when the payment is read.
        path = f"payment_intents/{tx.provider_reference}"
        self.stripe.fail_next("GET", path, "error", times=20)
        with mute_logger(EVENTS, "odoo.addons.payment.models.payment_provider"):
            self._deliver(event)
            for day in range(1, 9):
                self._process_later(days=2 * day)
        stored = self._get_event(event)
        self.assertEqual((stored.state, stored.attempts), ("failed", 9))
        self.stripe.faults.clear()
        with Form(stored.with_user(manager)) as form:
            self.assertIn("rejected", form.error)
        stored.with_user(manager).action_retry()
        self.assertEqual(stored.state, "done")

    def test_manager_reads_and_nobody_writes(self):
        tx = self._charge()
        self._deliver(self.stripe.events[-1])
        event = self._get_event(self.stripe.events[-1])
        company = [Command.link(self.company.id)]
        (self.manager | self.receptionist).write({"company_ids": company})
        as_manager = event.with_user(self.manager)
        self.assertEqual(as_manager.kind, "payment_intent.succeeded")
        for values in ({"state": "done"}, {"kind": "x"}):
            with self.assertRaises(AccessError):
                as_manager.write(values)
        with self.assertRaises(AccessError):
            as_manager.unlink()
        with self.assertRaises(AccessError):
            as_manager.read(["payload"])
        for user in (self.receptionist, self.practitioner_user):
            with self.assertRaises(AccessError):
                event.with_user(user).read(["kind"])
            with self.assertRaises(AccessError):
                event.with_user(user).action_retry()
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "stranger",
            groups="medspa_membership.group_medspa_manager",
            company_id=elsewhere.id,
            company_ids=[Command.set(elsewhere.ids)],
        )
        with self.assertRaises(AccessError):
            event.with_user(stranger).read(["kind"])
        self.assertEqual(tx.state, "done")

    def test_old_events_are_deleted_and_failed_ones_kept(self):
        self._charge()
        self._deliver(self.stripe.events[-1])
        Event = self.env["medspa.payment.event"].sudo()
        done = self._get_event(self.stripe.events[-1]).sudo()
        failed = done.copy({"event_ref": "evt_failed", "state": "failed"})
        with freeze_time(fields.Datetime.now() + timedelta(days=89)):
            Event._gc_processed()
        self.assertTrue(done.exists())
        with freeze_time(fields.Datetime.now() + timedelta(days=91)):
            Event._gc_processed()
        self.assertFalse(done.exists())
        self.assertTrue(failed.exists())


@tagged("post_install", "-at_install")
class TestMoneyThatGoesAway(WebhookCase):
    """Disputes and late failures open the invoice again, and only once."""

    def _dispute(self, **kwargs):
        tx = self._charge()
        dispute = self.stripe.dispute(tx.provider_reference, **kwargs)
        return tx, dispute

    def _deliver_all(self, kind):
        for event in self.stripe.find_events(kind):
            self._deliver(event)

    def assertTakenBack(self, tx):
        self.assertEqual((tx.state, tx.settled_as), ("error", "taken_back"))
        self.assertOpen(tx.invoice_ids)
        self.assertEqual(tx.invoice_ids.amount_paid, 0)
        self.assertFalse(tx._may_retry_same_method())

    def test_dispute_created_and_lost(self):
        tx, dispute = self._dispute()
        self._deliver_all("charge.dispute.created")
        self.assertTakenBack(tx)
        self.assertEqual(tx.taken_back_kind, "dispute")
        self._deliver_all("charge.dispute.funds_withdrawn")
        self._deliver_all("charge.dispute.created")
        self.stripe.close_dispute(dispute["id"], "lost")
        self._deliver_all("charge.dispute.closed")
        self.assertTakenBack(tx)
        self.assertEqual(self.stripe.get_balance(), {tx.reference: 0})
        payments = self.env["account.payment"].search(
            [("payment_transaction_id", "=", tx.id)]
        )
        self.assertEqual(payments.mapped("state"), ["canceled"])

    def test_dispute_won(self):
        tx, dispute = self._dispute()
        self._deliver_all("charge.dispute.created")
        self.stripe.close_dispute(dispute["id"], "won")
        for _time in range(2):
            self._deliver_all("charge.dispute.closed")
            self._deliver_all("charge.dispute.funds_reinstated")
        self.assertEqual((tx.state, tx.settled_as), ("done", "done"))
        self.assertFalse(tx.taken_back_at)
        self.assertPaid(tx.invoice_ids)
        self.assertEqual(self.stripe.get_balance(), {tx.reference: 4900})

    def test_events_of_a_dispute_in_reverse(self):
        tx, dispute = self._dispute()
        self.stripe.close_dispute(dispute["id"], "won")
        for event in reversed(self.stripe.events):
            self._deliver(event)
        self.assertEqual(tx.state, "done")
        self.assertPaid(tx.invoice_ids)

    def test_news_of_the_success_gives_nothing_back(self):
        tx, _dispute = self._dispute()
        self._deliver_all("charge.dispute.created")
        self._deliver_all("payment_intent.succeeded")
        self.assertTakenBack(tx)

    def test_question_of_the_bank_is_no_dispute(self):
        tx, dispute = self._dispute(status="warning_needs_response")
        self._deliver_all("charge.dispute.created")
        self.assertEqual(tx.state, "done")
        self.assertPaid(tx.invoice_ids)
        self.assertIn("bank asks", tx.invoice_ids.message_ids[0].body)
        self.stripe.close_dispute(dispute["id"], "warning_closed")
        self._deliver_all("charge.dispute.closed")
        self.assertEqual(tx.state, "done")

    def test_dispute_over_a_part(self):
        tx, dispute = self._dispute(amount=1900)
        self._deliver_all("charge.dispute.created")
        self.assertEqual(tx.invoice_ids.amount_residual, 19)
        self.stripe.close_dispute(dispute["id"], "won")
        self._deliver_all("charge.dispute.closed")
        self.assertPaid(tx.invoice_ids)

    def test_payment_that_the_bank_statement_knows(self):
        """It stays, and a counter-payment says that the money went again."""
        tx = self._charge()
        payment = tx.payment_id
        self._match_with_statement(payment)
        self._check_countered(tx, payment)

    def test_payment_in_a_closed_period(self):
        today = fields.Date.today()
        with freeze_time(fields.Datetime.now() - timedelta(days=60)):
            tx = self._charge()
        payment = tx.payment_id
        self.assertEqual(payment.date, today - timedelta(days=60))
        self.company.sudo().fiscalyear_lock_date = today - timedelta(days=30)
        counter = self._check_countered(tx, payment)
        self.assertEqual(counter.date, today)

    def _check_countered(self, tx, payment):
        dispute = self.stripe.dispute(tx.provider_reference)
        self._deliver_all("charge.dispute.created")
        self.assertTakenBack(tx)
        self.assertIn(payment.state, ("in_process", "paid"))
        counter = self.env["account.payment"].search(
            [("payment_transaction_id", "=", tx.id), ("id", "!=", payment.id)]
        )
        self.assertEqual((counter.payment_type, counter.amount), ("outbound", 49))
        self.stripe.close_dispute(dispute["id"], "won")
        self._deliver_all("charge.dispute.closed")
        self.assertEqual(tx.state, "done")
        self.assertPaid(tx.invoice_ids)
        return counter

    def _match_with_statement(self, payment):
        """Reconcile a payment with the payout on the bank statement."""
        line = (
            self.env["account.bank.statement.line"]
            .sudo()
            .create(
                {
                    "journal_id": payment.journal_id.id,
                    "payment_ref": "Payout",
                    "amount": payment.amount,
                    "partner_id": payment.partner_id.id,
                }
            )
        )
        _liquidity, suspense, _other = line._seek_for_lines()
        outstanding = payment._seek_for_lines()[0]
        suspense.account_id = outstanding.account_id
        (suspense | outstanding).reconcile()
        self.assertTrue(payment.is_matched)

    def test_late_failure(self):
        tx = self._charge()
        self.stripe.fail_late(tx.provider_reference)
        for _time in range(2):
            self._deliver_all("payment_intent.payment_failed")
        self.assertEqual((tx.state, tx.settled_as), ("error", "taken_back"))
        self.assertEqual(tx.taken_back_kind, "late_failure")
        self.assertEqual(
            (tx.decline_kind, tx.decline_code),
            (
                "soft",
                "insufficient_funds",
            ),
        )
        self.assertOpen(tx.invoice_ids)
        self.assertTrue(tx._may_retry_same_method())
        # Charged again, as a new attempt.
        again = self._create_charge(tx.token_id, tx.invoice_ids)
        self._charge_once(again)
        self.assertPaid(tx.invoice_ids)
        self.assertEqual(self.stripe.get_charged(), {again.reference: [4900]})

    # === REFUNDS === #

    def test_refund_that_fails_in_the_end(self):
        tx = self._charge()
        refund_tx = tx._refund(amount_to_refund=20)
        refund_tx.sudo()._post_process()
        self.assertEqual(refund_tx.payment_id.payment_type, "outbound")
        self._deliver_all("charge.refunded")
        self.assertEqual(tx.child_transaction_ids, refund_tx)
        payment = refund_tx.payment_id
        self.stripe.fail_refund(refund_tx.provider_reference)
        for _time in range(2):
            self._deliver_all("charge.refund.updated")
            self._deliver_all("refund.failed")
        self.assertEqual(refund_tx.state, "error")
        self.assertEqual(payment.state, "canceled")
        self.assertEqual(tx.state, "done")
        # The money can be given back anew.
        again = tx._refund(amount_to_refund=49)
        self.assertEqual(again.state, "done")

    def test_refund_without_an_answer_is_found_by_its_event(self):
        tx = self._charge()
        self.stripe.fail_next("POST", "refunds", "lost_answer")
        with mute_logger("odoo.addons.payment.models.payment_provider"):
            refund_tx = tx._refund(amount_to_refund=20)
        self.assertEqual(
            (refund_tx.state, refund_tx.is_outcome_unknown),
            (
                "pending",
                True,
            ),
        )
        self._deliver_all("charge.refunded")
        self.assertEqual(tx.child_transaction_ids, refund_tx, "It is the same one")
        self.assertEqual(
            (refund_tx.state, refund_tx.is_outcome_unknown),
            (
                "done",
                False,
            ),
        )

    def test_refund_made_at_stripe(self):
        tx = self._charge()
        with self.stripe.lock:
            self.stripe._route(
                "POST",
                "refunds",
                {"payment_intent": tx.provider_reference, "amount": "1000"},
            )
        for _time in range(2):
            self._deliver_all("charge.refunded")
        self.assertEqual(tx.child_transaction_ids.mapped("amount"), [-10])
        self.assertEqual(tx.child_transaction_ids.state, "done")


@tagged("post_install", "-at_install")
class TestCards(WebhookCase):
    """What the network and Stripe tell of saved cards."""

    def setUp(self):
        super().setUp()
        self.token = self._create_token(card_expiry_month=11, card_expiry_year=2026)
        self.changes = []
        Token = self.registry["payment.token"]
        self.startPatcher(
            patch.object(
                Token,
                "_on_method_changed",
                lambda token, change: self.changes.append((token.id, change)),
            )
        )

    def test_renewed_card(self):
        event = self.stripe.renew_card(
            self.token.stripe_payment_method, "4242424242424444", 2, 2028
        )
        for _time in range(2):
            self._deliver(event)
        self.assertEqual(self.token.payment_details, "4444")
        self.assertEqual(self.token.card_brand, "visa")
        self.assertEqual(self.token.card_expiry_date, fields.Date.to_date("2028-02-29"))
        self.assertEqual(self.changes, [(self.token.id, "renewed")])

    def test_old_news_of_a_card(self):
        """What counts is the card as it is, not what an old event says."""
        method = self.token.stripe_payment_method
        old = self.stripe.renew_card(method, "4242424242424444", 2, 2028)
        new = self.stripe.renew_card(method, "4242424242425555", 2, 2030)
        self._deliver(new)
        self._deliver(old)
        self.assertEqual(self.token.payment_details, "5555")
        self.assertEqual(self.token.card_expiry_year, 2030)

    def test_card_removed_at_stripe(self):
        with self.stripe.lock:
            self.stripe._route(
                "POST",
                f"payment_methods/{self.token.stripe_payment_method}/detach",
                {},
            )
        for _time in range(2):
            self._deliver(self.stripe.events[-1])
        self.assertFalse(self.token.active)
        self.assertEqual(self.changes, [(self.token.id, "archived")])

    def test_mandate_withdrawn(self):
        self.token.stripe_mandate = "mandate_1"
        self._deliver(self._change_mandate("active"))
        self.assertTrue(self.token.active)
        self._deliver(self._change_mandate("inactive"))
        self.assertFalse(self.token.active)

    def _change_mandate(self, status):
        self.stripe.objects.setdefault(
            "mandate_1",
            {"id": "mandate_1", "object": "mandate", "created": 0, "metadata": {}},
        )
        return self.stripe.change_mandate("mandate_1", status)

    def test_provider_that_is_switched_off(self):
        self.provider.state = "disabled"
        self.assertFalse(self.token.active)
        self.assertEqual(self.changes, [(self.token.id, "archived")])

    def test_new_card_is_told(self):
        token = self._create_token()
        self.assertEqual(self.changes, [(token.id, "created")])

    def test_usable_until_the_end_of_its_month(self):
        self.assertTrue(self.token._is_usable(fields.Date.to_date("2026-11-30")))
        self.assertFalse(self.token._is_usable(fields.Date.to_date("2026-12-01")))
        self.token.active = False
        self.assertFalse(self.token._is_usable(fields.Date.to_date("2026-11-30")))
