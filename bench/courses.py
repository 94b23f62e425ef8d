# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Check-in, done, free times and booking in a clinic with 100,000 credits.

The rows are multiplied by the database from one set that Odoo itself has made, so that
they have whatever columns the addons have; the ledger adds up. Every sample is a
request: a new cursor, an empty cache, the public method, the commit.
"""

import argparse
import os
import re
import statistics
import threading
import time
from datetime import timedelta

from _rows import multiply
from lxml import etree
from werkzeug.test import Client

from odoo import api, fields, http
from odoo.fields import Command
from odoo.service.model import call_kw

TZ = "Europe/Madrid"
PRACTITIONERS = 10
TREATMENTS = 12
SESSIONS = 6
SESSION_VALUE = 60
# The day: sixteen half hours from nine o'clock, four fifths of them taken.
SLOTS_A_DAY = 16
FILL = 0.8
# Bookings of one credit: three visits and one that is still to come.
BOOKINGS_A_CREDIT = 4
PAST_SHARE = 0.77
# The samples that warm up what a running server has in memory. Each of the
# practitioners is among them: what is known of a user is remembered as well.
WARM_UP = PRACTITIONERS
# How many courses there are when the first samples are taken, beside those.
FEW = 3


def run(env, args):
    """Build the clinic, measure it, and return the figures."""
    options = _parse(args)
    clinic = Clinic(env, options)
    _say("setting up the clinic")
    clinic.set_up()
    few = Measures(env, clinic, FEW).status_changes(clinic.few_event_ids)
    _say(f"filling in {options.credits} credits and {options.bookings} bookings")
    begin = time.perf_counter()
    clinic.fill()
    _say(f"filled in {time.perf_counter() - begin:.0f} s")
    measures = Measures(env, clinic, options.samples)
    figures = {
        "credits": clinic.count("medspa_credit"),
        "credit_moves": clinic.count("medspa_credit_move"),
        "courses": clinic.count("medspa_course"),
        "bookings": clinic.count("calendar_event"),
        "patients": clinic.count("res_partner"),
        "load_before": round(os.getloadavg()[0], 2),
        **measures.status_changes(clinic.event_ids),
        "checkin_queries_few_courses": few["checkin_queries"],
        "done_queries_few_courses": few["done_queries"],
        **measures.lookup(),
        **measures.slots(),
        **measures.pages(),
        **measures.portal(),
        "load_after": round(os.getloadavg()[0], 2),
    }
    return figures


def _parse(args):
    parser = argparse.ArgumentParser(prog="medspa bench courses", description=__doc__)
    parser.add_argument("--credits", type=int, default=100_000)
    parser.add_argument("--bookings", type=int, default=20_000)
    parser.add_argument("--samples", type=int, default=60)
    options = parser.parse_args(args)
    if options.bookings < 500 or options.credits < options.bookings // 2:
        parser.error("take 500 bookings or more, and a credit for every second one")
    return options


def _say(text):
    print(f"bench: {text}", flush=True)


class Clinic:
    """The clinic that is measured: made small by Odoo, made big by the database."""

    def __init__(self, env, options):
        self.env = env
        self.options = options
        self.company = env.company
        # The first of the rows of each table that are multiplied.
        self.base = {}

    # === SET-UP BY ODOO === #

    def set_up(self):
        """Make what is configured, and one patient with a history."""
        self._create_staff()
        self._create_products()
        self._create_patterns()
        self.env.cr.commit()

    def _create_staff(self):
        env = self.env(context={**self.env.context, "no_reset_password": True})
        calendar = env["resource.calendar"].create(
            {
                "name": "Clinic hours",
                "tz": TZ,
                "company_id": self.company.id,
                "attendance_ids": [
                    Command.create(
                        {
                            "name": f"Day {day}",
                            "dayofweek": str(day),
                            "hour_from": 9,
                            "hour_to": 17,
                            "day_period": "morning",
                        }
                    )
                    for day in range(7)
                ],
            }
        )
        self.company.resource_calendar_id = calendar
        self.receptionist = self._create_user("bench_desk", "receptionist")
        self.users = [
            self._create_user(f"bench_doctor_{number}", "practitioner")
            for number in range(PRACTITIONERS)
        ]
        common = {"calendar_id": calendar.id, "tz": TZ}
        self.practitioners = env["resource.resource"].create(
            [
                {
                    "name": user.name,
                    "medspa_role": "practitioner",
                    "resource_type": "user",
                    "user_id": user.id,
                    **common,
                }
                for user in self.users
            ]
        )
        self.rooms = env["resource.resource"].create(
            [
                {
                    "name": f"Room {number}",
                    "medspa_role": "room",
                    "resource_type": "material",
                    **common,
                }
                for number in range(PRACTITIONERS)
            ]
        )

    def _create_user(self, login, role):
        group = self.env.ref(f"medspa_membership.group_medspa_{role}")
        return (
            self.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                {
                    "name": login,
                    "login": login,
                    "email": f"{login}@example.com",
                    "tz": TZ,
                    "group_ids": [Command.link(group.id)],
                }
            )
        )

    def _create_products(self):
        Product = self.env["product.template"]
        self.treatments = Product.create(
            [
                {
                    "name": f"Treatment {number}",
                    "type": "service",
                    "service_tracking": "medspa_treatment",
                    "list_price": SESSION_VALUE + 20,
                    "duration_minutes": 30,
                    "is_published": True,
                    "taxes_id": [Command.clear()],
                }
                for number in range(TREATMENTS)
            ]
        )
        self.products = Product.create(
            [
                {
                    "name": f"Course {number}",
                    "type": "service",
                    "service_tracking": "medspa_course",
                    "list_price": 2 * SESSIONS * SESSION_VALUE,
                    "validity_days": 365,
                    "is_published": True,
                    "taxes_id": [Command.clear()],
                    "step_ids": [
                        Command.create(
                            {
                                "sequence": position,
                                "treatment_id": treatment.id,
                                "sessions": SESSIONS,
                                "min_days": 7,
                            }
                        )
                        for position, treatment in enumerate(pair)
                    ],
                }
                for number, pair in enumerate(
                    zip(self.treatments[::2], self.treatments[1::2], strict=True)
                )
            ]
        )

    def _create_patterns(self):
        """Let Odoo make one row of each kind, and a few bookings to measure early."""
        env = self.env
        self.patient = env["res.partner"].create(
            {"name": "Pattern Patient", "email": "pattern@example.com"}
        )
        product = self.products[0]
        courses = env["medspa.course"]
        for _number in range(WARM_UP + FEW):
            courses |= env["medspa.course"].create(
                {
                    **env["medspa.course"]._prepare_course_vals(
                        product,
                        self.patient,
                        self.company,
                        product.list_price,
                        self.company.currency_id,
                        product.list_price,
                    ),
                    "validity_days": 0,
                }
            )
        today = self.company._medspa_date()
        courses._activate(on_date=today - timedelta(days=1000), notify=False)
        self.course = courses[0]
        events = self._create_visits(courses, today - timedelta(days=900))
        # Like the many that follow, these are not the first visits of their course.
        events.action_done()
        self.few_event_ids = self._create_visits(
            courses, today - timedelta(days=700)
        ).ids

    def _create_visits(self, courses, day):
        """Return one appointment for each course, from a day on."""
        events = self.env["calendar.event"].create(
            [
                {
                    "patient_id": self.patient.id,
                    "treatment_id": course.line_ids[0].treatment_id.id,
                    "practitioner_id": self.practitioners[0].id,
                    "room_id": self.rooms[0].id,
                    "start": fields.Datetime.to_datetime(day + timedelta(days=number)),
                    "credit_id": course.credit_ids[0].id,
                }
                for number, course in enumerate(courses)
            ]
        )
        if not all(event.credit_id for event in events):
            raise RuntimeError("The courses do not pay for their appointments.")
        return events

    # === MULTIPLIED BY THE DATABASE === #

    def fill(self):
        """Multiply the patterns into a clinic of the size asked for."""
        # The early samples went through other cursors.
        self.env.cr.commit()
        self.env.invalidate_all()
        self._plan()
        # Row by row the database would check each credit a dozen times: see check().
        self._set_triggers("DISABLE")
        self._fill_patients()
        self._fill_courses()
        self._fill_bookings()
        self._fill_moves()
        self._set_triggers("ENABLE")
        self.check()
        self.env.cr.execute("ANALYZE")
        self.env.cr.commit()
        self.env.invalidate_all()
        self._choose_samples()

    def _set_triggers(self, what):
        for table in ("medspa_credit", "medspa_credit_move"):
            self.env.cr.execute(f"ALTER TABLE {table} {what} TRIGGER USER")

    def count(self, table):
        """Return how many rows a table has."""
        return self._query(f"SELECT count(*) FROM {table}")[0][0]

    def _query(self, query, params=None):
        self.env.cr.execute(query, params)
        return self.env.cr.fetchall()

    def _plan(self):
        """Decide who has bought, booked and used what, in temporary tables."""
        options = self.options
        credits = options.credits // 2 * 2
        patients = max(credits // 4, 50)
        booked = -(-options.bookings // BOOKINGS_A_CREDIT)
        a_day = SLOTS_A_DAY * PRACTITIONERS
        self.days = -(-int(options.bookings / FILL) // a_day)
        self.past_days = int(self.days * PAST_SHARE)
        self.first_day = self.company._medspa_date() - timedelta(days=self.past_days)
        execute = self.env.cr.execute
        execute("SELECT setseed(0.5)")
        # Some patients have bought more than others.
        execute(
            """
            CREATE TEMP TABLE bench_course AS
            SELECT c, 1 + floor(%s * power(random(), 1.5))::int AS p,
                   c %% %s AS product
              FROM generate_series(1, %s) c
            """,
            [patients, len(self.products), credits // 2],
        )
        execute(
            """
            CREATE TEMP TABLE bench_booking AS
            SELECT n, day, (slot + place) %% %(size)s AS place,
                   1 + a * %(stride)s + a %% 2 AS k,
                   timezone('UTC', timezone(%(tz)s, %(first)s::date
                       + make_interval(days => day, hours => 9, mins => 30 * slot)
                   )) AS start
              FROM (
                SELECT n, (n - 1) %% %(booked)s AS a, pos / %(a_day)s AS day,
                       pos %% %(a_day)s / %(size)s AS slot, pos %% %(size)s AS place
                  FROM (SELECT n, floor((n - 1) / %(fill)s)::int AS pos
                          FROM generate_series(1, %(bookings)s) n) placed
              ) timed
            """,
            {
                "size": PRACTITIONERS,
                "stride": credits // booked,
                "tz": TZ,
                "first": self.first_day,
                "booked": booked,
                "a_day": a_day,
                "fill": FILL,
                "bookings": options.bookings,
            },
        )
        execute(
            """
            CREATE TEMP TABLE bench_credit AS
            SELECT k, (k + 1) / 2 AS c, COALESCE(visits, 0)::int AS visits,
                   COALESCE(open, 0)::int AS planned,
                   CASE WHEN b.k IS NULL THEN floor(%(full)s * random())::int
                        ELSE visits::int END AS spent,
                   b.k IS NULL AND random() < 0.1 AS lapsed
              FROM generate_series(1, %(credits)s) k
              LEFT JOIN (
                SELECT k, count(*) FILTER (WHERE day < %(past)s) AS visits,
                       count(*) FILTER (WHERE day >= %(past)s) AS open
                  FROM bench_booking GROUP BY k
              ) b USING (k)
            """,
            {"full": SESSIONS + 1, "credits": credits, "past": self.past_days},
        )
        execute("ALTER TABLE bench_course ADD PRIMARY KEY (c)")
        execute("ALTER TABLE bench_credit ADD PRIMARY KEY (k)")
        execute("ANALYZE bench_course, bench_credit, bench_booking")
        self.patients = patients

    def _multiply(self, record, source, values, numbered=None):
        """Insert copies of the row of a record, one for each row of a source.

        :param str source: what follows FROM
        :param dict values: SQL expression by column, for those that differ
        :param str numbered: the number of the copy in the source, to know its id
        """
        base = multiply(self.env, record, source, values, numbered)
        if numbered:
            self.base[record._table] = base

    @staticmethod
    def _pick(records, index):
        """Return the SQL that picks the id of one of some records by a number."""
        return f"(ARRAY{records.ids})[1 + ({index})]"

    def _fill_patients(self):
        partner = self.env["res.partner"]
        base = self._query(f"SELECT last_value FROM {partner._table}_id_seq")[0][0]
        self._multiply(
            self.patient,
            f"generate_series(1, {self.patients}) p",
            {
                "name": "'Patient ' || p",
                "complete_name": "'Patient ' || p",
                "email": "'patient' || p || '@example.com'",
                "email_normalized": "'patient' || p || '@example.com'",
                "phone": "'+34 600 ' || lpad(p::text, 6, '0')",
                "commercial_partner_id": f"{base} + p",
            },
            numbered="p",
        )

    def _fill_courses(self):
        partner_base = self.base["res_partner"]
        lines = self.course.line_ids
        today = self.company._medspa_date()
        expires_on = f"'{today}'::date + 30 + c % 300"
        self._multiply(
            self.course,
            """(
                SELECT course.*, bool_or(k.spent < %d AND NOT k.lapsed) AS is_open,
                       bool_or(k.lapsed) AS lapsed
                  FROM bench_course course JOIN bench_credit k USING (c)
                 GROUP BY course.c, course.p, course.product
            ) course"""
            % SESSIONS,
            {
                "name": "'BENCH' || c",
                "partner_id": f"{partner_base} + p",
                "product_tmpl_id": self._pick(self.products, "product"),
                "state": "CASE WHEN is_open THEN 'active' WHEN lapsed THEN 'expired'"
                " ELSE 'completed' END",
                "expires_on": expires_on,
                "usable_until": expires_on,
                "purchase_date": f"'{today}'::date - 335 + c % 300",
                "access_token": "NULL::text",
            },
            numbered="c",
        )
        course_base = self.base["medspa_course"]
        treatment = self._pick(self.treatments, "2 * product + (k - 1) % 2")
        source = "bench_credit JOIN bench_course USING (c)"
        self._multiply(
            lines[0],
            source,
            {
                "course_id": f"{course_base} + c",
                "treatment_id": treatment,
                "sequence": "(k - 1) % 2",
            },
            numbered="k",
        )
        remaining = f"CASE WHEN lapsed THEN 0 ELSE {SESSIONS} - spent END"
        self._multiply(
            self.course.credit_ids[0],
            source,
            {
                "partner_id": f"{partner_base} + p",
                "treatment_id": treatment,
                "course_id": f"{course_base} + c",
                "course_line_id": f"{self.base['medspa_course_line']} + k",
                "grant_key": "'bench-' || k",
                "expires_on": expires_on,
                "valid_from": f"'{today}'::date - 335 + c % 300",
                "granted": str(SESSIONS),
                "remaining": remaining,
                "reserved": "planned",
                "held": "0",
                "available": f"{remaining} - planned",
                "used": "spent",
                "value": str(SESSIONS * SESSION_VALUE),
                "value_remaining": f"({remaining}) * {SESSION_VALUE}",
            },
            numbered="k",
        )

    def _fill_bookings(self):
        pattern = self.env["calendar.event"].browse(self.few_event_ids[-1])
        partner_base, credit_base = self.base["res_partner"], self.base["medspa_credit"]
        users = self.practitioners.user_id
        source = (
            "bench_booking b JOIN bench_credit USING (k) JOIN bench_course USING (c)"
        )
        is_past = f"day < {self.past_days}"
        values = {
            "treatment_id": self._pick(self.treatments, "2 * product + (k - 1) % 2"),
            "practitioner_id": self._pick(self.practitioners, "place"),
            "room_id": self._pick(self.rooms, "place"),
        }
        self._multiply(
            pattern,
            source,
            {
                **values,
                "name": "'Patient ' || p",
                "patient_id": f"{partner_base} + p",
                "user_id": self._pick(users, "place"),
                "start": "b.start",
                "stop": "b.start + interval '30 minutes'",
                "credit_id": f"{credit_base} + k",
                "access_token": "NULL::text",
                "appointment_status": f"CASE WHEN {is_past} THEN 'attended'"
                " ELSE 'booked' END",
            },
            numbered="n",
        )
        event = f"{self.base['calendar_event']} + n"
        self._multiply(
            pattern.visit_id,
            f"{source} WHERE {is_past}",
            {
                **values,
                "event_id": event,
                "partner_id": f"{partner_base} + p",
                "visited_at": "b.start",
            },
            numbered="n",
        )
        for resource, occupancy in (
            (self.practitioners, pattern.occupancy_ids[0]),
            (self.rooms, pattern.occupancy_ids[0]),
        ):
            self._multiply(
                occupancy,
                "bench_booking b",
                {
                    "event_id": event,
                    "resource_id": self._pick(resource, "place"),
                    "start": "b.start",
                    "stop": "b.start + interval '30 minutes'",
                },
            )
        # The practitioner is core's attendee and follower of the event.
        partner = self._pick(users.partner_id, "place")
        self._multiply(
            pattern.attendee_ids[0],
            "bench_booking",
            {"event_id": event, "partner_id": partner, "access_token": "NULL::text"},
        )
        self.env.cr.execute(
            "INSERT INTO calendar_event_res_partner_rel"
            " (calendar_event_id, res_partner_id)"
            f" SELECT {event}, {partner} FROM bench_booking"
        )
        if pattern.message_follower_ids:
            self._multiply(
                pattern.message_follower_ids[0],
                "bench_booking",
                {"res_id": event, "partner_id": partner},
            )
        for message in pattern.message_ids:
            self._multiply(
                message,
                "bench_booking b",
                {
                    "res_id": event,
                    "message_id": f"'<bench-{message.id}-' || n || '@example.com>'",
                },
            )
        self.env.cr.execute(
            """
            UPDATE medspa_course course
               SET last_visit_date = last.day, first_visit_date = last.first
              FROM (SELECT c, max(start)::date AS day, min(start)::date AS first
                      FROM bench_booking JOIN bench_credit USING (k)
                     WHERE day < %s GROUP BY c) last
             WHERE course.id = %s + last.c
            """,
            [self.past_days, self.base["medspa_course"]],
        )

    def _fill_moves(self):
        """Write the ledger that leads to the balances of the credits."""
        moves = self.course.credit_ids[0].move_ids
        grant = moves.filtered(lambda m: m.kind == "grant")
        common = {
            "credit_id": f"{self.base['medspa_credit']} + k",
            "partner_id": f"{self.base['res_partner']} + p",
        }
        credits = "bench_credit JOIN bench_course USING (c)"
        bookings = f"bench_booking b JOIN {credits.replace('JOIN', 'USING (k) JOIN')}"
        used = {"kind": "'redeem'", "quantity": "-1", "value": f"-{SESSION_VALUE}"}
        booked = {"event_id": f"{self.base['calendar_event']} + n"}
        long_ago = f"'{self.first_day}'::timestamp"
        for source, values in (
            (
                credits,
                {
                    "kind": "'grant'",
                    "quantity": str(SESSIONS),
                    "reserved": "0",
                    "value": str(SESSIONS * SESSION_VALUE),
                    "moved_at": f"{long_ago} - interval '200 days'",
                },
            ),
            (
                f"{credits}, generate_series(1, spent - visits) number",
                {
                    **used,
                    "reserved": "0",
                    "moved_at": f"{long_ago} - make_interval(days => 15 * number)",
                },
            ),
            (
                f"{credits} WHERE lapsed AND spent < {SESSIONS}",
                {
                    "kind": "'expire'",
                    "quantity": f"spent - {SESSIONS}",
                    "reserved": "0",
                    "value": f"(spent - {SESSIONS}) * {SESSION_VALUE}",
                    "moved_at": long_ago,
                },
            ),
            (
                bookings,
                {
                    **booked,
                    "kind": "'reserve'",
                    "quantity": "0",
                    "reserved": "1",
                    "value": "0",
                    "moved_at": "b.start - interval '14 days'",
                },
            ),
            (
                f"{bookings} WHERE day < {self.past_days}",
                {
                    **booked,
                    **used,
                    "reserved": "-1",
                    "visit_id": f"{self.base['medspa_visit']} + n",
                    "moved_at": "b.start",
                },
            ),
        ):
            self._multiply(grant[0], source, {**common, **values})

    def check(self):
        """Stop when the ledger does not add up to the balances."""
        wrong = self._query(
            """
            SELECT count(*)
              FROM medspa_credit credit
              JOIN (SELECT credit_id, sum(quantity) AS quantity,
                           sum(reserved) AS reserved, sum(value) AS value,
                           -sum(quantity) FILTER (WHERE kind = 'redeem') AS used
                      FROM medspa_credit_move GROUP BY credit_id) moves
                ON moves.credit_id = credit.id
             WHERE credit.remaining <> moves.quantity
                OR credit.reserved <> moves.reserved
                OR credit.value_remaining <> moves.value
                OR credit.used <> COALESCE(moves.used, 0)
            """
        )[0][0]
        if wrong:
            raise RuntimeError(f"{wrong} credits differ from their ledger.")

    def _choose_samples(self):
        """Find today's bookings, and patients with something left to book."""
        event_base = self.base["calendar_event"]
        self.event_ids = [
            event_base + number
            for (number,) in self._query(
                "SELECT n FROM bench_booking WHERE day = %s"
                " ORDER BY row_number() OVER (PARTITION BY place), place LIMIT %s",
                [self.past_days, self.options.samples + WARM_UP],
            )
        ]
        self.bookable = self._query(
            """
            SELECT min(line.id), course.partner_id
              FROM medspa_credit credit
              JOIN medspa_course_line line ON line.id = credit.course_line_id
              JOIN medspa_course course ON course.id = line.course_id
             WHERE credit.available >= 3 AND course.state = 'active'
               AND course.partner_id > %s
             GROUP BY course.partner_id
             ORDER BY random() LIMIT %s
            """,
            [self.base["res_partner"], self.options.samples + WARM_UP],
        )


