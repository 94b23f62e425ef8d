# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Charges that a job books together: what they cost, and what may go wrong."""

from datetime import timedelta
from functools import partial
from unittest.mock import patch

from odoo import fields
from odoo.sql_db import Cursor
from odoo.tests import tagged
from odoo.tools import mute_logger

from .membership_fault_common import MembershipFaultCase

CHARGE = "odoo.addons.medspa_membership.models.billing.medspa_membership_period_charge"
BOOKING = "odoo.addons.medspa_membership.models.billing.payment_transaction_charge"
# Queries for each further member: asking the bank, its answer, its commit, the books.
QUERIES_TO_BILL = 8
QUERIES_TO_CHARGE = 26


@tagged("post_install", "-at_install")
class TestMembershipBatches(MembershipFaultCase):
    def _get_charges(self, env, member_ids):
        """Return the transactions of the periods that were billed, oldest first."""
        return self._read_periods(env, member_ids).transaction_ids.sorted("id")

    def _patch_model(self, name, method, function):
        """Put a function in the place of a method, which it gets as `original`."""
        model = self.registry[name]
        original = getattr(model, method)

        def patched(records, *args, **kwargs):
            return function(original, records, *args, **kwargs)

        return patch.object(model, method, patched)

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

    def test_a_further_member_costs_few_queries(self):
        # Caches of the registry are warm on a running server.
        self._count_run(2)
        bill_few, charge_few = self._count_run(4)
        bill_many, charge_many = self._count_run(24)
        self.assertLessEqual((bill_many - bill_few) / 20, QUERIES_TO_BILL)
        self.assertLessEqual((charge_many - charge_few) / 20, QUERIES_TO_CHARGE)

    # === BETWEEN CHARGE AND BOOKS === #

    def _kill_before_booking(self, member_ids):
        """Let a job charge and be killed before it books; return its periods' ids."""
        self._bill()
        with self._transaction() as env:
            period_ids = self._read_periods(env, member_ids).ids
        self._kill(
            f"""
            Period = registry["medspa.membership.period"]
            patch.object(Period, "_book_charges", lambda *args: hang()).start()
            env["medspa.membership.period"].browse({period_ids})._charge()
            """,
            "killed before the books",
        )
        with self._transaction() as env:
            txs = self._get_charges(env, member_ids)
            self.assertEqual(txs.mapped("state"), ["done"] * len(member_ids))
            self.assertFalse(any(txs.mapped("is_post_processed")))
            self.assertFalse(txs.payment_id)
        return period_ids

    def test_killed_before_booking_and_started_again(self):
        member_ids = self._create_members(3)
        self._kill_before_booking(member_ids)
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

    def test_killed_between_two_charges(self):
        member_ids = self._create_members(4)
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
            env["medspa.membership.period"].browse({period_ids})._charge()
            """,
            "killed after two charges",
        )
        with self._transaction() as env:
            states = self._get_charges(env, member_ids).mapped("state")
            self.assertEqual(states, ["done", "done", "draft", "draft"])
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
            env["medspa.membership.period"].browse(period_ids)._book_charges()

        results = self._run_together(book, book, pause=0.2)
        # The loser starts again, and finds everything done.
        self.assertTrue([r for r in results if not isinstance(r, Exception)])
        self._work()
        self.assertBooksAgree(member_ids)

    # === ONE BROKEN === #

    def _break_payment_of(self, member_id):
        """Let no payment of one member be entered, however it is tried."""
        with self._transaction() as env:
            partner = env["sale.subscription"].browse(member_id).partner_id.id

        def generate(original, payment, *args, **kwargs):
            if payment.partner_id.id == partner:
                raise ValueError("This account is closed.")
            return original(payment, *args, **kwargs)

        return self._patch_model("account.payment", "_generate_move_vals", generate)

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
