# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""A clinic that sells courses, of the size asked for: multiplied by the database."""

from _courses_clinic import SESSION_VALUE, SESSIONS, WARM_UP
from _courses_plan import PlannedClinic
from _rows import multiply


class Clinic(PlannedClinic):
    """The clinic that is measured. Options: credits, bookings, samples."""

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
        pattern = self.event
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
