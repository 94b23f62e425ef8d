# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""kill -9, conflicts in the database, two at once: in real transactions."""

import subprocess
import sys
import textwrap
import threading
from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import fields
from odoo.tests import get_db_name, tagged
from odoo.tools import config, mute_logger

from odoo.addons.medspa_membership.tests.stripe_common import StripeMixin
from odoo.addons.medspa_membership.tests.test_credit_concurrency import (
    RealTransactionsCase,
)


@tagged("post_install", "-at_install")
class TestCrash(StripeMixin, RealTransactionsCase):
    @classmethod
    def _create_data(cls, env):
        cls._start_stripe()
        provider = env.ref("payment.payment_provider_stripe").copy(
            {"name": "Stripe in crashes", **cls._get_provider_vals()}
        )
        cls.provider_id = provider.id
        cls.method_id = env.ref("payment.payment_method_card").id
        return super()._create_data(env)

    def _create_charge(self, reference):
        """Commit a transaction as a billing run does; it has no invoice to book."""
        with self.stripe.lock:
            customer = self.stripe._route("POST", "customers", {"name": "Paula"})
            method = self.stripe._route("POST", "payment_methods", {})
        with self._transaction() as env:
            token = env["payment.token"].create(
                {
                    "provider_id": self.provider_id,
                    "payment_method_id": self.method_id,
                    "partner_id": self.patient_id,
                    "provider_ref": customer["id"],
                    "stripe_payment_method": method["id"],
                    "payment_details": "4242",
                }
            )
            tx = env["payment.transaction"].create(
                {
                    "provider_id": self.provider_id,
                    "payment_method_id": self.method_id,
                    "token_id": token.id,
                    "reference": reference,
                    "amount": 49,
                    "currency_id": env.company.currency_id.id,
                    "partner_id": self.patient_id,
                    "operation": "offline",
                }
            )
            return tx.id

    def _read(self, tx_id):
        with self._transaction() as env:
            tx = env["payment.transaction"].browse(tx_id)
            return tx.state, tx.is_outcome_unknown, bool(tx.charged_at)

    def _resolve_later(self, tx_id):
        """Let the job find what was left behind, and nothing else of the database."""
        with self._transaction() as env:
            tx = env["payment.transaction"].browse(tx_id)
            now = fields.Datetime.now() + timedelta(minutes=11)
            self.assertIn(tx, tx.search(tx._get_unresolved_domain(now)))
            tx._resolve_apart()

    def _kill_while_charging(self, tx_id, moment):
        """Charge in another process, and kill it at a moment.

        :param moment: Python that is run there instead of `_process`
        """
        script = f"""
            import sys, time
            from unittest.mock import patch
            from odoo import SUPERUSER_ID, api
            from odoo.modules.registry import Registry
            from odoo.tools import config

            config.parse_config(sys.argv[1:], setup_logging=False)
            registry = Registry({get_db_name()!r})

            def build_request_url(provider, endpoint, **kwargs):
                return {self.stripe.url!r} + "/v1/" + endpoint

            def process(tx, *args):
                print({moment!r}, flush=True)
                time.sleep(120)

            with (
                patch.object(
                    registry["payment.provider"],
                    "_build_request_url",
                    build_request_url,
                ),
                patch.object(registry["payment.transaction"], {moment!r}, process),
                registry.cursor() as cr,
            ):
                env = api.Environment(cr, SUPERUSER_ID, {{}})
                env["payment.transaction"].browse({tx_id})._charge_once()
        """
        options = [
            f"--{name}={config[name]}"
            for name in ("db_host", "db_port", "db_user")
            if config[name]
        ]
        addons_path = config["addons_path"]
        if not isinstance(addons_path, str):
            addons_path = ",".join(addons_path)
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                textwrap.dedent(script),
                *options,
                f"--addons-path={addons_path}",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, 30)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline().strip(), moment)
        process.kill()
        process.wait(30)

    def test_killed_between_charge_and_record(self):
        tx_id = self._create_charge("KILL-1")
        self._kill_while_charging(tx_id, "_process")
        self.assertEqual(self.stripe.get_charged()["KILL-1"], [4900])
        self.assertEqual(self._read(tx_id), ("draft", False, True))
        self._resolve_later(tx_id)
        self.assertEqual(self._read(tx_id)[0], "done")
        self.assertEqual(self.stripe.get_charged()["KILL-1"], [4900])

    def test_killed_before_the_request(self):
        tx_id = self._create_charge("KILL-2")
        self._kill_while_charging(tx_id, "_send_payment_request")
        self.assertNotIn("KILL-2", self.stripe.get_charged())
        self._resolve_later(tx_id)
        self.assertEqual(self._read(tx_id)[0], "done")
        self.assertEqual(self.stripe.get_charged()["KILL-2"], [4900])

    def test_job_that_starts_again_after_the_crash(self):
        tx_id = self._create_charge("KILL-3")
        self._kill_while_charging(tx_id, "_process")
        with self._transaction() as env:
            env["payment.transaction"].browse(tx_id)._charge_once()
        self.assertEqual(self._read(tx_id)[0], "done")
        self.assertEqual(self.stripe.get_charged()["KILL-3"], [4900])

    def test_conflict_after_the_charge(self):
        """The database refuses the record: the same key finds the same charge."""
        tx_id = self._create_charge("CONFLICT-1")
        Transaction = self.registry["payment.transaction"]
        set_done = Transaction._set_done
        conflicts = [SerializationFailure("could not serialize access")]

        def fail_once(tx, **kwargs):
            res = set_done(tx, **kwargs)
            if conflicts:
                raise conflicts.pop()
            return res

        with patch.object(Transaction, "_set_done", fail_once):
            with self.assertRaises(SerializationFailure), self._transaction() as env:
                env["payment.transaction"].browse(tx_id)._charge_once()
            self.assertEqual(self._read(tx_id), ("draft", False, True))
            with self._transaction() as env:
                env["payment.transaction"].browse(tx_id)._charge_once()
        self.assertEqual(self._read(tx_id)[0], "done")
        self.assertEqual(self.stripe.get_charged()["CONFLICT-1"], [4900])

    def _charge_in_threads(self, tx_id, count):
        results = [None] * count
        barrier = threading.Barrier(count, timeout=30)

        def charge(index):
            threading.current_thread().dbname = self.registry.db_name
            try:
                with self._transaction() as env:
                    tx = env["payment.transaction"].browse(tx_id)
                    barrier.wait()
                    results[index] = tx._charge_once()
            except Exception as error:  # noqa: BLE001 - every outcome is looked at
                results[index] = error

        threads = [
            threading.Thread(target=charge, args=[index]) for index in range(count)
        ]
        with mute_logger("odoo.sql_db"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
        self.assertFalse([thread for thread in threads if thread.is_alive()])
        return results

    def test_two_workers_at_once(self):
        tx_id = self._create_charge("TWO-1")
        self.stripe.delay = 0.3
        self.addCleanup(setattr, self.stripe, "delay", 0)
        results = self._charge_in_threads(tx_id, 4)
        others = [
            result
            for result in results
            if result not in ("done", "draft")
            and not isinstance(result, SerializationFailure)
        ]
        self.assertFalse(others)
        self.assertIn("done", results)
        self.assertEqual(self._read(tx_id)[0], "done")
        self.assertEqual(self.stripe.get_charged()["TWO-1"], [4900])

    def test_webhook_while_the_answer_is_awaited(self):
        """The news overtakes the answer: it waits for it and changes nothing."""
        tx_id = self._create_charge("RACE-1")
        Transaction = self.registry["payment.transaction"]
        process = Transaction._process
        answered, told = threading.Event(), []

        def tell(env):
            answered.wait(20)
            event = self.stripe.find_events("payment_intent.succeeded")[-1]
            provider = env["payment.provider"].browse(self.provider_id)
            provider._stripe_on_payment_intent(event["data"]["object"])
            told.append(env["payment.transaction"].browse(tx_id).state)

        def slow(tx, *args):
            if threading.current_thread() is charging:
                answered.set()
                # Long enough for the webhook to come to the row that is held.
                threading.Event().wait(1)
            return process(tx, *args)

        results = []

        def charge():
            threading.current_thread().dbname = self.registry.db_name
            with self._transaction() as env:
                results.append(env["payment.transaction"].browse(tx_id)._charge_once())

        charging = threading.Thread(target=charge)
        with patch.object(Transaction, "_process", slow):
            charging.start()
            outcome = self._run_together(tell, pause=0.1)
            charging.join(20)
        self.assertEqual((results, outcome, told[-1:]), (["done"], [None], ["done"]))
        self.assertEqual(self.stripe.get_charged()["RACE-1"], [4900])

    def test_two_deliveries_of_one_event_at_once(self):
        tx_id = self._create_charge("EVENT-1")
        with self._transaction() as env:
            env["payment.transaction"].browse(tx_id)._charge_once()
        event = self.stripe.find_events("payment_intent.succeeded")[-1]

        def receive(env):
            stored = env["medspa.payment.event"]._receive(
                env["payment.provider"].browse(self.provider_id),
                event["id"],
                event["type"],
                fields.Datetime.now(),
                event,
            )
            stored._process_events()

        results = self._run_together(*[receive] * 4, pause=0.1)
        self.assertEqual(results, [None] * 4)
        with self._transaction() as env:
            stored = env["medspa.payment.event"].search(
                [("event_ref", "=", event["id"])]
            )
            self.assertEqual((len(stored), stored.state), (1, "done"))
            self.assertEqual(len(stored), 1)
            self.assertFalse(env["payment.transaction"].browse(tx_id).invoice_ids)
        self.assertEqual(self.stripe.get_charged()["EVENT-1"], [4900])
