# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import re
from datetime import time, timedelta

from odoo import http
from odoo.exceptions import UserError
from odoo.tests import HttpCase, freeze_time, tagged
from odoo.tools import mute_logger

from .common import TODAY, ClinicCase, ClinicData


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestOfferedSlots(ClinicCase):
    """What is offered to patients, and that it can be booked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.course = cls._create_course()
        cls.line = cls.course.line_ids
        cls.credit = cls.line.credit_ids
        cls.monday = cls.company._medspa_date()

    def _offer(self, days=7, line=None, begin=None, practitioners=None):
        begin = begin or self.monday
        return (line or self.line)._get_offered_slots(
            self._at(begin, 0), self._at(begin + timedelta(days=days), 0), practitioners
        )

    def _days(self, slots):
        return sorted({(slot["day"] - self.monday).days for slot in slots})

    def test_every_offered_slot_of_a_week_can_be_booked(self):
        """Breaks, buffers, other appointments and pace: the offer knows them all."""
        self.peel.write({"buffer_before_minutes": 5, "buffer_after_minutes": 10})
        self._create_appointment(
            self._at(self.monday + timedelta(days=1), 10),
            patient_id=self.other_patient.id,
        )
        self._create_appointment(
            self._at(self.monday + timedelta(days=2), 12),
            patient_id=self.other_patient.id,
            practitioner_id=self.pablo.id,
        )
        slots = self._offer()
        self.assertGreater(len(slots), 100)
        for slot in slots:
            savepoint = self.env.cr.savepoint()
            event = self.line._book(slot["start"], slot["practitioner"])
            self.assertEqual(event.start, slot["start"])
            self.assertEqual(event.practitioner_id, slot["practitioner"])
            self.assertEqual(event.credit_id, self.credit)
            self.assertEqual(self.credit.reserved, 1)
            savepoint.rollback()
            savepoint.close(rollback=False)
            self.env.invalidate_all()

    def test_nothing_else_can_be_booked(self):
        """Every quarter of an hour of a day that is not offered is refused."""
        self._create_appointment(
            self._at(self.monday, 14), patient_id=self.other_patient.id
        )
        offered = {slot["start"] for slot in self._offer(1, practitioners=self.petra)}
        for quarter in range(96):
            start = self._at(self.monday, 0) + timedelta(minutes=15 * quarter)
            if start not in offered:
                with self.assertRaises(UserError):
                    self.line._book(start, self.petra)
        self.assertBalances(self.credit, 5, 0)

    def test_pace_leaves_days_out(self):
        self.line._book(self._at(self.monday + timedelta(days=3), 10))
        # Thursday is booked and the step asks for 7 days: from -3 to 9 none.
        self.assertEqual(self._days(self._offer(14)), [10, 11])

    def test_expiry_ends_the_offer(self):
        self.credit._set_validity(self.monday + timedelta(days=2))
        self.assertEqual(self._days(self._offer(14)), [0, 1, 2])

    def test_lead_time_and_horizon(self):
        # 09:00 on the clinic's clock: an hour ahead, so from 10:00 on.
        self.assertEqual(self._offer()[0]["start"], self._at(self.monday, 10))
        self.company.booking_horizon_days = 3
        self.assertEqual(self._days(self._offer(14)), [0, 1, 2])
        self.company.booking_horizon_days = 4
        self.assertEqual(self._days(self._offer(14)), [0, 1, 2, 3])

    def test_reserved_sessions_are_not_offered_again(self):
        for week in range(5):
            self.line._book(self._at(self.monday + timedelta(weeks=week, days=1), 10))
        self.assertBalances(self.credit, 5, 5)
        self.assertFalse(self._offer(90))
        self.assertIsNone(self.line._get_next_offered_day(self.monday))

    def test_closed_courses_offer_nothing(self):
        for state in ("draft", "paused", "expired", "cancelled", "completed"):
            self.course.state = state
            self.assertFalse(self._offer(), state)

    def test_frozen_credit_offers_nothing(self):
        self.credit._freeze()
        self.assertFalse(self._offer())

    def test_next_offered_day_skips_leaves(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Closed",
                "calendar_id": self.calendar.id,
                "date_from": self._at(self.monday, 0),
                "date_to": self._at(self.monday + timedelta(days=23), 23),
            }
        )
        self.assertEqual(
            self.line._get_next_offered_day(self.monday),
            self.monday + timedelta(days=24),
        )

    def test_clock_change_keeps_the_hours(self):
        """Before and after 29 March 2026 the clinic opens at 9:00 on its clock."""
        for day in (self.monday + timedelta(days=d) for d in (53, 56)):
            first = self._offer(1, begin=day)[0]
            self.assertEqual(self.company._medspa_local(first["start"]).hour, 9)

    def test_second_of_two_patients_is_refused(self):
        """Both saw the slot; the first took it."""
        other = self._create_course(partner=self.other_patient).line_ids
        start = self._at(self.monday + timedelta(days=1), 11)
        self.line._book(start, self.petra)
        with self.assertRaisesRegex(UserError, "cannot be booked any more"):
            other._book(start, self.petra)

    def test_only_who_gives_the_treatment(self):
        self.peel.practitioner_ids = self.pablo
        self.assertEqual({slot["practitioner"] for slot in self._offer()}, {self.pablo})
        with self.assertRaises(UserError):
            self.line._book(self._at(self.monday + timedelta(days=1), 11), self.petra)

    def test_offer_costs_the_same_for_many_practitioners(self):
        self._offer()
        self.env.invalidate_all()
        with self._count() as few:
            self._offer()
        for number in range(8):
            self._create_resource(f"Practitioner {number}", "practitioner")
        self._offer()
        self.env.flush_all()
        self.env.invalidate_all()
        with self._count() as many:
            self._offer()
        self.assertLessEqual(many.count, few.count)

    def _count(self):
        case = self

        class Counter:
            def __enter__(self):
                self.start = case.cr.sql_log_count
                return self

            def __exit__(self, *args):
                self.count = case.cr.sql_log_count - self.start

        return Counter()


class PatientPages(ClinicData, HttpCase):
    """Base of the tests that open the patient's pages as different people."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_clinic()
        cls.user = cls._create_portal_user(cls.patient, "paula")
        cls.other_user = cls._create_portal_user(cls.other_patient, "oscar")
        cls.course = cls._create_course()
        cls.line = cls.course.line_ids
        cls.credit = cls.line.credit_ids
        cls.day = cls._next_working_day(3)
        cls.start = cls._at(cls.day, 11)
        cls.book_url = f"/my/courses/{cls.course.id}/book/{cls.line.id}"

    def _post(self, url, csrf=True, **data):
        if csrf:
            data["csrf_token"] = http.Request.csrf_token(self)
        return self.url_open(url, data=data or {"x": "1"}, allow_redirects=False)

    def _confirm(self, start=None, url=None, **data):
        return self._post(
            f"{url or self.book_url}/confirm",
            start=(start or self.start).strftime("%Y-%m-%dT%H:%M"),
            **data,
        )

    def _appointments(self):
        self.env.invalidate_all()
        return self.env["calendar.event"].search([("treatment_id", "!=", False)])

    def assertNothingBooked(self):
        self.assertFalse(self._appointments())
        self.assertBalances(self.credit, 5, 0)

    def assertRefused(self, response, home="/my"):
        """Sent away, without a word of somebody else's."""
        self.assertEqual(response.status_code, 303)
        self.assertEqual(response.headers["Location"].split("?")[0][-len(home) :], home)
        for secret in ("Paula", "Peel", "5 peels"):
            self.assertNotIn(secret, response.text)


