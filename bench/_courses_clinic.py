# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""A small clinic that sells courses: the patterns of the rows of a big one."""

from datetime import timedelta

from odoo import fields
from odoo.fields import Command

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


class SmallClinic:
    """Staff, products, and one patient with a history: what Odoo itself makes."""

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
        # Like the many that follow, what is measured is no first visit of its course.
        events.action_done()
        self.event = events[-1]
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

    # === ROWS === #

    def count(self, table):
        """Return how many rows a table has."""
        return self._query(f"SELECT count(*) FROM {table}")[0][0]

    def _query(self, query, params=None):
        self.env.cr.execute(query, params)
        return self.env.cr.fetchall()