class Measures:
    """Times requests: each has a cursor and a cache of its own, and commits."""

    def __init__(self, env, clinic, samples):
        self.env = env
        self.clinic = clinic
        self.samples = samples

    def _request(self, user, work):
        """Return milliseconds, queries and result of one request of a user."""
        thread = threading.current_thread()
        thread.query_count, thread.query_time = 0, 0
        begin = time.perf_counter()
        with self.env.registry.cursor() as cr:
            context = {
                "lang": "en_US",
                "tz": TZ,
                "uid": user.id,
                "allowed_company_ids": self.clinic.company.ids,
            }
            result = work(api.Environment(cr, user.id, context))
            cr.commit()
        return (time.perf_counter() - begin) * 1000, thread.query_count, result

    def _call(self, user, model, method, *args, **kwargs):
        """Return the figures of one call as the web client makes it."""
        return self._request(
            user, lambda env: call_kw(env[model], method, list(args), kwargs)
        )

    def _summary(self, name, samples):
        """Return the figures of some samples; the first ones only warmed up."""
        samples = samples[WARM_UP:]
        times = sorted(sample[0] for sample in samples)
        queries = [sample[1] for sample in samples]
        return {
            f"{name}_ms_median": round(statistics.median(times), 1),
            f"{name}_ms_p95": round(times[int(len(times) * 0.95) - 1], 1),
            f"{name}_queries": statistics.mode(queries),
            f"{name}_queries_max": max(queries),
        }

    def status_changes(self, event_ids):
        """Check patients in at the desk; let their practitioners close the visits."""
        desk = self.clinic.receptionist
        events = self.env["calendar.event"].browse(event_ids)
        doctors = {event.id: event.practitioner_id.user_id for event in events}
        arrived = [
            self._call(desk, "calendar.event", "action_arrive", [event_id])
            for event_id in event_ids
        ]
        done = [
            self._call(doctors[event_id], "calendar.event", "action_done", [event_id])
            for event_id in event_ids
        ]
        return {**self._summary("checkin", arrived), **self._summary("done", done)}

    def lookup(self):
        """Ask which credit pays."""
        clinic = self.clinic
        lines = self.env["medspa.course.line"].browse(
            [ids[0] for ids in clinic.bookable]
        )
        asked = [(line.course_id.partner_id.id, line.treatment_id.id) for line in lines]
        today = clinic.company._medspa_date()
        return self._summary(
            "which_credit",
            [
                self._request(
                    clinic.receptionist,
                    lambda env, partner_id=partner_id, treatment_id=treatment_id: env[
                        "medspa.credit"
                    ]._find_usable(
                        env["res.partner"].browse(partner_id),
                        env["product.template"].browse(treatment_id),
                        today,
                    ),
                )
                for partner_id, treatment_id in asked
            ],
        )

    def slots(self):
        """Look for free times: a treatment, ten practitioners, thirty days."""
        treatment_id = self.clinic.treatments[0].id
        start = fields.Datetime.now()
        samples = [
            self._request(
                self.clinic.receptionist,
                lambda env: len(
                    env["product.template"]
                    .browse(treatment_id)
                    ._get_free_slots(start, start + timedelta(days=30))
                ),
            )
            for _number in range(max(self.samples // 3, 5) + WARM_UP)
        ]
        return {**self._summary("slots", samples), "slots_found": samples[-1][2]}

    def pages(self):
        """Read what the desk looks at: the day, an appointment, a patient."""
        clinic = self.clinic
        day = clinic.company._medspa_date()
        domain = [
            ("treatment_id", "!=", False),
            ("start", ">=", str(day)),
            ("start", "<", str(day + timedelta(days=1))),
        ]
        fields_of = {
            "desk_list": self._get_fields("calendar_event_view_list_appointment"),
            "appointment": self._get_fields("calendar_event_view_form_appointment"),
        }
        desk = clinic.receptionist
        result = self._summary(
            "desk_list",
            [
                self._call(
                    desk,
                    "calendar.event",
                    "web_search_read",
                    domain,
                    fields_of["desk_list"],
                )
                for _number in range(max(self.samples // 3, 5) + WARM_UP)
            ],
        )
        result |= self._summary(
            "appointment_form",
            [
                self._call(
                    desk,
                    "calendar.event",
                    "web_read",
                    [event_id],
                    fields_of["appointment"],
                )
                for event_id in clinic.event_ids
            ],
        )
        return result

    def _get_fields(self, view):
        """Return what the client reads for a view of appointments."""
        view = self.env.ref(f"medspa_membership.{view}")
        Event = self.env["calendar.event"].with_user(self.clinic.receptionist)
        arch = etree.fromstring(Event.get_view(view.id, view.type)["arch"])
        names = arch.xpath("//field[not(ancestor::field)]/@name")
        return {
            name: {"fields": {"display_name": {}}}
            if Event._fields[name].relational
            else {}
            for name in names
        }

    # === PAGES OF THE PATIENT === #

    def portal(self):
        """Open the page of free times as a patient and book one, by HTTP."""
        pages, bookings = [], []
        for user, line in self._create_patient_users():
            session = self._log_in(user)
            url = f"/my/courses/{line.course_id.id}/book/{line.id}"
            pages.append(self._open(session, url))
            html = pages[-1][2].get_data(as_text=True)
            start = re.search(r'name="start"[^>]*value="([^"]+)"', html) or re.search(
                r'value="(\d{4}-\d\d-\d\dT\d\d:\d\d)"', html
            )
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', html)
            data = {"start": start[1], "csrf_token": token[1]}
            bookings.append(self._open(session, f"{url}/confirm", data=data))
            if bookings[-1][2].status_code != 303:
                raise RuntimeError(f"{url} could not be booked.")
        return {
            **self._summary("slot_page", pages),
            **self._summary("portal_booking", bookings),
        }

    def _create_patient_users(self):
        """Give some patients a login; return each with a step to book."""
        found = self.clinic.bookable[: self.samples // 2 + WARM_UP]
        users = (
            self.env["res.users"]
            .with_context(no_reset_password=True)
            .create(
                [
                    {
                        "login": f"bench_patient_{partner_id}",
                        "partner_id": partner_id,
                        "group_ids": [
                            Command.set(self.env.ref("base.group_portal").ids)
                        ],
                    }
                    for _line_id, partner_id in found
                ]
            )
        )
        self.env.cr.commit()
        lines = self.env["medspa.course.line"].browse(
            [line_id for line_id, _p in found]
        )
        return list(zip(users, lines, strict=True))

    def _log_in(self, user):
        """Return the id of a new session of the user."""
        session = http.root.session_store.new()
        session.update(http.get_default_session(), db=self.env.cr.dbname)
        session.uid = user.id
        session.login = user.login
        session.session_token = user.with_user(user)._compute_session_token(session.sid)
        session.context = dict(user.with_user(user).context_get())
        http.root.session_store.save(session)
        return session.sid

    def _open(self, session, url, data=None):
        """Return milliseconds, queries and answer of one HTTP request."""
        client = Client(http.root, use_cookies=False)
        begin = time.perf_counter()
        response = client.open(
            url,
            base_url="http://localhost:8069",
            method="POST" if data else "GET",
            headers={"Cookie": f"session_id={session}"},
            data=data,
        )
        elapsed = (time.perf_counter() - begin) * 1000
        if response.status_code >= 400:
            raise RuntimeError(f"{url} answered {response.status_code}.")
        return elapsed, threading.current_thread().query_count, response
