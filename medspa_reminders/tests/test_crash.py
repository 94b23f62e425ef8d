# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""kill -9 in the middle of sending, and two runs at once: each message once."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from datetime import timedelta
from unittest.mock import patch

from odoo.tests import get_db_name, tagged
from odoo.tools import config, mute_logger

from odoo.addons.base.models.ir_mail_server import IrMail_Server
from odoo.addons.medspa_membership.tests.test_credit_concurrency import (
    RealTransactionsCase,
)
from odoo.addons.sms_twilio.tools import sms_api

from .common import TWILIO
from .gateways import HOST, FakeSms, FakeSmtp, get_session_class

PATIENTS = 30
KILLS = 5

# A process that has loaded everything, and becomes two whenever it is told to: the new
# one sends, with database connections of its own, and can be killed by its number.
SPAWNER = """
    import os
    import sys

    from odoo import SUPERUSER_ID, api, sql_db
    from odoo.modules.registry import Registry
    from odoo.tools import config

    config.parse_config(sys.argv[1:], setup_logging=False)
    registry = Registry({db!r})

    from odoo.addons.medspa_reminders.tests.gateways import get_session_class
    from odoo.addons.sms_twilio.tools import sms_api

    sms_api.requests.Session = get_session_class({port})
    # A connection shared with the parent would outlive a kill, and keep its locks.
    sql_db.close_db({db!r})
    print("ready", flush=True)
    for line in sys.stdin:
        number = os.fork()
        if number:
            print(number, flush=True)
            continue
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {{}})
            env["medspa.reminder"]._cron_send()
            cr.commit()
        os._exit(0)
"""


