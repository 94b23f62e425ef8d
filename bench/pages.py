# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""The patient's pages beside core's, and free times, in a clinic with 10,000 patients.

The clinic is the one of bench/courses.py. A page of ours and the page of core that it
is compared with are opened in turn: both meet the same moments of the machine.
"""

import argparse
import os
import statistics

from _courses_clinic import WARM_UP
from _courses_rows import Clinic
from _requests import Requests

PATIENTS = 10_000
BOOKINGS = 20_000
# Each patient of the clinic that is filled in has so many credits.
CREDITS_A_PATIENT = 4


def run(env, args):
    """Build the clinic, open the pages, and return the figures."""
    options = _parse(args)
    clinic = Clinic(env, options)
    _say("setting up the clinic")
    clinic.set_up()
    _say(f"filling in {options.credits} credits and {options.bookings} bookings")
    clinic.fill()
    _publish(clinic)
    pages = Pages(env, clinic, options.samples)
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
    options = parser.parse_args(args)
    if options.bookings < 500:
        parser.error("take 500 bookings or more")
    options.credits = max(options.patients * CREDITS_A_PATIENT, options.bookings)
    return options


def _say(text):
    print(f"bench: {text}", flush=True)


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


class Pages(Requests):
    """Opens pages of ours and of core in turn, and sets their times in relation."""

    def shop(self):
        """Compare the page of a course, and of booking, with core's shop."""
        env = self.env
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
        pairs = self._create_patient_users()
        sessions = [self._log_in(user) for user, _line in pairs]
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

    def _open_in_turn(self, urls, get_session):
        """Return the median of milliseconds of each page."""
        times = {name: [] for name in urls}
        for number in range(self.samples + WARM_UP):
            for name, url in urls.items():
                elapsed, _queries, response = self._open(get_session(number), url)
                if response.status_code != 200:
                    raise RuntimeError(f"{url} answered {response.status_code}.")
                times[name].append(elapsed)
        return {
            name: statistics.median(values[WARM_UP:]) for name, values in times.items()
        }

    @staticmethod
    def _ratios(times, base, *names):
        return {f"{name}_ratio": round(times[name] / times[base], 2) for name in names}
