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
import time
from datetime import timedelta

from _courses_clinic import FEW, WARM_UP
from _courses_rows import Clinic
from _requests import Requests
from lxml import etree


def run(env, args):
    """Build the clinic, measure it, and return the figures."""
    options = _parse(args)
    clinic = Clinic(env, options)
    _say("setting up the clinic")
    clinic.set_up()
    few = DeskRequests(env, clinic, FEW).status_changes(clinic.few_event_ids)
    _say(f"filling in {options.credits} credits and {options.bookings} bookings")
    begin = time.perf_counter()
    clinic.fill()
    _say(f"filled in {time.perf_counter() - begin:.0f} s")
    measures = DeskRequests(env, clinic, options.samples)
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


class DeskRequests(Requests):
    """What the desk, practitioners and patients do with courses."""

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
