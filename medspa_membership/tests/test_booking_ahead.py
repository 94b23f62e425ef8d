# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date, datetime, timedelta
from functools import partial

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import Form, freeze_time, tagged

from odoo.addons.medspa_membership.models.portal.booking_offer import BookingOffer

from .membership_common import MembershipCase
from .membership_http_common import MemberPages
from .test_credit_concurrency import RealTransactionsCase

# Joined on 2 February: the next periods begin on 2 March and on 2 April.
MARCH, APRIL = date(2026, 3, 2), date(2026, 4, 2)


class AheadCase(MembershipCase):
    """A member with two peels a month, in a clinic that lets members book ahead."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write(
            {
                "allows_booking_ahead": True,
                "booking_horizon_days": 90,
                "deposit_kind": "amount",
                "deposit_value": 30,
            }
        )

    def _state(self, start, patient=None, treatment=None):
        return (
            (treatment or self.peel)
            .sudo()
            ._get_booking_statement(
                patient or self.patient,
                fields.Datetime.to_datetime(start),
                self.company,
            )
        )

    def _book(self, start, patient=None):
        """Book what the page offers, at what it says."""
        start = fields.Datetime.to_datetime(start)
        offer = BookingOffer(
            self.peel.sudo(), self.company, (patient or self.patient).sudo()
        )
        slot = offer.find_slot(start)
        self.assertTrue(slot, "the time is offered")
        return (
            self.env["calendar.event"]
            .sudo()
            ._book_online(offer, slot, self._state(start, patient)["key"])
        )

    def assertFlagged(self, event, is_flagged=True):
        event.invalidate_recordset()
        self.assertEqual(event.is_cover_stopped, is_flagged)
        found = self.env["calendar.event"].search([("is_cover_stopped", "=", True)])
        self.assertEqual(event in found, is_flagged)
        status = ("to_pay", 120) if is_flagged else ("ahead", 0)
        self.assertEqual((event.payment_status, event.amount_due), status)


@tagged("post_install", "-at_install")
@freeze_time("2026-02-02 08:00:00")
class TestBookingAhead(AheadCase):
    """Visits on the sessions of periods that are not paid yet."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.membership = cls._join(on="2026-02-02")

    def test_it_is_said_and_costs_no_deposit(self):
        statement = self._state("2026-03-10 10:00:00")
        self.assertEqual(statement["kind"], "ahead")
        self.assertEqual(statement["ahead"]["start"], MARCH)
        self.assertEqual((statement["available"], statement["deposit"]), (2, 0))
        self.assertEqual(self._state("2026-02-10 10:00:00")["kind"], "plan")

    def test_it_is_off_unless_the_clinic_allows_it(self):
        self.assertFalse(self.env["res.company"].new().allows_booking_ahead)
        self.company.allows_booking_ahead = False
        statement = self._state("2026-03-10 10:00:00")
        self.assertEqual((statement["kind"], statement["deposit"]), ("price", 30))

    def test_no_more_than_the_period_will_give(self):
        first = self._book("2026-03-10 10:00:00")
        self.assertEqual((first.ahead_date, first.credit_id.id), (MARCH, False))
        self.assertFalse(first.held_until)
        self.assertEqual(self._state("2026-03-11 10:00:00")["available"], 1)
        self._book("2026-03-11 10:00:00")
        self.assertEqual(self._state("2026-03-12 10:00:00")["kind"], "price")
        april = self._state("2026-04-10 10:00:00")
        self.assertEqual((april["kind"], april["ahead"]["start"]), ("ahead", APRIL))
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._create_appointment(
                "2026-03-12 10:00:00",
                **first._prepare_ahead_vals(
                    {"benefit": first.ahead_benefit_id, "start": MARCH}
                ),
            )
        first.action_cancel_appointment()
        self.assertFalse(first.ahead_date)
        self.assertEqual(self._state("2026-03-12 10:00:00")["available"], 1)

    def test_what_the_period_grants_goes_to_these_visits_first(self):
        """Even when the money comes late, and somebody else could take it."""
        second = self._book("2026-03-11 10:00:00")
        first = self._book("2026-03-10 10:00:00")
        later = self._book("2026-04-10 10:00:00")
        self._bill("2026-03-02")
        period = self.membership.period_ids.filtered(lambda p: p.start_date == MARCH)
        self.assertEqual(period.state, "paid")
        credit = period.credit_ids
        self.assertBalances(credit, 2, 2)
        for event in (first, second):
            self.assertEqual(event.credit_id, credit)
            self.assertEqual(
                (event.ahead_date, event.payment_status), (False, "covered")
            )
        self.assertEqual(later.ahead_date, APRIL)
        self.assertFlagged(later, False)
        self._bill("2026-03-03")
        self.assertBalances(credit, 2, 2)

    def test_promised_sessions_are_not_dropped_above_the_cap(self):
        """What adds up to a limit: the new ones are promised, so old ones go."""
        benefit = self.membership.benefit_ids.sudo()
        benefit.write({"rollover": "cap", "rollover_cap": 2})
        event = self._book("2026-03-10 10:00:00")
        self.membership.credit_ids._set_validity(False, "It adds up")
        self._bill("2026-03-02")
        self.assertTrue(event.credit_id)
        self.assertEqual(sum(self.membership.credit_ids.mapped("remaining")), 2)
        self.assertEqual(sum(self.membership.credit_ids.mapped("reserved")), 1)

    def test_a_visit_before_the_money_is_paid_when_it_comes(self):
        event = self._book("2026-03-02 12:00:00")
        self.membership.sudo().payment_token_id = self._create_token("pending")
        self._bill("2026-03-02")
        with freeze_time("2026-03-02 13:00:00"):
            self.assertFlagged(event, False)
            event.action_done()
            self.assertEqual(event.payment_status, "ahead", "not to be charged twice")
            period = self.membership.period_ids.filtered(
                lambda p: p.start_date == MARCH
            )
            period._on_paid()
            self.env.invalidate_all()
            self.assertEqual(event.payment_status, "covered")
            self.assertBalances(period.credit_ids, 1, 0)

    def test_what_ends_the_cover_flags_the_visit(self):
        event = self._book("2026-03-10 10:00:00")
        self.assertFlagged(event, False)
        for state in ("suspended", "paused"):
            savepoint = self.env.cr.savepoint()
            if state == "suspended":
                self.membership._transition("past_due", "No money")
                self.assertFlagged(event)
            self.membership._transition(state, "No money")
            self.assertFlagged(event)
            savepoint.rollback()
            savepoint.close(rollback=False)
            self.env.invalidate_all()
        self.membership._transition("ended", "Moved away")
        self.assertFlagged(event)
        form = Form(
            event.with_user(self.receptionist),
            view="medspa_membership.calendar_event_view_form_appointment",
        )
        self.assertTrue(form.is_cover_stopped)

    def test_planned_pause_cancellation_and_skip_flag_it_too(self):
        event = self._book("2026-03-10 10:00:00")
        later = self._book("2026-04-10 10:00:00")
        savepoint = self.env.cr.savepoint()
        self.membership._pause(date(2026, 3, 5), date(2026, 3, 20), "Travels")
        self.assertFlagged(event)
        self.assertFlagged(later, False)
        self.assertEqual(self._state("2026-03-16 10:00:00")["kind"], "price")
        savepoint.rollback()
        savepoint.close(rollback=False)
        self.env.invalidate_all()
        self.membership._skip_next_period("Agreed")
        self.assertFlagged(event)
        self.assertFlagged(later, False)
        self.membership.sudo().end_date = date(2026, 4, 1)
        self.assertFlagged(later)

    def test_a_payment_that_fails_flags_and_one_that_comes_covers(self):
        event = self._book("2026-03-10 10:00:00")
        self.membership.sudo().payment_token_id = self._create_token("error")
        self._bill("2026-03-02")
        self.assertEqual(self.membership.membership_state, "past_due")
        self.assertFlagged(event)
        period = self.membership.period_ids.filtered(lambda p: p.start_date == MARCH)
        with freeze_time("2026-03-05 08:00:00"):
            period._on_paid()
        event.invalidate_recordset()
        self.assertFalse(event.is_cover_stopped)
        self.assertEqual(event.credit_id, period.credit_ids)

    def test_a_move_stays_within_its_period_and_the_desk_may_do_more(self):
        event = self._book("2026-03-10 10:00:00")
        days = {date(2026, 2, 20), date(2026, 3, 20), date(2026, 4, 10)}
        self.assertEqual(event._get_movable_days(days), {date(2026, 3, 20)})
        event.write({"start": "2026-04-10 10:00:00", "stop": "2026-04-10 10:45:00"})
        self.assertEqual(event.ahead_date, APRIL)
        event.write({"start": "2026-02-20 10:00:00", "stop": "2026-02-20 10:45:00"})
        self.assertFalse(event.ahead_date)
        self.assertEqual(event.payment_status, "to_pay")

    def test_a_credit_that_comes_meanwhile_takes_its_place(self):
        event = self._book("2026-03-10 10:00:00")
        course_credit = self._create_course().line_ids.credit_ids
        event.credit_id = course_credit
        self.assertFalse(event.ahead_date)
        self.assertBalances(course_credit, 5, 1)
        self.assertEqual(self._state("2026-03-11 10:00:00")["available"], 2)

    def test_who_is_no_active_member_books_nothing_ahead(self):
        for patient in (self.other_patient, self.env.ref("base.public_partner")):
            self.assertEqual(
                self._state("2026-03-10 10:00:00", patient)["kind"], "price"
            )
        laser = self._state("2026-03-10 10:00:00", treatment=self.laser)
        self.assertEqual(laser["kind"], "price", "the plan does not give it")
        self.membership._transition("past_due", "No money")
        self.assertEqual(self._state("2026-03-10 10:00:00")["kind"], "price")

    def test_the_agenda_says_what_pays(self):
        events = self._book("2026-03-10 10:00:00") | self._book("2026-03-11 10:00:00")
        plain = self._create_appointment("2026-03-12 10:00:00")
        self.env.invalidate_all()
        self.assertEqual(
            events.mapped("payment_status") + plain.mapped("payment_status"),
            ["ahead", "ahead", "to_pay"],
        )


