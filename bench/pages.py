# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The patient's pages beside core's, and free times, in a clinic with 10,000 patients.

The clinic is the one of bench/courses.py. A page of ours and the page of core that it
is compared with are opened in turn: both meet the same moments of the machine.
"""

import argparse
import importlib.util
import os
import statistics
from datetime import timedelta
from pathlib import Path

from odoo import fields

PATIENTS = 10_000
BOOKINGS = 20_000
# Each patient of the clinic that is filled in has so many credits.
CREDITS_A_PATIENT = 4
SLOT_DAYS = 30


def run(env, args):
    """Build the clinic, open the pages, and return the figures."""
    options = _parse(args)
    courses = _load("courses")
    credits = max(options.patients * CREDITS_A_PATIENT, options.bookings)
    words = ["--credits", str(credits), "--bookings", str(options.bookings)]
    words += ["--samples", str(options.samples)]
    clinic = courses.Clinic(env, courses._parse(words))
    courses._say("setting up the clinic")
    clinic.set_up()
    # The patterns that are multiplied have had their visits.
    env["calendar.event"].browse(clinic.few_event_ids).action_done()
    courses._say(f"filling in {credits} credits and {options.bookings} bookings")
    clinic.fill()
    _publish(clinic)
    pages = Pages(courses, clinic, options.samples)
    figures = {
        "patients": clinic.count("res_partner"),
        "credits": clinic.count("medspa_credit"),
        "load_before": round(os.getloadavg()[0], 2),
        **pages.shop(),
        **pages.portal(),
        **pages.slots(),
        "load_after": round(os.getloadavg()[0], 2),
    }
    return figures


def _parse(args):
    parser = argparse.ArgumentParser(prog="medspa bench pages", description=__doc__)
    parser.add_argument("--patients", type=int, default=PATIENTS)
    parser.add_argument("--bookings", type=int, default=BOOKINGS)
    parser.add_argument("--samples", type=int, default=30)
    return parser.parse_args(args)


def _load(name):
    """Return another benchmark as a module: its clinic and its way to measure."""
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"medspa_bench_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _publish(clinic):
    """Put treatments and courses on the site."""
    env = clinic.env
    website = env["website"].search([], limit=1)
    website.company_id = clinic.company
    products = env["product.template"].search(
        [("service_tracking", "in", ("medspa_treatment", "medspa_course"))]
    )
    products.write({"is_published": True, "sale_ok": True})
    env.cr.commit()


class Pages:
    """Opens pages of ours and of core in turn, and sets their times in relation."""

    def __init__(self, courses, clinic, samples):
        self.clinic = clinic
        self.samples = samples
        self.warm_up = courses.WARM_UP
        self.measures = courses.Measures(clinic.env, clinic, samples)

    def shop(self):
        """Compare the page of a course, and of booking, with core's shop."""
        env = self.clinic.env
        slug = env["ir.http"]._slug
        course = env["product.template"].search(
            [("service_tracking", "=", "medspa_course")], limit=1
        )
        treatment = self.clinic.treatments[0]
        urls = {
            "shop": "/shop",
            "course_page": course.website_url,
            "treatments_page": "/book",
            "times_page": f"/book/{slug(treatment)}",
        }
        times = self._open_in_turn(urls, lambda number: "")
        return {
            **{f"{name}_ms_median": round(value, 1) for name, value in times.items()},
            **self._ratios(times, "shop", "course_page", "treatments_page"),
        }

    def portal(self):
        """Compare the patient's own pages with core's home of the portal."""
        pairs = self.measures._create_patient_users()
        sessions = [self.measures._log_in(user) for user, _line in pairs]
        urls = {
            "my": "/my",
            "care": "/my/care",
            "my_courses": "/my/courses",
            "my_appointments": "/my/appointments",
        }
        times = self._open_in_turn(urls, lambda n: sessions[n % len(sessions)])
        ratios = self._ratios(times, "my", "care", "my_courses", "my_appointments")
        return {
            **{f"{name}_ms_median": round(value, 1) for name, value in times.items()},
            **ratios,
            # The slowest of them stands for all.
            "portal_ratio": max(ratios.values()),
        }

    def slots(self):
        """Look for the free times of thirty days, with ten practitioners."""
        treatment_id = self.clinic.treatments[0].id
        start = fields.Datetime.now()
        samples = [
            self.measures._request(
                self.clinic.receptionist,
                lambda env: len(
                    env["product.template"]
                    .browse(treatment_id)
                    ._get_free_slots(start, start + timedelta(days=SLOT_DAYS))
                ),
            )
            for _number in range(max(self.samples // 2, 5) + self.warm_up)
        ]
        return {
            **self.measures._summary("slots", samples),
            "slots_found": samples[-1][2],
        }

    def _open_in_turn(self, urls, get_session):
        """Return the median of milliseconds of each page."""
        times = {name: [] for name in urls}
        for number in range(self.samples + self.warm_up):
            for name, url in urls.items():
                elapsed, _queries, response = self.measures._open(
                    get_session(number), url
                )
                if response.status_code != 200:
                    raise RuntimeError(f"{url} answered {response.status_code}.")
                times[name].append(elapsed)
        return {
            name: statistics.median(values[self.warm_up :])
            for name, values in times.items()
        }

    @staticmethod
    def _ratios(times, base, *names):
        return {f"{name}_ratio": round(times[name] / times[base], 2) for name in names}
