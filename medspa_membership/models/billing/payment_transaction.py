# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import requests

from odoo import fields, models
from odoo.exceptions import ValidationError

from odoo.addons.payment.utils import generate_idempotency_key

# The request that takes money, by provider: no answer to it leaves the outcome open.
CHARGE_ENDPOINTS = {"stripe": "payment_intents"}


class PaymentTransaction(models.Model):
    """Charges that the clinic makes by itself, and those whose outcome is unknown.

    Core takes a time-out for a decline. A charge that got no answer may have been made:
    it stays pending here until the provider says what became of it, and nothing else is
    charged in its place.
    """

    _inherit = "payment.transaction"

    is_outcome_unknown = fields.Boolean(
        readonly=True, help="The provider gave no answer: it may have been paid."
    )
    instalment_line_id = fields.Many2one(
        "account.move.line",
        "Instalment",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The part of an invoice that this charge is for.",
    )

    _instalment_charged_once = models.UniqueIndex(
        "(instalment_line_id) WHERE instalment_line_id IS NOT NULL"
        " AND state IN ('draft', 'pending', 'authorized', 'done')",
        "This part is being charged already.",
    )

    def _send_api_request(self, method, endpoint, **kwargs):
        """Override of `payment` to notice a charge that got no clear answer.

        A refund has a key too: asked for again after a lost answer, or by a request
        that starts again, it is not given twice.
        """
        if (
            self.operation == "refund"
            and method == "POST"
            and self.provider_code in CHARGE_ENDPOINTS
        ):
            kwargs.setdefault(
                "idempotency_key", generate_idempotency_key(self, scope=endpoint)
            )
        try:
            return super()._send_api_request(method, endpoint, **kwargs)
        except ValidationError as error:
            is_charge = (
                method == "POST"
                and endpoint == CHARGE_ENDPOINTS.get(self.provider_code)
                and self.operation == "offline"
            )
            if is_charge and self._leaves_outcome_open(error.__context__):
                self.is_outcome_unknown = True
            raise

    @staticmethod
    def _leaves_outcome_open(cause):
        """Tell whether an error says nothing about the charge: no answer, or a 5xx."""
        if isinstance(
            cause, (requests.exceptions.ConnectionError, requests.exceptions.Timeout)
        ):
            return True
        response = getattr(cause, "response", None)
        return response is not None and response.status_code >= 500

    def _set_error(self, state_message, extra_allowed_states=()):
        """Override of `payment` to keep charges of unknown outcome pending."""
        unknown = self.filtered("is_outcome_unknown")
        unknown.filtered(lambda tx: tx.state == "draft")._set_pending(
            state_message=state_message
        )
        return super(PaymentTransaction, self - unknown)._set_error(
            state_message, extra_allowed_states=extra_allowed_states
        )

    def _resolve_outcome(self):
        """Repeat charges of unknown outcome: the same request, under the same key.

        The provider answers with the first result instead of charging again.
        """
        for tx in self.filtered(
            lambda t: t.is_outcome_unknown and t.state == "pending"
        ):
            tx.is_outcome_unknown = False
            try:
                tx._send_payment_request()
            except ValidationError as error:
                tx._set_error(str(error))