@tagged("post_install", "-at_install")
class TestBookingAheadPages(AheadCase, MemberPages):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.booking_lead_minutes = 0
        cls.membership = cls._join()
        day = cls.membership.recurring_next_date + timedelta(days=1)
        while day.weekday() > 4:
            day += timedelta(days=1)
        start = cls._at(day, 11)
        cls.slug = cls.env["ir.http"]._slug(cls.peel)
        cls.start = f"{start:%Y-%m-%dT%H:%M}"
        cls.review = f"/book/{cls.slug}/review?start={cls.start}"

    def _confirm(self, agreed):
        return self._post(f"/book/{self.slug}/confirm", start=self.start, agreed=agreed)

    def _get_key(self):
        ahead = self._state(self.start.replace("T", " ") + ":00")
        return ahead["key"]

    def test_member_books_ahead_by_the_pages(self):
        self.authenticate("paula", "paula")
        text = self._read(self.review)
        self.assertRegex(
            text, r"From your plan's session of .+, once that period is paid ?: 1 of 2"
        )
        self.assertNotIn("deposit", text)
        response = self._confirm(self._get_key())
        self.assertIn("/my/appointments/", response.headers["Location"])
        event = self.env["calendar.event"].search([("ahead_date", "!=", False)])
        self.assertEqual(event.patient_id, self.patient)
        url = f"/my/appointments/{event.id}"
        self.assertIn("once that period is paid", self._read(url))
        self.assertIn("within its period", self._read(f"{url}/move"))
        self.membership._transition("past_due", "No money")
        self.assertIn("Not covered as your membership", self._read(url))

    def test_another_patient_and_a_visitor_get_nothing_of_it(self):
        key = self._get_key()
        for login in ("oscar", None):
            self.authenticate(login, login)
            self.assertNotIn("your plan's session", self._read(self.review))
            response = self._confirm(key)
            self.assertEqual(response.status_code, 200, "nothing is booked")
        self.assertFalse(
            self.env["calendar.event"].search([("ahead_date", "!=", False)])
        )


