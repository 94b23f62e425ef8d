# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Two people change one course at the same moment, in transactions of their own."""

from datetime import datetime, timedelta

from odoo import Command, fields
from odoo.tests import tagged

from .test_credit_concurrency import RealTransactionsCase


@tagged("post_install", "-at_install")
class TestCourseConcurrency(RealTransactionsCase):
    """Five peels for 450: each is worth 90."""

    @classmethod
    def _create_data(cls, env):
        result = super()._create_data(env)
        product = env["product.template"].browse(cls.course_product_id)
        product.write(
            {
                "has_own_terms": True,
                "share_limit": 1,
                "is_transferable": True,
                "cancel_notice_hours": 0,
                "validity_days": 0,
                "taxes_id": [Command.clear()],
            }
        )
        return result

    def setUp(self):
        super().setUp()
        with self._transaction() as env:
            self.other_ids = (
                env["res.partner"].create([{"name": "Oscar"}, {"name": "Tina"}]).ids
            )
            order = env["sale.order"].create(
                {
                    "partner_id": self.patient_id,
                    "order_line": [
                        Command.create(
                            {
                                "product_id": env["product.template"]
                                .browse(self.course_product_id)
                                .product_variant_id.id,
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                }
            )
            order.action_confirm()
            invoice = order._create_invoices()
            invoice.action_post()
            env["account.payment.register"].with_context(
                active_model="account.move", active_ids=invoice.ids
            ).create({}).action_create_payments()
            self.course_id = order.course_ids.id
            self.credit_id = order.course_ids.credit_ids.id
            self.invoice_id = invoice.id

    # === WHAT PEOPLE DO === #

    def _course(self, env):
        return env["medspa.course"].browse(self.course_id)

    def _book_slot(self, env, **vals):
        vals = {**self._prepare_booking(), "credit_id": self.credit_id, **vals}
        return env["calendar.event"].create(vals).id

    def _refund_all(self, env):
        return self._course(env)._refund(450, "She moves away").id

    def _pause(self, env):
        self._course(env)._pause("travel")

    def _transfer(self, env):
        partner = env["res.partner"].browse(self.other_ids[0])
        return self._course(env)._transfer(partner, "A present").id

    def _redeem(self, env):
        credit = env["medspa.credit"].browse(self.credit_id)
        return credit._redeem(1, fields.Date.today()).id

    def _run(self, *functions):
        """Run side by side; nobody sees anything but success or a clear refusal."""
        results = self._run_together(*functions, pause=0.2)
        done, refused, others = self._split(results)
        self.assertFalse(others)
        self.assertFalse([e for e in refused if "grab a lock" in str(e)])
        return done, refused

    def _get_state(self):
        with self._transaction() as env:
            course = self._course(env)
            return (
                course.state,
                course.credit_ids.mapped("remaining"),
                course.credit_ids.mapped("reserved"),
                len(course._get_open_bookings()),
            )

    def _get_credit_notes(self):
        with self._transaction() as env:
            notes = env["account.move"].search(
                [("reversed_entry_id", "=", self.invoice_id)]
            )
            return notes.mapped("amount_total")

    # === TESTS === #

    def test_two_refunds_are_one(self):
        done, refused = self._run(*[self._refund_all] * 4)
        self.assertEqual((len(done), len(refused)), (1, 3))
        self.assertEqual(self._get_state(), ("cancelled", [0], [0], 0))
        self.assertEqual(self._get_credit_notes(), [450])
        self.assertLedger(self.credit_id, 0, 0)

    def test_refund_against_a_visit(self):
        """Who was treated is not refunded for it, and who is refunded not treated."""
        # Today: the course pays for no day before it was bought.
        start = datetime.now().replace(microsecond=0)
        with self._transaction() as env:
            event_id = self._book_slot(env, start=start)

        def close(env):
            env["calendar.event"].browse(event_id).action_done()

        done, _refused = self._run(self._refund_all, close)
        self.assertEqual(len(done), 1)
        state, remaining, _reserved, _bookings = self._get_state()
        notes = self._get_credit_notes()
        if state == "cancelled":
            self.assertEqual((remaining, notes), ([0], [450]))
        else:
            self.assertEqual((state, remaining, notes), ("active", [4], []))
        self.assertLedger(self.credit_id)

    def test_refund_against_use(self):
        self._run(self._refund_all, self._redeem)
        state, remaining, _reserved, _bookings = self._get_state()
        expected = {"cancelled": ([0], [450]), "active": ([4], [])}
        self.assertEqual((remaining, self._get_credit_notes()), expected[state])
        self.assertLedger(self.credit_id)

    def test_refund_against_a_booking(self):
        self._run(self._refund_all, self._book_slot)
        self.assertEqual(self._get_state(), ("cancelled", [0], [0], 0))
        self.assertLedger(self.credit_id, 0, 0)

    def test_pause_against_a_booking(self):
        self._run(self._pause, self._book_slot)
        state = self._get_state()
        self.assertIn(
            state, [("paused", [5], [0], 0), ("active", [5], [1], 1)], "never both"
        )
        self.assertLedger(self.credit_id)

    def test_pause_twice(self):
        done, refused = self._run(self._pause, self._pause, self._pause)
        self.assertEqual((len(done), len(refused)), (1, 2))
        with self._transaction() as env:
            self.assertEqual(len(self._course(env).pause_ids), 1)

    def test_resume_twice_gives_the_days_once(self):
        with self._transaction() as env:
            course = self._course(env)
            course._set_expiry(fields.Date.today() + timedelta(days=100))
            course._pause("travel")
            course.pause_ids.date_from -= timedelta(days=10)
            expires_on = course.expires_on

        def resume(env):
            self._course(env).action_resume()

        done, refused = self._run(resume, resume)
        self.assertEqual((len(done), len(refused)), (1, 1))
        with self._transaction() as env:
            course = self._course(env)
            self.assertEqual(course.expires_on, expires_on + timedelta(days=10))
            self.assertEqual(course.credit_ids.expires_on, course.expires_on)

    def test_transfer_against_a_booking(self):
        self._run(self._transfer, self._book_slot)
        self.assertIn(
            self._get_state(),
            [("transferred", [0], [0], 0), ("active", [5], [1], 1)],
        )
        self.assertLedger(self.credit_id)

    def test_transfer_against_a_refund(self):
        done, refused = self._run(self._transfer, self._refund_all)
        self.assertEqual((len(done), len(refused)), (1, 1))
        with self._transaction() as env:
            heirs = self._course(env).transferred_to_ids
            self.assertEqual(bool(heirs), not self._get_credit_notes())

    def test_two_transfers_are_one(self):
        done, refused = self._run(self._transfer, self._transfer)
        self.assertEqual((len(done), len(refused)), (1, 1))
        with self._transaction() as env:
            self.assertEqual(len(self._course(env).transferred_to_ids), 1)

    def test_two_clerks_share_up_to_the_limit(self):
        def share(partner_id):
            def run(env):
                self._course(env)._share_with(env["res.partner"].browse(partner_id))

            return run

        self._run(*[share(partner_id) for partner_id in self.other_ids])
        with self._transaction() as env:
            course = self._course(env)
            self.assertEqual(len(course.member_ids), 1)
            self.assertEqual(course.credit_ids.beneficiary_ids, course.member_ids)

    def test_dropping_somebody_against_their_booking(self):
        with self._transaction() as env:
            self._course(env)._share_with(env["res.partner"].browse(self.other_ids[0]))

        def drop(env):
            self._course(env)._share_with(env["res.partner"])

        def book(env):
            return self._book_slot(env, patient_id=self.other_ids[0])

        self._run(drop, book)
        with self._transaction() as env:
            course = self._course(env)
            booked = course._get_open_bookings().patient_id
            self.assertLessEqual(set(booked.ids), set(course.member_ids.ids))
        self.assertLedger(self.credit_id)

    def test_more_time_against_the_end_of_it(self):
        today = fields.Date.today()
        with self._transaction() as env:
            self._course(env)._set_expiry(today - timedelta(days=2))

        def extend(env):
            self._course(env)._extend(today + timedelta(days=30), "She was ill")

        def expire(env):
            credits = env["medspa.credit"].browse(self.credit_id)
            domain = credits._get_expired_domain(env.company, today)
            credits.filtered_domain(domain).try_lock_for_update()._expire()

        self._run(extend, expire)
        with self._transaction() as env:
            course = self._course(env)
            late = course.expires_on > today
            self.assertEqual(
                (course.state, course.remaining_sessions),
                ("active", 5) if late else ("expired", 0),
            )
        self.assertLedger(self.credit_id)

    def test_swap_against_a_booking_of_the_last_session(self):
        with self._transaction() as env:
            env["medspa.credit"].browse(self.credit_id)._redeem(4, fields.Date.today())
            peel = env["product.template"].browse(self.peel_id)
            laser = peel.copy({"name": "Laser"})
            group = env["medspa.swap.group"].create({"name": "Face"})
            (peel | laser).swap_group_id = group

        def swap(env):
            credit = env["medspa.credit"].browse(self.credit_id)
            treatment = env["product.template"].browse(laser.id)
            return self._course(env)._swap(credit, treatment, 1, None).id

        done, refused = self._run(swap, self._book_slot)
        self.assertEqual((len(done), len(refused)), (1, 1))
        with self._transaction() as env:
            course = self._course(env)
            self.assertEqual(course.remaining_sessions, 1)
        self.assertLedger(self.credit_id)

    def test_use_against_money_taken_back(self):
        def take_back(env):
            invoice = env["account.move"].browse(self.invoice_id)
            invoice.line_ids.remove_move_reconcile()

        self._run(take_back, self._redeem)
        state, remaining, _reserved, _bookings = self._get_state()
        self.assertEqual(state, "unpaid")
        self.assertIn(remaining, ([4], [5]))
        self.assertLedger(self.credit_id)
