# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from unittest.mock import patch

from .fake_stripe import GOOD_CARD, FakeStripe


class StripeMixin:
    """A provider that talks to the fake, and a course in the cart."""

    @classmethod
    def _start_stripe(cls):
        cls.stripe = FakeStripe().start()
        cls.addClassCleanup(cls.stripe.stop)
        url = cls.stripe.url

        def build_request_url(provider, endpoint, **kwargs):
            return f"{url}/v1/{endpoint}"

        Provider = cls.registry["payment.provider"]
        cls.startClassPatcher(
            patch.object(Provider, "_build_request_url", build_request_url)
        )

    @classmethod
    def _get_provider_vals(cls):
        return {
            "state": "test",
            "is_published": True,
            "allow_tokenization": True,
            "stripe_publishable_key": "pk_test_1",
            "stripe_secret_key": "sk_test_1",
            "stripe_webhook_secret": cls.stripe.webhook_secret,
        }

    def _confirm(self, intent_id, card=GOOD_CARD):
        """Do what the card form in the browser does: confirm the payment."""
        with self.stripe.lock:
            method = self.stripe._route(
                "POST", "payment_methods", {"type": "card", "card": {"number": card}}
            )
            status, intent, _replayed = self.stripe._call_once(
                "POST",
                f"payment_intents/{intent_id}/confirm",
                {"payment_method": method["id"]},
                None,
                None,
            )
        return status, intent
