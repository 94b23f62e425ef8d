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
`lost_answer` does it and closes the connection without a word, `timeout` does it and
keeps the caller waiting, `refused` closes the connection and does nothing, `conflict`
(409), `rate_limit` (429) and `unauthorized` (401) do nothing. `delay` makes every
answer take so many seconds, side by side.

It keeps books of its own, by the reference that the caller has put on a payment:
`get_charged` says what was taken and how often, whatever the caller believes.
"""

import hashlib
import hmac
import itertools
import json
import re
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from .fake_stripe_api import GOOD_CARD, SLOW_CARD, FakeStripeApi, StripeError

__all__ = ["GOOD_CARD", "SLOW_CARD", "FakeStripe", "StripeError"]

# Done to the request before it is carried out: (status, error type, error code).
REFUSALS = {
    "error": (500, "api_error", None),
    "conflict": (409, "invalid_request_error", "lock_timeout"),
    "rate_limit": (429, "invalid_request_error", "rate_limit"),
    "unauthorized": (401, "invalid_request_error", None),
}
# How long `timeout` keeps a caller waiting that does not give up.
TIMEOUT_SECONDS = 30


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


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class FakeStripe(FakeStripeApi):
    def __init__(self, webhook_secret="whsec_test", delay=0):
        super().__init__()
        self.webhook_secret = webhook_secret
        self.delay = delay
        self.events = []
        self.requests = []
        self.faults = []
        self.answers = {}
        self.counter = itertools.count(1)
        self.lock = threading.RLock()
        self.stopped = threading.Event()

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

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        self.stopped.set()
        self.server.shutdown()
        self.server.server_close()

    def fail_next(self, method, path, fault, times=1):
        """Let the next requests of a method to a path end in a fault."""
        self.faults += [(method, path, fault)] * times

    def forget_keys(self):
        """Forget the idempotency keys, as Stripe does after a day."""
        self.answers.clear()

    def answer(self, handler):
        length = int(handler.headers.get("Content-Length") or 0)
        split = urlsplit(handler.path)
        body = handler.rfile.read(length).decode()
        path = split.path.removeprefix("/v1/")
        params = parse_params("&".join(filter(None, (split.query, body))))
        key = handler.headers.get("Idempotency-Key")
        if self.delay:
            time.sleep(self.delay)
        with self.lock:
            self.requests.append((handler.command, path, params, key))
            fault = self._pop_fault(handler.command, path)
            headers = {}
            if fault in REFUSALS:
                status, result = self._get_refusal(fault)
            elif fault != "refused":
                status, result, replayed = self._call_once(
                    handler.command, path, params, key, fault
                )
                if replayed:
                    headers["Idempotent-Replayed"] = "true"
        if fault == "timeout":
            self.stopped.wait(TIMEOUT_SECONDS)
        if fault in ("lost_answer", "refused", "timeout"):
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

    def _get_refusal(self, fault):
        status, kind, code = REFUSALS[fault]
        error = {"type": kind, "message": "Something went wrong."}
        if code:
            error["code"] = code
        return status, {"error": error}

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
            status, result = self._get_refusal("error")
        # What the caller gets does not change with the object later.
        result = json.loads(json.dumps(result))
        if method == "POST" and key:
            self.answers[key] = ((path, params), status, result)
        return status, result, False

    def _route(self, method, path, params):
        parts = path.strip("/").split("/")
        name = "_".join([method.lower(), parts[0], *parts[2:]])
        if method == "GET" and parts[-1] == "search":
            return self._search(parts[0], params)
        if len(parts) == 1 and method == "GET":
            return self._list(parts[0], params)
        if len(parts) == 2 and method == "GET":
            return self._expand(self._find(parts[1]), params)
        action = getattr(self, f"_{name}", None)
        if not action:
            raise StripeError(404, f"Unrecognized request URL ({method}: {path}).")
        return self._expand(action(params, *parts[1:2]), params)

    # === BOOKS === #

    def get_charged(self):
        """Return what was taken: for each reference the amounts in minor units.

        Every amount is a charge that went through; a list of two is a member charged
        twice. Refunds and disputes are not taken off.
        """
        charged = defaultdict(list)
        for charge in self._get_all("charge"):
            if charge["status"] == "succeeded":
                charged[self._get_reference(charge)].append(charge["amount"])
        return dict(charged)

    def get_balance(self):
        """Return what is left with the clinic of each reference, in minor units."""
        balance = defaultdict(int)
        for charge in self._get_all("charge"):
            if charge["status"] == "succeeded":
                left = charge["amount"] - charge["amount_refunded"]
                balance[self._get_reference(charge)] += left
        for dispute in self._get_all("dispute"):
            if not dispute["status"].startswith(("won", "warning")):
                charge = self._find(dispute["charge"])
                balance[self._get_reference(charge)] -= dispute["amount"]
        return dict(balance)

    def _get_reference(self, charge):
        intent = self._find(charge["payment_intent"])
        return intent["metadata"].get("odoo_reference") or intent["description"]

    def count_requests(self, method, path):
        """Return how often something was asked for."""
        return sum(request[:2] == (method, path) for request in self.requests)

    # === WEBHOOKS === #

    def _emit(self, kind, obj):
        """Note an event. The test delivers it: late, twice, or not at all."""
        event = {
            "id": f"evt_{next(self.counter):06d}",
            "object": "event",
            "api_version": "2019-05-16",
            "created": int(time.time()),
            "livemode": False,
            "type": kind,
            "data": {"object": json.loads(json.dumps(obj))},
        }
        self.events.append(event)
        return event

    def find_events(self, kind):
        """Return the events of a kind, the oldest first."""
        return [event for event in self.events if event["type"] == kind]

    def sign(self, event, secret=None, timestamp=None, secrets=None):
        """Return the body and the headers of a delivery of an event.

        :param secrets: the old secret and the new one while it is being changed
        """
        payload = json.dumps(event)
        timestamp = int(timestamp or time.time())
        signatures = [
            hmac.new(
                used.encode(), f"{timestamp}.{payload}".encode(), hashlib.sha256
            ).hexdigest()
            for used in secrets or [secret or self.webhook_secret]
        ]
        header = ",".join([f"t={timestamp}", *(f"v1={text}" for text in signatures)])
        return payload.encode(), {
            "Content-Type": "application/json",
            "Stripe-Signature": header,
        }
