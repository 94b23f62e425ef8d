# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""When what jobs have charged is booked, and by whom."""

from contextlib import ExitStack
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from .membership_batch_common import BOOKING, CHARGE, MembershipBatchCase

BOOKED = "odoo.addons.medspa_membership.models.billing.payment_transaction_booking"


@tagged("post_install", "-at_install")
class TestMembershipBooking(MembershipBatchCase):
    def _patch_batches(self, charges, bookings):
        """Let jobs charge, and book, as many at once; note how many are booked."""
        with self._transaction() as env:
            # What other tests have left waiting is not theirs.
            env["payment.transaction"].sudo()._search_waiting()._book_charged()
        stack = ExitStack()
        self.addCleanup(stack.close)
        stack.enter_context(patch(f"{CHARGE}.CHARGE_BATCH", charges))
        stack.enter_context(patch(f"{BOOKED}.BOOKING_BATCH", bookings))
        sizes = []

        def book(original, txs):
            sizes.append(len(txs))
            return original(txs)

        stack.enter_context(
            self._patch_model("payment.transaction", "_book_together", book)
        )
        return sizes

    def _bill_members(self, count):
        """Let members be billed, with nothing queued but their charges."""
        member_ids = self._create_members(count)
        # Their letters of welcome.
        self._work()
        self._bill()
        return member_ids

    def _count_booking_jobs(self):
        with self._transaction() as env:
            return env["queue.job"].search_count(
                [("state", "=", "pending"), ("method_name", "=", "_book_waiting")]
            )

    def test_the_full_jobs_of_a_run_book_together(self):
        sizes = self._patch_batches(charges=2, bookings=4)
        member_ids = self._bill_members(7)
        self._work(limit=1)
        self.assertFalse(sizes, "Two charges wait for others")
        self._work(limit=2)
        self.assertEqual(sizes, [4], "Four are enough: two others wait")
        self.assertEqual(self._count_booking_jobs(), 1)
        self._work()
        self.assertEqual(sizes, [4, 1, 2], "The last job had one; the rest is booked")
        self.assertBooksAgree(member_ids)

    def test_what_waits_is_booked_by_one_job(self):
        sizes = self._patch_batches(charges=2, bookings=100)
        member_ids = self._bill_members(6)
        with self._transaction() as env:
            # Another worker is at it, and takes its time.
            slow = env["queue.job"].search(
                [("method_name", "=", "_charge")], order="id desc", limit=1
            )
            slow.state = "started"
            slow_id = slow.id
        self._work(limit=2)
        self.assertEqual((sizes, self._count_booking_jobs()), ([], 1))
        self._work()
        self.assertEqual(sizes, [4], "Nobody waits for the slow one")
        with self._transaction() as env:
            env["queue.job"].browse(slow_id).state = "pending"
        self._work()
        self.assertEqual(sizes, [4, 2])
        self.assertBooksAgree(member_ids)

    def test_the_last_job_books_what_waits(self):
        sizes = self._patch_batches(charges=2, bookings=100)
        member_ids = self._bill_members(4)
        self._work(limit=1)
        self.assertFalse(sizes, "Another job will add to it")
        self._work(limit=1)
        self.assertEqual(sizes, [4], "No other job will: nobody waits for a timer")
        self.assertBooksAgree(member_ids)

    def test_where_nothing_is_left_no_booking_is_queued(self):
        sizes = self._patch_batches(charges=2, bookings=2)
        member_ids = self._bill_members(4)
        self._work(limit=2)
        self.assertEqual((sizes, self._count_booking_jobs()), ([2, 2], 0))
        self.assertBooksAgree(member_ids)

    def test_killed_while_its_charges_wait(self):
        self._patch_batches(charges=3, bookings=100)
        member_ids = self._create_members(3)
        self._bill()
        with self._transaction() as env:
            period_ids = self._read_periods(env, member_ids).ids
        self._kill(
            f"""
            Tx = registry["payment.transaction"]
            patch("{CHARGE}.CHARGE_BATCH", 3).start()
            patch.object(Tx, "_book_or_wait", lambda *args: hang()).start()
            env["medspa.membership.period"].browse({period_ids})._charge()
            """,
            "killed before it queued the booking",
        )
        self._work()
        self.assertBooksAgree(member_ids)

    def test_what_another_job_is_booking_is_waited_for_by_nobody(self):
        self._patch_batches(charges=2, bookings=2)
        member_ids = self._create_members(4)
        self._kill_before_booking(member_ids)
        with self._transaction() as other:
            txs = self._get_charges(other, member_ids)
            txs[:2].lock_for_update()
            self._work()
            with self._transaction() as env:
                booked = self._get_charges(env, member_ids)
                self.assertEqual(
                    booked.mapped("is_post_processed"), [False, False, True, True]
                )
        with self._transaction() as env:
            env["payment.transaction"]._book_waiting()
        self.assertBooksAgree(member_ids)

    def test_what_cannot_be_booked_does_not_keep_the_job_at_it(self):
        self._patch_batches(charges=3, bookings=1)
        member_ids = self._create_members(3)
        self._bill()
        with self._break_payment_of(member_ids[0]), mute_logger(BOOKING):
            self._work()
        self.assertBooksAgree(member_ids[1:])
        with self._transaction() as env:
            self._get_charges(env, member_ids[:1])._cron_post_process()
        self.assertBooksAgree(member_ids)
