# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The nightly pass over a clinic of 50,000 patients with 100,000 credits.

The rows are multiplied by the database from a few that Odoo itself has made. All rules
look through the whole clinic, as they do when its day begins; memory is what this
process takes at its highest, and by how much the pass has raised that.
"""

import argparse
import os
import resource
import time
from datetime import timedelta

from odoo import fields
from odoo.fields import Command

SESSIONS = 5
SEED = 0.5
# Appointments a day, for so many days ahead.
A_DAY = 160
DAYS = 30


def run(env, args):
    """Build the clinic, let the rules look through it, and return the figures."""
    options = _parse(args)
    clinic = Clinic(env, options)
    _say(f"filling in {options.patients} patients, {options.credits} credits")
    begin = time.perf_counter()
    clinic.fill()
    _say(f"filled in {time.perf_counter() - begin:.0f} s")
    small = clinic.measure(options.patients // 10)
    env.cr.rollback()
    figures = clinic.measure()
    again = clinic.measure()
    return {
        "patients": clinic.count("res_partner WHERE is_patient"),
        "credits": clinic.count("medspa_credit"),
        "courses": clinic.count("medspa_course"),
        "messages": clinic.count("medspa_reminder"),
        "load": round(os.getloadavg()[0], 2),
        **figures,
        "queries_tenth": small["queries"],
        "seconds_again": again["seconds"],
    }


def _parse(args):
    parser = argparse.ArgumentParser(prog="medspa bench reminders", description=__doc__)
    parser.add_argument("--patients", type=int, default=50_000)
    parser.add_argument("--credits", type=int, default=100_000)
    options = parser.parse_args(args)
    if options.patients < 100 or options.credits < options.patients:
        parser.error("take 100 patients or more, and a credit for each")
    return options


def _say(text):
    print(f"bench: {text}", flush=True)


def _memory_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Clinic:
    """The clinic that is measured: a pattern made by Odoo, multiplied by SQL."""

    def __init__(self, env, options):
        self.env = env
        self.options = options
        self.company = env.company
        self.today = self.company._medspa_date()

    def count(self, what):
        """Return how many rows a table has."""
        self.env.cr.execute(f"SELECT count(*) FROM {what}")
        return self.env.cr.fetchone()[0]

    # === FILLING === #

    def fill(self):
        """Make the pattern, and as many copies of it as were asked for."""
        self._create_pattern()
        # Row by row the database would check each credit a dozen times.
        self.env.cr.commit()
        self._set_triggers("DISABLE")
        self._fill_patients()
        self._fill_courses()
        self._fill_events()
        self._set_triggers("ENABLE")
        self.env["medspa.reminder.rule"].with_context(active_test=False).search(
            []
        ).active = True
        self.env.cr.execute("ANALYZE")
        self.env.cr.commit()
        self.env.invalidate_all()

    def _set_triggers(self, what):
        for table in ("medspa_credit", "medspa_credit_move"):
            self.env.cr.execute(f"ALTER TABLE {table} {what} TRIGGER USER")

    def _create_pattern(self):
        Product = self.env["product.template"]
        self.treatment = Product.create(
            {
                "name": "Treatment",
                "type": "service",
                "service_tracking": "medspa_treatment",
                "list_price": 80,
                "taxes_id": [Command.clear()],
            }
        )
        product = Product.create(
            {
                "name": "Course",
                "type": "service",
                "service_tracking": "medspa_course",
                "list_price": 300,
                "validity_days": 365,
                "taxes_id": [Command.clear()],
                "step_ids": [
                    Command.create(
                        {
                            "treatment_id": self.treatment.id,
                            "sessions": SESSIONS,
                            "advised_days": 21,
                        }
                    )
                ],
            }
        )
        self.patient = self.env["res.partner"].create(
            {"name": "Pattern", "email": "pattern@example.com", "tz": "Europe/Madrid"}
        )
        Course = self.env["medspa.course"]
        self.course = Course.create(
            Course._prepare_course_vals(
                product,
                self.patient,
                self.company,
                product.list_price,
                self.company.currency_id,
                product.list_price,
            )
        )
        self.course._activate(on_date=self.today - timedelta(days=5), notify=False)
        resources = self.env["resource.resource"].create(
            [
                {"name": "Doctor", "medspa_role": "practitioner"},
                {"name": "Room", "medspa_role": "room", "resource_type": "material"},
            ]
        )
        start = fields.Datetime.now().replace(second=0, microsecond=0)
        self.event = self.env["calendar.event"].create(
            {
                "patient_id": self.patient.id,
                "treatment_id": self.treatment.id,
                "practitioner_id": resources[0].id,
                "room_id": resources[1].id,
                "start": start + timedelta(days=2),
                "is_paid_apart": True,
            }
        )

    def _copy(self, table, pattern, source, **values):
        """Insert a copy of a row for each row of a query, with some columns changed."""
        self.env.cr.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = %s AND column_name <> 'id'"
            " AND is_generated = 'NEVER'",
            [table],
        )
        columns = [name for (name,) in self.env.cr.fetchall()]
        chosen = ", ".join(values.get(name, f'pattern."{name}"') for name in columns)
        names = ", ".join(f'"{name}"' for name in columns)
        self.env.cr.execute(
            f"INSERT INTO {table} ({names}) SELECT {chosen}"
            f" FROM {table} pattern, ({source}) copy WHERE pattern.id = {pattern}"
        )

    def _fill_patients(self):
        self.env.cr.execute("SELECT setseed(%s)", [SEED])
        self._copy(
            "res_partner",
            self.patient.id,
            f"SELECT n FROM generate_series(1, {self.options.patients}) n",
            name="'Patient ' || copy.n",
            complete_name="'Patient ' || copy.n",
            email="'patient' || copy.n || '@example.com'",
            email_normalized="'patient' || copy.n || '@example.com'",
            medspa_birthdate="current_date - (copy.n % 20000) - 7000",
            tz="(ARRAY['Europe/Madrid', 'Atlantic/Canary', NULL])[1 + copy.n % 3]",
            commercial_partner_id="NULL",
        )
        self.env.cr.execute(
            "UPDATE res_partner SET commercial_partner_id = id"
            " WHERE commercial_partner_id IS NULL"
        )
        self.env.cr.execute(
            "CREATE TEMP TABLE bench_patient AS SELECT row_number() OVER () AS n, id"
            " FROM res_partner WHERE email LIKE 'patient%@example.com'"
        )
        self.env.cr.execute("CREATE INDEX ON bench_patient (n)")

    def _fill_courses(self):
        """Two courses for each patient, at every stage: new, in use, nearly used up."""
        self._copy(
            "medspa_course",
            self.course.id,
            "SELECT number.n, patient.id AS partner"
            f" FROM generate_series(1, {self.options.credits}) number(n)"
            " JOIN bench_patient patient"
            f" ON patient.n = 1 + number.n % {self.options.patients}",
            name="'B' || copy.n",
            partner_id="copy.partner",
            access_token="NULL",
            purchase_date="current_date - (copy.n % 360)::int",
            expires_on="current_date + 365 - (copy.n % 360)::int",
            usable_until="current_date + 365 - (copy.n % 360)::int",
            last_visit_date=f"CASE WHEN copy.n % {SESSIONS} > 0"
            " THEN current_date - (copy.n % 97)::int END",
        )
        self._copy(
            "medspa_course_line",
            self.course.line_ids.id,
            "SELECT id FROM medspa_course WHERE name LIKE 'B%'",
            course_id="copy.id",
        )
        used = f"(substr(copy.name, 2)::int % {SESSIONS})"
        self._copy(
            "medspa_credit",
            self.course.credit_ids.id,
            "SELECT line.id, line.course_id, course.partner_id, course.name,"
            " course.usable_until FROM medspa_course_line line"
            " JOIN medspa_course course ON course.id = line.course_id"
            " WHERE course.name LIKE 'B%'",
            course_id="copy.course_id",
            course_line_id="copy.id",
            partner_id="copy.partner_id",
            grant_key="'bench-' || copy.id",
            used=used,
            remaining=f"{SESSIONS} - {used}",
            available=f"{SESSIONS} - {used}",
            expires_on="copy.usable_until",
        )

    def _fill_events(self):
        """A month of appointments, one every few minutes."""
        minutes = 24 * 60 // A_DAY
        self._copy(
            "calendar_event",
            self.event.id,
            "SELECT number.n, patient.id AS partner"
            f" FROM generate_series(1, {A_DAY * DAYS}) number(n)"
            " JOIN bench_patient patient"
            f" ON patient.n = 1 + number.n % {self.options.patients}",
            patient_id="copy.partner",
            start=f"date_trunc('minute', now() AT TIME ZONE 'UTC')"
            f" + make_interval(mins => {minutes} * copy.n::int)",
            stop=f"date_trunc('minute', now() AT TIME ZONE 'UTC')"
            f" + make_interval(mins => {minutes} * copy.n::int + 30)",
            create_date="now() AT TIME ZONE 'UTC' - interval '60 days'",
            access_token="NULL",
        )

    # === MEASURING === #

    def measure(self, patients=None):
        """Let all rules look through the clinic, and return what it took.

        :param int patients: leave the others out, to compare the number of queries
        """
        env = self.env
        env.invalidate_all()
        if patients:
            env.cr.execute(
                "UPDATE medspa_course SET state = 'completed' WHERE partner_id IN"
                " (SELECT id FROM bench_patient WHERE n > %s)",
                [patients],
            )
        # The day is new again.
        env["medspa.reminder.pass"].search([]).unlink()
        rules = env["medspa.reminder.rule"].search([])
        rules.mapped("product_ids")
        env.flush_all()
        memory = _memory_mb()
        queries = env.cr.sql_log_count
        begin = time.perf_counter()
        now = fields.Datetime.now()
        for rule in rules:
            rule._plan_safely(self.company, now, self.today)
        env.flush_all()
        seconds = time.perf_counter() - begin
        queries = env.cr.sql_log_count - queries
        errors = rules.filtered("error")
        if errors:
            raise RuntimeError(errors[0].error)
        if not patients:
            env.cr.commit()
        return {
            "seconds": round(seconds, 2),
            "queries": queries,
            "memory_mb": round(_memory_mb(), 1),
            "memory_growth_mb": round(_memory_mb() - memory, 1),
        }
