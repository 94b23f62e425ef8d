# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models

from odoo.addons.payment_stripe import const as stripe_const
from odoo.addons.payment_stripe.controllers.main import StripeController

from .. import const


class PaymentProvider(models.Model):
    """What Stripe tells by itself.

    An event says that something happened to an object; what the object is now is read
    at Stripe, unless it can only be news. So the order of the events does not matter.
    """

    _inherit = "payment.provider"

    # === BUSINESS METHODS: EVENTS === #

    def _apply_payment_event(self, event):
        """Override of `medspa_membership` to act on Stripe's events."""
        if self.code != "stripe":
            return super()._apply_payment_event(event)
        handler = self._stripe_get_event_handlers().get(event.kind)
        if not handler:
            return "ignored"
        return handler(event.payload["data"]["object"])

    def _stripe_get_event_handlers(self):
        """Return the method for each kind of event."""
        return {
            **dict.fromkeys(
                [
                    kind
                    for kind in stripe_const.HANDLED_WEBHOOK_EVENTS
                    if kind.startswith("payment_intent.")
                ],
                self._stripe_on_payment_intent,
            ),
            "setup_intent.succeeded": self._stripe_on_setup_intent,
            "charge.refunded": self._stripe_on_refunded,
            "charge.refund.updated": self._stripe_on_refund,
            "refund.failed": self._stripe_on_refund,
            **dict.fromkeys(
                [
                    kind
                    for kind in const.OWN_WEBHOOK_EVENTS
                    if kind.startswith("charge.dispute.")
                ],
                self._stripe_on_dispute,
            ),
            "payment_method.automatically_updated": self._stripe_on_card_renewed,
            "payment_method.detached": self._stripe_on_method_detached,
            "mandate.updated": self._stripe_on_mandate,
        }

    def _stripe_on_payment_intent(self, intent):
        """A payment succeeded, failed, is being processed, was cancelled."""
        tx_sudo = self._stripe_find_transaction(intent)
        if not tx_sudo:
            return self._stripe_get_missing_outcome(intent)
        is_news = intent["status"] == "succeeded" and (
            tx_sudo.state in ("draft", "pending") and not tx_sudo.tokenize
        )
        if not is_news:
            intent = self._send_api_request(
                "GET",
                f"payment_intents/{intent['id']}",
                params={"expand[]": "payment_method"},
            )
        tx_sudo._stripe_process_intent(intent)
        return "done"

    def _stripe_on_setup_intent(self, intent):
        """A card was saved without a payment."""
        tx_sudo = self._stripe_find_transaction(intent)
        if not tx_sudo:
            return self._stripe_get_missing_outcome(intent)
        intent = self._send_api_request(
            "GET",
            f"setup_intents/{intent['id']}",
            params={"expand[]": "payment_method"},
        )
        payment_data = {"reference": tx_sudo.reference}
        StripeController._include_setup_intent_in_payment_data(intent, payment_data)
        tx_sudo._process("stripe", payment_data)
        return "done"

    def _stripe_on_refunded(self, charge):
        """A payment was refunded, here or at Stripe."""
        source_sudo = self._stripe_find_transaction(charge)
        if not source_sudo:
            return self._stripe_get_missing_outcome(charge)
        params = {"charge": charge["id"], "limit": 100}
        while True:
            page = self._send_api_request("GET", "refunds", params=params)
            for refund in page["data"]:
                self._stripe_apply_refund(source_sudo, refund)
            if not page.get("has_more") or not page["data"]:
                return "done"
            params["starting_after"] = page["data"][-1]["id"]

    def _stripe_on_refund(self, refund):
        """A refund has changed: it failed in the end, say."""
        refund = self._send_api_request("GET", f"refunds/{refund['id']}")
        tx_sudo = self._stripe_find_transaction(refund)
        if tx_sudo.operation != "refund":
            # Made at Stripe: all we know is the payment that it belongs to.
            if not tx_sudo:
                return self._stripe_get_missing_outcome(refund)
            self._stripe_apply_refund(tx_sudo, refund)
            return "done"
        tx_sudo._stripe_process_refund(refund)
        return "done"

    def _stripe_apply_refund(self, source_sudo, refund):
        """Bring a refund into our books, where it may be already."""
        refund_sudo = source_sudo.child_transaction_ids.filtered(
            lambda tx: (
                tx.operation == "refund"
                and (
                    tx.provider_reference == refund["id"] or tx._stripe_is_ours(refund)
                )
            )
        )[:1]
        if not refund_sudo and refund["status"] in ("failed", "canceled"):
            return
        if not refund_sudo:
            refund_sudo = StripeController._create_refund_tx_from_refund(
                source_sudo, refund
            )
        refund_sudo._stripe_process_refund(refund)

    def _stripe_on_dispute(self, dispute):
        """A payment is disputed at the bank, or the dispute is decided."""
        dispute = self._send_api_request("GET", f"disputes/{dispute['id']}")
        tx_sudo = self._stripe_find_transaction(dispute)
        if not tx_sudo and dispute.get("charge"):
            charge = self._send_api_request("GET", f"charges/{dispute['charge']}")
            tx_sudo = self._stripe_find_transaction(charge)
        if not tx_sudo:
            return self._stripe_get_missing_outcome(dispute)
        tx_sudo._stripe_process_dispute(dispute)
        return "done"

    def _stripe_on_card_renewed(self, method):
        """The card network has told Stripe of a new number or date."""
        tokens_sudo = self._stripe_find_tokens("stripe_payment_method", method["id"])
        if not tokens_sudo:
            return "unknown"
        method = self._send_api_request("GET", f"payment_methods/{method['id']}")
        tokens_sudo._renew_method(tokens_sudo._stripe_prepare_card_vals(method))
        return "done"

    def _stripe_on_method_detached(self, method):
        """A card was removed from its customer: it can never be charged again."""
        tokens_sudo = self._stripe_find_tokens("stripe_payment_method", method["id"])
        tokens_sudo.active = False
        return "done" if tokens_sudo else "ignored"

    def _stripe_on_mandate(self, mandate):
        """A mandate has changed: the payer has withdrawn it, say."""
        tokens_sudo = self._stripe_find_tokens("stripe_mandate", mandate["id"])
        if not tokens_sudo:
            return "unknown"
        mandate = self._send_api_request("GET", f"mandates/{mandate['id']}")
        if mandate["status"] == "inactive":
            tokens_sudo.active = False
        return "done"

    # === TOOLS === #

    def _stripe_find_tokens(self, field, value):
        """Return the active tokens of this provider with a value."""
        return (
            self.env["payment.token"]
            .sudo()
            .search([("provider_id", "=", self.id), (field, "=", value)])
        )

    def _stripe_find_transaction(self, stripe_object):
        """Return the transaction that an object of Stripe's is about, or none.

        :param dict stripe_object: an intent, a charge, a refund or a dispute
        """
        self.ensure_one()
        Transaction = self.env["payment.transaction"].sudo()
        ours = [("provider_id", "=", self.id)]
        metadata = stripe_object.get("metadata") or {}
        if self._stripe_is_foreign(metadata):
            return Transaction
        references = [
            ("provider_reference", stripe_object["id"]),
            ("reference", metadata.get(const.METADATA_REFERENCE)),
            ("reference", stripe_object.get("description")),
            ("provider_reference", stripe_object.get("payment_intent")),
        ]
        for field, value in references:
            if not isinstance(value, str) or not value:
                continue
            tx_sudo = Transaction.search([*ours, (field, "=", value)], limit=1)
            if tx_sudo:
                return tx_sudo
        return Transaction

    @api.model
    def _stripe_is_foreign(self, metadata):
        """Tell whether metadata name another database than this one."""
        database = metadata.get(const.METADATA_DATABASE)
        uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return bool(database) and database != uuid

    def _stripe_get_missing_outcome(self, stripe_object):
        """Return how an event is to be taken whose transaction is not here."""
        is_foreign = self._stripe_is_foreign(stripe_object.get("metadata") or {})
        return "ignored" if is_foreign else "unknown"
