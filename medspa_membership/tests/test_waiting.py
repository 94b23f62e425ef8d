# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import re
import threading
from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.service.model import retrying
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from .common import TODAY, ClinicCase
from .test_credit_concurrency import RealTransactionsCase
from .test_open_booking import VISITOR, OpenBookingCase

OFFER = re.compile(r'href="[^"]*?(/book/offer/[\w=-]+)"')
JOIN = re.compile(r'href="[^"]*?(/book/waiting/confirm/[\w=-]+)"')


class WaitingData:
    """People in line, and what they are offered."""

    def _wait(self, partner, **vals):
        return self.env["medspa.waiting"].create(
            {
                "partner_id": partner.id,
                "treatment_id": self.peel.id,
                "date_from": "2026-02-02",
                "date_to": "2026-02-20",
                **vals,
            }
        )

    def _create_patients(self, count):
        return self.env["res.partner"].create(
            [
                {"name": f"Patient {number}", "email": f"p{number}@example.com"}
                for number in range(count)
            ]
        )

    def _slot(self):
        return self.env["medspa.waiting.slot"].search([], order="id desc", limit=1)

    def _offers(self, state="open"):
        return self._slot().offer_ids.filtered(lambda offer: offer.state == state)


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestWaiting(WaitingData, ClinicCase):
    """Who is offered a freed time, in which order, and how long it is held."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A Thursday at 11:00 on the clinic's clock, with Petra.
        cls.start = cls._at(fields.Date.to_date("2026-02-05"), 11)
        cls.event = cls._create_appointment(cls.start)

    def _run(self):
        with self.enter_registry_test_mode():
            self.env.ref(
                "medspa_membership.ir_cron_offer_freed_times"
            ).method_direct_trigger()
        self.env.invalidate_all()

    def test_nobody_waits_nothing_is_held(self):
        self.event.action_cancel_appointment()
        self.assertFalse(self._slot())
        self.assertFalse(self.env["medspa.occupancy"].search([]))

    def test_first_in_line_are_offered_the_time_and_it_is_held(self):
        entries = [self._wait(partner) for partner in self._create_patients(5)]
        self.event.action_cancel_appointment()
        slot = self._slot()
        self.assertEqual(slot.practitioner_id, self.petra)
        self.assertEqual(
            set(slot.occupancy_ids.resource_id), {self.petra, self.event.room_id}
        )
        self._run()
        self.assertEqual(
            list(self._offers().waiting_id), entries[:3], "the setting says three"
        )
        self.assertEqual(self._offers()[0].start, self.start)
        with self.assertRaises(UserError):
            self._create_appointment(self.start, patient_id=self.other_patient.id)

    def test_next_in_line_follow_when_the_first_let_it_lapse(self):
        entries = [self._wait(partner) for partner in self._create_patients(5)]
        self.event.action_cancel_appointment()
        self._run()
        slot = self._slot()
        self.assertEqual(
            slot.next_step_at, fields.Datetime.to_datetime("2026-02-02 09:01:00")
        )
        triggers = self.env["ir.cron.trigger"].search(
            [
                (
                    "cron_id",
                    "=",
                    self.env.ref("medspa_membership.ir_cron_offer_freed_times").id,
                ),
                ("call_at", "=", slot.next_step_at),
            ]
        )
        self.assertTrue(triggers)
        with freeze_time("2026-02-02 09:00:59"):
            self._run()
            self.assertEqual(list(self._offers().waiting_id), entries[:3])
        with freeze_time("2026-02-02 09:01:00"):
            self._run()
            self.assertEqual(list(self._offers().waiting_id), entries[3:])
            self.assertEqual(len(self._offers("lapsed")), 3)
        with freeze_time("2026-02-02 10:02:00"):
            self._run()
        self.assertEqual(slot.state, "over")
        self.assertFalse(slot.occupancy_ids)
        self.assertEqual(
            set(self.env["medspa.waiting"].search([]).mapped("state")), {"waiting"}
        )

    def test_only_whom_it_suits(self):
        patients = self._create_patients(9)
        wishes = [
            {},
            {"practitioner_id": self.pablo.id},
            {"practitioner_id": self.petra.id},
            {"date_from": "2026-02-06"},
            {"date_to": "2026-02-04"},
            {"in_morning": False},
            {"treatment_id": self.laser.id},
            {"state": "unconfirmed"},
            {"state": "left"},
        ]
        entries = [
            self._wait(patient, **wish)
            for patient, wish in zip(patients, wishes, strict=True)
        ]
        self.company.waiting_batch = 10
        self.event.action_cancel_appointment()
        self._run()
        # The laser takes 30 of the 45 minutes, and Petra gives it too.
        self.assertEqual(
            set(self._offers().waiting_id), {entries[0], entries[2], entries[6]}
        )

    def test_longer_treatment_does_not_fit(self):
        self.laser.duration_minutes = 60
        self._wait(self.other_patient, treatment_id=self.laser.id)
        self.event.action_cancel_appointment()
        self.assertFalse(self._slot())

    def test_part_of_the_day_is_on_the_clinic_s_clock(self):
        """11:30 in Madrid is 10:30 UTC in winter: morning; 12:00 is not."""
        Waiting = self.env["medspa.waiting"]
        entry = self._wait(self.other_patient, in_afternoon=False, in_evening=False)
        day = fields.Date.to_date("2026-02-05")
        for hour, minute, suits in ((11, 59, True), (12, 0, False), (17, 0, False)):
            domain = Waiting._get_waiting_domain(
                self.company, self._at(day, hour, minute)
            )
            self.assertEqual(entry in Waiting.search(domain), suits, hour)

    def test_move_offers_the_old_time(self):
        self._wait(self.other_patient)
        self.event._move_by_patient(self._at(fields.Date.to_date("2026-02-05"), 15))
        self.assertEqual(self._slot().start, self.start)

    def test_move_by_a_few_minutes_offers_nothing(self):
        """The old time is still taken in part."""
        self._wait(self.other_patient)
        self.event.start = self.start + timedelta(minutes=15)
        self.assertFalse(self._slot())

    def test_time_that_is_too_near_is_not_offered(self):
        self._wait(self.other_patient)
        with freeze_time(self.start - timedelta(minutes=59)):
            self.event.action_cancel_appointment()
        self.assertFalse(self._slot())

    def test_offer_ends_before_the_booking_lead_time(self):
        self._wait(self.other_patient)
        with freeze_time(self.start - timedelta(minutes=80)):
            self.event.action_cancel_appointment()
            self._run()
        self.assertEqual(self._slot().next_step_at, self.start - timedelta(minutes=59))

    def test_accepted_offer_is_an_appointment_with_the_session(self):
        credit = self._create_credit(1, partner=self.other_patient)
        entry = self._wait(self.other_patient)
        self._wait(self._create_patients(1))
        self.event.action_cancel_appointment()
        self._run()
        offer = self._offers()[0].sudo()
        event = offer._accept(offer._get_statement()["key"])
        self.assertEqual(event.patient_id, self.other_patient)
        self.assertEqual((event.start, event.practitioner_id), (self.start, self.petra))
        self.assertEqual(event.credit_id, credit)
        self.assertEqual((entry.state, entry.event_id), ("booked", event))
        self.assertEqual(self._slot().state, "taken")
        self.assertFalse(self._offers())
        with self.assertRaisesRegex(UserError, "You stay in line"):
            second = self._offers("lapsed").sudo()
            second._accept(second._get_statement()["key"])

    def test_other_price_than_shown_is_refused_and_the_time_stays_held(self):
        self._wait(self.other_patient)
        self.event.action_cancel_appointment()
        self._run()
        offer = self._offers().sudo()
        with self.assertRaisesRegex(UserError, "has changed"), self.env.cr.savepoint():
            offer._accept("price-1.000-0.000")
        self.env.invalidate_all()
        self.assertEqual(self._slot().state, "open")
        self.assertEqual(len(self._slot().occupancy_ids), 2)

    def test_declined_by_all_goes_to_the_next_at_once(self):
        self.company.waiting_batch = 1
        entries = [self._wait(partner) for partner in self._create_patients(2)]
        self.event.action_cancel_appointment()
        self._run()
        self._offers()._decline()
        self._run()
        self.assertEqual(self._offers().waiting_id, entries[1])
        self.assertEqual(entries[0].state, "waiting")

    def test_unpaid_deposit_puts_the_patient_back_in_line(self):
        self.company.write({"deposit_kind": "amount", "deposit_value": 30})
        entry = self._wait(self.other_patient)
        self.event.action_cancel_appointment()
        self._run()
        offer = self._offers().sudo()
        event = offer._accept(offer._get_statement()["key"])
        self.assertTrue(event.held_until)
        self.assertEqual(entry.state, "booked")
        event._release_hold()
        self.assertEqual(entry.state, "waiting")

    def test_one_that_fails_stops_no_other(self):
        self._wait(self.other_patient)
        other = self._create_appointment(
            self.start + timedelta(hours=3), patient_id=self.other_patient.id
        )
        self.event.action_cancel_appointment()
        other.action_cancel_appointment()
        first, second = self.env["medspa.waiting.slot"].search([], order="start")
        Slot = self.registry["medspa.waiting.slot"]
        original = Slot._offer_on

        def fail(slot):
            if slot == first:
                raise ValueError("broken")
            return original(slot)

        self.patch(Slot, "_offer_on", fail)
        with mute_logger(
            "odoo.addons.medspa_membership.models.portal.medspa_waiting_slot"
        ):
            self._run()
        self.assertFalse(first.offer_ids)
        self.assertTrue(second.offer_ids)

    def test_list_is_closed_after_the_last_day(self):
        entry = self._wait(self.other_patient, date_to="2026-02-03")
        Waiting = self.env["medspa.waiting"]
        with freeze_time("2026-02-03 22:59:00"):
            Waiting._cron_close()
            self.assertEqual(entry.state, "waiting")
        with freeze_time("2026-02-03 23:00:00"):
            Waiting._cron_close()
        self.assertEqual(entry.state, "over")

    def test_desk_puts_people_in_line_and_stops_an_offer(self):
        form = Form(self.env["medspa.waiting"].with_user(self.receptionist))
        form.partner_id = self.other_patient
        form.treatment_id = self.peel
        form.date_from, form.date_to = "2026-02-02", "2026-02-10"
        entry = form.save()
        self.event.with_user(self.receptionist).action_cancel_appointment()
        slot = self._slot().with_user(self.receptionist)
        self.assertEqual(slot.state, "open")
        slot.action_close()
        self.assertEqual(slot.state, "over")
        self._create_appointment(self.start, patient_id=self.other_patient.id)
        action = entry.action_book()
        self.assertEqual(action["context"]["default_patient_id"], self.other_patient.id)
        entry.action_leave()
        self.assertEqual(entry.state, "left")

    def test_practitioners_read_the_list_and_patients_nothing(self):
        entry = self._wait(self.other_patient)
        self.assertTrue(entry.with_user(self.practitioner_user).read(["partner_id"]))
        with self.assertRaises(AccessError):
            entry.with_user(self.practitioner_user).note = "x"
        user = self._create_portal_user(self.other_patient, "oscar")
        for model in ("medspa.waiting", "medspa.waiting.slot", "medspa.waiting.offer"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(user).search([])

    def test_other_clinic_sees_nothing(self):
        self._wait(self.other_patient)
        other = self.env["res.company"].create({"name": "Other"})
        user = self._create_user(
            "rec2",
            "receptionist",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertFalse(self.env["medspa.waiting"].with_user(user).search([]))

    def test_cancelling_costs_the_same_for_a_long_list(self):
        counts = []
        for count in (2, 20):
            self.env["medspa.waiting"].search([]).unlink()
            for partner in self._create_patients(count):
                self._wait(partner)
            event = self._create_appointment(
                self.start + timedelta(days=count % 7 + 5),
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            event.action_cancel_appointment()
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 1)


@tagged("post_install", "-at_install")
class TestWaitingRoutes(WaitingData, OpenBookingCase):
    def _join(self, login=None, **data):
        self.authenticate(login, login)
        values = {
            "date_from": str(self.day),
            "date_to": str(self.day + timedelta(days=7)),
            "in_morning": "1",
            **({} if login else VISITOR),
            **data,
        }
        with self.mock_mail_gateway():
            response = self._post(f"{self.url}/waiting", **values)
        self.env.invalidate_all()
        return response

    def _entries(self):
        return self.env["medspa.waiting"].search([])

    def test_patient_joins_and_leaves(self):
        self.assertIn("Let us tell you when", self.url_open(self.url).text)
        self.assertIn("Put me on the list", self.url_open(f"{self.url}/waiting").text)
        response = self._join("paula", **{"with": str(self.petra.id)})
        self.assertIn("You are on the list", self._text(response))
        entry = self._entries()
        self.assertRecordValues(
            entry,
            [
                {
                    "partner_id": self.patient.id,
                    "practitioner_id": self.petra.id,
                    "date_from": self.day,
                    "in_morning": True,
                    "in_afternoon": False,
                    "state": "waiting",
                }
            ],
        )
        self._join("paula", in_evening="1")
        self.assertEqual(len(self._entries()), 1, "in line once")
        self.assertTrue(entry.in_evening)
        self.authenticate("oscar", "oscar")
        self._post(f"/my/waiting/{entry.id}/leave")
        self.env.invalidate_all()
        self.assertEqual(entry.state, "waiting")
        self.authenticate("paula", "paula")
        self.assertIn(
            "On the waiting list: Peel", self._text(self.url_open("/my/care"))
        )
        self._post(f"/my/waiting/{entry.id}/leave")
        self.env.invalidate_all()
        self.assertEqual(entry.state, "left")

    def test_visitor_confirms_by_mail(self):
        self._join()
        entry = self._entries()
        self.assertEqual(entry.state, "unconfirmed")
        path = JOIN.search(self._new_mails[-1].body_html)[1]
        self.assertIn("Yes, put me on the list", self.url_open(path).text)
        self.env.invalidate_all()
        self.assertEqual(entry.state, "unconfirmed")
        self._post(path)
        self.env.invalidate_all()
        self.assertEqual(entry.state, "waiting")

    def test_stranger_changes_nobody_s_wishes(self):
        self._join("paula")
        own = self._entries()
        self._join(None, email="paula@example.com", in_evening="1")
        self.assertFalse(own.in_evening)
        self.assertEqual(own.state, "waiting")
        stranger = self._entries() - own
        self.assertEqual(stranger.state, "unconfirmed")
        self.assertNotEqual(stranger.partner_id, self.patient)

    def test_patient_in_line_who_answers_keeps_the_place(self):
        """Paula forgot to log in: her name and mailbox say who she is."""
        self._join("paula")
        own = self._entries()
        self._join(
            None, name="Paula Patient", email="paula@example.com", in_evening="1"
        )
        other = self._entries() - own
        path = JOIN.search(self._new_mails[-1].body_html)[1]
        self.assertIn("You are on the list", self._text(self._post(path)))
        self.env.invalidate_all()
        self.assertTrue(own.in_evening)
        self.assertEqual((own.state, other.state), ("waiting", "left"))
        self.assertFalse(other.partner_id.active)

    def test_patient_who_answers_is_put_in_line(self):
        self._join(None, name="Paula Patient", email="paula@example.com")
        self._post(JOIN.search(self._new_mails[-1].body_html)[1])
        self.env.invalidate_all()
        self.assertRecordValues(
            self._entries(), [{"partner_id": self.patient.id, "state": "waiting"}]
        )

    def test_nonsense_is_refused(self):
        today = self.company._medspa_date()
        for data in (
            {"date_from": "x"},
            {"date_to": str(today - timedelta(days=1))},
            {"date_to": str(today + timedelta(days=400))},
            {"in_morning": ""},
        ):
            response = self._join("paula", **data)
            self.assertIn("o_medspa_error", response.text)
        self._join(None, website_url="http://spam.example")
        self.assertFalse(self._entries())

    def _offer(self):
        self._wait(
            self.patient,
            date_from=self.day,
            date_to=self.day + timedelta(days=1),
        )
        event = self._create_appointment(self.start, patient_id=self.other_patient.id)
        event.action_cancel_appointment()
        with self.mock_mail_gateway():
            self._run("ir_cron_offer_freed_times")
        return OFFER.search(self._new_mails[-1].body_html)[1]

    def test_offer_is_taken_by_its_link(self):
        self._create_credit(3)
        path = self._offer()
        self.authenticate(None, None)
        page = self.url_open(path)
        self.assertIn("Uses 1 of 3 sessions", self._text(page))
        self.assertFalse(
            self._appointments().filtered(lambda e: e.patient_id == self.patient)
        )
        agreed = re.search(r'name="agreed" value="([^"]+)"', page.text)[1]
        with self.mock_mail_gateway():
            response = self._post(path, answer="yes", agreed=agreed)
        event = self._appointments().filtered(lambda e: e.patient_id == self.patient)
        self.assertEqual(
            (event.start, event.appointment_status), (self.start, "booked")
        )
        self.assertIn(
            "Your appointment is booked",
            self.url_open(response.headers["Location"]).text,
        )
        response = self._post(path, answer="yes", agreed=agreed)
        self.assertIn("taken or not held any more", self._text(response))
        self.assertEqual(
            len(self._appointments().filtered(lambda e: e.patient_id == self.patient)),
            1,
        )

    def test_offer_opens_for_its_token_only(self):
        path = self._offer()
        offer = self._offers()
        self.authenticate("oscar", "oscar")
        for token in (
            str(offer.id),
            path[-30:],
            path.rpartition("/")[2][:-3] + "AAA",
            "x",
        ):
            page = self.url_open(f"/book/offer/{token}")
            self.assertIn("not held any more", self._text(page))
            self.assertNotIn("Petra", page.text)
            self._post(f"/book/offer/{token}", answer="yes", agreed="x")
            self._post(f"/book/offer/{token}", answer="no")
        self.env.invalidate_all()
        self.assertEqual(offer.state, "open")

    def test_no_thank_you(self):
        path = self._offer()
        self.assertIn("You stay in line", self._text(self._post(path, answer="no")))
        self.env.invalidate_all()
        self.assertEqual(self._slot().offer_ids.state, "declined")


@tagged("post_install", "-at_install")
class TestAcceptAtOnce(RealTransactionsCase):
    """Those who were offered one time say yes at the same moment."""

    @classmethod
    def _create_data(cls, env):
        res = super()._create_data(env)
        treatment = env["product.template"].browse(cls.peel_id)
        start = fields.Datetime.to_datetime("2035-01-08 10:00:00")
        partners = env["res.partner"].create(
            [
                {"name": f"In line {n}", "email": f"line{n}@example.com"}
                for n in range(4)
            ]
        )
        entries = env["medspa.waiting"].create(
            [
                {
                    "partner_id": partner.id,
                    "treatment_id": treatment.id,
                    "date_from": "2035-01-01",
                    "date_to": "2035-01-31",
                }
                for partner in partners
            ]
        )
        slot = env["medspa.waiting.slot"]._create_held(
            {
                "company_id": env.company.id,
                "practitioner_id": cls.practitioner_id,
                "room_id": cls.room_id,
                "start": start,
                "stop": start + timedelta(minutes=45),
            }
        )
        slot.next_step_at = "2035-01-01 00:00:00"
        offers = env["medspa.waiting.offer"].create(
            [{"slot_id": slot.id, "waiting_id": entry.id} for entry in entries]
        )
        cls.offer_ids = offers.ids
        cls.key = offers[0]._get_statement()["key"]
        return res

    def test_one_of_four_gets_it(self):
        outcomes = []
        barrier = threading.Barrier(4)

        def accept(offer_id):
            with self._transaction() as env:
                offer = env["medspa.waiting.offer"].browse(offer_id)
                self.assertEqual(offer.slot_id.state, "open")
                barrier.wait(30)

                def work():
                    try:
                        with env.cr.savepoint():
                            offer._accept(self.key)
                        outcomes.append("taken")
                    except UserError:
                        outcomes.append("too late")

                retrying(work, env)

        threads = [threading.Thread(target=accept, args=(i,)) for i in self.offer_ids]
        with mute_logger("odoo.sql_db", "odoo.service.model"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        self.assertEqual(sorted(outcomes), ["taken"] + ["too late"] * 3)
        with self._transaction() as env:
            events = env["calendar.event"].search([("treatment_id", "=", self.peel_id)])
            self.assertEqual(len(events), 1)
            self.assertEqual(len(events.occupancy_ids), 2)
