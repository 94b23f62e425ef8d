# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The objects of the fake Stripe, and what can be done with them."""

import re
import time

GOOD_CARD = "4242424242424242"
# Money that takes days, as a direct debit does: `settle` ends the wait.
SLOW_CARD = "4000000000005001"
# What a bank answers for Stripe's test cards. Tests may add numbers of their own.
DECLINES = {
    "4000000000000002": {"code": "card_declined", "decline_code": "generic_decline"},
    "4000000000009995": {"code": "card_declined", "decline_code": "insufficient_funds"},
    "4000000000009987": {"code": "card_declined", "decline_code": "lost_card"},
    "4000000000009979": {"code": "card_declined", "decline_code": "stolen_card"},
    "4000000000000069": {"code": "expired_card", "decline_code": "expired_card"},
    "4000000000000119": {
        "code": "processing_error",
        "decline_code": "processing_error",
    },
    "4000002760003184": {
        "code": "authentication_required",
        "decline_code": "authentication_required",
    },
    # Do not honour, with the network's word never to ask again.
    "4000000000000259": {
        "code": "card_declined",
        "decline_code": "do_not_honor",
        "advice_code": "do_not_try_again",
        "network_decline_code": "05",
        "network_advice_code": "03",
    },
    # Stripe's own fraud filter: the bank is never asked.
    "4100000000000019": {
        "code": "card_declined",
        "decline_code": "fraudulent",
        "network_status": "not_sent_to_network",
    },
}
THREE_DECIMALS = {"bhd", "jod", "kwd", "omr", "tnd"}
MINIMUM = {"eur": 50, "usd": 50, "gbp": 30, "jpy": 50}
PAGE = 10


class StripeError(Exception):
    def __init__(self, status, message, **error):
        super().__init__(message)
        self.status = status
        self.body = {
            "error": {"message": message, "type": "invalid_request_error", **error}
        }


