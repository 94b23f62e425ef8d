# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

import requests

from odoo import fields
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.medspa_membership.tests.fake_stripe import GOOD_CARD

from .common import StripeCase


@tagged("post_install", "-at_install")
class TestCharge(StripeCase):
    """One charge, whatever becomes of the answer; the fake's books tell."""

    @contextmanager
    def _note_settlements(self):
        """Collect what the seam for dunning is told."""
        told = []
        Transaction = self.registry["payment.transaction"]
        with patch.object(
            Transaction,
            "_on_charge_settled",
            lambda tx: told.append((tx.reference, tx.settled_as)),
        ):
            yield told

    def assertChargedOnce(self, tx, amount=4900):
        self.assertEqual(self.stripe.get_charged(), {tx.reference: [amount]})

    def test_paid_at_once(self):
        with self._note_settlements() as told:
            tx = self._charge()
        self.assertEqual((tx.state, tx.is_post_processed), ("done", True))
        self.assertTrue(tx.network_attempted)
        self.assertFalse(tx.is_outcome_unknown)
        self.assertPaid(tx.invoice_ids)
        self.assertChargedOnce(tx)
        self.assertEqual(told, [(tx.reference, "done")])
        intent = self.stripe.objects[tx.provider_reference]
        uuid = self.env["ir.config_parameter"].get_param("database.uuid")
        self.assertEqual(
            intent["metadata"],
            {"odoo_reference": tx.reference, "odoo_database": uuid},
        )

    def test_charging_again_changes_nothing(self):
        with self._note_settlements() as told:
            tx = self._charge()
            self._charge_once(tx)
            tx.sudo()._post_process()
        self.assertChargedOnce(tx)
        self.assertEqual(self.stripe.count_requests("POST", "payment_intents"), 1)
        self.assertEqual(len(told), 1)

    def test_decline_is_kept_with_its_words(self):
        with self._note_settlements() as told:
            tx = self._charge("4000000000009995")
        self.assertEqual((tx.state, tx.decline_kind), ("error", "soft"))
        self.assertEqual(tx.decline_code, "insufficient_funds")
        self.assertTrue(tx.network_attempted)
        self.assertIn(tx.provider_reference, self.stripe.objects)
        self.assertIn("lack of funds", tx._get_member_message())
        self.assertTrue(tx._may_retry_same_method())
        self.assertOpen(tx.invoice_ids)
        self.assertEqual(self.stripe.get_charged(), {})
        self.assertEqual(told, [(tx.reference, "error")])

    def test_authentication_is_asked_of_the_patient(self):
        tx = self._charge("4000002760003184")
        self.assertEqual((tx.state, tx.decline_kind), ("error", "authenticate"))
        self.assertFalse(tx._may_retry_same_method())
        self.assertIn("confirm", tx._get_member_message())
        # The invoice can be paid on its page.
        self.env["ir.config_parameter"].set_param(
            "account_payment.enable_portal_payment", "True"
        )
        self.assertTrue(tx.invoice_ids._has_to_be_paid())

    def test_lost_and_stolen_are_not_told(self):
        generic = self._charge("4000000000000002")._get_member_message()
        for number in ("4000000000009987", "4000000000009979", "4100000000000019"):
            tx = self._charge(number)
            self.assertEqual(tx._get_member_message(), generic)
            self.assertFalse(tx._may_retry_same_method())
        self.assertEqual(tx.decline_kind, "fraud")
        self.assertFalse(tx.network_attempted, "Stripe's filter did not ask the bank")

    def test_advice_overrides_the_code(self):
        tx = self._charge("4000000000000259")
        self.assertEqual(tx.decline_code, "do_not_honor")
        self.assertEqual(tx.decline_advice, "do_not_try_again")
        self.assertEqual(tx.decline_network_code, "05")
        self.assertEqual(tx.decline_kind, "new_method")

    def test_renewed_card_lifts_the_hard_stop(self):
        tx = self._charge("4000000000000069")
        self.assertEqual(tx.decline_kind, "new_method")
        self.assertFalse(tx._may_retry_same_method())
        tx.token_id._renew_method({"card_expiry_year": 2041, "card_expiry_month": 2})
        self.assertTrue(tx._may_retry_same_method())
        tx.token_id.active = False
        self.assertFalse(tx._may_retry_same_method())

    # === UNKNOWN OUTCOME === #

    def _check_resolved(self, fault, repeats=1):
        with self._note_settlements() as told:
            tx = self._charge(fault=fault)
            self.assertEqual((tx.state, tx.is_outcome_unknown), ("pending", True))
            self.assertFalse(tx.network_attempted)
            self.assertFalse(tx.decline_kind)
            self.assertEqual(told, [], "No answer is no decline")
            for _time in range(repeats):
                self._resolve()
        self.assertEqual((tx.state, tx.is_outcome_unknown), ("done", False))
        self.assertPaid(tx.invoice_ids)
        self.assertChargedOnce(tx)
        self.assertEqual(told, [(tx.reference, "done")])

    def test_lost_answer(self):
        self._check_resolved("lost_answer")

    def test_connection_refused(self):
        self._check_resolved("refused")

    def test_error_before_the_charge(self):
        self._check_resolved("error")

    def test_lock_at_stripe(self):
        self._check_resolved("conflict")

    def test_limit_of_requests(self):
        self._check_resolved("rate_limit")

    def test_error_kept_with_the_key(self):
        """Stripe repeats its 500 under the key: its own list tells the truth."""
        self._check_resolved("error_after")
        self.assertEqual(self.stripe.count_requests("POST", "payment_intents"), 2)

    def test_time_out(self):
        request = requests.request

        def impatient(*args, **kwargs):
            return request(*args, **{**kwargs, "timeout": 0.5})

        with patch.object(requests, "request", impatient):
            self._check_resolved("timeout")

    def test_declined_and_the_answer_lost(self):
        tx = self._charge("4000000000009995", fault="lost_answer")
        self.assertEqual(tx.state, "pending")
        self._resolve()
        self.assertEqual((tx.state, tx.decline_code), ("error", "insufficient_funds"))
        self.assertEqual(self.stripe.get_charged(), {})

    def test_stripe_stays_away(self):
        tx = self._charge(fault="lost_answer")
        self.stripe.fail_next("POST", "payment_intents", "error", times=3)
        self.stripe.fail_next("GET", "payment_intents", "error", times=3)
        for _time in range(3):
            self._resolve()
            self.assertEqual((tx.state, tx.is_outcome_unknown), ("pending", True))
        self._resolve()
        self.assertEqual(tx.state, "done")
        self.assertChargedOnce(tx)

    def test_address_changed_before_the_repetition(self):
        """The key is refused with other parameters: no decline, and no second try."""
        tx = self._charge(fault="lost_answer")
        partner = tx.invoice_ids.partner_shipping_id
        country = self.env.ref("base.es").id
        partner.write({"street": "Elsewhere 2", "city": "Oz", "country_id": country})
        self._resolve()
        self.assertEqual(tx.state, "done")
        self.assertChargedOnce(tx)

    def test_key_has_expired(self):
        """Two days later the same key would charge again: only the books are asked."""
        tx = self._charge(fault="lost_answer")
        self.stripe.forget_keys()
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            self._resolve()
        self.assertEqual(tx.state, "done")
        self.assertEqual(self.stripe.count_requests("POST", "payment_intents"), 1)
        self.assertChargedOnce(tx)

    def test_key_has_expired_and_nothing_was_charged(self):
        with self._note_settlements() as told:
            tx = self._charge(fault="error")
            self.stripe.fail_next("GET", "payment_intents", "error")
            with freeze_time(fields.Datetime.now() + timedelta(days=2)):
                self._resolve()
                self.assertEqual(tx.state, "pending", "Not told is not nothing")
                self._resolve()
        self.assertEqual((tx.state, tx.decline_kind), ("error", "technical"))
        self.assertFalse(tx.network_attempted)
        self.assertEqual(self.stripe.get_charged(), {})
        self.assertEqual(told, [(tx.reference, "error")])

    def test_job_repeated_after_two_days_looks_first(self):
        tx = self._charge(fault="lost_answer")
        self.stripe.forget_keys()
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            self._charge_once(tx)
        self.assertEqual(tx.state, "done")
        self.assertChargedOnce(tx)

    def test_paid_by_hand_meanwhile_is_not_asked_for_again(self):
        tx = self._charge(fault="error")
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=tx.invoice_ids.ids
        ).create({})._create_payments()
        self._resolve()
        self.assertEqual(self.stripe.get_charged(), {})
        self.assertEqual((tx.state, tx.decline_kind), ("error", "technical"))

    def test_draft_left_by_a_crash(self):
        tx = self._create_charge(self._create_token())
        tx.charged_at = fields.Datetime.now() + timedelta(minutes=6)
        self._resolve()
        self.assertEqual(tx.state, "draft", "Its process may still be at work")
        self._resolve()
        self.assertEqual(tx.state, "done")
        self.assertChargedOnce(tx)

    def test_key_with_another_amount(self):
        tx = self._charge()
        key = self.stripe.requests[-1][3]
        other = self._create_charge(tx.token_id)
        with patch(
            "odoo.addons.payment.utils.generate_idempotency_key", lambda *a, **k: key
        ):
            other.amount = 50
            self._charge_once(other)
        self.assertEqual((other.state, other.is_outcome_unknown), ("pending", True))
        self.assertChargedOnce(tx)

    def test_answer_that_cannot_be_read(self):
        Transaction = self.registry["payment.transaction"]
        module = "odoo.addons.medspa_membership.models.billing"
        with (
            patch.object(Transaction, "_apply_updates", side_effect=KeyError("id")),
            mute_logger(f"{module}.payment_transaction_charge"),
        ):
            tx = self._charge()
        self.assertEqual((tx.state, tx.is_outcome_unknown), ("pending", True))
        self._resolve()
        self.assertEqual(tx.state, "done")
        self.assertChargedOnce(tx)

    def test_saved_card_on_a_page_is_no_less_unknown(self):
        tx = self._create_charge(self._create_token(), operation="online_token")
        self.stripe.fail_next("POST", "payment_intents", "lost_answer")
        with mute_logger("odoo.addons.payment.models.payment_provider"):
            tx._charge_with_token()
        self.assertEqual((tx.state, tx.is_outcome_unknown), ("pending", True))
        self.assertFalse(tx.invoice_ids._has_to_be_paid(), "It is not offered again")
        self._resolve()
        self.assertEqual(tx.state, "done")
        self.assertPaid(tx.invoice_ids)
        self.assertChargedOnce(tx)

    # === REFUSED BEFORE IT IS SENT === #

    def assertRefused(self, tx, kind):
        self._charge_once(tx)
        self.assertEqual((tx.state, tx.decline_kind), ("error", kind))
        self.assertFalse(tx.network_attempted)
        self.assertTrue(tx.state_message)
        self.assertEqual(tx.settled_as, "error")
        self.assertEqual(self.stripe.count_requests("POST", "payment_intents"), 0)

    def test_archived_card(self):
        tx = self._create_charge(self._create_token())
        tx.token_id.active = False
        self.assertRefused(tx, "new_method")

    def test_disabled_provider(self):
        tx = self._create_charge(self._create_token())
        # What an import or SQL may do: core archives the tokens with the provider.
        self.provider.state = "disabled"
        self.assertFalse(tx.token_id.active)
        self.assertFalse(tx.token_id._is_usable(fields.Date.today()))
        self.env.cr.execute("UPDATE payment_token SET active = true")
        tx.token_id.invalidate_recordset()
        self.assertRefused(tx, "config")

    def test_card_of_somebody_else(self):
        token = self._create_token(partner=self.other_patient)
        self.assertRefused(self._create_charge(token), "config")

    def test_nothing_to_pay(self):
        tx = self._create_charge(self._create_token(), amount=0)
        self._charge_once(tx)
        self.assertEqual((tx.state, tx.settled_as), ("cancel", "cancel"))
        self.assertFalse(self.stripe.requests)

    def test_fault_of_the_set_up(self):
        tx = self._charge(fault="unauthorized")
        self.assertEqual((tx.state, tx.decline_kind), ("error", "config"))
        self.assertFalse(tx.network_attempted)
        self.assertIn("on our side", tx._get_member_message())

    def test_card_removed_at_stripe(self):
        tx = self._create_charge(self._create_token())
        self.stripe.objects.pop(tx.token_id.stripe_payment_method)
        self._charge_once(tx)
        self.assertEqual((tx.state, tx.decline_kind), ("error", "new_method"))

    # === LATER === #

    def test_booking_that_fails_is_made_up_for(self):
        Transaction = self.registry["payment.transaction"]
        module = "odoo.addons.medspa_membership.models.billing"
        with (
            patch.object(Transaction, "_create_payment", side_effect=ValueError("no")),
            mute_logger(f"{module}.payment_transaction_charge"),
        ):
            tx = self._charge()
        self.assertEqual((tx.state, tx.is_post_processed), ("done", False))
        self.assertOpen(tx.invoice_ids)
        # Core's job gives up after four days; a paid charge is not lost with it.
        with freeze_time(fields.Datetime.now() + timedelta(days=5)):
            self._run_cron("ir_cron_resolve_unknown")
        self.assertTrue(tx.is_post_processed)
        self.assertPaid(tx.invoice_ids)
        self.assertChargedOnce(tx)

    def test_one_broken_among_many(self):
        charges = [self._charge(fault="lost_answer") for _index in range(3)]
        broken = charges[1]
        Transaction = self.registry["payment.transaction"]
        resolve = Transaction._resolve_outcome

        def fail_one(tx):
            if tx.id == broken.id:
                raise ValueError("broken")
            return resolve(tx)

        module = "odoo.addons.medspa_membership.models.billing"
        with (
            patch.object(Transaction, "_resolve_outcome", fail_one),
            mute_logger(f"{module}.payment_transaction_unknown"),
        ):
            self._resolve()
        self.assertEqual([tx.state for tx in charges], ["done", "pending", "done"])

    def test_other_amount_is_refused_as_often_as_it_is_told(self):
        invoice = self._create_invoice()
        part = invoice.line_ids.filtered(lambda li: li.display_type == "payment_term")
        tx = self._create_charge(
            self._create_token(GOOD_CARD), invoice, instalment_line_id=part.id
        )
        data = {
            "payment_intent": {
                "id": "pi_1",
                "status": "succeeded",
                "amount": 100,
                "currency": tx.currency_id.name.lower(),
            },
            "payment_method": None,
        }
        for _time in range(2):
            tx._process("stripe", data)
            self.assertEqual(tx.state, "error")
        self.assertOpen(tx.invoice_ids)
