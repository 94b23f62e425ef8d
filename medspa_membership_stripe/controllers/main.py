# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import json
import logging
from datetime import datetime, timedelta

from werkzeug.exceptions import BadRequest, Conflict, Forbidden

from odoo import http
from odoo.http import request

from odoo.addons.payment_stripe.controllers.main import StripeController

_logger = logging.getLogger(__name__)

EPOCH = datetime(1970, 1, 1)


class MedspaStripeController(StripeController):
    @http.route()
    def stripe_webhook(self):
        """Override of `payment_stripe`: verify, store, answer, and then act.

        Core looks for the transaction first, accepts what is not signed when there is
        no secret, and loses events that come before their transaction. Here an event
        is stored under its id as soon as its signature is good; what cannot be done
        with it at once is done by a job.
        """
        payload = request.httprequest.get_data()
        providers_sudo = self._get_signing_providers(payload)
        try:
            event = json.loads(payload)
            kind, event_ref = event["type"], event["id"]
            stripe_object = event["data"]["object"]
            occurred_at = EPOCH + timedelta(seconds=event["created"])
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise BadRequest() from error
        _logger.info("Stripe tells of %s (%s)", kind, event_ref)
        provider_sudo = self._pick_provider(providers_sudo, stripe_object)
        event_sudo = request.env["medspa.payment.event"]._receive(
            provider_sudo, event_ref, kind, occurred_at, event
        )
        # Stored for good before anything is done with it.
        request.env.cr.commit()  # pylint: disable=invalid-commit
        event_sudo._process_events()
        return request.make_json_response("")

    def _get_signing_providers(self, payload):
        """Return the providers whose secret has signed a request.

        :raise Conflict: when no provider has a secret: a fault of the set-up, which
            Stripe shows to the clinic and repeats the event after
        :raise Forbidden: when the request is not signed with any of them
        """
        # Stripe has no user: secrets are read to compare the signature.
        stripe_sudo = (
            request.env["payment.provider"].sudo().search([("code", "=", "stripe")])
        )
        with_secret = stripe_sudo.filtered("stripe_webhook_secret")
        if not with_secret:
            _logger.warning(
                "Events of Stripe are refused: set the webhook signing secret on the"
                " payment provider Stripe."
            )
            raise Conflict(
                "No webhook signing secret is set on the payment provider Stripe."
            )
        header = request.httprequest.headers.get("Stripe-Signature")
        signing = with_secret.filtered(lambda p: p._stripe_is_signed(payload, header))
        if not signing:
            _logger.warning("An event of Stripe with a wrong signature was refused")
            raise Forbidden()
        return signing

    def _pick_provider(self, providers_sudo, stripe_object):
        """Return the provider that an event is for: companies may share an account."""
        for provider_sudo in providers_sudo[1:] and providers_sudo:
            if provider_sudo._stripe_find_transaction(stripe_object):
                return provider_sudo
        return providers_sudo[:1]
