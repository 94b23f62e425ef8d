# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import re
from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.medspa_membership.controllers.portal import ClinicPortal
from odoo.addons.medspa_membership.models.credit.dates import format_day

from .test_booking_routes import PatientPages


@tagged("post_install", "-at_install")
class TestPortal(PatientPages):
    """What patients see of their courses and appointments."""

    def _get(self, url):
        response = self.url_open(url)
        self.assertEqual(response.status_code, 200)
        return response

    def _text(self, url):
        text = re.sub(r"<[^>]+>", " ", self._get(url).text)
        return re.sub(r"\s+", " ", text)

    def _count_queries(self, url):
        """Return how many queries a page takes once everything is warm."""
        self._get(url)
        self.env.flush_all()
        before = self.cr.sql_log_count
        self._get(url)
        return self.cr.sql_log_count - before

    # === HOME === #

    def test_counters_are_counted_only_if_asked_for(self):
        self.line._book(self.start)
        self._create_course(partner=self.other_patient)
        self.authenticate("paula", "paula")
        values = self.make_jsonrpc_request(
            "/my/counters",
            {"counters": ["medspa_course_count", "medspa_appointment_count"]},
        )
        self.assertEqual(values["medspa_course_count"], 1)
        self.assertEqual(values["medspa_appointment_count"], 1)
        values = self.make_jsonrpc_request("/my/counters", {"counters": []})
        self.assertNotIn("medspa_course_count", values)
        self.assertNotIn("medspa_appointment_count", values)
        page = self._get("/my").text
        self.assertIn('href="/my/courses"', page)
        self.assertIn('href="/my/appointments"', page)

    # === COURSES === #

    def test_list_shows_own_courses_only(self):
        self.authenticate("oscar", "oscar")
        self.assertIn("You have no course yet", self._text("/my/courses"))
        course = self._create_course(partner=self.other_patient)
        page = self._get("/my/courses").text
        self.assertIn(f"/my/courses/{course.id}", page)
        self.assertNotIn(f"/my/courses/{self.course.id}", page)

    def test_list_says_what_is_left_and_until_when(self):
        self.authenticate("paula", "paula")
        text = self._text("/my/courses")
        self.assertIn("5 of 5 sessions left", text)
        self.assertIn(f"until {format_day(self.env, self.course.expires_on)}", text)
        self.assertIn("Active", text)

    def test_detail_counts_used_booked_remaining(self):
        self.credit._redeem(1, self.company._medspa_date())
        self.line._book(self.start)
        self.authenticate("paula", "paula")
        text = self._text(f"/my/courses/{self.course.id}")
        self.assertIn("4 of 5 sessions left", text)
        self.assertIn("1 used 1 booked 3 of 5 still to book", text)
        self.assertIn("Petra", text)
        self.assertIn("Book a session", text)

    def test_detail_says_the_next_day_of_the_pace(self):
        # Seven days from the session, whose own seven days before cover today.
        day = self._next_working_day(1)
        self.line._book(self._at(day, 11))
        self.authenticate("paula", "paula")
        text = self._text(f"/my/courses/{self.course.id}")
        self.assertIn(
            f"Next session from {format_day(self.env, day + timedelta(days=7))}", text
        )

    def test_detail_offers_no_booking_when_there_is_nothing_to_book(self):
        self.authenticate("paula", "paula")
        url = f"/my/courses/{self.course.id}"
        for state in ("draft", "paused", "expired", "cancelled", "completed"):
            self.course.state = state
            self.assertNotIn("o_medspa_book ", self._get(url).text, state)
        self.course.state = "active"
        self.assertIn("o_medspa_book ", self._get(url).text)
        self.credit._redeem(5, self.company._medspa_date())
        self.assertNotIn("o_medspa_book ", self._get(url).text)

    def test_order_is_linked_for_its_customer_only(self):
        order = self._sell_course()
        course = order.course_ids
        self.authenticate("paula", "paula")
        self.assertIn(f"/my/orders/{order.id}", self._get(course.access_url).text)
        # The order of a guest, whose course went to the patient.
        order.partner_id = self.env["res.partner"].create({"name": "Greta Guest"})
        self.assertNotIn(f"/my/orders/{order.id}", self._get(course.access_url).text)

    def test_unpublished_treatments_are_still_shown(self):
        (self.peel | self.peel_course).is_published = False
        self.authenticate("paula", "paula")
        self.assertIn("5 peels", self._text("/my/courses"))
        self.assertIn("Peel", self._text(f"/my/courses/{self.course.id}"))

    # === APPOINTMENTS === #

    def test_appointments_with_the_rule_first(self):
        upcoming = self.line._book(self.start)
        gone = self._create_appointment(self.start - timedelta(days=30))
        foreign = self._create_appointment(
            self.start + timedelta(hours=2), patient_id=self.other_patient.id
        )
        self.authenticate("paula", "paula")
        page = self._get("/my/appointments").text
        self.assertIn("24", page[page.index("o_medspa_rule") :][:200])
        rule = page.index("o_medspa_rule")
        row = page.index(f"/my/appointments/{upcoming.id}")
        past = page.index(f"/my/appointments/{gone.id}")
        self.assertLess(rule, row)
        self.assertLess(row, past)
        self.assertNotIn(f"/my/appointments/{foreign.id}", page)

    def test_times_are_on_the_clinic_clock(self):
        """11:00 in Madrid, whatever the zone of the reader."""
        event = self.line._book(self.start)
        self.user.tz = "America/New_York"
        self.authenticate("paula", "paula")
        text = self._text(f"/my/appointments/{event.id}").replace("\u202f", " ")
        self.assertIn("11:00 AM – 11:45 AM", text)

    # === ACCESS RULES === #

    def test_rules_show_patients_their_own(self):
        other = self._create_course(partner=self.other_patient)
        courses = self.env["medspa.course"].with_user(self.user)
        lines = self.env["medspa.course.line"].with_user(self.user)
        self.assertEqual(courses.search([]), self.course)
        self.assertEqual(lines.search([]), self.line)
        with self.assertRaises(AccessError):
            courses.browse(other.id).read(["state"])
        with self.assertRaises(AccessError):
            lines.browse(other.line_ids.id).read(["sessions"])
        for record, vals in (
            (courses.browse(self.course.id), {"state": "active"}),
            (lines.browse(self.line.id), {"sessions": 50}),
        ):
            with self.assertRaises(AccessError):
                record.write(vals)
        with self.assertRaises(AccessError):
            self.env["medspa.credit"].with_user(self.user).search([])
        with self.assertRaises(AccessError):
            self.env["medspa.visit"].with_user(self.user).search([])

    def test_booking_needs_no_rights_and_gives_none(self):
        """The page books by sudo; the patient still cannot create an event."""
        with self.assertRaises(AccessError):
            self.env["calendar.event"].with_user(self.user).create(
                {
                    "name": "x",
                    "patient_id": self.patient.id,
                    "treatment_id": self.peel.id,
                    "practitioner_id": self.petra.id,
                    "start": self.start,
                }
            )

    # === COST === #

    def test_pages_do_not_grow_with_courses(self):
        self.authenticate("paula", "paula")
        urls = ("/my/courses", f"/my/courses/{self.course.id}", self.book_url)
        few = {url: self._count_queries(url) for url in urls}
        for _number in range(9):
            self._create_course()
        for url in urls:
            self.assertLessEqual(self._count_queries(url), few[url] + 1, url)

    def test_appointments_do_not_cost_each(self):
        self.authenticate("paula", "paula")
        urls = ("/my/appointments", f"/my/courses/{self.course.id}")
        self.line._book(self.start)
        few = {url: self._count_queries(url) for url in urls}
        for week in range(1, 5):
            self.line._book(self._at(self.day + timedelta(weeks=week), 11))
        for url in urls:
            self.assertLessEqual(self._count_queries(url), few[url] + 1, url)

    def test_booking_page_does_not_grow_with_practitioners(self):
        self.authenticate("paula", "paula")
        few = self._count_queries(self.book_url)
        for number in range(8):
            self._create_resource(f"Practitioner {number}", "practitioner")
        self.assertLessEqual(self._count_queries(self.book_url), few + 1)

    def test_list_is_paged(self):
        for _number in range(3):
            self._create_course()
        self.authenticate("paula", "paula")
        with patch.object(ClinicPortal, "_items_per_page", 2):
            first = self._get("/my/courses").text
            second = self._get("/my/courses/page/2").text
        shown = [
            set(re.findall(r'href="/my/courses/(\d+)"', page))
            for page in (first, second)
        ]
        self.assertEqual([len(ids) for ids in shown], [2, 2])
        self.assertFalse(shown[0] & shown[1])
