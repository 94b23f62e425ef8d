# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date, datetime, time, timedelta

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .common import TODAY, ClinicCase

TUESDAY = date(2026, 2, 3)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestFreeSlots(ClinicCase):
    def _get_slots(self, day, treatment=None, practitioners=None, days=1, **kwargs):
        """Return the free times of whole days on the clinic's clock."""
        return (treatment or self.peel)._get_free_slots(
            self._at(day, 0),
            self._at(day + timedelta(days=days), 0),
            practitioners or self.petra,
            **kwargs,
        )

    def _get_times(self, *args, **kwargs):
        """Return the same as times of day, as patients read them."""
        return [
            self.company._medspa_local(slot["start"]).strftime("%H:%M")
            for slot in self._get_slots(*args, **kwargs)
        ]

    def _open_every_day(self, hour_from, hour_to):
        self.calendar.attendance_ids = [
            Command.clear(),
            *[
                Command.create(
                    {
                        "name": "Day",
                        "dayofweek": str(day),
                        "hour_from": hour_from,
                        "hour_to": hour_to,
                    }
                )
                for day in range(7)
            ],
        ]

    def test_working_hours(self):
        times = self._get_times(TUESDAY)
        # 45 minutes between 9 and 17 in steps of a quarter: 9:00 to 16:15.
        self.assertEqual((times[0], times[-1], len(times)), ("09:00", "16:15", 30))

    def test_closed_days(self):
        self.assertFalse(self._get_slots(date(2026, 2, 7), days=2), "a weekend")

    def test_month_end(self):
        days = {
            slot["start"].date() for slot in self._get_slots(date(2026, 2, 26), days=5)
        }
        self.assertEqual(days, {date(2026, 2, 26), date(2026, 2, 27), date(2026, 3, 2)})

    def test_leave_of_one_practitioner(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Dentist",
                "calendar_id": self.calendar.id,
                "resource_id": self.petra.id,
                "date_from": self._at(TUESDAY, 9),
                "date_to": self._at(TUESDAY, 12),
            }
        )
        self.assertEqual(self._get_times(TUESDAY)[0], "12:00")
        self.assertEqual(self._get_times(TUESDAY, practitioners=self.pablo)[0], "09:00")

    def test_public_holiday(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Candlemas",
                "calendar_id": self.calendar.id,
                "date_from": self._at(TUESDAY, 0),
                "date_to": self._at(TUESDAY, 23, 59),
            }
        )
        self.assertFalse(self._get_slots(TUESDAY))

    def test_taken_time_with_buffers_is_not_offered(self):
        self.peel.write({"buffer_before_minutes": 10, "buffer_after_minutes": 15})
        self._create_appointment(self._at(TUESDAY, 12))
        times = self._get_times(TUESDAY)
        # Taken 11:50 to 13:00; one more takes an hour before it, 10 minutes after it.
        self.assertIn("10:45", times)
        self.assertIn("13:15", times)
        self.assertFalse({"11:00", "11:15", "12:00", "12:45", "13:00"} & set(times))

    def test_no_room_no_time(self):
        self.peel.room_ids = self.room_1
        self._create_appointment(
            self._at(TUESDAY, 10), practitioner_id=self.pablo.id, room_id=self.room_1.id
        )
        times = self._get_times(TUESDAY)
        self.assertNotIn("10:00", times)
        self.assertIn("10:45", times)

    def test_the_second_room_is_offered(self):
        self._create_appointment(
            self._at(TUESDAY, 10), practitioner_id=self.pablo.id, room_id=self.room_1.id
        )
        slot = next(
            slot
            for slot in self._get_slots(TUESDAY)
            if slot["start"] == self._at(TUESDAY, 10)
        )
        self.assertEqual(slot["room"], self.room_2)

    def test_only_performers_are_offered(self):
        self.peel.practitioner_ids = self.pablo
        self.assertFalse(self._get_slots(TUESDAY, practitioners=self.petra))
        slots = self.peel._get_free_slots(self._at(TUESDAY, 0), self._at(TUESDAY, 23))
        self.assertEqual({slot["practitioner"] for slot in slots}, {self.pablo})

    def test_what_is_offered_can_be_booked(self):
        """Book each offered time of a busy week by itself: none is refused."""
        self.peel.write({"buffer_before_minutes": 5, "buffer_after_minutes": 20})
        for hour, practitioner in (
            (10, self.petra),
            (13, self.pablo),
            (15, self.petra),
        ):
            self._create_appointment(
                self._at(TUESDAY, hour), practitioner_id=practitioner.id
            )
        slots = self._get_slots(TUESDAY, days=2, practitioners=self.petra | self.pablo)
        self.assertGreater(len(slots), 50)
        for slot in slots:
            savepoint = self.env.cr.savepoint()
            event = self._create_appointment(
                slot["start"],
                practitioner_id=slot["practitioner"].id,
                room_id=slot["room"].id,
            )
            self.assertEqual(event.stop, slot["stop"])
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def test_what_is_not_offered_is_taken(self):
        """Every quarter that is left out inside working hours is refused when tried."""
        self._create_appointment(self._at(TUESDAY, 12))
        offered = {slot["start"] for slot in self._get_slots(TUESDAY)}
        quarter = timedelta(minutes=15)
        left_out = [
            start
            for start in (self._at(TUESDAY, 9) + quarter * i for i in range(30))
            if start not in offered
        ]
        self.assertEqual(len(left_out), 5)
        for start in left_out:
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self._create_appointment(start)
            self.env.invalidate_all()

    def test_all_offers_can_be_taken_one_after_the_other(self):
        count = 0
        while slots := self._get_slots(TUESDAY):
            self._create_appointment(slots[0]["start"], room_id=slots[0]["room"].id)
            count += 1
        self.assertEqual(count, 10, "eight hours hold ten times 45 minutes")

    def test_the_clock_of_the_clinic_on_clock_change_days(self):
        self._open_every_day(9, 17)
        for day, utc_hour in (
            (date(2026, 3, 28), 8),
            (date(2026, 3, 29), 7),  # summer time begins
            (date(2026, 10, 24), 7),
            (date(2026, 10, 25), 8),  # and ends
        ):
            with self.subTest(day=day):
                slots = self._get_slots(day)
                self.assertEqual(
                    slots[0]["start"], datetime.combine(day, time(utc_hour))
                )
                self.assertEqual(self._get_times(day)[-1], "16:15")
                self.assertEqual(len(slots), 30)

    def test_the_grid_stands_on_the_clock_on_clock_change_days(self):
        self._open_every_day(9, 17)
        self.company.booking_step_minutes = 90
        # Multiples of an hour and a half since midnight: 9:00, 10:30, 12:00 ...
        expected = ["09:00", "10:30", "12:00", "13:30", "15:00"]
        for day in (date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 25)):
            with self.subTest(day=day):
                self.assertEqual(self._get_times(day), expected)

    def test_the_night_of_the_clock_change(self):
        self._open_every_day(0, 6)
        self.company.booking_step_minutes = 60
        # The hour from two to three is missing in March and comes twice in October.
        self.assertEqual(
            self._get_times(date(2026, 3, 29)),
            ["00:00", "01:00", "03:00", "04:00", "05:00"],
        )
        autumn = self._get_slots(date(2026, 10, 25))
        self.assertEqual(len({slot["start"] for slot in autumn}), len(autumn))
        for slot in autumn:
            savepoint = self.env.cr.savepoint()
            self._create_appointment(slot["start"])
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def test_part_of_a_day(self):
        slots = self.peel._get_free_slots(
            self._at(TUESDAY, 10, 5), self._at(TUESDAY, 11), self.petra
        )
        self.assertEqual(
            [slot["start"] for slot in slots],
            [self._at(TUESDAY, 10, minute) for minute in (15, 30, 45)],
        )

    def test_nothing_from_nobody(self):
        self.assertFalse(
            self.peel._get_free_slots(self._at(TUESDAY, 12), self._at(TUESDAY, 9))
        )
        self.room_1.active = self.room_2.active = False
        self.assertFalse(self._get_slots(TUESDAY))

    def test_queries_do_not_grow_with_practitioners(self):
        many = self.petra | self.pablo
        for index in range(8):
            many |= self._create_resource(f"Doctor {index}", "practitioner")
        for practitioner in many:
            self._create_appointment(
                self._at(TUESDAY, 9 + practitioner.id % 8, practitioner.id % 4),
                practitioner_id=practitioner.id,
                room_id=self._create_resource(f"R{practitioner.id}", "room").id,
            )

        def count(practitioners):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._get_slots(TUESDAY, practitioners=practitioners, days=7)
            return self.env.cr.sql_log_count - before

        count(many)
        self.assertLessEqual(count(many), count(many[:2]) + 2)