@tagged("post_install", "-at_install")
class TestBookingRoutes(PatientPages):
    def test_patient_books_what_the_page_offers(self):
        self.authenticate("paula", "paula")
        page = self.url_open(f"{self.book_url}?day={self.day}")
        self.assertIn("Uses 1 of 5 sessions, 4 remain.", self._text(page))
        values = re.findall(r'name="start"[^>]*?value="([^"]+)"', page.text) or (
            re.findall(r'value="(\d{4}-\d\d-\d\dT\d\d:\d\d)"', page.text)
        )
        wanted = self.start.strftime("%Y-%m-%dT%H:%M")
        self.assertIn(wanted, values)
        response = self._confirm(**{"with": str(self.petra.id)})
        self.assertEqual(response.status_code, 303)
        event = self._appointments()
        self.assertIn(f"/my/appointments/{event.id}", response.headers["Location"])
        self.assertEqual(event.patient_id, self.patient)
        self.assertEqual(event.practitioner_id, self.petra)
        self.assertEqual(event.start, self.start)
        self.assertEqual(event.create_uid, self.user)
        self.assertEqual(event.credit_id, self.credit)
        self.assertBalances(self.credit, 5, 1)
        page = self.url_open(response.headers["Location"])
        self.assertIn("Your appointment is booked.", page.text)

    def _text(self, response):
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.text))

    def test_anyone_is_whoever_is_free(self):
        self._create_appointment(self.start, patient_id=self.other_patient.id)
        self.authenticate("paula", "paula")
        self._confirm(**{"with": ""})
        event = self._appointments().filtered(lambda e: e.patient_id == self.patient)
        self.assertEqual(event.practitioner_id, self.pablo)

    def test_slot_just_taken_shows_the_page_with_fresh_times(self):
        self._create_appointment(self.start, patient_id=self.other_patient.id)
        self.authenticate("paula", "paula")
        response = self._confirm(**{"with": str(self.petra.id)})
        self.assertEqual(response.status_code, 200)
        self.assertIn("cannot be booked any more", response.text)
        self.assertIn("o_medspa_confirm", response.text)
        self.assertNotIn("Oscar", response.text)
        self.assertBalances(self.credit, 5, 0)

    def test_pace_is_kept_when_posted(self):
        self.line._book(self.start)
        self.authenticate("paula", "paula")
        response = self._confirm(self.start + timedelta(days=1))
        self.assertEqual(response.status_code, 200)
        self.assertIn("o_medspa_error", response.text)
        self.assertEqual(len(self._appointments()), 1)

    def test_tampered_times_are_refused(self):
        self.authenticate("paula", "paula")
        last = self.company._medspa_date() + timedelta(days=200)
        for start in (
            self.start + timedelta(minutes=7),  # not on the grid
            self._at(self.day, 3),  # nobody works
            self._at(self.day, 16, 30),  # would end after work
            self.start - timedelta(days=30),  # past
            self._at(last, 11),  # beyond the horizon
        ):
            response = self._confirm(start)
            self.assertEqual(response.status_code, 200)
            self.assertIn("o_medspa_error", response.text)
        self.assertNothingBooked()

    def test_garbage_is_refused(self):
        self.authenticate("paula", "paula")
        for data in (
            {},
            {"start": ""},
            {"start": "yesterday"},
            {"start": "9999-12-31T23:59"},
            {"start": "0001-01-01T00:00"},
            {"start": "2026-02-30T10:00"},
            {"start": self.start.strftime("%Y-%m-%dT%H:%M"), "with": "999999"},
            {"start": self.start.strftime("%Y-%m-%dT%H:%M"), "with": "x"},
            {
                "start": self.start.strftime("%Y-%m-%dT%H:%M"),
                "with": str(self.room_1.id),
            },
        ):
            response = self._post(f"{self.book_url}/confirm", **data)
            self.assertEqual(response.status_code, 200, data)
            self.assertIn("o_medspa_error", response.text)
        for query in ("day=9999-12-31", "from=0001-01-01", "day=x&from=y&with=z"):
            response = self.url_open(f"{self.book_url}?{query}")
            self.assertEqual(response.status_code, 200, query)
        self.assertNothingBooked()

    @mute_logger("odoo.http")
    def test_get_and_missing_csrf_do_nothing(self):
        self.authenticate("paula", "paula")
        url = f"{self.book_url}/confirm"
        start = self.start.strftime("%Y-%m-%dT%H:%M")
        self.assertEqual(self.url_open(f"{url}?start={start}").status_code, 405)
        self.assertEqual(self._post(url, csrf=False, start=start).status_code, 400)
        event = self.line._book(self.start)
        cancel = f"/my/appointments/{event.id}/cancel"
        self.assertEqual(self.url_open(cancel).status_code, 405)
        self.assertEqual(self._post(cancel, csrf=False).status_code, 400)
        self.assertEqual(self._appointments().mapped("appointment_status"), ["booked"])

    def test_anonymous_visitors_log_in_first(self):
        event = self.line._book(self.start)
        token = self.course._portal_ensure_token()
        for url in (
            "/my/courses",
            f"/my/courses/{self.course.id}?access_token={token}",
            f"{self.book_url}?access_token={token}",
            "/my/appointments",
            f"/my/appointments/{event.id}",
            f"/my/appointments/{event.id}/appointment.ics",
        ):
            response = self.url_open(url, allow_redirects=False)
            self.assertRefused(response, home="/web/login")
        self.authenticate(None, None)
        self._confirm(self.start + timedelta(days=14), access_token=token)
        self._post(f"/my/appointments/{event.id}/cancel", access_token=token)
        self.assertEqual(self._appointments(), event)
        self.assertEqual(event.appointment_status, "booked")

    def test_another_patient_gets_nothing(self):
        event = self.line._book(self.start)
        token = self.course._portal_ensure_token()
        self.authenticate("oscar", "oscar")
        for url in (
            f"/my/courses/{self.course.id}",
            f"/my/courses/{self.course.id}?access_token={token}",
            self.book_url,
            f"{self.book_url}?access_token={token}",
            f"/my/appointments/{event.id}",
            f"/my/appointments/{event.id}/appointment.ics",
        ):
            self.assertRefused(self.url_open(url, allow_redirects=False))
        later = self.start + timedelta(days=14)
        self.assertRefused(self._confirm(later, access_token=token))
        self.assertRefused(self._post(f"/my/appointments/{event.id}/cancel"))
        self.assertEqual(self._appointments(), event)
        self.assertEqual(event.appointment_status, "booked")

    def test_forged_ids(self):
        """A line of somebody else under a course of one's own, and the reverse."""
        own = self._create_course(partner=self.other_patient)
        self.authenticate("oscar", "oscar")
        for url in (
            f"/my/courses/{own.id}/book/{self.line.id}",
            f"/my/courses/{self.course.id}/book/{own.line_ids.id}",
            f"/my/courses/{own.id}/book/99999999",
            f"/my/courses/99999999/book/{own.line_ids.id}",
        ):
            self.assertRefused(self.url_open(url, allow_redirects=False))
            self.assertRefused(self._confirm(url=url))
        for url in ("/my/courses/99999999", "/my/appointments/99999999"):
            self.assertRefused(self.url_open(url, allow_redirects=False))
        self.assertNothingBooked()

    def test_meetings_are_no_appointments(self):
        """An event that the patient attends is not shown, nor cancelled."""
        meeting = self.env["calendar.event"].create(
            {
                "name": "Secret meeting",
                "start": self.start,
                "stop": self.start + timedelta(hours=1),
                "partner_ids": [(6, 0, self.patient.ids)],
            }
        )
        self.authenticate("paula", "paula")
        url = f"/my/appointments/{meeting.id}"
        self.assertRefused(self.url_open(url, allow_redirects=False))
        self.assertRefused(self._post(f"{url}/cancel"))

    def test_closed_courses_book_nothing(self):
        self.authenticate("paula", "paula")
        for state in ("draft", "paused", "expired", "cancelled"):
            self.course.state = state
            page = self.url_open(self.book_url)
            self.assertNotIn("o_medspa_confirm", page.text, state)
            self.assertIn("o_medspa_error", self._confirm().text, state)
        self.course.state = "active"
        self.credit._set_validity(self.day - timedelta(days=1))
        self.assertIn("o_medspa_error", self._confirm().text)
        self.assertNothingBooked()

    def test_patient_cancels_in_time(self):
        event = self.line._book(self.start)
        self.authenticate("paula", "paula")
        page = self.url_open(f"/my/appointments/{event.id}")
        self.assertIn("o_medspa_cancel_confirm", page.text)
        self._post(f"/my/appointments/{event.id}/cancel")
        self.env.invalidate_all()
        self.assertEqual(event.appointment_status, "cancelled")
        self.assertBalances(self.credit, 5, 0)

    def test_too_late_to_cancel_online(self):
        event = self.line._book(self.start)
        self.course.cancel_notice_hours = 24 * 30
        self.authenticate("paula", "paula")
        page = self.url_open(f"/my/appointments/{event.id}")
        self.assertNotIn("o_medspa_cancel", page.text)
        self.assertIn("The time to change or cancel it online is over.", page.text)
        response = self._post(f"/my/appointments/{event.id}/cancel")
        self.assertEqual(response.status_code, 200)
        self.env.invalidate_all()
        self.assertEqual(event.appointment_status, "booked")
        self.assertBalances(self.credit, 5, 1)

    def test_week_without_free_time_leads_to_the_next(self):
        monday = self.company._medspa_date()
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Closed",
                "calendar_id": self.calendar.id,
                "date_from": self.company._medspa_utc(monday, time.min),
                "date_to": self._at(monday + timedelta(days=30), 23),
            }
        )
        self.authenticate("paula", "paula")
        begin = monday + timedelta(days=2)
        page = self.url_open(f"{self.book_url}?from={begin}")
        self.assertIn("No free time in these days", page.text)
        following = self.line._get_next_offered_day(begin)
        self.assertIn(f"day={following}", page.text)
        page = self.url_open(f"{self.book_url}?day={following}")
        self.assertIn("o_medspa_confirm", page.text)

    def test_calendar_file_names_no_person(self):
        event = self.line._book(self.start)
        self.authenticate("paula", "paula")
        response = self.url_open(f"/my/appointments/{event.id}/appointment.ics")
        self.assertIn("text/calendar", response.headers["Content-Type"])
        text = response.text.replace("\r\n ", "")
        self.assertIn(f"SUMMARY:Peel at {self.company.name}", text)
        self.assertIn(f"DTSTART:{self.start:%Y%m%dT%H%M%SZ}", text)
        for person in ("Paula", "Petra", "Pablo", "MAILTO", "doc@"):
            self.assertNotIn(person, text)
