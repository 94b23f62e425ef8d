# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date, datetime, timedelta
from itertools import product

from psycopg2.errors import ExclusionViolation

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from ..models.appointment.calendar_event_flow import STATUS_TRANSITIONS
from .common import TODAY, ClinicCase

# Two hours before "now": an appointment of today that can be closed.
TODAY_9 = datetime(2026, 2, 2, 8, 0)
TOMORROW = datetime(2026, 2, 3, 10, 0)


class AppointmentCase(ClinicCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Cancelling is never late here, unless a test says so.
        cls.company.cancel_notice_hours = 0

    def assertRefused(self, call, *words):
        with self.assertRaises(UserError) as caught, self.env.cr.savepoint():
            call()
        self.env.invalidate_all()
        for word in words:
            self.assertIn(word, str(caught.exception))


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestAppointmentStatus(AppointmentCase):
    # What each status makes of a credit of three sessions: (remaining, reserved).
    BALANCES = {
        "booked": (3, 1),
        "arrived": (3, 1),
        "attended": (2, 0),
        "no_show": (2, 0),
        "cancelled": (3, 0),
    }
    WAYS = {
        "booked": [],
        "arrived": ["arrived"],
        "attended": ["attended"],
        "no_show": ["no_show"],
        "cancelled": ["cancelled"],
    }

    def _bring_to(self, status, **vals):
        event = self._create_appointment(TODAY_9, **vals)
        for step in self.WAYS[status]:
            event.write({"appointment_status": step})
        return event

    def test_every_transition_is_allowed_or_refused(self):
        credit = self._create_credit(3)
        for source, target in product(self.BALANCES, self.BALANCES):
            if source == target:
                continue
            with self.subTest(source=source, target=target):
                savepoint = self.env.cr.savepoint()
                event = self._bring_to(source)
                self.assertBalances(credit, *self.BALANCES[source])
                if target in STATUS_TRANSITIONS[source]:
                    event.write({"appointment_status": target})
                    self.assertEqual(event.appointment_status, target)
                    self.assertBalances(credit, *self.BALANCES[target])
                else:
                    self.assertRefused(
                        lambda e=event, t=target: e.write({"appointment_status": t}),
                        "cannot become",
                    )
                    self.assertEqual(event.appointment_status, source)
                    self.assertBalances(credit, *self.BALANCES[source])
                self.env.clear()
                savepoint.close(rollback=True)

    def test_the_status_is_never_emptied(self):
        event = self._create_appointment(TODAY_9)
        for status in (False, "lost"):
            self.assertRefused(
                lambda s=status: event.write({"appointment_status": s}), "cannot become"
            )

    def test_buttons(self):
        credit = self._create_credit(2)
        event = self._create_appointment(TODAY_9)
        self.assertEqual(event.appointment_status, "booked")
        self.assertIn("2 sessions remaining, 1 of them reserved", event.credit_summary)
        event.action_arrive()
        event.action_done()
        self.assertEqual(event.visit_id.state, "done")
        self.assertEqual(event.visit_id.visited_at, event.start)
        self.assertEqual(event.visit_id.credit_move_ids.kind, "redeem")
        self.assertBalances(credit, 1, 0)
        event.action_undo()
        self.assertEqual(event.appointment_status, "arrived")
        self.assertFalse(event.visit_id)
        self.assertBalances(credit, 2, 1)
        event.action_undo()
        self.assertEqual(event.appointment_status, "booked")
        event.action_cancel_appointment()
        self.assertBalances(credit, 2, 0)
        self.assertFalse(event.occupancy_ids)
        event.action_undo()
        self.assertBalances(credit, 2, 1)
        self.assertEqual(len(event.occupancy_ids), 2)

    def test_undo_gives_back_exactly_what_was_taken(self):
        credit = self._create_credit(3, value=100)
        credit._redeem(2, date(2026, 2, 2))
        event = self._create_appointment(TODAY_9)
        for _time in range(3):
            event.action_done()
            self.assertEqual(credit.value_remaining, 0)
            event.action_undo()
            self.assertEqual(credit.value_remaining, 33.33)
            self.assertBalances(credit, 1, 1)
        self.assertEqual(event.visit_ids.mapped("state"), ["undone"] * 3)

    def test_undo_after_the_credit_expired(self):
        credit = self._create_credit(1, expires_on=date(2026, 2, 2))
        event = self._create_appointment(TODAY_9)
        event.action_done()
        with freeze_time("2026-02-05 09:00:00"):
            event.action_undo()
            self.assertBalances(credit, 1, 1)
            event.action_done()  # It took place while the credit was valid.
            self.assertBalances(credit, 0, 0)

    def test_closed_twice_takes_one_session(self):
        credit = self._create_credit(3)
        event = self._create_appointment(TODAY_9)
        event.action_done()
        event.action_done()
        self.assertBalances(credit, 2, 0)
        self.assertEqual(len(event.visit_ids), 1)

    def test_an_appointment_of_a_day_to_come_is_not_closed(self):
        event = self._create_appointment(TOMORROW)
        for action in ("action_arrive", "action_done", "action_no_show"):
            self.assertRefused(getattr(event, action), "is on 02/03/2026")
        # 23:30 in UTC is tomorrow in Madrid, so it may be closed then.
        with freeze_time("2026-02-02 23:30:00"):
            event.action_done()

    def test_no_show_by_the_clinic_rule(self):
        credit = self._create_credit(2)
        event = self._bring_to("no_show")
        self.assertBalances(credit, 1, 0)
        self.assertFalse(event.visit_ids)
        self.assertFalse(event.occupancy_ids)
        event.action_undo()
        self.assertBalances(credit, 2, 1)
        self.company.no_show_uses_session = False
        event.action_no_show()
        self.assertEqual(event.appointment_status, "no_show")
        self.assertBalances(credit, 2, 0)
        event.action_undo()
        self.assertBalances(credit, 2, 1)

    def test_no_show_taken_back_twice_gives_back_once_each(self):
        credit = self._create_credit(2)
        event = self._bring_to("no_show")
        event.action_undo()
        event.write({"appointment_status": "no_show"})
        self.assertBalances(credit, 1, 0)
        event.action_undo()
        self.assertBalances(credit, 2, 1)

    def test_the_desk_is_asked_before_a_session_is_lost(self):
        credit = self._create_credit(2)
        event = self._create_appointment(TODAY_9)
        action = event.action_no_show()
        self.assertEqual(action["type"], "ir.actions.act_window")
        self.assertEqual(event.appointment_status, "booked")
        self.assertBalances(credit, 2, 1)

    def test_cancelled_late_uses_the_session_by_the_clinic_rule(self):
        self.company.write(
            {"cancel_notice_hours": 24, "late_cancel_uses_session": True}
        )
        credit = self._create_credit(3)
        in_time = self._create_appointment(TOMORROW)
        late = self._create_appointment(TODAY_9)
        in_time.write({"appointment_status": "cancelled"})
        self.assertBalances(credit, 3, 1)
        late.write({"appointment_status": "cancelled"})
        self.assertBalances(credit, 2, 0)
        late.action_undo()
        self.assertBalances(credit, 3, 1)

    def test_not_covered_is_possible_and_said(self):
        event = self._create_appointment(TODAY_9)
        self.assertFalse(event.credit_id)
        self.assertEqual(event.credit_summary, "To be paid: no credit covers it.")
        event.action_done()
        self.assertTrue(event.visit_id)

    def test_credit_bought_after_the_booking_pays(self):
        event = self._create_appointment(TODAY_9)
        credit = self._create_credit(1)
        event.action_done()
        self.assertBalances(credit, 0, 0)
        self.assertEqual(event.credit_id, credit)

    def test_paid_apart_keeps_the_credit(self):
        credit = self._create_credit(1)
        event = self._create_appointment(TODAY_9, is_paid_apart=True)
        self.assertBalances(credit, 1, 0)
        event.action_done()
        self.assertBalances(credit, 1, 0)

    def test_done_is_not_changed_before_it_is_undone(self):
        self._create_credit(2)
        event = self._bring_to("attended")
        for vals in (
            {"start": TOMORROW},
            {"patient_id": self.other_patient.id},
            {"treatment_id": self.laser.id},
            {"practitioner_id": self.pablo.id},
            {"is_paid_apart": True},
        ):
            self.assertRefused(lambda v=vals: event.write(v), "Undo it first")
        event.write({"description": "Well done", "start": event.start})

    def test_created_as_done_takes_its_session(self):
        credit = self._create_credit(2)
        event = self._create_appointment(TODAY_9, appointment_status="attended")
        self.assertTrue(event.visit_id)
        self.assertBalances(credit, 1, 0)

    def test_a_meeting_is_no_appointment(self):
        meeting = self.env["calendar.event"].create(
            {"name": "Team", "start": TOMORROW, "stop": TOMORROW + timedelta(hours=1)}
        )
        self.assertFalse(meeting.appointment_status)
        vals = {
            "patient_id": self.patient.id,
            "treatment_id": self.peel.id,
            "practitioner_id": self.petra.id,
        }
        self.assertRefused(lambda: meeting.write(vals), "book a new one")
        meeting.unlink()

    def test_an_appointment_is_kept(self):
        event = self._create_appointment(TOMORROW)
        self.assertRefused(event.unlink, "Cancel the appointment")
        self.assertRefused(lambda: event.write({"treatment_id": False}), "cancel it")

    def test_a_copy_is_a_booking_of_its_own(self):
        credit = self._create_credit(2)
        event = self._bring_to("attended")
        copy = event.copy({"start": TOMORROW, "stop": TOMORROW + timedelta(minutes=45)})
        self.assertEqual(copy.appointment_status, "booked")
        self.assertFalse(copy.visit_ids)
        self.assertBalances(credit, 1, 1)

    def test_receptionist_runs_the_day(self):
        credit = self._create_credit(2)
        event = (
            self.env["calendar.event"]
            .with_user(self.receptionist)
            .create(
                {
                    "patient_id": self.patient.id,
                    "treatment_id": self.peel.id,
                    "practitioner_id": self.petra.id,
                    "start": TODAY_9,
                }
            )
        )
        for action in ("arrive", "done", "undo", "undo", "cancel_appointment", "undo"):
            getattr(event, f"action_{action}")()
        event.write({"appointment_status": "no_show"})
        self.assertBalances(credit, 1, 0)
        self.assertEqual(credit.move_ids[0].user_id, self.receptionist)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestAppointmentCredit(AppointmentCase):
    def test_rescheduling_keeps_the_reservation(self):
        credit = self._create_credit(2)
        event = self._create_appointment(TOMORROW)
        moves = credit.move_ids
        event.write({"start": TOMORROW + timedelta(days=1)})
        self.assertEqual(credit.move_ids, moves)
        self.assertEqual(event.stop - event.start, timedelta(minutes=45))
        self.assertBalances(credit, 2, 1)

    def test_not_moved_beyond_the_validity(self):
        credit = self._create_credit(1, expires_on=date(2026, 2, 5))
        event = self._create_appointment(TOMORROW)
        late = TOMORROW + timedelta(days=7)
        self.assertRefused(
            lambda: event.write({"start": late, "stop": late + timedelta(hours=1)}),
            "expired on",
        )
        self.assertEqual(event.start, TOMORROW)
        self.assertBalances(credit, 1, 1)

    def test_another_treatment_reserves_its_own_credit(self):
        peel_credit = self._create_credit(1)
        laser_credit = self._create_credit(1, treatment_id=self.laser.id)
        event = self._create_appointment(TOMORROW)
        event.write({"treatment_id": self.laser.id})
        self.assertEqual(event.credit_id, laser_credit)
        self.assertBalances(peel_credit, 1, 0)
        self.assertBalances(laser_credit, 1, 1)

    def test_another_patient_reserves_their_own_credit(self):
        credit = self._create_credit(1)
        others = self._create_credit(1, partner=self.other_patient)
        event = self._create_appointment(TOMORROW)
        event.write({"patient_id": self.other_patient.id})
        self.assertEqual(event.credit_id, others)
        self.assertBalances(credit, 1, 0)
        self.assertBalances(others, 1, 1)

    def test_another_patient_without_credit_pays_apart(self):
        credit = self._create_credit(1)
        event = self._create_appointment(TOMORROW)
        event.write({"patient_id": self.other_patient.id})
        self.assertFalse(event.credit_id)
        self.assertBalances(credit, 1, 0)

    def test_a_person_picks_another_credit(self):
        first = self._create_credit(1)
        second = self._create_credit(1)
        event = self._create_appointment(TOMORROW)
        self.assertEqual(event.credit_id, first)
        event.write({"credit_id": second.id})
        self.assertBalances(first, 1, 0)
        self.assertBalances(second, 1, 1)

    def test_a_person_picks_a_credit_when_booking(self):
        self._create_credit(1)
        second = self._create_credit(1)
        event = self._create_appointment(TOMORROW, credit_id=second.id)
        self.assertEqual(event.credit_id, second)
        self.assertBalances(second, 1, 1)

    def test_only_own_credit_that_covers_it_pays(self):
        event = self._create_appointment(TOMORROW)
        others = self._create_credit(1, partner=self.other_patient)
        laser = self._create_credit(1, treatment_id=self.laser.id)
        money = self._create_credit(100, unit="money")
        for credit in (others, laser, money):
            self.assertRefused(
                lambda c=credit: event.write({"credit_id": c.id}), "cannot pay"
            )
            self.assertBalances(credit, 1 if credit != money else 100, 0)

    def test_shared_credit_pays_for_those_who_share_it(self):
        credit = self._create_credit(
            2, beneficiary_ids=[Command.set(self.other_patient.ids)]
        )
        event = self._create_appointment(TOMORROW, patient_id=self.other_patient.id)
        self.assertEqual(event.credit_id, credit)
        self.assertBalances(credit, 2, 1)
        event.write({"patient_id": self.patient.id})
        event.write({"credit_id": credit.id})
        self.assertEqual(event.credit_id, credit)
        self.assertBalances(credit, 2, 1)

    def test_paid_apart_gives_back_and_takes_again(self):
        credit = self._create_credit(1)
        event = self._create_appointment(TOMORROW)
        event.is_paid_apart = True
        self.assertBalances(credit, 1, 0)
        self.assertFalse(event.credit_id)
        event.is_paid_apart = False
        self.assertBalances(credit, 1, 1)

    def test_opened_again_when_the_credit_went_elsewhere(self):
        credit = self._create_credit(1)
        event = self._create_appointment(TOMORROW)
        event.action_cancel_appointment()
        self._create_appointment(TOMORROW + timedelta(days=1))
        self.assertBalances(credit, 1, 1)
        event.action_undo()
        self.assertFalse(event.credit_id)
        self.assertBalances(credit, 1, 1)


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestOccupancy(AppointmentCase):
    def test_practitioner_is_in_one_place(self):
        self._create_appointment(TOMORROW, room_id=self.room_1.id)
        self.assertRefused(
            lambda: self._create_appointment(
                TOMORROW + timedelta(minutes=30),
                room_id=self.room_2.id,
                patient_id=self.other_patient.id,
            ),
            "Petra or Room 2 is taken at",
            "11:30",
        )

    def test_room_holds_one_patient(self):
        self._create_appointment(TOMORROW, room_id=self.room_1.id)
        self.assertRefused(
            lambda: self._create_appointment(
                TOMORROW, room_id=self.room_1.id, practitioner_id=self.pablo.id
            ),
            "Pablo or Room 1 is taken",
        )

    def test_a_free_room_is_found(self):
        first = self._create_appointment(TOMORROW)
        second = self._create_appointment(TOMORROW, practitioner_id=self.pablo.id)
        self.assertEqual(first.room_id | second.room_id, self.room_1 | self.room_2)

    def test_one_after_the_other(self):
        self._create_appointment(TOMORROW)
        self._create_appointment(TOMORROW + timedelta(minutes=45))

    def test_buffers_count(self):
        self.peel.write({"buffer_before_minutes": 5, "buffer_after_minutes": 10})
        event = self._create_appointment(TOMORROW)
        row = event.occupancy_ids[0]
        self.assertEqual(row.start, TOMORROW - timedelta(minutes=5))
        self.assertEqual(row.stop, TOMORROW + timedelta(minutes=55))
        for minutes in (45, 59):
            self.assertRefused(
                lambda m=minutes: self._create_appointment(
                    TOMORROW + timedelta(minutes=m)
                ),
                "is taken",
            )
        self._create_appointment(TOMORROW + timedelta(minutes=60))

    def test_a_refused_move_keeps_the_old_time(self):
        self._create_appointment(TOMORROW)
        event = self._create_appointment(TOMORROW + timedelta(hours=2))
        self.assertRefused(
            lambda: event.write(
                {"start": TOMORROW, "stop": TOMORROW + timedelta(minutes=45)}
            ),
            "is taken",
        )
        self.assertEqual(
            event.occupancy_ids.mapped("start"), [TOMORROW + timedelta(hours=2)] * 2
        )

    def test_cancelled_time_is_free_and_taken_again_only_if_free(self):
        event = self._create_appointment(TOMORROW)
        event.action_cancel_appointment()
        self._create_appointment(TOMORROW, patient_id=self.other_patient.id)
        self.assertRefused(event.action_undo, "is taken")
        self.assertEqual(event.appointment_status, "cancelled")

    def test_archived_time_is_free(self):
        event = self._create_appointment(TOMORROW)
        event.active = False
        self.assertFalse(event.occupancy_ids)
        event.active = True
        self.assertEqual(len(event.occupancy_ids), 2)

    def test_database_refuses_an_overlap(self):
        row = self._create_appointment(TOMORROW).occupancy_ids[0]
        self.env.flush_all()
        with (
            self.assertRaises(ExclusionViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(
                "INSERT INTO medspa_occupancy (event_id, resource_id, start, stop)"
                " SELECT event_id, resource_id, start + interval '1 minute',"
                " stop + interval '1 hour' FROM medspa_occupancy WHERE id = %s",
                [row.id],
            )

    def test_practitioner_must_perform_the_treatment(self):
        self.peel.practitioner_ids = self.pablo
        with self.assertRaisesRegex(ValidationError, "Choose one of: Pablo"):
            self._create_appointment(TOMORROW)

    def test_other_company_books_its_own(self):
        company = self.env["res.company"].create({"name": "Second clinic"})
        company.resource_calendar_id.tz = "America/New_York"
        credit_here = self._create_credit(1)
        credit_there = self._create_credit(1, company_id=company.id)
        event = (
            self.env["calendar.event"]
            .with_company(company)
            .create(
                {
                    "patient_id": self.patient.id,
                    "treatment_id": self.peel.id,
                    "practitioner_id": self.petra.id,
                    "start": datetime(2026, 2, 2, 2, 0),
                }
            )
        )
        self.assertEqual(event.medspa_company_id, company)
        self.assertEqual(event.credit_id, credit_there)
        self.assertBalances(credit_here, 1, 0)
        # Two o'clock in UTC is still the evening before in New York.
        self.assertEqual(event._get_local_date(), date(2026, 2, 1))