@tagged("post_install", "-at_install")
class TestCrash(RealTransactionsCase):
    @classmethod
    def setUpClass(cls):
        cls.smtp, cls.sms = FakeSmtp(), FakeSms()
        super().setUpClass()
        cls.addClassCleanup(cls.smtp.stop)
        cls.addClassCleanup(cls.sms.stop)
        cls._start_spawner()

    @classmethod
    def _create_data(cls, env):
        """Half of the patients by SMS, half by e-mail; nobody sleeps."""
        company = env.company
        cls.before = {
            name: company[name]
            for name in (*TWILIO, "quiet_from", "quiet_to", "messages_per_minute")
        }
        company.write(
            {**TWILIO, "quiet_from": 0, "quiet_to": 0, "messages_per_minute": 10000}
        )
        cls.company_id = company.id
        env["sms.twilio.number"].create(
            {
                "company_id": company.id,
                "number": "+34600000000",
                "country_id": env.ref("base.es").id,
            }
        )
        env["ir.mail_server"].create(
            {
                "name": "Test",
                "smtp_host": HOST,
                "smtp_port": cls.smtp.port,
                "smtp_encryption": "none",
                "sequence": -1,
            }
        )
        cls.treatment_id = (
            env["product.template"]
            .create(
                {
                    "name": "Peel",
                    "type": "service",
                    "service_tracking": "medspa_treatment",
                }
            )
            .id
        )
        template = env.ref("medspa_reminders.sms_template_expiry_week")
        cls.rule_id = (
            env["medspa.reminder.rule"]
            .create(
                {
                    "name": "Crash",
                    "event": "course_expiry",
                    "offset": 7,
                    "channel": "preference",
                    "allows_fallback": False,
                    "sms_template_id": template.id,
                    "mail_template_id": env.ref(
                        "medspa_reminders.mail_template_expiry_week"
                    ).id,
                }
            )
            .id
        )

    @classmethod
    def _remove_committed_data(cls):
        with cls._transaction() as env:
            env["res.company"].browse(cls.company_id).write(cls.before)
        return super()._remove_committed_data()

    def setUp(self):
        super().setUp()
        self.smtp.messages.clear()
        self.sms.messages.clear()
        with self._transaction() as env:
            partners = env["res.partner"].create(
                [
                    {
                        "name": f"Patient {n}",
                        "email": f"crash{n}@example.com",
                        "phone": f"+34 611 {n:06d}",
                        "preferred_channel": "sms" if n % 2 else "email",
                    }
                    for n in range(PATIENTS)
                ]
            )
            today = env.company._medspa_date()
            env["medspa.credit"]._grant(
                [
                    {
                        "company_id": self.company_id,
                        "partner_id": partner.id,
                        "coverage": "treatment",
                        "treatment_id": self.treatment_id,
                        "unit": "session",
                        "granted": 2,
                        "value": 0,
                        "expires_on": today + timedelta(days=5),
                    }
                    for partner in partners
                ]
            )
            rule = env["medspa.reminder.rule"].browse(self.rule_id)
            env["medspa.reminder.pass"].search([]).unlink()
            rule._plan(env.company, env.cr.now(), today)
            self.reminder_ids = (
                env["medspa.reminder"]
                .search([("rule_id", "=", rule.id), ("partner_id", "in", partners.ids)])
                .ids
            )
            self.assertEqual(len(self.reminder_ids), PATIENTS)
            self._make_due(env)

    def _make_due(self, env):
        """Let everything be due now, and what was interrupted be long ago."""
        env.flush_all()
        env.cr.execute(
            "UPDATE medspa_reminder SET due_at = now() AT TIME ZONE 'UTC'"
            " - interval '1 minute', write_date = write_date - interval '1 hour'"
            " WHERE id = ANY(%s) AND state IN ('planned', 'sending')",
            [self.reminder_ids],
        )

    # === RUNNING === #

    @classmethod
    def _start_spawner(cls):
        """Start the process that makes those that send."""
        options = [
            f"--{name}={config[name]}"
            for name in ("db_host", "db_port", "db_user")
            if config[name]
        ]
        addons_path = config["addons_path"]
        if not isinstance(addons_path, str):
            addons_path = ",".join(addons_path)
        password = config["db_password"]
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                textwrap.dedent(
                    SPAWNER.format(db=get_db_name(), port=cls.sms.server_address[1])
                ),
                *options,
                f"--addons-path={addons_path}",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                **({"PGPASSWORD": password} if password else {}),
            },
        )
        cls.addClassCleanup(process.stdout.close)
        cls.addClassCleanup(process.stdin.close)
        cls.addClassCleanup(process.wait, 30)
        cls.addClassCleanup(process.kill)
        if process.stdout.readline().strip() != "ready":
            raise AssertionError("The process that sends does not start.")
        cls.spawner = process

    def _start_sender(self):
        """Let a process begin to send; return its number."""
        self.spawner.stdin.write("go\n")
        self.spawner.stdin.flush()
        return int(self.spawner.stdout.readline())

    def _is_running(self, pid):
        """Tell whether a process runs: one that ended waits for its parent."""
        try:
            with open(f"/proc/{pid}/stat") as stat:
                return stat.read().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    def _kill_after(self, messages):
        """kill -9 as soon as so many more messages have arrived."""
        wanted = len(self.smtp.messages) + len(self.sms.messages) + messages
        pid = self._start_sender()
        deadline = time.monotonic() + 60
        while len(self.smtp.messages) + len(self.sms.messages) < wanted:
            if not self._is_running(pid) or time.monotonic() > deadline:
                break
            time.sleep(0.002)
        time.sleep(random.random() * 0.02)
        os.kill(pid, signal.SIGKILL)
        self._wait_for(pid)

    def _wait_for(self, pid):
        deadline = time.monotonic() + 120
        while self._is_running(pid):
            self.assertLess(time.monotonic(), deadline, "It does not end.")
            time.sleep(0.01)

    def _run_to_the_end(self):
        """Send what is left in this process, as the next call of the job does."""
        with (
            patch.object(IrMail_Server, "_disable_send", return_value=False),
            patch.object(
                sms_api.requests,
                "Session",
                get_session_class(self.sms.server_address[1]),
            ),
        ):
            deadline = time.monotonic() + 60
            # The database may take a moment to notice that a killed process is gone,
            # and to let go of the rows that it had locked.
            while {"planned", "sending"} & set(self._get_states().values()):
                self.assertLess(time.monotonic(), deadline, "It does not end.")
                with self._transaction() as env:
                    self._make_due(env)
                with self._transaction() as env:
                    env["medspa.reminder"]._cron_send()

    def _count(self):
        """Return how many messages each patient has got, whichever way."""
        count = Counter()
        for address, number in self.smtp.count().items():
            count[int(address.removeprefix("crash").split("@")[0])] += number
        for address, number in self.sms.count().items():
            count[int(address.removeprefix("+34611"))] += number
        return count

    def _get_states(self):
        with self._transaction() as env:
            return {
                int(reminder.partner_id.name.removeprefix("Patient ")): reminder.state
                for reminder in env["medspa.reminder"].browse(self.reminder_ids)
            }

    # === TESTS === #

    @mute_logger("odoo.addons.medspa_reminders.models.medspa_reminder_message")
    def test_killed_again_and_again(self):
        """At most the one under way is left to a person; nobody gets two."""
        for _kill in range(KILLS):
            with self._transaction() as env:
                self._make_due(env)
            self._kill_after(random.randint(1, 5))
        self._run_to_the_end()
        count, states = self._count(), self._get_states()
        self.assertEqual(max(count.values()), 1, count)
        uncertain = [n for n, state in states.items() if state == "failed"]
        self.assertLessEqual(len(uncertain), KILLS)
        for number, state in states.items():
            if number not in uncertain:
                self.assertEqual((number, state, count[number]), (number, "sent", 1))
        # The desk looks after those few, and only those that did not arrive.
        with self._transaction() as env:
            missed = (
                env["medspa.reminder"]
                .browse(self.reminder_ids)
                .filtered(
                    lambda r: (
                        r.state == "failed"
                        and not count[int(r.partner_id.name.removeprefix("Patient "))]
                    )
                )
            )
            if missed:
                missed.action_send_again()
        self._run_to_the_end()
        self.assertEqual(
            {n: c for n, c in self._count().items() if c != 1 or n not in states}, {}
        )
        self.assertEqual(len(self._count()), PATIENTS)

    def test_two_runs_at_once(self):
        senders = [self._start_sender(), self._start_sender()]
        for pid in senders:
            self._wait_for(pid)
        self._run_to_the_end()
        self.assertEqual(self._count(), Counter(range(PATIENTS)))
        self.assertEqual(set(self._get_states().values()), {"sent"})
