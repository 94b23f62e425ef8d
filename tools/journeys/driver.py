"""Walks the journeys of one lane; runs in the environment that has playwright.

Its outcomes go to the standard output, one line of JSON each.
"""

import importlib
import json
import sys
import time
import traceback
import urllib.request
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

from .clock import Clock
from .harness import Clinic
from .mail import Mailbox

ARGUMENTS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
START_SECONDS = 180


def main(order: dict) -> int:
    """Walk what is ordered; return how it went."""
    clock = Clock(Path(order["clock"]))
    mailbox = Mailbox(order["smtp"])
    # The server may start: its mail is taken.
    print("ready", flush=True)
    wait_until_served(order["base"])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=order["program"], args=ARGUMENTS
        )
        clinic = Clinic(browser, order["base"], mailbox, clock)
        for name in order["names"]:
            walk(clinic, name, Path(order["target"]) / name)
        browser.close()
    mailbox.close()
    return 0


def walk(clinic: Clinic, name: str, target: Path) -> None:
    """Walk one journey and print how it went."""
    began = time.monotonic()
    journey = clinic.begin(name, target)
    try:
        module = importlib.import_module(f".{name.replace('-', '_')}", __package__)
        module.walk(journey)
    except (
        Error,
        AssertionError,
        OSError,
        LookupError,
        ValueError,
        TypeError,
    ) as error:
        journey.problems.insert(0, journey.fail(error))
        (target / "failure.txt").write_text(traceback.format_exc())
    journey.check_mails()
    mails = len(journey.own_mails)
    journey.end()
    journey.take_mail_pictures()
    problems = list(dict.fromkeys(journey.problems))
    outcome = {
        "name": name,
        "ok": not problems,
        "seconds": round(time.monotonic() - began, 1),
        "taps": journey.taps,
        "mails": mails,
        "problems": problems,
    }
    print(json.dumps(outcome), flush=True)


def wait_until_served(base: str) -> None:
    """Wait for the first page of the clinic."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{base}/web/health", timeout=60):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("Odoo did not serve a page.")


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
