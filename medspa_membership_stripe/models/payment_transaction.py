# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import json

from odoo import fields, models
from odoo.exceptions import ValidationError
from odoo.tools import float_compare

from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment_stripe import const as stripe_const

from .. import const

CHARGE_ENDPOINT = "payment_intents"
REFUND_ENDPOINT = "refunds"


class PaymentTransaction(models.Model):
    """What Stripe says of a charge beside yes and no."""

    _inherit = "payment.transaction"

    decline_network_code = fields.Char(
        readonly=True, copy=False, help="Why the card network says it was declined."
    )

    # === BUSINESS METHODS: REQUESTS === #

    def _moves_money(self, method, endpoint):
        """Override of `medspa_membership` to name Stripe's requests for money."""
        if self.provider_code != "stripe":
            return super()._moves_money(method, endpoint)
        return method == "POST" and endpoint in (CHARGE_ENDPOINT, REFUND_ENDPOINT)

    def _send_api_request(self, method, endpoint, *, data=None, **kwargs):
        """Override of `payment` to mark refunds with our reference."""
        if (
            self.provider_code == "stripe"
            and method == "POST"
            and endpoint == REFUND_ENDPOINT
        ):
            data = {**(data or {}), **self._stripe_prepare_metadata()}
        return super()._send_api_request(method, endpoint, data=data, **kwargs)

    def _stripe_prepare_payment_intent_payload(self):
        """Override of `payment_stripe` to refuse odd amounts and mark the intent."""
        requests = self.env.context.get("medspa_charge_requests") or {}
        if self.id in requests:
            return requests[self.id]
        if problem := self._stripe_get_amount_problem():
            raise ValidationError(problem)
        return {
            **super()._stripe_prepare_payment_intent_payload(),
            **self._stripe_prepare_metadata(),
        }

    def _prepare_charge_requests(self):
        """Override of `medspa_membership` to prepare intents together."""
        requests = super()._prepare_charge_requests()
        # Core takes the address of one invoice after the other, which reads them so.
        self.invoice_ids.partner_shipping_id.mapped("zip")
        for tx in self.filtered(lambda tx: tx.provider_code == "stripe"):
            # Cards of before Stripe's intents are migrated by a request of their own.
            if not tx.token_id.stripe_payment_method:
                continue
            if not tx._stripe_get_amount_problem():
                requests[tx.id] = tx._stripe_prepare_payment_intent_payload()
        return requests

    def _stripe_prepare_metadata(self):
        """Return the parameters by which what is ours is found at Stripe."""
        self.ensure_one()
        database = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return {
            f"metadata[{const.METADATA_REFERENCE}]": self.reference,
            f"metadata[{const.METADATA_DATABASE}]": database,
        }

    # === BUSINESS METHODS: AMOUNTS === #

    def _get_charge_obstacle(self):
        """Override of `medspa_membership` to refuse what Stripe cannot charge."""
        obstacle = super()._get_charge_obstacle()
        if obstacle or self.provider_code != "stripe":
            return obstacle
        problem = self._stripe_get_amount_problem()
        return problem and ("config", problem)

    def _stripe_get_amount_problem(self):
        """Return why Stripe cannot charge exactly this amount, or nothing.

        It is not rounded here: the invoice would stay open by the difference, or count
        as paid with less. Amounts are made chargeable by the currency's rounding.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        name = self.currency_id.name
        decimals = stripe_const.CURRENCY_DECIMALS.get(name)
        minor = payment_utils.to_minor_currency_units(
            self.amount, self.currency_id, arbitrary_decimal_number=decimals
        )
        sent = payment_utils.to_major_currency_units(
            minor, self.currency_id, arbitrary_decimal_number=decimals
        )
        step = 1
        if name in const.THREE_DECIMALS:
            step = 10
        elif name in const.WHOLE_UNITS:
            step = 100
        if minor % step or float_compare(sent, self.amount, precision_digits=4):
            return self.env._(
                "Stripe cannot charge %(amount)s: the last decimals of %(currency)s"
                " must be zero. Set a coarser rounding on the currency.",
                amount=f"{self.amount:g}",
                currency=name,
            )
        minimum = const.MINIMUM_AMOUNTS.get(name, 0)
        if float_compare(sent, minimum, precision_digits=4) < 0:
            return self.env._(
                "Stripe charges no less than %(minimum)s, and this is %(amount)s.",
                minimum=self.currency_id.format(minimum),
                amount=self.currency_id.format(self.amount),
            )
        return None

    # === BUSINESS METHODS: DECLINES === #

    def _leaves_outcome_open(self, cause):
        """Override of `medspa_membership` to read Stripe's answer, where there is one.

        A key that was used with other parameters says that an earlier request was sent
        (before the patient's address changed, say), and not what became of it.
        """
        if super()._leaves_outcome_open(cause):
            return True
        response = getattr(cause, "response", None)
        if response is None:
            return False
        if response.headers.get("Stripe-Should-Retry") == "true":
            return True
        return self._stripe_parse_error(response).get("type") == "idempotency_error"

    def _keep_decline(self, cause):
        """Override of `medspa_membership` to keep what the answer says."""
        if self.provider_code != "stripe":
            return super()._keep_decline(cause)
        response = getattr(cause, "response", None)
        if response is not None:
            self._stripe_keep_error(self._stripe_parse_error(response))
        return None

    def _stripe_parse_error(self, response):
        """Return the error in an answer, or an empty one."""
        try:
            error = response.json().get("error")
        except (json.JSONDecodeError, AttributeError):
            error = None
        return error if isinstance(error, dict) else {}

    def _stripe_keep_error(self, error):
        """Keep an error of Stripe's: that of an answer, or the last of an intent.

        :param dict error: an error object
        Note: `self.ensure_one()`
        """
        self.ensure_one()
        intent = error.get("payment_intent") or {}
        charge = self._stripe_find_charge(error, intent)
        outcome = charge.get("outcome") or {}
        network_code = error.get("network_decline_code") or outcome.get(
            "network_decline_code"
        )
        network_advice = error.get("network_advice_code") or outcome.get(
            "network_advice_code"
        )
        brand = (charge.get("payment_method_details") or {}).get("card", {})
        vals = {
            "decline_code": error.get("decline_code") or error.get("code"),
            "decline_advice": error.get("advice_code") or network_advice,
            "decline_network_code": network_code,
            "decline_kind": self._stripe_get_decline_kind(
                error, network_code, network_advice, brand.get("brand")
            ),
        }
        if intent.get("id"):
            vals["provider_reference"] = intent["id"]
        if error.get("charge") or charge.get("id"):
            # Stripe's own refusals (its fraud filter) never get to the bank.
            sent = outcome.get("network_status") != "not_sent_to_network"
            vals["network_attempted"] = sent
        self.write(vals)

    def _stripe_find_charge(self, error, intent):
        """Return the charge that an error is about, as far as the answer has it."""
        charges = (intent.get("charges") or {}).get("data") or []
        latest = intent.get("latest_charge")
        if isinstance(latest, dict):
            charges = [latest, *charges]
        wanted = error.get("charge")
        for charge in charges:
            if not wanted or charge["id"] == wanted:
                return charge
        return {}

    def _stripe_get_decline_kind(self, error, network_code, network_advice, brand):
        """Return the kind of a decline; of several signals the strongest decides."""
        code = error.get("decline_code") or error.get("code")
        known = const.HARD_DECLINES.get(code) or const.DECLINES.get(code)
        if error.get("type") in const.REQUEST_ERRORS and not known:
            is_card = error.get("param") == "payment_method"
            return "new_method" if is_card else "config"
        advised = const.ADVICE_KINDS.get(error.get("advice_code"))
        advised = advised or const.NETWORK_ADVICE_KINDS.get(network_advice)
        if not advised and brand == "visa":
            if network_code in const.VISA_STOP:
                advised = "stop"
            elif network_code in const.VISA_NEVER:
                advised = "new_method"
        if not advised:
            return known or "soft"
        if advised == "new_method" and known in ("authenticate", "fraud", "stop"):
            # Never again as well, and it says why.
            return known
        if advised == "soft" and known in ("stop", "technical"):
            # No advice about when to try brings consent back.
            return known
        return advised

    def _has_reached_network(self):
        """Override of `medspa_membership`: a decline tells by its charge."""
        if self.provider_code != "stripe" or self.state != "error":
            return super()._has_reached_network()
        return self.network_attempted

    def _is_money_missing(self):
        """Override of `medspa_membership` to know by the code."""
        return super()._is_money_missing() or self.decline_code in const.MONEY_CODES

    def _is_card_outdated(self):
        """Override of `medspa_membership` to know by the code."""
        return super()._is_card_outdated() or self.decline_code == "expired_card"

    def _get_decline_fields(self):
        return [*super()._get_decline_fields(), "decline_network_code"]