class FakeStripeApi:
    def __init__(self):
        self.objects = {}
        self.declines = dict(DECLINES)

    # === OBJECTS === #

    def _new(self, kind, prefix, **values):
        obj = {
            "id": f"{prefix}_{next(self.counter):06d}",
            "object": kind,
            "created": int(time.time()),
            "livemode": False,
            "metadata": {},
            **values,
        }
        self.objects[obj["id"]] = obj
        return obj

    def _find(self, object_id, param=None):
        if object_id not in self.objects:
            raise StripeError(
                404,
                f"No such object: '{object_id}'",
                code="resource_missing",
                **({"param": param} if param else {}),
            )
        return self.objects[object_id]

    def _get_all(self, kind):
        return [obj for obj in self.objects.values() if obj["object"] == kind]

    def _expand(self, obj, params):
        obj = dict(obj)
        for field in params.get("expand", []):
            if isinstance(obj.get(field), str):
                obj[field] = self._find(obj[field])
        return obj

    def _list(self, kinds, params):
        data = self.events if kinds == "events" else list(self.objects.values())
        data = [obj for obj in data if obj["object"] + "s" == kinds]
        for field in ("charge", "payment_intent", "customer", "type", "email"):
            if field in params:
                data = [obj for obj in data if obj.get(field) == params[field]]
        since = int((params.get("created") or {}).get("gte") or 0)
        data = [obj for obj in data if obj["created"] >= since]
        return self._page(kinds, data[::-1], params)

    def _page(self, kinds, data, params):
        """Return a page of a list, the newest first, as Stripe does."""
        if start := params.get("starting_after"):
            ids = [obj["id"] for obj in data]
            data = data[ids.index(start) + 1 :] if start in ids else []
        limit = int(params.get("limit") or PAGE)
        return {
            "object": "list",
            "url": f"/v1/{kinds}",
            "has_more": len(data) > limit,
            "data": data[:limit],
        }

    def _search(self, kinds, params):
        """Find by metadata, as the search of newer API versions does."""
        query = re.fullmatch(r"metadata\['(\w+)'\]:'([^']*)'", params.get("query", ""))
        if not query:
            raise StripeError(400, "The query cannot be read.", param="query")
        name, value = query.groups()
        data = [
            obj
            for obj in self.objects.values()
            if obj["object"] + "s" == kinds and obj["metadata"].get(name) == value
        ]
        return {
            "object": "search_result",
            "url": f"/v1/{kinds}/search",
            "has_more": False,
            "next_page": None,
            "data": data[::-1],
        }

    # === CUSTOMERS AND CARDS === #

    def _post_customers(self, params, customer_id=None):
        if customer_id:
            return {**self._find(customer_id), **params}
        return self._new("customer", "cus", **params)

    def _get_customers_payment_methods(self, params, customer_id):
        return self._list("payment_methods", {**params, "customer": customer_id})

    def _post_payment_methods(self, params, method_id=None):
        card = params.get("card", {})
        number = card.get("number", GOOD_CARD)
        return self._new(
            "payment_method",
            "pm",
            type="card",
            customer=None,
            card={
                "brand": "mastercard" if number.startswith("5") else "visa",
                "last4": number[-4:],
                "exp_month": int(card.get("exp_month") or 12),
                "exp_year": int(card.get("exp_year") or 2040),
                "fingerprint": f"fp{number}",
            },
            _number=number,
        )

    def _post_payment_methods_attach(self, params, method_id):
        method = self._find(method_id)
        method["customer"] = params["customer"]
        return method

    def _post_payment_methods_detach(self, params, method_id):
        method = self._find(method_id)
        method["customer"] = None
        self._emit("payment_method.detached", method)
        return method

    def renew_card(self, method_id, number, exp_month, exp_year):
        """The network tells of a new card: the id of the payment method stays."""
        method = self._find(method_id)
        method["_number"] = number
        method["card"].update(last4=number[-4:], exp_month=exp_month, exp_year=exp_year)
        return self._emit("payment_method.automatically_updated", method)

    def change_mandate(self, mandate_id, status):
        """Make a mandate, or change it."""
        mandate = self.objects.get(mandate_id) or self._new("mandate", "mandate")
        mandate["status"] = status
        return self._emit("mandate.updated", mandate)

    # === PAYMENTS === #

    def _prepare_intent(self, params):
        types = params.get("payment_method_types") or ["card"]
        return {
            "customer": params.get("customer"),
            "description": params.get("description"),
            "metadata": dict(params.get("metadata") or {}),
            "payment_method": params.get("payment_method"),
            "payment_method_types": types,
            "status": "requires_payment_method",
            "next_action": None,
        }

    def _check_amount(self, params):
        for field in ("amount", "currency"):
            if not params.get(field):
                raise StripeError(400, f"Missing required param: {field}.", param=field)
        amount, currency = int(params["amount"]), params["currency"].lower()
        if currency in THREE_DECIMALS and amount % 10:
            raise StripeError(400, "Amount must be a multiple of 10.", param="amount")
        if amount < MINIMUM.get(currency, 1):
            raise StripeError(
                400, "Amount is too small.", code="amount_too_small", param="amount"
            )
        return {"amount": amount, "currency": currency}

    def _post_payment_intents(self, params, intent_id=None):
        amount = self._check_amount(params)
        if params.get("payment_method"):
            self._find(params["payment_method"], "payment_method")
        intent = self._new(
            "payment_intent",
            "pi",
            **self._prepare_intent(params),
            **amount,
            amount_received=0,
            capture_method=params.get("capture_method", "automatic"),
            setup_future_usage=params.get("setup_future_usage"),
            charges={"object": "list", "data": [], "has_more": False},
            last_payment_error=None,
        )
        intent["client_secret"] = f"{intent['id']}_secret_test"
        if str(params.get("confirm")).lower() == "true":
            return self._post_payment_intents_confirm(params, intent["id"])
        return intent

    def _post_payment_intents_confirm(self, params, intent_id):
        intent = self._find(intent_id)
        if intent["status"] in ("succeeded", "canceled"):
            raise StripeError(
                400,
                f"This PaymentIntent has status {intent['status']}.",
                code="payment_intent_unexpected_state",
            )
        method_id = params.get("payment_method") or intent["payment_method"]
        method = self._find(method_id)
        number = method["_number"]
        intent["payment_method"] = method_id
        decline = self.declines.get(number)
        charge = self._create_charge(intent, method, decline)
        if decline:
            self._decline(intent, charge, decline)
        if intent["setup_future_usage"] and intent["customer"]:
            method["customer"] = intent["customer"]
        if number == SLOW_CARD:
            charge["status"] = "pending"
            intent.update(status="processing", last_payment_error=None)
            self._emit("payment_intent.processing", intent)
            return intent
        return self._succeed(intent, charge)

    def _create_charge(self, intent, method, decline):
        network_status = (decline or {}).get("network_status")
        charge = self._new(
            "charge",
            "ch",
            amount=intent["amount"],
            amount_refunded=0,
            currency=intent["currency"],
            customer=intent["customer"],
            description=intent["description"],
            metadata=dict(intent["metadata"]),
            outcome={
                "network_status": network_status
                or ("declined_by_network" if decline else "approved_by_network"),
                "network_decline_code": (decline or {}).get("network_decline_code"),
                "network_advice_code": (decline or {}).get("network_advice_code"),
            },
            payment_intent=intent["id"],
            payment_method=method["id"],
            payment_method_details={
                "type": "card",
                "card": {"mandate": None, "brand": method["card"]["brand"]},
            },
            refunded=False,
            refunds={"object": "list", "data": [], "has_more": False},
            status="failed" if decline else "succeeded",
        )
        intent["charges"]["data"].insert(0, charge)
        intent["latest_charge"] = charge["id"]
        return charge

    def _decline(self, intent, charge, decline):
        words = ("code", "decline_code", "advice_code")
        words += ("network_decline_code", "network_advice_code")
        error = {
            "type": "card_error",
            **{name: decline[name] for name in words if name in decline},
            "message": "Your card was declined.",
            "charge": charge["id"],
        }
        intent.update(status="requires_payment_method", last_payment_error=error)
        self._emit("payment_intent.payment_failed", intent)
        raise StripeError(402, **error, payment_intent=intent)

    def _succeed(self, intent, charge):
        charge["status"] = "succeeded"
        intent.update(
            status="succeeded",
            amount_received=intent["amount"],
            last_payment_error=None,
        )
        self._emit("payment_intent.succeeded", intent)
        return intent

    def settle(self, intent_id, succeeds=True):
        """End the wait for slow money."""
        intent = self._find(intent_id)
        charge = self._find(intent["latest_charge"])
        if succeeds:
            return self._succeed(intent, charge)
        return self.fail_late(intent_id)

    def fail_late(self, intent_id):
        """Let a payment fail after it was taken for a success."""
        intent = self._find(intent_id)
        charge = self._find(intent["latest_charge"])
        charge["status"] = "failed"
        error = {
            "type": "card_error",
            "code": "payment_method_provider_decline",
            "decline_code": "insufficient_funds",
            "message": "The bank returned the payment.",
            "charge": charge["id"],
        }
        intent.update(
            status="requires_payment_method",
            amount_received=0,
            last_payment_error=error,
        )
        return self._emit("payment_intent.payment_failed", intent)

    def _post_payment_intents_cancel(self, params, intent_id):
        intent = self._find(intent_id)
        intent["status"] = "canceled"
        self._emit("payment_intent.canceled", intent)
        return intent

    def _post_setup_intents(self, params, intent_id=None):
        intent = self._new("setup_intent", "seti", **self._prepare_intent(params))
        intent["client_secret"] = f"{intent['id']}_secret_test"
        return intent

    def _post_setup_intents_confirm(self, params, intent_id):
        intent = self._find(intent_id)
        method = self._find(params.get("payment_method") or intent["payment_method"])
        method["customer"] = intent["customer"]
        intent.update(payment_method=method["id"], status="succeeded")
        self._emit("setup_intent.succeeded", intent)
        return intent

    # === MONEY THAT GOES BACK === #

    def _post_refunds(self, params, refund_id=None):
        intent = self._find(params["payment_intent"])
        charge = self._find(intent["latest_charge"])
        amount = int(params.get("amount") or charge["amount"])
        if charge["amount_refunded"] + amount > charge["amount"]:
            raise StripeError(
                400, "Refund amount is greater than unrefunded amount on charge."
            )
        refund = self._new(
            "refund",
            "re",
            amount=amount,
            charge=charge["id"],
            currency=charge["currency"],
            metadata=dict(params.get("metadata") or {}),
            payment_intent=intent["id"],
            status="succeeded",
        )
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        charge["refunds"]["data"].insert(0, refund)
        self._emit("charge.refunded", charge)
        return refund

    def fail_refund(self, refund_id):
        """Let a refund fail after it was taken for a success: the account is closed."""
        refund = self._find(refund_id)
        charge = self._find(refund["charge"])
        refund["status"] = "failed"
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
        self._emit("charge.refund.updated", refund)
        return self._emit("refund.failed", refund)

    def dispute(self, intent_id, status="needs_response", amount=None):
        """Let the cardholder dispute a payment; an inquiry (`warning_...`) is none."""
        intent = self._find(intent_id)
        dispute = self._new(
            "dispute",
            "dp",
            amount=amount or intent["amount"],
            charge=intent["latest_charge"],
            currency=intent["currency"],
            payment_intent=intent_id,
            reason="fraudulent",
            status=status,
        )
        self._emit("charge.dispute.created", dispute)
        if not status.startswith("warning"):
            self._emit("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def close_dispute(self, dispute_id, status):
        """Decide a dispute: `won` or `lost`."""
        dispute = self._find(dispute_id)
        dispute["status"] = status
        self._emit("charge.dispute.closed", dispute)
        if status == "won":
            self._emit("charge.dispute.funds_reinstated", dispute)
        return dispute

    # === ACCOUNT === #

    def _post_webhook_endpoints(self, params, endpoint_id=None):
        endpoint = self._new("webhook_endpoint", "we", **params)
        return {**endpoint, "secret": self.webhook_secret}
