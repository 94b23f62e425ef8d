# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import time, timedelta
from itertools import pairwise

from odoo import fields
from odoo.tests import HttpCase, TransactionCase, tagged

from ..stories import MEMBERS, STORIES


@tagged("post_install", "-at_install")
class TestDemo(TransactionCase):
    """What the installation left behind is complete and true to its own rules."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.ref("base.main_company")
        cls.events = cls.env["calendar.event"].search([("treatment_id", "!=", False)])
        cls.patients = cls.env["res.partner"].search(
            [("is_patient", "=", True), ("email", "=like", "%@example.com")]
        )

    def _get_course(self, story):
        """Return the course of a story."""
        partner = self.env.ref(f"medspa_demo.{story.patient}")
        product = self.env.ref(f"medspa_demo.course_{story.course}")
        return partner.course_ids.filtered(lambda c: c.product_tmpl_id == product)

    def _get_courses(self, stage):
        """Return the courses of all stories of one stage."""
        courses = self.env["medspa.course"]
        for story in STORIES:
            if story.stage == stage:
                courses |= self._get_course(story)
        self.assertTrue(courses, stage)
        return courses

    def test_morning_list_is_filled(self):
        listed = self.env["medspa.reminder"].search([("state", "=", "listed")])
        self.assertLessEqual({"renew", "dropped_out"}, set(listed.mapped("section")))
        for reminder in listed:
            self.assertIn(reminder.first_name, reminder.text)
            self.assertTrue(reminder.reason)

    def test_thirty_patients(self):
        self.assertEqual(len(self.patients), 30)

    def test_every_story_has_its_course(self):
        for story in STORIES:
            course = self._get_course(story)
            self.assertEqual(len(course), 1, story)
            uses = course.credit_ids.move_ids.filtered(lambda m: m.kind == "redeem")
            self.assertEqual(
                -sum(uses.mapped("quantity")), self._get_used(story), story
            )

    def _get_used(self, story):
        """Return the sessions a story uses up, those of today's agenda apart."""
        used = len(story.visits) + len(story.no_shows)
        course = self._get_course(story)
        used += len(
            course.event_ids.filtered(
                lambda e: (
                    e.appointment_status in ("attended", "no_show")
                    and e._get_local_date() >= self._get_install_date()
                )
            )
        )
        return used

    def _get_install_date(self):
        """Return the day on which the stories were played."""
        return fields.Date.to_date(
            self.env["ir.config_parameter"].get_param("medspa_demo.played_on")
        )

    def test_ledger_is_balance(self):
        """The rows of each credit add up to its balance, those of all courses alike."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT c.id, c.remaining, c.reserved, c.value_remaining,
                   SUM(m.quantity), SUM(m.reserved), SUM(m.value)
              FROM medspa_credit c JOIN medspa_credit_move m ON m.credit_id = c.id
             GROUP BY c.id
            """
        )
        rows = self.env.cr.fetchall()
        self.assertEqual(len(rows), self.env["medspa.credit"].search_count([]))
        for credit_id, *balances in rows:
            balances = list(map(float, balances))
            for held, moved in zip(balances[:3], balances[3:], strict=True):
                self.assertAlmostEqual(held, moved, places=3, msg=credit_id)

    def test_ledger_is_in_order(self):
        """Nothing is used before it was granted, nor dated in the future."""
        for credit in self.env["medspa.credit"].search([]):
            moves = credit.move_ids
            grant = moves.filtered(lambda move: move.kind == "grant")
            self.assertEqual(grant.moved_at, min(moves.mapped("moved_at")))
        latest = max(self.env["medspa.credit.move"].search([]).mapped("moved_at"))
        self.assertLessEqual(latest, self.env.cr.now() + timedelta(minutes=1))

    def test_stages(self):
        installed = self._get_install_date()
        self.assertEqual(set(self._get_courses("unpaid").mapped("state")), {"draft"})
        for stage in ("unused", "half_way", "last_left", "dormant", "expiring"):
            courses = self._get_courses(stage)
            self.assertLessEqual(
                set(courses.mapped("state")), {"active", "completed"}, stage
            )
        for state in ("expired", "completed"):
            self.assertEqual(set(self._get_courses(state).mapped("state")), {state})
        for course in self._get_courses("dormant"):
            last = max(e._get_local_date() for e in course.event_ids)
            self.assertLessEqual(last, installed - timedelta(days=35))
            self.assertGreater(course.remaining_sessions, 0)
        for course in self._get_courses("expiring"):
            self.assertLessEqual(course.expires_on, installed + timedelta(days=7))
            self.assertGreaterEqual(course.expires_on, installed)
        for stage, status in (("no_show", "no_show"), ("cancelled", "cancelled")):
            for story in STORIES:
                if story.stage == stage:
                    events = self.events.filtered(
                        lambda e, s=story: (
                            e.patient_id == self.env.ref(f"medspa_demo.{s.patient}")
                        )
                    )
                    self.assertIn(status, events.mapped("appointment_status"))

    def test_published_products_have_pictures(self):
        products = self.env["product.template"].search([("is_published", "=", True)])
        self.assertGreaterEqual(len(products), 16)
        for product in products:
            self.assertTrue(product.image_1920, product.name)
            self.assertTrue(product.description_sale, product.name)
        plans = self.env["sale.subscription.template"].search([]).product_ids
        self.assertEqual(len(plans), 3)
        self.assertTrue(all(plans.mapped("is_published")))

    def test_members_are_in_the_states_shown(self):
        """Each story left one membership, in its state, its visits taken off."""
        for story in MEMBERS:
            partner = self.env.ref(f"medspa_demo.{story.patient}")
            membership = self.env["sale.subscription"].search(
                [("partner_id", "=", partner.id), ("is_membership", "=", True)]
            )
            self.assertEqual(membership.membership_state, story.state, story)
            plan = self.env.ref(f"medspa_demo.plan_template_{story.plan}")
            self.assertEqual(membership.template_id, plan, story)
            uses = membership.credit_ids.move_ids.filtered(
                lambda move: move.kind == "redeem"
            )
            self.assertEqual(-sum(uses.mapped("quantity")), len(story.visits), story)

    def test_members_owe_what_their_state_says(self):
        """Only who is past due or suspended has an unpaid period: no job waits."""
        for story in MEMBERS:
            partner = self.env.ref(f"medspa_demo.{story.patient}")
            periods = self.env["medspa.membership.period"].search(
                [("membership_id.partner_id", "=", partner.id)]
            )
            owes = story.state in ("past_due", "suspended")
            unpaid = periods.filtered(lambda period: period.state == "open")
            self.assertEqual(len(unpaid), owes, story)
        jobs = self.env["queue.job"].search([("channel", "=", "root.charge")])
        self.assertFalse(jobs)

    def test_nothing_overlaps(self):
        """Practitioners, rooms and patients have one appointment at a time."""
        rows = self.env["medspa.occupancy"].search(
            [], order="resource_id, patient_id, start"
        )
        self.assertTrue(rows)
        for row, following in pairwise(rows):
            same_resource = row.resource_id == following.resource_id
            if same_resource and row.patient_id == following.patient_id:
                self.assertLessEqual(row.stop, following.start)

    def test_appointments_are_in_working_hours(self):
        for event in self.events.filtered(lambda e: e.appointment_status != "no_show"):
            day = event._get_local_date()
            shifts = event.treatment_id._get_shifts(
                event.practitioner_id,
                self.company._medspa_utc(day, time(0)),
                self.company._medspa_utc(day, time(23)),
            )[event.practitioner_id]
            self.assertTrue(
                any(
                    begin.replace(tzinfo=None) <= event.start
                    and event.stop <= end.replace(tzinfo=None)
                    for begin, end in shifts
                ),
                event.name,
            )

    def test_agenda_is_alive(self):
        """The day of installation, or the working day after it, has a full agenda."""
        day = self._get_install_date()
        while day.weekday() > 4:
            day += timedelta(days=1)
        agenda = self.events.filtered(lambda e: e._get_local_date() == day)
        self.assertGreaterEqual(len(agenda), 6)
        self.assertLessEqual(len(agenda), 12)
        week = self.events.filtered(lambda e: abs((e._get_local_date() - day).days) < 7)
        self.assertLessEqual(
            {"booked", "attended", "no_show", "cancelled"},
            set(week.mapped("appointment_status")),
        )

    def test_money_is_settled(self):
        """Invoices are in EUR with the tax inside, and all but one are paid."""
        invoices = (
            self.env["account.move"]
            .search(
                [
                    ("move_type", "=", "out_invoice"),
                    ("partner_id", "in", self.patients.ids),
                    # Those of memberships are settled by their charges.
                    ("membership_period_id", "=", False),
                ]
            )
            .filtered(lambda m: not m.line_ids.sale_line_ids.membership_ids)
        )
        self.assertEqual(set(invoices.mapped("state")), {"posted"})
        self.assertEqual(invoices.currency_id, self.env.ref("base.EUR"))
        open_invoices = invoices.filtered(lambda m: m.payment_state == "not_paid")
        self.assertEqual(len(open_invoices), 1)
        for invoice in invoices:
            self.assertEqual(
                invoice.amount_total,
                sum(invoice.line_ids.sale_line_ids.mapped("price_unit")),
            )
            self.assertGreater(invoice.amount_tax, 0)


@tagged("post_install", "-at_install")
class TestDemoPages(HttpCase):
    """The pages that a visitor and the users open first."""

    def test_public_pages(self):
        for url, text in (
            ("/", "Our courses"),
            ("/shop", "Radiance"),
            ("/contactus", "Calle de la Salvia"),
        ):
            response = self.url_open(url)
            self.assertEqual(response.status_code, 200, url)
            self.assertIn(text, response.text, url)
            self.assertNotIn("555-555", response.text, url)
            self.assertNotIn("yourcompany", response.text, url)

    def test_users_log_in(self):
        for login in ("rita", "petra", "mara", "paula"):
            self.authenticate(login, login)
            self.assertEqual(self.url_open("/my").status_code, 200, login)