@tagged("post_install", "-at_install")
class TestPromiseAtOnce(RealTransactionsCase):
    """Requests that want the same session to come, at the same moment."""

    @classmethod
    def _create_data(cls, env):
        res = super()._create_data(env)
        company = env.company
        company.allows_booking_ahead = True
        # Enough rooms and people: what is short is the session.
        resources = env["resource.resource"].create(
            [
                {"name": f"{role} {number}", "medspa_role": role}
                for role in ("practitioner", "room")
                for number in range(6)
            ]
        )
        cls.practitioner_ids, cls.room_ids = resources.ids[:6], resources.ids[6:]
        plan = env["sale.subscription.template"].create(
            {
                "name": "At once",
                "is_plan": True,
                "price": 99,
                "benefit_ids": [
                    Command.create({"treatment_id": cls.peel_id, "quantity": 2})
                ],
            }
        )
        cls.plan_id = plan.id
        return res

    def setUp(self):
        super().setUp()
        with self._transaction() as env:
            # A first visit would change the patient, which lets one request wait too.
            env["res.partner"].browse(self.patient_id).is_patient = True
            self._create_membership(env)

    def _create_membership(self, env):
        """Make a membership that runs, without an order: two peels a month."""
        company = env.company
        plan = env["sale.subscription.template"].browse(self.plan_id)
        pricelists = env["product.pricelist"]
        today = company._medspa_date()
        membership = env["sale.subscription"].create(
            env["sale.subscription"]._prepare_membership_vals(
                plan,
                env["res.partner"].browse(self.patient_id),
                company,
                pricelists.search([], limit=1) or pricelists.create({"name": "One"}),
                {
                    "product_id": plan.product_tmpl_id.product_variant_id.id,
                    "price_unit": 99,
                },
            )
        )
        membership.write({"membership_state": "active", "anchor_date": today})
        day = membership._get_start_after(today)
        membership.recurring_next_date = day
        self.start = datetime(day.year, day.month, day.day, 10) + timedelta(days=1)
        self.membership_id = membership.id

    @classmethod
    def _remove_committed_data(cls):
        with cls._transaction() as env:
            env.company.allows_booking_ahead = False
        return super()._remove_committed_data()

    def _book_ahead(self, number, env):
        """Book as the page does, each request an hour and a practitioner of its own."""
        start = self.start + timedelta(hours=(0, 1, 2, 3, -1, -2)[number])
        peel = env["product.template"].browse(self.peel_id)
        patient = env["res.partner"].browse(self.patient_id)
        offer = BookingOffer(peel, env.company, patient)
        resources = env["resource.resource"]
        statement = peel._get_booking_statement(patient, start, env.company)
        if statement["kind"] != "ahead":
            raise UserError(env._("It costs something now."))
        return (
            env["calendar.event"]
            ._book_online(
                offer,
                {
                    "start": start,
                    "stop": start + timedelta(minutes=45),
                    "practitioner": resources.browse(self.practitioner_ids[number]),
                    "room": resources.browse(self.room_ids[number]),
                },
                statement["key"],
            )
            .id
        )

    def test_two_sessions_for_six_requests(self):
        results = self._run_together(
            *[partial(self._book_ahead, number) for number in range(6)]
        )
        done, refused, others = self._split(results)
        self.assertFalse(others)
        self.assertEqual((len(done), len(refused)), (2, 4))
        with self._transaction() as env:
            promised = env["calendar.event"].search(
                [("ahead_membership_id", "=", self.membership_id)]
            )
            self.assertEqual(sorted(promised.ids), sorted(done))
            promised.write({"appointment_status": "cancelled"})

    def test_the_period_is_paid_while_a_visit_is_booked_on_it(self):
        """Whoever is first: no session is spent twice, no visit is left out."""

        def grant(env):
            membership = env["sale.subscription"].browse(self.membership_id)
            start = membership.recurring_next_date
            period = membership.env["medspa.membership.period"].create(
                membership._prepare_period_vals(
                    start, state="paid", is_paid_elsewhere=True
                )
            )
            membership.recurring_next_date = membership._get_start_after(start)
            return period._grant_credits(start).id

        results = self._run_together(grant, partial(self._book_ahead, 0))
        done, _refused, others = self._split(results)
        self.assertFalse(others)
        self.assertIn(results[0], done)
        with self._transaction() as env:
            credit = env["medspa.credit"].browse(results[0])
            events = env["calendar.event"].search(
                [
                    ("patient_id", "=", self.patient_id),
                    ("appointment_status", "=", "booked"),
                ]
            )
            self.assertFalse(events.filtered("ahead_date"))
            self.assertEqual(events.credit_id, credit if events else credit.browse())
            self.assertEqual(credit.reserved, len(events))
        self.assertLedger(results[0])
