# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import hashlib
import hmac

from odoo import fields, models

from odoo.addons.payment_stripe import const as stripe_const

from .. import const


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def _send_api_request(self, method, endpoint, *, data=None, **kwargs):
        """Override of `payment` to order the events of this addon too."""
        if (
            self.code == "stripe"
            and method == "POST"
            and endpoint == "webhook_endpoints"
            and "enabled_events[]" in (data or {})
        ):
            data = {**data, "enabled_events[]": self._stripe_get_webhook_events()}
        return super()._send_api_request(method, endpoint, data=data, **kwargs)

    def _stripe_get_webhook_events(self):
        """Return the events that Stripe is to tell us of."""
        return [*stripe_const.HANDLED_WEBHOOK_EVENTS, *const.OWN_WEBHOOK_EVENTS]

    # === BUSINESS METHODS: SIGNATURES === #

    def _stripe_is_signed(self, payload, header, now=None):
        """Tell whether an event comes from Stripe. Note: `self.ensure_one()`.

        During a change of the secret Stripe signs with the old and the new one: any
        signature that matches is good.

        :param bytes payload: the body as it came
        :param str header: the header `Stripe-Signature`
        :param datetime now: the time of the clock
        """
        self.ensure_one()
        secret = self.sudo().stripe_webhook_secret
        timestamp, signatures = self._stripe_parse_signature(header)
        if not secret or timestamp is None:
            return False
        now = now or fields.Datetime.now()
        if abs(now.timestamp() - timestamp) > const.SIGNATURE_TOLERANCE:
            return False
        signed = f"{timestamp}.".encode() + payload
        expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
        # All are compared, so that the time says nothing about which one was close.
        matches = [
            hmac.compare_digest(expected.encode(), signature.encode())
            for signature in signatures
        ]
        return any(matches)

    def _stripe_parse_signature(self, header):
        """Return the timestamp and the signatures (scheme v1) of a header."""
        timestamp, signatures = None, []
        for entry in (header or "").split(","):
            name, _equals, value = entry.strip().partition("=")
            # Other digits than ours, and more than a clock has, are no time.
            if name == "t" and value.isascii() and value.isdigit() and len(value) < 13:
                timestamp = int(value)
            elif name == "v1":
                signatures.append(value)
        return timestamp, signatures
