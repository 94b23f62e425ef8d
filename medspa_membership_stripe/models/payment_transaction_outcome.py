# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import models

from odoo.addons.medspa_membership.models.billing.payment_transaction import (
    TOKEN_OPERATIONS,
)
from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment_stripe import const as stripe_const
from odoo.addons.payment_stripe.controllers.main import StripeController

from .. import const


class PaymentTransaction(models.Model):
    """What became of a charge: read from Stripe's own objects, as they are now."""

    _inherit = "payment.transaction"

    # === BUSINESS METHODS: PROCESSING === #

    def _apply_updates(self, payment_data):
        """Override of `payment` to follow up charges that nobody is watching.

        Core leaves a charge that waits for the customer a draft: on a page that is
        right. Off session nobody comes: it failed, and the patient has to confirm.
        """
        intent = payment_data.get("payment_intent") or {}
        follow_up = (
            self.provider_code == "stripe" and self.operation in TOKEN_OPERATIONS
        )
        status = intent.get("status")
        if follow_up and status in stripe_const.STATUS_MAPPING["error"]:
            self._stripe_keep_error(
                {**(intent.get("last_payment_error") or {}), "payment_intent": intent}
            )
        res = super()._apply_updates(payment_data)
        if (
            follow_up
            and self.operation == "offline"
            and status in stripe_const.STATUS_MAPPING["draft"]
        ):
            self.write(
                {
                    "decline_code": "authentication_required",
                    "decline_kind": "authenticate",
                    "is_outcome_unknown": False,
                }
            )
            self._set_error(self.env._("The bank wants the patient to confirm."))
        return res

    def _stripe_process_intent(self, intent):
        """Make the transaction what an intent, just read, says. Harmless to repeat."""
        self.ensure_one()
        status = intent["status"]
        is_failed = status in stripe_const.STATUS_MAPPING["error"]
        if self._waits_for_its_batch():
            # No news: its job books it with the others that it has charged.
            self = self.with_context(medspa_book_together=True)  # noqa: PLW0642
        if self.provider_reference != intent["id"] and self.state == "done":
            self._stripe_note_other_intent(intent)
        elif self.state == "done" and is_failed:
            error = intent.get("last_payment_error") or {}
            self._stripe_keep_error({**error, "payment_intent": intent})
            self._take_back(
                error.get("message") or self.env._("The payment failed in the end."),
                "late_failure",
            )
        elif self.taken_back_kind == "late_failure" and status == "succeeded":
            self._give_back(self.env._("The payment came in after all."))
        else:
            payment_data = {"reference": self.reference}
            StripeController._include_payment_intent_in_payment_data(
                intent, payment_data
            )
            self._process("stripe", payment_data)
        self._stripe_book()

    def _stripe_note_other_intent(self, intent):
        """Tell people of a second payment under one reference; a failed one is none."""
        if intent["status"] != "succeeded":
            return
        message = self.env._(
            "Stripe has a second payment, %(intent)s, for %(reference)s. Please look it"
            " up and refund it if it is one too many.",
            intent=intent["id"],
            reference=self.reference,
        )
        self._log_message_on_linked_documents(message)

    def _stripe_book(self):
        """Book at once what has an outcome and invoices: nobody waits on a page."""
        self.ensure_one()
        is_final = self.state in ("done", "error", "cancel")
        if is_final and self.invoice_ids and not self.is_post_processed:
            self._post_process_at_once()

    def _stripe_process_refund(self, refund):
        """Make a refund what Stripe says of it. Harmless to repeat."""
        self.ensure_one()
        if self.state == "done" and refund["status"] in ("failed", "canceled"):
            self._take_back(
                self.env._(
                    "The refund did not go through. Give the money back in another way."
                ),
                "late_failure",
            )
            self._log_message_on_linked_documents(self.state_message)
            return
        if self.taken_back_at:
            return
        payment_data = {"reference": self.reference}
        StripeController._include_refund_in_payment_data(refund, payment_data)
        self._process("stripe", payment_data)

    def _stripe_process_dispute(self, dispute):
        """Take the money back while it is disputed or lost, and give it back when won.

        :param dict dispute: the dispute as it is now
        """
        self.ensure_one()
        status = dispute["status"]
        if status.startswith(const.DISPUTE_INQUIRY):
            # A question of the bank: the money is still here.
            self._log_message_on_linked_documents(
                self.env._(
                    "The bank asks about %(reference)s (%(reason)s). Answer it at"
                    " Stripe before it becomes a dispute.",
                    reference=self.reference,
                    reason=dispute.get("reason") or status,
                )
            )
        elif status in const.DISPUTES_WON and self.taken_back_kind == "dispute":
            self._give_back(self.env._("The dispute was won."))
        elif status in const.DISPUTES_LOST and self.state == "done":
            self._take_back(
                self.env._(
                    "The payment is disputed at the bank (%s).",
                    dispute.get("reason") or status,
                ),
                "dispute",
                amount=self._stripe_get_major_amount(dispute),
            )

    def _stripe_get_major_amount(self, stripe_object):
        """Return the amount of an object in our currency's units, or nothing."""
        currency = self.currency_id
        if (stripe_object.get("currency") or "").upper() != currency.name:
            return None
        return payment_utils.to_major_currency_units(
            stripe_object["amount"],
            currency,
            arbitrary_decimal_number=stripe_const.CURRENCY_DECIMALS.get(currency.name),
        )

    # === BUSINESS METHODS: UNKNOWN OUTCOME === #

    def _fetch_outcome(self):
        """Override of `medspa_membership` to look our reference up at Stripe.

        By the list of the customer's payments: the search, which newer API versions
        have, runs minutes behind, and would deny what was charged a moment ago.
        """
        if self.provider_code != "stripe":
            return super()._fetch_outcome()
        payment_data = {"reference": self.reference}
        if self.operation == "refund":
            intent_id = self.source_transaction_id.provider_reference
            refund = self._stripe_find("refunds", {"payment_intent": intent_id})
            if not refund:
                return None
            StripeController._include_refund_in_payment_data(refund, payment_data)
            return payment_data
        asked_at = self.charged_at or self.create_date
        intent = self._stripe_find(
            "payment_intents",
            {
                "customer": self.token_id.provider_ref,
                "created[gte]": int((asked_at - timedelta(hours=1)).timestamp()),
            },
        )
        if not intent:
            return None
        StripeController._include_payment_intent_in_payment_data(intent, payment_data)
        return payment_data

    def _stripe_find(self, endpoint, params):
        """Return the object of a list that bears our reference, or nothing.

        :raise ValidationError: when Stripe does not answer
        """
        params = {**params, "limit": 100}
        while True:
            page = self._send_api_request("GET", endpoint, params=params)
            for stripe_object in page["data"]:
                if self._stripe_is_ours(stripe_object):
                    return stripe_object
            if not page.get("has_more") or not page["data"]:
                return None
            params["starting_after"] = page["data"][-1]["id"]

    def _stripe_is_ours(self, stripe_object):
        """Tell whether an object was made for this transaction."""
        metadata = stripe_object.get("metadata") or {}
        if const.METADATA_REFERENCE in metadata:
            database = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
            return (
                metadata[const.METADATA_REFERENCE] == self.reference
                and metadata.get(const.METADATA_DATABASE) == database
            )
        return stripe_object.get("description") == self.reference

    # === BUSINESS METHODS: TOKENS === #

    def _extract_token_values(self, payment_data):
        """Override of `payment` to keep brand and date of the card."""
        values = super()._extract_token_values(payment_data)
        if self.provider_code != "stripe" or not values:
            return values
        method = payment_data.get("payment_method") or {}
        return {**values, **self.env["payment.token"]._stripe_prepare_card_vals(method)}
