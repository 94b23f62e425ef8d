# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What Stripe's codes mean for a clinic that charges by itself.

Kinds are those of `payment.transaction.decline_kind`. Of several signals the first of
these decides: advice of Stripe or the card network, Stripe's list of hard declines, the
decline code, and else the generic `soft`. See docs.stripe.com/declines/codes and
docs.stripe.com/declines/card.
"""

# Where our reference stands on what we make at Stripe, to find it there again.
METADATA_REFERENCE = "odoo_reference"
METADATA_DATABASE = "odoo_database"

# === DECLINES === #

ADVICE_KINDS = {
    "do_not_try_again": "new_method",
    "try_again_later": "soft",
    "confirm_card_data": "new_method",
}
# Mastercard's merchant advice codes. 02 and 24 to 30 say how long to wait.
NETWORK_ADVICE_KINDS = {
    "01": "new_method",
    "02": "soft",
    "03": "new_method",
    "21": "stop",
    "24": "soft",
    "25": "soft",
    "26": "soft",
    "27": "soft",
    "28": "soft",
    "29": "soft",
    "30": "soft",
}
# Visa's category 1, never again, by Table 7-2 of the Core Rules of April 2026.
VISA_NEVER = {"04", "07", "12", "14", "15", "41", "43", "46", "57"}
VISA_STOP = {"R0", "R1", "R3"}

# Stripe itself sends these nowhere until there is a new method.
HARD_DECLINES = {
    "authentication_required": "authenticate",
    "highest_risk_level": "fraud",
    "incorrect_number": "new_method",
    "lost_card": "new_method",
    "pickup_card": "new_method",
    "revocation_of_all_authorizations": "stop",
    "revocation_of_authorization": "stop",
    "stolen_card": "new_method",
    "transaction_not_allowed": "new_method",
}
DECLINES = {
    "approve_with_id": "technical",
    "authentication_not_handled": "authenticate",
    "call_issuer": "soft",
    "card_not_supported": "new_method",
    "card_velocity_exceeded": "soft",
    "currency_not_supported": "new_method",
    "do_not_honor": "soft",
    "do_not_try_again": "new_method",
    "duplicate_transaction": "duplicate",
    "expired_card": "new_method",
    "fraudulent": "fraud",
    "generic_decline": "soft",
    "incorrect_address": "new_method",
    "incorrect_cvc": "new_method",
    "incorrect_pin": "new_method",
    "incorrect_zip": "new_method",
    "insufficient_funds": "soft",
    "invalid_account": "new_method",
    "invalid_amount": "new_method",
    "invalid_cvc": "new_method",
    "invalid_expiry_month": "new_method",
    "invalid_expiry_year": "new_method",
    "invalid_number": "new_method",
    "invalid_pin": "new_method",
    "issuer_not_available": "technical",
    "merchant_blacklist": "fraud",
    "mobile_device_authentication_required": "authenticate",
    "new_account_information_available": "new_method",
    "no_action_taken": "soft",
    "not_permitted": "soft",
    "offline_pin_required": "new_method",
    "online_or_offline_pin_required": "new_method",
    "pin_try_exceeded": "new_method",
    "processing_error": "technical",
    "reenter_transaction": "technical",
    "restricted_card": "soft",
    "security_violation": "soft",
    "service_not_allowed": "soft",
    "stop_payment_order": "stop",
    "try_again_later": "technical",
    "withdrawal_count_limit_exceeded": "soft",
}
MONEY_CODES = {
    "card_velocity_exceeded",
    "insufficient_funds",
    "withdrawal_count_limit_exceeded",
}
# Error types that are no decline: the request was wrong, which is our fault.
REQUEST_ERRORS = {
    "authentication_error",
    "invalid_request_error",
    "permission_error",
}

# === AMOUNTS === #

# docs.stripe.com/currencies: the last of three decimals is a zero.
THREE_DECIMALS = {"BHD", "JOD", "KWD", "OMR", "TND"}
# Counted in hundredths, of which there are none.
WHOLE_UNITS = {"ISK", "UGX"}
MINIMUM_AMOUNTS = {
    "AED": 2.00,
    "AUD": 0.50,
    "BRL": 0.50,
    "CAD": 0.50,
    "CHF": 0.50,
    "CZK": 15.00,
    "DKK": 2.50,
    "EUR": 0.50,
    "GBP": 0.30,
    "HKD": 4.00,
    "HUF": 175.00,
    "INR": 0.50,
    "JPY": 50,
    "MXN": 10.00,
    "MYR": 2.00,
    "NOK": 3.00,
    "NZD": 0.50,
    "PLN": 2.00,
    "RON": 2.00,
    "SEK": 3.00,
    "SGD": 0.50,
    "THB": 10.00,
    "USD": 0.50,
}

# === WEBHOOK === #

# Seconds; Stripe's own libraries take as many.
SIGNATURE_TOLERANCE = 300
# Beside those that `payment_stripe` knows.
OWN_WEBHOOK_EVENTS = [
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    "mandate.updated",
    "payment_method.automatically_updated",
    "payment_method.detached",
    "refund.failed",
]
DISPUTE_INQUIRY = "warning_"
DISPUTES_LOST = {"lost", "needs_response", "under_review"}
DISPUTES_WON = {"won"}
