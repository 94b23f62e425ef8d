# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Charges that a job books together: what they cost, and what may go wrong."""

import threading
from datetime import timedelta
from functools import partial
from unittest.mock import patch

from odoo import fields
from odoo.sql_db import Cursor
from odoo.tests import tagged
from odoo.tools import mute_logger

from .membership_batch_common import BOOKING, CHARGE, MembershipBatchCase

PROVIDER = "odoo.addons.payment.models.payment_provider"
DECLINED = "4000000000009995"
# Queries for each further member: asking the bank, its answer, the books.
QUERIES_TO_BILL = 8
QUERIES_TO_CHARGE = 7


@tagged("post_install", "-at_install")
class TestMembershipBatches(MembershipBatchCase):
    def _get_taken(self, member_ids):
        """Return the references under which Stripe has taken money from members."""
        with self._transaction() as env:
            references = self._get_charges(env, member_ids).mapped("reference")
        return [key for key in self.stripe.get_charged() if key in references]

    # === TOGETHER === #

    def test_a_job_books_what_it_has_charged_in_one_go(self):
        member_ids = self._create_members(5)
        self._bill()
        sizes = []

        def book(original, txs):
            sizes.append(len(txs))
            return original(txs)

        with self._patch_model("payment.transaction", "_book_together", book):
            self._work()
        self.assertEqual(sizes, [5])
        self.assertBooksAgree(member_ids)
        with self._transaction() as env:
            txs = self._get_charges(env, member_ids)
            self.assertEqual(txs.mapped("is_post_processed"), [True] * 5)
            self.assertEqual(txs.mapped("settled_as"), ["done"] * 5)
            moves = txs.payment_id.move_id
            self.assertEqual(len(moves), 5, "An entry of its own for each payment")
            self.assertEqual(moves.mapped("state"), ["posted"] * 5)
            numbers = sorted(moves.mapped("sequence_number"))
            self.assertEqual(numbers, list(range(numbers[0], numbers[0] + 5)))
            for tx in txs:
                self.assertEqual(tx.payment_id.payment_transaction_id, tx)
                self.assertEqual(tx.payment_id.move_id.origin_payment_id, tx.payment_id)
                self.assertEqual(tx.payment_id.reconciled_invoice_ids, tx.invoice_ids)
                self.assertTrue(tx.payment_id.is_reconciled)

    def _tell_of_charges(self, env, limit=None):
        """Bring the news of charges that went through, as Stripe's webhooks do."""
        provider = env["payment.provider"].browse(self.provider_id)
        for event in self.stripe.find_events("payment_intent.succeeded")[:limit]:
            provider._stripe_on_payment_intent(event["data"]["object"])

    def test_what_the_period_tells_is_no_message(self):
        member_ids = self._create_members(1)
        self._bill()
        self._work()
        with self._transaction() as env:
            invoice = self._read_periods(env, member_ids).invoice_id
            self.assertFalse(invoice.message_ids)

    # === QUERIES === #

    def _count_queries(self, function):
        """Return how many queries a function makes, on whatever cursor."""
        count = 0
        execute = Cursor.execute

        def counted(cursor, *args, **kwargs):
            nonlocal count
            count += 1
            return execute(cursor, *args, **kwargs)

        with patch.object(Cursor, "execute", counted):
            function()
        return count

    def _count_run(self, size):
        self._create_members(size)
        # Letters of welcome come before, receipts after: jobs of their own.
        self._work()
        bill = self._count_queries(self._bill)
        charge = self._count_queries(partial(self._work, limit=1))
        self._work()
        return bill, charge

    @patch(f"{CHARGE}.ANSWER_SECONDS", 60)
    def test_a_further_member_costs_few_queries(self):
        # Caches of the registry are warm on a running server.
        self._count_run(2)
        bill_few, charge_few = self._count_run(4)
        bill_many, charge_many = self._count_run(24)
        self.assertLessEqual((bill_many - bill_few) / 20, QUERIES_TO_BILL)
        self.assertLessEqual((charge_many - charge_few) / 20, QUERIES_TO_CHARGE)

    # === BETWEEN CHARGE AND BOOKS === #

    def test_killed_before_booking_and_started_again(self):
        member_ids = self._create_members(3)
        self._kill_before_booking(member_ids)
        self._work()
        self.assertBooksAgree(member_ids)

    def test_a_webhook_leaves_to_the_batch_what_is_known(self):
        member_ids = self._create_members(3)
        self._kill_before_booking(member_ids)
        with self._transaction() as env:
            self._tell_of_charges(env)
            self.assertFalse(self._get_charges(env, member_ids).payment_id)
        self._work()
        self.assertBooksAgree(member_ids)

    def test_killed_before_booking_and_left_to_core(self):
        member_ids = self._create_members(3)
        self._kill_before_booking(member_ids)
        with self._transaction() as env:
            self._get_charges(env, member_ids)._cron_post_process()
        self.assertBooksAgree(member_ids)
        self._work()
        self.assertBooksAgree(member_ids)

    def test_what_is_paid_and_not_booked_is_not_charged_again(self):
        member_ids = self._create_members(1)
        period_ids = self._kill_before_booking(member_ids)
        with self._transaction() as env:
            period = env["medspa.membership.period"].browse(period_ids)
            self.assertFalse(period._may_be_charged())
            self.assertFalse(period._charge_period(manual=True))

    def _kill_between_charges(self, member_ids, answer_seconds):
        """Let a job be killed before its third charge; return the states it leaves."""
        self._bill()
        with self._transaction() as env:
            period_ids = self._read_periods(env, member_ids).ids
        self._kill(
            f"""
            def charge(tx, *args):
                calls.append(tx)
                if len(calls) == 3:
                    hang()
                return original(tx, *args)

            Tx = registry["payment.transaction"]
            original = Tx._charge_begun
            patch.object(Tx, "_charge_begun", charge).start()
            patch("{CHARGE}.ANSWER_SECONDS", {answer_seconds}).start()
            env["medspa.membership.period"].browse({period_ids})._charge()
            """,
            "killed after two charges",
        )
        self.assertEqual(len(self._get_taken(member_ids)), 2)
        with self._transaction() as env:
            return self._get_charges(env, member_ids).mapped("state")

    def test_killed_between_two_charges(self):
        member_ids = self._create_members(4)
        states = self._kill_between_charges(member_ids, answer_seconds=0)
        self.assertEqual(states, ["done", "done", "draft", "draft"])
        self._work()
        self.assertBooksAgree(member_ids)

    def test_killed_with_answers_that_wait_for_others(self):
        member_ids = self._create_members(4)
        states = self._kill_between_charges(member_ids, answer_seconds=60)
        self.assertEqual(states, ["draft"] * 4, "Two were charged, and it is lost")
        self._work()
        self.assertBooksAgree(member_ids)

    def test_lost_answers_are_asked_for_where_no_job_comes_back(self):
        member_ids = self._create_members(4)
        self._kill_between_charges(member_ids, answer_seconds=60)
        with self._transaction() as env:
            env["queue.job"].search([("state", "=", "pending")]).unlink()
        self._resolve()
        self.assertBooksAgree(member_ids)

    def test_answers_that_come_at_once_are_committed_together(self):
        member_ids = self._create_members(4)
        self._bill()
        answered = []

        def ask(original, tx, *args):
            with self._transaction() as other:
                txs = self._get_charges(other, member_ids)
                answered.append(txs.mapped("state").count("done"))
            return original(tx, *args)

        with self._patch_model("payment.transaction", "_ask_safely", ask):
            for seconds in (60, 0):
                with patch(f"{CHARGE}.ANSWER_SECONDS", seconds):
                    self._work()
                member_ids = self._create_members(4)
                self._bill()
        self.assertEqual(answered, [0, 0, 0, 0, 0, 1, 2, 3])

    def test_a_decline_keeps_the_answers_before_it(self):
        paying, broke = self._create_members(2), self._create_members(1, DECLINED)
        self._bill()
        with self._transaction() as env:
            periods = self._read_periods(env, paying + broke)
            by_member = {period.membership_id.id: period for period in periods}
            jobs = env["queue.job"].search([("state", "=", "pending")])
            jobs.unlink()
            order = [by_member[i].id for i in (paying[0], broke[0], paying[1])]
        with self._transaction() as env, mute_logger(PROVIDER):
            env["medspa.membership.period"].browse(order)._charge()
        self.assertBooksAgree(paying)
        self.assertBooksAgree(broke, paid=0, open_count=1)

    def test_a_webhook_about_an_answer_that_waits(self):
        """The news of the first charge comes while the second is being made."""
        member_ids = self._create_members(2)
        self._bill()
        asked = []

        def ask(original, tx, *args):
            asked.append(tx)
            if len(asked) == 2:
                webhook.start()
                # Long enough for it to come to the row that is held.
                webhook.join(1)
            return original(tx, *args)

        def hear():
            threading.current_thread().dbname = self.registry.db_name
            told.extend(self._run_together(tell))

        def tell(env):
            self._tell_of_charges(env, 1)

        told, webhook = [], threading.Thread(target=hear)
        with (
            self._patch_model("payment.transaction", "_ask_safely", ask),
            patch(f"{CHARGE}.ANSWER_SECONDS", 60),
        ):
            self._work()
        webhook.join(20)
        self.assertEqual((len(asked), told), (2, [None]))
        self._work()
        self.assertBooksAgree(member_ids)

    def test_a_webhook_about_a_lost_answer_books_at_once(self):
        member_ids = self._create_members(4)
        self._kill_between_charges(member_ids, answer_seconds=60)
        with self._transaction() as env:
            self._tell_of_charges(env)
        self.assertBooksAgree(member_ids[:2])
        self._work()
        self.assertBooksAgree(member_ids)

    def test_begun_and_lost_with_its_job_is_found_by_the_cron(self):
        member_ids = self._create_members(2)
        self._bill()
        with self._transaction() as env:
            self._read_periods(env, member_ids)._claim_charges(False)
            env["queue.job"].search([("state", "=", "pending")]).unlink()
        with self._transaction() as env:
            txs = self._get_charges(env, member_ids)
            now = fields.Datetime.now() + timedelta(minutes=11)
            self.assertLessEqual(txs, txs.search(txs._get_unresolved_domain(now)))
        self._resolve()
        self.assertBooksAgree(member_ids)

    # === TWO AT ONCE === #

    def test_two_jobs_that_book_at_once(self):
        member_ids = self._create_members(4)
        period_ids = self._kill_before_booking(member_ids)

        def book(env):
            periods = env["medspa.membership.period"].browse(period_ids)
            periods.transaction_ids._book_charged()

        results = self._run_together(book, book, pause=0.2)
        # The loser starts again, and finds everything done.
        self.assertTrue([r for r in results if not isinstance(r, Exception)])
        self._work()
        self.assertBooksAgree(member_ids)

    # === ONE BROKEN === #

    def test_one_that_cannot_be_booked_stops_no_other(self):
        member_ids = self._create_members(4)
        self._bill()
        with self._break_payment_of(member_ids[1]), mute_logger(BOOKING):
            self._work()
        self.assertBooksAgree(member_ids[:1] + member_ids[2:])
        with self._transaction() as env:
            tx = self._get_charges(env, member_ids[1:2])
            self.assertEqual((tx.state, tx.is_post_processed), ("done", False))
            self.assertFalse(tx.payment_id)
            # Core's job makes up for it when the fault is mended.
            tx._cron_post_process()
        self.assertBooksAgree(member_ids)

    def test_one_that_cannot_be_begun_stops_no_other(self):
        member_ids = self._create_members(4)
        self._bill()

        def prepare(original, period, token):
            if period.membership_id.id == member_ids[2]:
                raise ValueError("Not with this card.")
            return original(period, token)

        model = "medspa.membership.period"
        with (
            self._patch_model(model, "_prepare_transaction_vals", prepare),
            mute_logger(CHARGE),
        ):
            self._work()
        self.assertBooksAgree(member_ids[:2] + member_ids[3:])
        with self._transaction() as env:
            broken = env["sale.subscription"].browse(member_ids[2])
            self.assertFalse(self._get_charges(env, broken.ids))
            self.assertEqual(len(broken.activity_ids), 1, "Staff are told")
