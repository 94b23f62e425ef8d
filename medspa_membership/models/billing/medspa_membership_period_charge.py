# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import logging
import time
from datetime import timedelta

from psycopg2 import IntegrityError, OperationalError

from odoo import api, fields, models
from odoo.fields import Command, Domain
from odoo.tools import split_every

from .medspa_membership_period import CHARGE_BATCH

_logger = logging.getLogger(__name__)

# A card payment that a member has open on a page: the job keeps its hands off so long.
PAGE_MINUTES = 30
# A bank's answer waits so long for others to be committed with.
ANSWER_SECONDS = 0.25


class MedspaMembershipPeriod(models.Model):
    """Collecting a period from the stored method.

    One charge a period: the row is locked, an attempt is written and committed before
    the provider is asked, and an index of the database keeps a second one away while
    the first has not failed.
    """

    _inherit = "medspa.membership.period"

    attempt_count = fields.Integer("Tries", readonly=True)
    auto_attempt_count = fields.Integer("Tries by itself", readonly=True)
    first_failed_at = fields.Datetime("Failed since", readonly=True)
    last_failed_at = fields.Datetime(readonly=True)
    failure_kind = fields.Char(readonly=True)
    failure_reason = fields.Char("Why", readonly=True, help="As the member reads it.")
    dunning_step_id = fields.Many2one(
        "medspa.dunning.step", "Last step", readonly=True, ondelete="set null"
    )
    next_step_at = fields.Datetime("Next step", readonly=True, index="btree_not_null")
    retry_at = fields.Datetime(
        "Tried again",
        readonly=True,
        index="btree_not_null",
        help="After a fault on the way to the bank, which no member is told of.",
    )
    is_stopped = fields.Boolean(
        "Needs another method",
        readonly=True,
        help="The bank refuses this card for good: it is not asked again.",
    )

    # === BUSINESS METHODS: QUEUE === #

    def _enqueue_charges(self, manual=False):
        """Queue the charges of open periods, some in each job."""
        for batch in split_every(
            CHARGE_BATCH, self.filtered(lambda p: p.state == "open").ids, self.browse
        ):
            batch.with_delay(
                channel="root.charge",
                identity_key=batch._get_charge_key(manual),
                description=self.env._("Charge memberships"),
            )._charge(manual=manual)

    def _get_charge_key(self, manual):
        """Return the key under which these charges are queued once."""
        parts = [f"{period.id}.{period.attempt_count}" for period in self]
        return f"medspa.charge.{int(manual)}.{'-'.join(parts)}"

    @api.model
    def _cron_charge_missed(self):
        """Queue again what is open, was never tried, and waits for an hour.

        A job can be lost with its queue; a member is not missed for it.
        """
        hour_ago = fields.Datetime.now() - timedelta(hours=1)
        waiting = Domain("state", "=", "open") & Domain("attempt_count", "=", 0)
        waiting &= Domain("write_date", "<", hour_ago)
        waiting &= Domain("first_failed_at", "=", False)
        retry = Domain("state", "=", "open") & Domain(
            "retry_at", "<=", fields.Datetime.now()
        )
        self.sudo().search(waiting | retry, limit=5000)._enqueue_charges()

    # === BUSINESS METHODS: CHARGE === #

    def _charge(self, manual=False):
        """Charge open periods, each in transactions of its own: a queued job.

        What the bank took is booked for all of them together, right after; that of a
        full job, which has others beside it, together with theirs. Of a job that is
        killed in between nothing is lost: it books when the queue starts it again, and
        core's job books what is paid in any case.

        Answers that come at once are committed together. One that is lost before that
        is asked for again, under the same key.

        :param bool manual: a person asked for it: it uses up no automatic try
        """
        periods = self.sudo().with_context(medspa_book_together=True)
        claimed = periods._claim_charges(manual)
        txs = periods.env["payment.transaction"].browse(tx_id for tx_id, _ in claimed)
        txs = txs.with_context(medspa_charge_requests=txs._prepare_requests_safely())
        committed = time.monotonic()
        for tx, (_id, is_first) in zip(txs, claimed, strict=True):
            periods._charge_claimed(tx, is_first)
            if time.monotonic() - committed > ANSWER_SECONDS:
                self.env["ir.cron"]._commit_progress()
                committed = time.monotonic()
        self.env["ir.cron"]._commit_progress()
        if len(periods) < CHARGE_BATCH:
            periods.transaction_ids._book_charged()
        else:
            periods.env["payment.transaction"]._book_or_wait()

    def _claim_charges(self, manual):
        """Begin the charges of these periods, and commit them before any is sent.

        What is wrong with one period is reported and stops no other.

        :return: list of (id of the transaction, whether it is sent for the first time)
        """
        try:
            txs = self._create_charges(manual)
            begun = txs._begin_charge()
            self.env["ir.cron"]._commit_progress()
            return [(tx.id, tx in begun) for tx in txs]
        except OperationalError:
            # The queue starts the job again; what was charged is recorded.
            raise
        except Exception as error:
            self.env.cr.rollback()
            if len(self) == 1:
                self._report_charge_fault(error)
                return []
            _logger.info("Charges are begun one by one", exc_info=True)
            return [
                claimed for period in self for claimed in period._claim_charges(manual)
            ]

    def _charge_claimed(self, tx, is_first):
        """Charge one transaction of the job; what goes wrong stops no other.

        What is paid waits for the job to commit it.
        """
        try:
            if tx._charge_begun(is_first) != "done":
                # A decline is dealt with at once, a payment is booked with the others.
                self.env["ir.cron"]._commit_progress()
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - reported below, with its trace
            self.env.cr.rollback()
            tx.membership_period_id._report_charge_fault(error)

    def _report_charge_fault(self, error):
        """Tell the staff of a period that could not be charged."""
        _logger.error("Charging %s failed", self, exc_info=error)
        self.membership_id._report_fault(error)
        self.env["ir.cron"]._commit_progress()

    def _charge_period(self, manual=False):
        """Charge one period to the stored method. Note: `self.ensure_one()`.

        :return: the transaction, empty when there was nothing to charge
        """
        self.ensure_one()
        tx = self._create_charges(manual)
        if tx:
            tx._charge_once()
        return tx

    def _create_charges(self, manual=False):
        """Create the transactions of the next attempts, where there may be any.

        :return: those, and what a job has begun that was killed, or is at it still
        """
        periods = self.try_lock_for_update()
        unfinished = periods.transaction_ids.filtered(
            lambda tx: tx.state == "draft" and tx.operation == "offline"
        )
        charged, vals_list = self.browse(), []
        for period in periods:
            if period._may_be_charged() and (token := period._get_token_or_fail()):
                charged |= period
                vals_list.append(period._prepare_transaction_vals(token))
        try:
            with self.env.cr.savepoint():
                txs = self.env["payment.transaction"].create(vals_list)
        except IntegrityError:
            # Another run has taken one of them: the others are charged.
            if len(charged) == 1:
                return unfinished
            return unfinished.union(
                *(period._create_charges(manual) for period in charged)
            )
        for period in charged:
            period.attempt_count += 1
            if not manual:
                period.auto_attempt_count += 1
        return unfinished | txs

    def _get_token_or_fail(self):
        """Return the method to charge; where there is none, take that as a failure.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self.retry_at:
            self.retry_at = False
        token = self._get_charge_token()
        if not token and self._is_provider_off():
            self._on_failure(
                "config",
                self.env._(
                    "The payment provider %s is switched off.",
                    self.membership_id.payment_token_id.provider_id.name,
                ),
            )
            return token
        if not token:
            self._on_failure(
                "new_method", self.env._("There is no usable payment method on file.")
            )
            return token
        if not self._is_within_network_limits(token):
            self._on_failure(
                "new_method",
                self.env._("The card was tried as often as its network allows."),
            )
            return token.browse()
        return token

    def _may_be_charged(self):
        """Tell whether the period waits for money and nothing is on its way."""
        self.ensure_one()
        invoice = self.invoice_id
        if self.state != "open" or invoice.state != "posted":
            return False
        if invoice.payment_state in ("paid", "in_payment", "reversed"):
            return False
        if not invoice.currency_id.compare_amounts(invoice.amount_residual, 0) > 0:
            return False
        page_since = fields.Datetime.now() - timedelta(minutes=PAGE_MINUTES)
        return not any(
            tx.state in ("pending", "authorized")
            # Paid, and the invoice does not know of it yet.
            or (tx.state == "done" and not tx.is_post_processed)
            or (tx.state == "draft" and tx.operation == "offline")
            or (tx.state == "draft" and tx.create_date > page_since)
            for tx in invoice.transaction_ids | self.transaction_ids
            if tx.operation not in ("refund", "validation")
        )

    def _get_charge_token(self):
        """Return the method to charge, none when it cannot be used."""
        self.ensure_one()
        token = self.membership_id.payment_token_id
        if (
            not token
            or not token.active
            or token.partner_id
            not in (self.partner_id | self.partner_id.commercial_partner_id)
        ):
            return token.browse()
        if self.is_stopped and token in self.transaction_ids.token_id:
            return token.browse()
        return token

    def _is_provider_off(self):
        """Tell whether the member's method waits for its provider to be on again."""
        self.ensure_one()
        token = self.membership_id.payment_token_id
        return bool(token and not token.active and token.archived_from_state)

    def _is_within_network_limits(self, token):
        """Tell whether the card may be tried once more for this period."""
        self.ensure_one()
        policy = self.membership_id.dunning_policy_id
        if not policy:
            return True
        since = fields.Datetime.now() - timedelta(days=policy.attempt_days)
        tried = self.transaction_ids.filtered(
            lambda tx: (
                tx.token_id == token
                and tx.state in ("error", "cancel")
                # A fault of ours has not reached the network.
                and tx.decline_kind != "config"
                and tx.create_date >= since
            )
        )
        return len(tried) < policy.max_attempts

    def _prepare_transaction_vals(self, token):
        """Return the transaction of an attempt; its reference follows from the period.

        The same attempt has the same reference, and so the same key at the provider.
        """
        self.ensure_one()
        invoice = self.invoice_id
        return {
            "reference": f"{invoice.name}-M{self.id}-{self.attempt_count + 1}",
            "provider_id": token.provider_id.id,
            "payment_method_id": token.payment_method_id.id,
            "token_id": token.id,
            "amount": invoice.amount_residual,
            "currency_id": invoice.currency_id.id,
            "partner_id": token.partner_id.id,
            "operation": "offline",
            "invoice_ids": [Command.set(invoice.ids)],
            "membership_period_id": self.id,
        }
