# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Many requests at the same moment, in real transactions of their own.

What these tests need is committed, so it is taken away again afterwards: everything
above the highest id that each table had before.
"""

import os
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from types import SimpleNamespace
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import SUPERUSER_ID, api, fields
from odoo.exceptions import UserError
from odoo.modules.registry import DummyRLock, Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import SQL, config, mute_logger

SLOT = datetime(2035, 1, 8, 10, 0)
FINAL_TABLES = ("medspa_credit_move", "medspa_membership_segment")


class RealTransactionsCase(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registry = Registry(get_db_name())
        # The thread that runs the tests holds this lock all the time.
        cls.startClassPatcher(patch.object(Registry, "_lock", DummyRLock()))
        with cls.registry.cursor() as cr:
            cls.watermarks = cls._get_watermarks(cr)
        cls.addClassCleanup(cls._remove_committed_data)
        with cls._transaction() as env:
            cls._create_data(env)

    @classmethod
    @contextmanager
    def _transaction(cls):
        """Open a transaction that is committed at the end."""
        with cls.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})

    # === WHAT IS COMMITTED, AND ITS REMOVAL === #

    @classmethod
    def _create_data(cls, env):
        peel = env["product.template"].create(
            {
                "name": "Peel",
                "type": "service",
                "service_tracking": "medspa_treatment",
                "list_price": 120,
                "duration_minutes": 45,
            }
        )
        course_product = env["product.template"].create(
            {
                "name": "5 peels",
                "type": "service",
                "service_tracking": "medspa_course",
                "list_price": 450,
                "step_ids": [
                    fields.Command.create({"treatment_id": peel.id, "sessions": 5})
                ],
            }
        )
        resources = env["resource.resource"].create(
            [
                {"name": "Petra", "medspa_role": "practitioner"},
                {"name": "Room 1", "medspa_role": "room", "resource_type": "material"},
            ]
        )
        cls.peel_id, cls.course_product_id = peel.id, course_product.id
        cls.practitioner_id, cls.room_id = resources.ids

    @classmethod
    def _get_watermarks(cls, cr):
        """Return the highest id of each table."""
        cr.execute(
            """
            SELECT c.relname FROM pg_class c
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'id'
             WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
               AND a.atttypid = 'int4'::regtype AND c.relname NOT LIKE 'orm_signaling%'
            """
        )
        tables = [name for (name,) in cr.fetchall()]
        query = SQL(" UNION ALL ").join(
            SQL("SELECT %s, max(id) FROM %s", name, SQL.identifier(name))
            for name in tables
        )
        cr.execute(query)
        return {name: highest or 0 for name, highest in cr.fetchall()}

    @classmethod
    def _remove_committed_data(cls):
        """Delete what lies above the watermarks, whatever refers to what."""
        with cls.registry.cursor() as cr:
            # Final rows refuse DELETE to all: only their owner can switch that off.
            for table in FINAL_TABLES:
                cr.execute(
                    SQL("ALTER TABLE %s DISABLE TRIGGER USER", SQL.identifier(table))
                )
            left = [
                name
                for name, highest in cls._get_watermarks(cr).items()
                if highest > cls.watermarks.get(name, 0)
            ]
            while left:
                left_before = left
                left = [name for name in left if not cls._delete_above(cr, name)]
                if left == left_before:
                    raise AssertionError(f"Rows stay behind in {left}")
            for table in FINAL_TABLES:
                cr.execute(
                    SQL("ALTER TABLE %s ENABLE TRIGGER USER", SQL.identifier(table))
                )
        cls.registry.clear_all_caches()

    @classmethod
    def _delete_above(cls, cr, table):
        try:
            with mute_logger("odoo.sql_db"), cr.savepoint(flush=False):
                cr.execute(
                    SQL(
                        "DELETE FROM %s WHERE id > %s",
                        SQL.identifier(table),
                        cls.watermarks.get(table, 0),
                    )
                )
        except IntegrityError:
            return False
        return True

    def setUp(self):
        super().setUp()
        with self._transaction() as env:
            self.patient_id = env["res.partner"].create({"name": "Paula"}).id

    # === RUNNING SIDE BY SIDE === #

    def _run_together(self, *functions, pause=1.0):
        """Run functions, each in a thread and transaction of its own, as requests do.

        Every transaction has taken its snapshot before any of them goes on: the worst
        moment that several requests can choose.

        :param functions: called with an environment, again on each retry
        :param pause: factor of the time that retries wait
        :return: for each function its result, or the exception that it ended in
        """
        barrier = threading.Barrier(len(functions), timeout=30)
        results = [None] * len(functions)

        def work(index, function):
            threading.current_thread().dbname = self.registry.db_name
            state = {"started": False}

            def request(env):
                env.cr.execute("SELECT 1 FROM res_company LIMIT 1")
                if not state["started"]:
                    state["started"] = True
                    barrier.wait()
                return function(env)

            try:
                with self._transaction() as env:
                    results[index] = retrying(partial(request, env), env)
            except Exception as error:  # noqa: BLE001 - every outcome is looked at
                results[index] = error

        threads = [
            threading.Thread(target=work, args=item) for item in enumerate(functions)
        ]
        sleeper = SimpleNamespace(sleep=lambda seconds: time.sleep(seconds * pause))
        with (
            patch("odoo.service.model.time", sleeper),
            mute_logger("odoo.sql_db", "odoo.service.model"),
        ):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(20)
        self.assertFalse(
            [t for t in threads if t.is_alive()], "everybody got an answer"
        )
        return results

    def _split(self, results):
        """Return what succeeded, what was refused in words, and everything else."""
        refused = [r for r in results if isinstance(r, UserError)]
        others = [r for r in results if isinstance(r, Exception) and r not in refused]
        done = [r for r in results if not isinstance(r, Exception)]
        return done, refused, others

    # === CLINIC === #

    def _grant(self, granted, **vals):
        with self._transaction() as env:
            credit = env["medspa.credit"]._grant(
                [
                    {
                        "company_id": env.company.id,
                        "partner_id": self.patient_id,
                        "treatment_id": self.peel_id,
                        "granted": granted,
                        "value": 90 * granted,
                        **vals,
                    }
                ]
            )
            return credit.id

    def _prepare_booking(self, patient_id=None, start=SLOT):
        return {
            "patient_id": patient_id or self.patient_id,
            "treatment_id": self.peel_id,
            "practitioner_id": self.practitioner_id,
            "room_id": self.room_id,
            "start": start,
        }

    def _book(self, **kwargs):
        with self._transaction() as env:
            return env["calendar.event"].create(self._prepare_booking(**kwargs)).id

    def assertLedger(self, credit_id, remaining=None, reserved=None):
        """Check that the ledger, summed up, says what the credit says."""
        with self.registry.cursor() as cr:
            cr.execute(
                """
                SELECT c.remaining, c.reserved, c.value_remaining,
                       sum(m.quantity), sum(m.reserved), sum(m.value)
                  FROM medspa_credit c JOIN medspa_credit_move m ON m.credit_id = c.id
                 WHERE c.id = %s GROUP BY c.id
                """,
                [credit_id],
            )
            row = cr.fetchone()
        self.assertEqual(row[:3], row[3:])
        self.assertTrue(0 <= row[1] <= row[0])
        if remaining is not None:
            self.assertEqual(tuple(map(float, row[:2])), (remaining, reserved))


@tagged("post_install", "-at_install")
class TestCreditConcurrency(RealTransactionsCase):
    def _redeem(self, credit_id, env, quantity=1):
        credit = env["medspa.credit"].browse(credit_id)
        return credit._redeem(quantity, fields.Date.today()).id

    def test_last_session_is_used_once(self):
        """Fifty requests for one session: one success, forty-nine clear refusals."""
        credit_id = self._grant(1)
        results = self._run_together(*[partial(self._redeem, credit_id)] * 50)
        done, refused, others = self._split(results)
        self.assertFalse(others)
        self.assertEqual((len(done), len(refused)), (1, 49))
        self.assertEqual(
            {str(error).split(": ")[0] for error in refused},
            {"Nothing is left to use"},
        )
        self.assertLedger(credit_id, 0, 0)

    def test_operations_against_each_other(self):
        yesterday = fields.Date.today() - timedelta(days=1)
        credit_id = self._grant(4, expires_on=yesterday)

        def reserve(env):
            env["medspa.credit"].browse(credit_id)._reserve(1, yesterday)

        def redeem_reserved(env):
            env["medspa.credit"].browse(credit_id)._redeem(1, yesterday, reserved=1)

        def release(env):
            env["medspa.credit"].browse(credit_id)._release(1)

        def expire(env):
            env["medspa.credit"].browse(credit_id)._expire()

        with self._transaction() as env:
            reserve(env)
        for functions in (
            [redeem_reserved, release],
            [reserve, expire],
            [reserve, reserve, redeem_reserved, release, expire],
            [release, redeem_reserved, expire],
        ):
            results = self._run_together(*functions, pause=0.2)
            self.assertFalse(self._split(results)[2])
            self.assertLedger(credit_id)

    def test_one_cause_grants_once(self):
        vals = {
            "partner_id": self.patient_id,
            "treatment_id": self.peel_id,
            "granted": 1,
            "grant_key": "the cause of two",
        }

        def grant(env):
            env["medspa.credit"]._grant([{**vals, "company_id": env.company.id}])

        results = self._run_together(*[grant] * 4, pause=0.1)
        self.assertFalse(self._split(results)[2])
        with self._transaction() as env:
            credit = env["medspa.credit"].search(
                [("grant_key", "=", vals["grant_key"])]
            )
            self.assertEqual(len(credit.move_ids), 1)
        self.assertLedger(credit.id, 1, 0)

    def test_course_paid_on_two_ways_at_once_is_activated_once(self):
        """The webhook and the return page of one payment, at the same moment."""
        with self._transaction() as env:
            Course = env["medspa.course"]
            product = env["product.template"].browse(self.course_product_id)
            vals = Course._prepare_course_vals(
                product,
                env["res.partner"].browse(self.patient_id),
                env.company,
                450,
                env.company.currency_id,
                450,
            )
            course_id = Course.create(vals).id

        def activate(env):
            return len(env["medspa.course"].browse(course_id)._activate())

        results = self._run_together(activate, activate, activate, pause=0.1)
        self.assertEqual(sorted(results, key=str), [0, 0, 1], "nobody sees an error")
        with self._transaction() as env:
            course = env["medspa.course"].browse(course_id)
            self.assertEqual(course.state, "active")
            self.assertEqual(course.credit_ids.mapped("granted"), [5])
            self.assertLedger(course.credit_ids.id, 5, 0)


@tagged("post_install", "-at_install")
class TestBookingConcurrency(RealTransactionsCase):
    def _count_slot(self, start=SLOT):
        with self._transaction() as env:
            events = env["calendar.event"].search(
                [("start", "=", start), ("practitioner_id", "=", self.practitioner_id)]
            )
            return len(events), len(events.occupancy_ids)

    def test_one_slot_is_booked_once(self):
        """Twenty patients want one time: one gets it, nineteen are told so."""

        with self._transaction() as env:
            patients = env["res.partner"].create(
                [{"name": f"Patient {index}"} for index in range(20)]
            )
            patient_ids = patients.ids

        def book(patient_id, env):
            return env["calendar.event"].create(self._prepare_booking(patient_id)).id

        started = time.monotonic()
        results = self._run_together(*[partial(book, pid) for pid in patient_ids])
        done, refused, others = self._split(results)
        self.assertFalse(others)
        self.assertEqual((len(done), len(refused)), (1, 19))
        for error in refused:
            self.assertIn("Petra or Room 1 is taken at", str(error))
        self.assertLess(time.monotonic() - started, 10, "nobody waits for a deadlock")
        self.assertEqual(self._count_slot(), (1, 2))
        # Nothing that is written later trips over what was refused.
        with self._transaction() as env:
            event = env["calendar.event"].browse(done)
            event.write({"description": "She comes with her sister."})
            event.action_cancel_appointment()
            env["calendar.event"].create({"name": "Team", "start": SLOT, "stop": SLOT})
            env["res.partner"].browse(patient_ids).write({"comment": "Called"})
            event.write({"appointment_status": "booked"})
        self.assertEqual(self._count_slot()[1], 2)

    def test_one_patient_with_one_session_in_two_places(self):
        """Two bookings of the same last session: one reserves it, both are clear."""
        credit_id = self._grant(1)
        starts = [SLOT + timedelta(days=day) for day in (1, 2)]

        def book(start, env):
            return env["calendar.event"].create(self._prepare_booking(start=start)).id

        results = self._run_together(*[partial(book, s) for s in starts], pause=0.1)
        self.assertFalse(self._split(results)[2])
        self.assertLedger(credit_id, 1, 1)
        with self._transaction() as env:
            events = env["calendar.event"].browse(results)
            self.assertEqual(
                Counter(events.mapped("credit_id.id")), Counter([credit_id])
            )

    def test_two_clicks_on_done_are_one_visit(self):
        credit_id = self._grant(3)
        event_id = self._book(start=datetime.now() - timedelta(hours=1))
        self.assertLedger(credit_id, 3, 1)

        def close(env):
            env["calendar.event"].browse(event_id).action_done()

        results = self._run_together(close, close, close, pause=0.1)
        done, _refused, others = self._split(results)
        self.assertFalse(others)
        self.assertTrue(done)
        self.assertLedger(credit_id, 2, 0)
        with self._transaction() as env:
            event = env["calendar.event"].browse(event_id)
            self.assertEqual(event.visit_ids.mapped("state"), ["done"])
            self.assertEqual(event.credit_move_ids.mapped("kind").count("redeem"), 1)

    def test_done_against_cancel(self):
        credit_id = self._grant(1)
        event_id = self._book(start=datetime.now() - timedelta(hours=3))

        def close(env):
            env["calendar.event"].browse(event_id).action_done()

        def cancel(env):
            env["calendar.event"].browse(event_id).action_cancel_appointment()

        results = self._run_together(close, cancel, pause=0.1)
        self.assertFalse(self._split(results)[2])
        with self._transaction() as env:
            status = env["calendar.event"].browse(event_id).appointment_status
        self.assertLedger(credit_id, *{"attended": (0, 0), "cancelled": (1, 0)}[status])

    def test_a_killed_process_leaves_nothing_half_done(self):
        """kill -9 after everything was written and before it was committed."""
        credit_id = self._grant(2)
        start = datetime.now().replace(microsecond=0) - timedelta(hours=5)
        script = f"""
            import sys, time
            from datetime import datetime
            from odoo import SUPERUSER_ID, api
            from odoo.modules.registry import DummyRLock, Registry
            from odoo.tools import config

            config.parse_config(sys.argv[1:], setup_logging=False)
            with Registry({get_db_name()!r}).cursor() as cr:
                env = api.Environment(cr, SUPERUSER_ID, {{}})
                vals = {self._prepare_booking(start=start)!r}
                vals["start"] = datetime.fromisoformat({start.isoformat()!r})
                event = env["calendar.event"].create(vals)
                assert event.credit_id.id == {credit_id}
                event.action_done()
                env.flush_all()
                print("written", flush=True)
                time.sleep(120)
        """.replace("datetime.datetime(", "datetime(")
        options = [
            f"--{name}={config[name]}"
            for name in ("db_host", "db_port", "db_user")
            if config[name]
        ]
        password = config["db_password"]
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
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                **({"PGPASSWORD": password} if password else {}),
            },
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, 30)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline().strip(), "written")
        process.kill()
        process.wait(30)
        # The same booking again waits for nobody and takes exactly one session.
        event_id = self._book(start=start)
        self.assertLedger(credit_id, 2, 1)
        with self._transaction() as env:
            env["calendar.event"].browse(event_id).action_done()
        self.assertLedger(credit_id, 1, 0)
        self.assertEqual(self._count_slot(start), (1, 2))
