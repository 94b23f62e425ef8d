# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Stripe's API as far as the tests need it, on a port of this machine.

It answers as Stripe's documentation says for API version 2019-05-16, which Odoo speaks,
and shows on demand what goes wrong in life::

    stripe = FakeStripe().start()
    stripe.fail_next("POST", "payment_intents", "lost_answer")
    ...
    payload, headers = stripe.sign(stripe.events[-1])
    stripe.stop()

Faults: `error` answers 500 and does nothing, `error_after` does it and answers 500,
`lost_answer` does it and closes the connection without a word.
"""

import hashlib
import hmac
import itertools
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

API_VERSION = "2019-05-16"
GOOD_CARD = "4242424242424242"
# What a bank answers for Stripe's test cards: (error code, decline code).
DECLINES = {
    "4000000000000002": ("card_declined", "generic_decline"),
    "4000000000009995": ("card_declined", "insufficient_funds"),
    "4000000000000069": ("expired_card", "expired_card"),
    "4000000000000119": ("processing_error", "processing_error"),
    "4000002760003184": ("authentication_required", "authentication_required"),
}


class StripeError(Exception):
    def __init__(self, status, message, **error):
        super().__init__(message)
        self.status = status
        self.body = {
            "error": {"message": message, "type": "invalid_request_error", **error}
        }


def parse_params(text):
    """Return form parameters as Stripe reads them: `a[b]`, `a[]` and `a[0]` nest."""
    params = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        first, *rest = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", name)
        target, key = params, first
        for part in rest:
            is_list = part == "" or part.isdigit()
            target = target.setdefault(key, [] if is_list else {})
            key = part
        if isinstance(target, list):
            target.append(value)
        else:
            target[key] = value
    return params


class FakeStripe:
    def __init__(self, webhook_secret="whsec_test"):
        self.webhook_secret = webhook_secret
        self.objects = {}
        self.events = []
        self.requests = []
        self.faults = []
        self.answers = {}
        self.counter = itertools.count(1)
        self.lock = threading.RLock()

    # === SERVER === #

    def start(self):
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                fake.answer(self)

            do_POST = do_DELETE = do_GET

            def log_message(self, *args):
                """Keep the log of the tests quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def fail_next(self, method, path, fault):
        """Let the next request of a method to a path end in a fault."""
        self.faults.append((method, path, fault))

    def answer(self, handler):
        length = int(handler.headers.get("Content-Length") or 0)
        split = urlsplit(handler.path)
        body = handler.rfile.read(length).decode()
        path = split.path.removeprefix("/v1/")
        params = parse_params("&".join(filter(None, (split.query, body))))
        key = handler.headers.get("Idempotency-Key")
        with self.lock:
            self.requests.append((handler.command, path, params, key))
            fault = self._pop_fault(handler.command, path)
            headers = {}
            if fault == "error":
                status, result = 500, self._get_server_error()
            else:
                status, result, replayed = self._call_once(
                    handler.command, path, params, key, fault
                )
                if replayed:
                    headers["Idempotent-Replayed"] = "true"
        if fault == "lost_answer":
            handler.close_connection = True
            return
        content = json.dumps(result).encode()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _pop_fault(self, method, path):
        for entry in self.faults:
            if entry[:2] == (method, path):
                self.faults.remove(entry)
                return entry[2]
        return None

    def _get_server_error(self):
        return {"error": {"type": "api_error", "message": "Something went wrong."}}

    def _call_once(self, method, path, params, key, fault):
        """Carry a request out, or repeat the answer that its key has got before."""
        if method == "POST" and key in self.answers:
            known_params, status, result = self.answers[key]
            if known_params == (path, params):
                return status, result, True
            result = {
                "error": {
                    "type": "idempotency_error",
                    "message": "Keys can only be used with the same parameters.",
                }
            }
            return 400, result, False
        try:
            status, result = 200, self._route(method, path, params)
        except StripeError as error:
            status, result = error.status, error.body
        if fault == "error_after":
            status, result = 500, self._get_server_error()
        # What the caller gets does not change with the object later.
        result = json.loads(json.dumps(result))
        if method == "POST" and key:
            self.answers[key] = ((path, params), status, result)
        return status, result, False

    def _route(self, method, path, params):
        parts = path.strip("/").split("/")
        name = "_".join([method.lower(), parts[0], *parts[2:]])
        if len(parts) == 1 and method == "GET":
            return self._list(parts[0], params)
        if len(parts) == 2 and method == "GET":
            return self._expand(self._find(parts[1]), params)
        action = getattr(self, f"_{name}", None)
        if not action:
            raise StripeError(404, f"Unrecognized request URL ({method}: {path}).")
        return self._expand(action(params, *parts[1:2]), params)

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

    def _find(self, object_id):
        if object_id not in self.objects:
            raise StripeError(
                404, f"No such object: '{object_id}'", code="resource_missing"
            )
        return self.objects[object_id]

    def _expand(self, obj, params):
        obj = dict(obj)
        for field in params.get("expand", []):
            if isinstance(obj.get(field), str):
                obj[field] = self._find(obj[field])
        return obj

    def _list(self, kinds, params):
        data = self.events if kinds == "events" else list(self.objects.values())
        data = [obj for obj in data if obj["object"] + "s" == kinds]
        for field in ("charge", "payment_intent", "customer"):
            if field in params:
                data = [obj for obj in data if obj.get(field) == params[field]]
        return {
            "object": "list",
            "url": f"/v1/{kinds}",
            "has_more": False,
            "data": data[::-1],
        }

    def _emit(self, kind, obj):
        """Note an event. The test delivers it: late, twice, or not at all."""
        event = {
            "id": f"evt_{next(self.counter):06d}",
            "object": "event",
            "api_version": API_VERSION,
            "created": int(time.time()),
            "livemode": False,
            "type": kind,
            "data": {"object": json.loads(json.dumps(obj))},
        }
        self.events.append(event)

    # === API === #

    def _post_customers(self, params, customer_id=None):
        if customer_id:
            return {**self._find(customer_id), **params}
        return self._new("customer", "cus", **params)

    def _post_payment_methods(self, params, method_id=None):
        number = params.get("card", {}).get("number", GOOD_CARD)
        return self._new(
            "payment_method",
            "pm",
            type="card",
            customer=None,
            card={
                "brand": "visa",
                "last4": number[-4:],
                "exp_month": 12,
                "exp_year": 2040,
            },
            _number=number,
        )

    def _post_payment_methods_attach(self, params, method_id):
        method = self._find(method_id)
        method["customer"] = params["customer"]
        return method

    def _prepare_intent(self, params):
        types = params.get("payment_method_types") or ["card"]
        return {
            "customer": params.get("customer"),
            "description": params.get("description"),
            "payment_method": params.get("payment_method"),
            "payment_method_types": types,
            "status": "requires_payment_method",
            "next_action": None,
        }

    def _post_payment_intents(self, params, intent_id=None):
        for field in ("amount", "currency"):
            if not params.get(field):
                raise StripeError(400, f"Missing required param: {field}.", param=field)
        intent = self._new(
            "payment_intent",
            "pi",
            **self._prepare_intent(params),
            amount=int(params["amount"]),
            amount_received=0,
            currency=params["currency"].lower(),
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
        number = self._find(method_id)["_number"]
        intent["payment_method"] = method_id
        charge = self._new(
            "charge",
            "ch",
            amount=intent["amount"],
            amount_refunded=0,
            currency=intent["currency"],
            customer=intent["customer"],
            description=intent["description"],
            payment_intent=intent_id,
            payment_method=method_id,
            payment_method_details={"type": "card", "card": {"mandate": None}},
            refunded=False,
            refunds={"object": "list", "data": [], "has_more": False},
            status="failed" if number in DECLINES else "succeeded",
        )
        intent["charges"]["data"].insert(0, charge)
        intent["latest_charge"] = charge["id"]
        if number in DECLINES:
            code, decline_code = DECLINES[number]
            error = {
                "type": "card_error",
                "code": code,
                "decline_code": decline_code,
                "message": "Your card was declined.",
                "charge": charge["id"],
            }
            intent.update(status="requires_payment_method", last_payment_error=error)
            self._emit("payment_intent.payment_failed", intent)
            raise StripeError(402, **error, payment_intent=intent)
        if intent["setup_future_usage"] and intent["customer"]:
            self._find(method_id)["customer"] = intent["customer"]
        intent.update(
            status="succeeded",
            amount_received=intent["amount"],
            last_payment_error=None,
        )
        self._emit("payment_intent.succeeded", intent)
        return intent

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
            payment_intent=intent["id"],
            status="succeeded",
        )
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        charge["refunds"]["data"].insert(0, refund)
        self._emit("charge.refunded", charge)
        return refund

    # === WEBHOOKS === #

    def sign(self, event, secret=None, timestamp=None):
        """Return the body and the headers of a delivery of an event."""
        payload = json.dumps(event)
        timestamp = int(timestamp or time.time())
        signature = hmac.new(
            (secret or self.webhook_secret).encode(),
            f"{timestamp}.{payload}".encode(),
            hashlib.sha256,
        ).hexdigest()
        return payload.encode(), {
            "Content-Type": "application/json",
            "Stripe-Signature": f"t={timestamp},v1={signature}",
        }
