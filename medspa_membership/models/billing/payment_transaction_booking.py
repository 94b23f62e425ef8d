# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.fields import Command, Domain
from odoo.tools import SQL

from .sale_subscription import QUIET

_logger = logging.getLogger(__name__)

# Charges that are booked at once: the first costs as much as fifteen further ones. More
# would keep the numbers of the journal locked for longer.
BOOKING_BATCH = 100
# What is charged waits so long for others to be booked with.
BOOKING_SECONDS = 2
# Those that are looked at to find so many that nobody is booking.
SEARCH_LIMIT = 1000
# What is not booked after so long is left to core's job, which tries for days.
BOOKING_MINUTES = 60


class PaymentTransaction(models.Model):
    """What a job has charged for memberships, booked many at a time.

    Core books a transaction by itself: a payment, its entry, a reconciliation, three
    messages. For a billing run the same records are made in batches, without messages:
    the period lists its transactions.
    """

    _inherit = "payment.transaction"

    _waits_for_batch_idx = models.Index(
        "(last_state_change) WHERE membership_period_id IS NOT NULL"
        " AND state = 'done' AND is_post_processed IS NOT TRUE"
    )

    # === BUSINESS METHODS: QUEUE === #

    def _book_or_wait(self):
        """Book what is charged if that is many by now, or if no job will add to it.

        The rest is left to a job that comes a little later: what is charged meanwhile
        is booked with it.
        """
        waiting = self._search_waiting().try_lock_for_update(limit=BOOKING_BATCH)
        if len(waiting) == BOOKING_BATCH or (waiting and self._is_last_to_charge()):
            waiting._book_charged()
            waiting = self._search_waiting().try_lock_for_update(limit=1)
        if waiting:
            self._enqueue_booking(seconds=BOOKING_SECONDS)

    @api.model
    def _is_last_to_charge(self):
        """Tell whether the job that asks is the only one that is charging, or about to.

        Where two end at once neither is: a later job books what they leave.
        """
        jobs = Domain("model_name", "=", "medspa.membership.period")
        jobs &= Domain("method_name", "=", "_charge")
        jobs &= Domain("state", "in", ("pending", "enqueued", "started"))
        return self.env["queue.job"].sudo().search_count(jobs, limit=2) < 2

    def _enqueue_booking(self, after_id=0, seconds=0):
        """Queue a booking job, unless the same one is waiting."""
        self.browse().with_delay(
            channel="root.charge",
            eta=seconds,
            identity_key=f"medspa.book.{after_id}",
            description=self.env._("Book what was charged for memberships"),
        )._book_waiting(after_id)

    def _book_waiting(self, after_id=0):
        """Book what is charged for memberships and not booked: a queued job.

        Of more than a batch the rest is another job's: a worker who is free takes it.

        :param int after_id: what comes before it is another job's
        """
        waiting = self.sudo()._search_waiting(after_id)
        batch = waiting[:BOOKING_BATCH]
        if batch != waiting:
            self._enqueue_booking(batch[-1].id)
            self.env["ir.cron"]._commit_progress()
        batch._book_charged()

    @api.model
    def _search_waiting(self, after_id=0):
        """Return the charges after one that wait to be booked, the oldest first."""
        since = fields.Datetime.now() - timedelta(minutes=BOOKING_MINUTES)
        waiting = Domain("membership_period_id", "!=", False)
        waiting &= Domain("state", "=", "done")
        waiting &= Domain("is_post_processed", "=", False)
        waiting &= Domain("operation", "=", "offline")
        waiting &= Domain("last_state_change", ">=", since)
        waiting &= Domain("id", ">", after_id)
        return self.search(waiting, order="id", limit=SEARCH_LIMIT)

    # === BUSINESS METHODS: BOOKING === #

    def _book_charged(self):
        """Book what the bank took and is not booked, in one go, and commit it.

        One by one where that does not work: what cannot be booked stops no other, and
        core's job tries it again.
        """
        txs = self.filtered(lambda tx: tx._waits_for_its_batch())
        txs = txs.with_context(medspa_book_together=False).try_lock_for_update()
        if not txs:
            return
        try:
            with self.env.cr.savepoint():
                txs._book_together()
        except OperationalError:
            raise
        except Exception:
            _logger.info("A batch of charges is booked one by one", exc_info=True)
            self.env.invalidate_all(flush=False)
            for tx in txs:
                tx._post_process_at_once()
        self.env["ir.cron"]._commit_progress()

    def _waits_for_its_batch(self):
        """Tell whether it is a paid charge of a period that is not booked yet."""
        self.ensure_one()
        return (
            self.state == "done"
            and not self.is_post_processed
            and self.operation == "offline"
            and bool(self.membership_period_id)
        )

    def _is_left_to_its_batch(self):
        """Override: a job of memberships books what it has charged in one go."""
        book_together = self.env.context.get("medspa_book_together")
        return bool(book_together) and self._waits_for_its_batch()

    def _post_process_at_once(self):
        """Override to leave what the job of memberships has charged to its batch."""
        if self._is_left_to_its_batch():
            return None
        return super()._post_process_at_once()

    def _book_together(self):
        """Post-process paid charges of periods, with their payments made in one go."""
        quiet = self.with_context(**QUIET)
        for company, txs in quiet.grouped("company_id").items():
            txs.with_company(company)._create_payments_together()
        quiet._post_process()

    def _create_payments_together(self):
        """Create, post and reconcile the payments that core would make one by one."""
        missing = self.filtered(
            lambda tx: not tx.payment_id and tx.invoice_ids.state == "posted"
        )
        payments = self.env["account.payment"].create(
            [tx._prepare_payment_vals() for tx in missing]
        )
        # Neither entries of payments nor invoices that are paid have lines to compute.
        payments = payments.with_context(skip_invoice_sync=True)
        payments._create_entries_together()
        # What follows their money does so when they are reconciled.
        payments.with_context(medspa_reconciled_next=True).action_post()
        plan = []
        for tx, payment in zip(missing, payments, strict=True):
            tx.payment_id = payment.id
            lines = payment.move_id.line_ids | tx.invoice_ids.line_ids
            plan.append(
                lines.filtered(
                    lambda line, account=payment.destination_account_id: (
                        line.account_id == account and not line.reconciled
                    )
                )
            )
        # Read now: a reconciliation that looks them up computes what is half done.
        (payments.move_id | missing.invoice_ids).mapped("payment_ids")
        payments.env["account.move.line"]._reconcile_plan(plan)

    def _prepare_payment_vals(self):
        """Return the values of the payment of an invoice, as core makes it.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        journal = self.provider_id.journal_id
        method_line = journal.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == self.provider_id
        )
        receivable = self.invoice_ids.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        return {
            "amount": self.amount,
            "payment_type": "inbound",
            "currency_id": self.currency_id.id,
            "partner_id": self.partner_id.commercial_partner_id.id,
            "partner_type": "customer",
            "journal_id": journal.id,
            "company_id": self.provider_id.company_id.id,
            "payment_method_line_id": method_line.id,
            "payment_token_id": self.token_id.id,
            "payment_transaction_id": self.id,
            "memo": f"{self.reference} - {self.provider_reference or ''}",
            "invoice_ids": [Command.set(self.invoice_ids.ids)],
            "destination_account_id": receivable[:1].account_id.id,
        }

    # === CONSTRAINT METHODS === #

    @api.constrains("token_id")
    def _check_token_is_active(self):
        """Override of `payment`, whose check knows one transaction at a time."""
        res = None
        for tx in self:
            res = super(PaymentTransaction, tx)._check_token_is_active()
        return res

    # === LOGGING METHODS === #

    def _is_told_by_period(self):
        """Tell whether it is a charge that goes well: its period shows it."""
        self.ensure_one()
        return (
            self.operation == "offline"
            and bool(self.membership_period_id)
            and self.state in ("draft", "done")
        )

    def _log_sent_message(self):
        """Override of `payment` to leave out what the period tells."""
        told = self.filtered(lambda tx: tx._is_told_by_period())
        return super(PaymentTransaction, self - told)._log_sent_message()

    def _log_received_message(self):
        """Override of `payment` to leave out what the period tells."""
        told = self.filtered(lambda tx: tx._is_told_by_period())
        return super(PaymentTransaction, self - told)._log_received_message()

    def _log_message_on_linked_documents(self, message):
        """Override of `payment` to leave out what the period tells."""
        if self._is_told_by_period():
            return None
        return super()._log_message_on_linked_documents(message)


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def _create_entries_together(self):
        """Create the entries of payments in one go.

        Core does so too when they are posted, and then writes on each payment which
        entry is its own: as many searches for all that depends on it.
        """
        waiting = self.filtered(lambda p: not p.move_id and p.outstanding_account_id)
        moves = self.env["account.move"].create(
            [payment._prepare_entry_vals() for payment in waiting]
        )
        moves.flush_recordset(["origin_payment_id"])
        self.env.cr.execute(
            SQL(
                "UPDATE account_payment SET move_id = account_move.id"
                " FROM account_move"
                " WHERE account_move.origin_payment_id = account_payment.id"
                " AND account_move.id IN %s",
                tuple(moves.ids) or (None,),
            )
        )
        waiting.invalidate_recordset(["move_id"], flush=False)
        waiting.modified(["move_id"])

    def _prepare_entry_vals(self):
        """Return the values of the entry, without what core looks up for invoices."""
        self.ensure_one()
        vals = self._generate_move_vals()
        lines = [
            Command.create({"analytic_distribution": False, "tax_ids": [], **line_vals})
            for _command, _id, line_vals in vals["line_ids"]
        ]
        return {**vals, "fiscal_position_id": False, "line_ids": lines}
