# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Who of a big clinic has bought, used and booked what: tables to fill it from."""

from datetime import timedelta

from _courses_clinic import (
    BOOKINGS_A_CREDIT,
    FILL,
    PAST_SHARE,
    PRACTITIONERS,
    SESSIONS,
    SLOTS_A_DAY,
    TZ,
    SmallClinic,
)


class PlannedClinic(SmallClinic):
    """A small clinic, and beside it the tables bench_* of all that is to be added."""

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
