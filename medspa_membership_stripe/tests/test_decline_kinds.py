# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestDeclineKinds(TransactionCase):
    """Advice, then the hard list, then the code, then the generic kind."""

    def _get_kind(self, code=None, advice=None, network=None, mac=None, **error):
        error = {"type": "card_error", "advice_code": advice, **error}
        brand = error.pop("brand", "visa")
        if code:
            error["decline_code"] = code
        return self.env["payment.transaction"]._stripe_get_decline_kind(
            error, network, mac, brand
        )

    def test_codes(self):
        expected = {
            "insufficient_funds": "soft",
            "do_not_honor": "soft",
            "generic_decline": "soft",
            "processing_error": "technical",
            "issuer_not_available": "technical",
            "try_again_later": "technical",
            "lost_card": "new_method",
            "stolen_card": "new_method",
            "pickup_card": "new_method",
            "expired_card": "new_method",
            "incorrect_number": "new_method",
            "transaction_not_allowed": "new_method",
            "invalid_pin": "new_method",
            "authentication_required": "authenticate",
            "authentication_not_handled": "authenticate",
            "stop_payment_order": "stop",
            "revocation_of_authorization": "stop",
            "revocation_of_all_authorizations": "stop",
            "fraudulent": "fraud",
            "merchant_blacklist": "fraud",
            "highest_risk_level": "fraud",
            "duplicate_transaction": "duplicate",
            "a_code_of_next_year": "soft",
        }
        self.assertEqual({code: self._get_kind(code) for code in expected}, expected)

    def test_advice_comes_first(self):
        for code, advice, kind in (
            ("do_not_honor", "do_not_try_again", "new_method"),
            ("insufficient_funds", "do_not_try_again", "new_method"),
            ("do_not_honor", "confirm_card_data", "new_method"),
            ("do_not_honor", "try_again_later", "soft"),
            # Over Stripe's own list as well.
            ("transaction_not_allowed", "try_again_later", "soft"),
            # It keeps saying why: nobody may be asked for another card here.
            ("stop_payment_order", "do_not_try_again", "stop"),
            ("stop_payment_order", "try_again_later", "stop"),
            ("fraudulent", "do_not_try_again", "fraud"),
            ("authentication_required", "do_not_try_again", "authenticate"),
        ):
            self.assertEqual(self._get_kind(code, advice), kind, (code, advice))

    def test_advice_of_the_networks(self):
        for mac, kind in (
            ("03", "new_method"),
            ("21", "stop"),
            ("02", "soft"),
            ("01", "new_method"),
        ):
            found = self._get_kind("do_not_honor", mac=mac, brand="mastercard")
            self.assertEqual(found, kind, mac)
        for network, kind in (("14", "new_method"), ("R1", "stop"), ("51", "soft")):
            found = self._get_kind("do_not_honor", network=network)
            self.assertEqual(found, kind, network)
        # The same number says something else at another network.
        found = self._get_kind("do_not_honor", network="12", brand="mastercard")
        self.assertEqual(found, "soft")

    def test_wrong_requests_are_our_fault(self):
        for kind in ("invalid_request_error", "authentication_error"):
            self.assertEqual(self._get_kind(type=kind), "config")
        missing = {"type": "invalid_request_error", "code": "resource_missing"}
        self.assertEqual(self._get_kind(**missing, param="customer"), "config")
        self.assertEqual(
            self._get_kind(**missing, param="payment_method"), "new_method"
        )
