# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""A payment provider on this machine, in a process of its own.

Started with the folder of the fake and the seconds that an answer takes, it prints the
address on which it listens, and ends when its standard input does.
"""

import importlib
import json
import subprocess
import sys
import time
import types
import urllib.request
from pathlib import Path
from urllib.parse import urlencode


class Bank:
    """The provider as the benchmark sees it."""

    def __init__(self, folder, delay=0.0):
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(folder), str(delay)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            raise RuntimeError("The provider did not start.")

    def stop(self):
        """Let it end."""
        self.process.stdin.close()
        self.process.wait(timeout=10)

    def add_card(self):
        """Return the number of a card that pays."""
        return self._ask("payment_methods", {"type": "card"})["id"]

    def count_charges(self):
        """Return how many payments it has taken."""
        return self._ask("books")["charges"]

    def _ask(self, path, params=None):
        data = urlencode(params).encode() if params else None
        with urllib.request.urlopen(f"{self.url}/v1/{path}", data) as answer:
            return json.load(answer)


def _serve(folder, delay):
    package = types.ModuleType("fakes")
    package.__path__ = [folder]
    sys.modules["fakes"] = package
    fake = importlib.import_module("fakes.fake_stripe")

    class SlowStripe(fake.FakeStripe):
        def answer(self, handler):
            time.sleep(delay)
            return super().answer(handler)

        def _route(self, method, path, params):
            if path != "books":
                return super()._route(method, path, params)
            kinds = [
                (obj["object"], obj.get("status")) for obj in self.objects.values()
            ]
            return {"charges": kinds.count(("charge", "succeeded"))}

    stripe = SlowStripe().start()
    stripe.server.request_queue_size = 128
    print(stripe.url, flush=True)
    sys.stdin.read()
    stripe.stop()


if __name__ == "__main__":
    _serve(str(Path(sys.argv[1])), float(sys.argv[2]))
