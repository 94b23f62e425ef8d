# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta
from functools import partial

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .membership_http_common import MemberPages
from .test_booking_routes import PatientPages
from .test_credit_concurrency import SLOT, RealTransactionsCase


@tagged("post_install", "-at_install")
class TestSecondTap(PatientPages):
    """The second request is answered by what the first has done."""

    def setUp(self):
        super().setUp()
        self.authenticate("paula", "paula")

    def test_book(self):
        first = self._confirm()
        second = self._confirm()
        self.assertEqual(second.status_code, 303)
        self.assertEqual(first.headers["Location"], second.headers["Location"])
        self.assertEqual(len(self._appointments()), 1)
        self.assertBalances(self.credit, 5, 1)

    def test_move(self):
        event = self.line._book(self.start)
        later = self.start + timedelta(hours=2)
        for _tap in range(2):
            response = self._confirm(later, url=f"/my/appointments/{event.id}/move")
            self.assertEqual(response.status_code, 303)
            self.assertIn("moved=1", response.headers["Location"])
        self.assertEqual(self._appointments().start, later)

    def test_cancel(self):
        event = self.line._book(self.start)
        for _tap in range(2):
            response = self._post(f"/my/appointments/{event.id}/cancel")
            self.assertEqual(response.status_code, 303)
        self.assertEqual(self._appointments().appointment_status, "cancelled")

    def test_another_one_who_took_it_is_no_second_tap(self):
        self._create_course(partner=self.other_patient).line_ids._book(
            self.start, self.petra
        )
        response = self._confirm(**{"with": str(self.petra.id)})
        self.assertEqual(response.status_code, 200)
        self.assertIn("cannot be booked any more", response.text)


@tagged("post_install", "-at_install")
class TestSecondTapOfMember(MemberPages):
    """The same of a membership."""

    def setUp(self):
        super().setUp()
        self.membership = self._join()
        self.url = f"/my/memberships/{self.membership.id}"
        self.authenticate("paula", "paula")

    def _tap_twice(self, page, done, **data):
        for _tap in range(2):
            response = self._post(f"{self.url}/{page}", **data)
            self.assertEqual(response.status_code, 303, response.text[-3000:])
            self.assertIn(f"done={done}", response.headers["Location"])
        self.env.invalidate_all()

    def test_pause_and_resume(self):
        start = self.company._medspa_date() + timedelta(days=40)
        end = start + timedelta(days=20)
        self._tap_twice("pause", "pause", start=str(start), end=str(end))
        pause = self.membership.pause_ids
        self.assertEqual(pause.mapped("state"), ["planned"])
        self._tap_twice("resume", "unplanned", pause=str(pause.id))
        self.assertEqual(pause.state, "cancelled")

    def test_change(self):
        big_plan = self._publish(self._create_plan("Radiance", 199))
        today = self.company._medspa_date()
        amount = self.membership._get_plan_change(big_plan, today)["amount"]
        self._tap_twice("change", "plan", plan=big_plan.id, when="now", amount=amount)
        self.assertEqual(self.membership.template_id, big_plan)
        upgrades = self.membership.period_ids.filtered(lambda p: p.kind == "upgrade")
        self.assertEqual(len(upgrades), 1)

    def test_keep(self):
        self.membership._cancel(self.reason)
        self._tap_twice("keep", "keep")
        self.assertFalse(self.membership.cancelled_on)


@tagged("post_install", "-at_install")
class TestOwnTimes(PatientPages):
    """Nobody is in two places at once: not offered, and not to be had."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.laser_course = cls._create_course(
            product=cls._create_course_product("3 lasers", 200, [(cls.laser, 3, 0)])
        )
        cls.laser_line = cls.laser_course.line_ids
        cls.event = cls.line._book(cls.start, cls.petra)

    def _offer(self):
        slots = self.laser_line._get_offered_slots(
            self._at(self.day, 0), self._at(self.day, 23)
        )
        return {slot["start"] for slot in slots}

    def test_not_offered(self):
        offered = self._offer()
        # The peel takes 45 minutes from 11:00 on, a laser takes 30.
        for minutes in (-15, 0, 15, 30):
            self.assertNotIn(self.start + timedelta(minutes=minutes), offered)
        for minutes in (-30, 45):
            self.assertIn(self.start + timedelta(minutes=minutes), offered)

    def test_not_to_be_had(self):
        with self.assertRaisesRegex(UserError, "cannot be booked any more"):
            self.laser_line._book(self.start, self.pablo)

    def test_freed_by_cancelling(self):
        self.event.action_cancel_appointment()
        self.assertTrue(self.laser_line._book(self.start, self.pablo))

    def test_own_time_of_a_move_does_not_count(self):
        later = self.start + timedelta(minutes=15)
        self.event._move_by_patient(later)
        self.assertEqual(self.event.start, later)
        self.assertIn(self.start - timedelta(minutes=15), self._offer())

    def test_not_moved_into_it(self):
        laser = self.laser_line._book(self.start + timedelta(hours=2), self.pablo)
        with self.assertRaisesRegex(UserError, "cannot be booked any more"):
            laser._move_by_patient(self.start, self.pablo)

    def test_the_desk_may(self):
        """Some treatments go together: the desk knows, and both stay what they are."""
        both = self._create_appointment(
            self.start, treatment_id=self.laser.id, practitioner_id=self.pablo.id
        )
        (both | self.event).write({"location": "Both rooms", "active": True})
        self.assertFalse(both.patient_occupancy_ids.patient_id)
        self.event.action_cancel_appointment()
        both.write({"start": self.start + timedelta(minutes=15)})
        self.assertEqual(both.patient_occupancy_ids.patient_id, self.patient)


@tagged("post_install", "-at_install")
class TestOwnTimesTogether(RealTransactionsCase):
    def test_two_places_at_the_same_moment(self):
        """One of two requests for the same time gets it, the other is told why."""
        with self._transaction() as env:
            other = env["resource.resource"].create(
                [
                    {"name": "Pablo", "medspa_role": "practitioner"},
                    {
                        "name": "Room 2",
                        "medspa_role": "room",
                        "resource_type": "material",
                    },
                ]
            )
            other_ids = other.ids

        def book(resource_ids, env):
            practitioner_id, room_id = resource_ids
            event = env["calendar.event"].create(
                {
                    **self._prepare_booking(),
                    "practitioner_id": practitioner_id,
                    "room_id": room_id,
                }
            )
            event._check_patient_is_free()
            return event.id

        done, refused, others = self._split(
            self._run_together(
                partial(book, (self.practitioner_id, self.room_id)),
                partial(book, other_ids),
            )
        )
        self.assertFalse(others)
        self.assertEqual((len(done), len(refused)), (1, 1))
        self.assertIn("another appointment at that time", str(refused[0]))
        with self._transaction() as env:
            rows = env["medspa.occupancy"].search(
                [("patient_id", "=", self.patient_id), ("start", "=", SLOT)]
            )
            self.assertEqual(rows.event_id.ids, done)
            self.assertEqual(rows.stop, SLOT + timedelta(minutes=45))
            self.assertEqual(fields.Datetime.to_datetime(rows.start), SLOT)
