# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import logging
from datetime import timedelta

from psycopg2 import IntegrityError, OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import split_every

from .medspa_membership_period import CHARGE_BATCH

_logger = logging.getLogger(__name__)

# A card payment that a member has open on a page: the job keeps its hands off so long.
PAGE_MINUTES = 30
# Faults on the way to the bank are tried again soon, so often, before they count.
TECHNICAL_HOURS = 1
TECHNICAL_TRIES = 2
# Kinds of decline that no repeated request can heal: another method, or people, must.
STOPPING_KINDS = ("new_method", "authenticate", "stop", "fraud", "duplicate", "config")
# Those that are no fault of the member: staff look at them first.
STAFF_KINDS = ("config", "fraud", "duplicate")


class MedspaMembershipPeriod(models.Model):
    """Collecting a period from the stored method, and what follows a failure.

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

        :param bool manual: a person asked for it: it uses up no automatic try
        """
        for period in self:
            try:
                period.sudo()._charge_period(manual)
            except OperationalError:
                # The queue starts the job again; what was charged is recorded.
                raise
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("Charging %s failed", period)
                period.membership_id._report_fault(error)
            self.env["ir.cron"]._commit_progress()

    def _charge_period(self, manual=False):
        """Charge one period to the stored method. Note: `self.ensure_one()`.

        :return: the transaction, empty when there was nothing to charge
        """
        self.ensure_one()
        tx = self.env["payment.transaction"]
        if not self.try_lock_for_update() or not self._may_be_charged():
            return tx
        self.retry_at = False
        token = self._get_charge_token()
        if not token:
            self._on_failure(
                "new_method", self.env._("There is no usable payment method on file.")
            )
            return tx
        if not self._is_within_network_limits(token):
            self._on_failure(
                "new_method",
                self.env._("The card was tried as often as its network allows."),
            )
            return tx
        try:
            with self.env.cr.savepoint():
                tx = tx.create(self._prepare_transaction_vals(token))
        except IntegrityError:
            # Another run has taken it.
            return tx
        self.attempt_count += 1
        if not manual:
            self.auto_attempt_count += 1
        tx._charge_once()
        return tx

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

    # === BUSINESS METHODS: OUTCOME === #

    def _on_charge_settled(self, tx):
        """Take the outcome of a charge in, on whichever way it came.

        Note: `self.ensure_one()`. Called twice it does nothing the second time.
        """
        self.ensure_one()
        if self.state != "open" or tx.state not in ("error", "cancel"):
            return
        if tx.taken_back_at:
            self._on_taken_back(tx)
            return
        if tx.operation != "offline":
            # The member saw on the page that it did not work.
            return
        if self.last_failed_at and tx.last_state_change <= self.last_failed_at:
            return
        if self._is_tried_soon(tx):
            self.write(
                {
                    "last_failed_at": tx.last_state_change,
                    "retry_at": fields.Datetime.now()
                    + timedelta(hours=TECHNICAL_HOURS),
                }
            )
            return
        self._on_failure(
            tx.decline_kind or "soft",
            tx._get_member_message(),
            failed_at=tx.last_state_change,
        )

    def _on_taken_back(self, tx):
        """Learn why money went away: who disputes a charge is not charged again."""
        self.ensure_one()
        kind = "stop" if tx.taken_back_kind == "dispute" else "soft"
        self.write({"failure_kind": kind, "is_stopped": kind in STOPPING_KINDS})
        if kind == "stop":
            self.membership_id._report_fault(
                self.env._(
                    "%(payment)s is disputed: %(reason)s",
                    payment=tx.reference,
                    reason=tx.state_message or "",
                )
            )

    def _is_tried_soon(self, tx):
        """Tell whether a failure is one of the way, not of the card, and repeatable."""
        if tx.decline_kind != "technical":
            return False
        tried = self.transaction_ids.filtered(lambda t: t.decline_kind == "technical")
        return len(tried) <= TECHNICAL_TRIES

    def _on_failure(self, kind, reason, failed_at=None):
        """Note a failed charge: tell whom it concerns, and plan what comes next.

        :param str kind: of the decline, see `payment.transaction`
        :param str reason: as the member may read it
        """
        self.ensure_one()
        failed_at = failed_at or fields.Datetime.now()
        is_first = not self.first_failed_at
        self.write(
            {
                "first_failed_at": self.first_failed_at or failed_at,
                "last_failed_at": failed_at,
                "failure_kind": kind,
                "failure_reason": reason,
                "is_stopped": kind in STOPPING_KINDS,
            }
        )
        membership = self.membership_id
        if kind in STAFF_KINDS:
            membership._report_fault(
                self.env._(
                    "A payment needs a look (%(kind)s): %(reason)s",
                    kind=kind,
                    reason=reason or "",
                )
            )
        if kind == "config":
            # Our own fault: the member is neither told nor held to it.
            return
        if is_first:
            self._plan_step(membership.dunning_policy_id._get_next_step())
            if membership.membership_state in ("active", "ending", "paused"):
                membership._transition("past_due", reason)
        elif self.dunning_step_id.suspends:
            # The outcome of the last try came later than its step.
            self._suspend_for_arrears()
        if kind not in STAFF_KINDS:
            self._notify_failure()

    def _plan_step(self, step):
        """Date the next step of dunning, none when it was the last."""
        self.ensure_one()
        self.next_step_at = step._get_moment(self.first_failed_at) if step else False

    def _notify_failure(self, template=None):
        """Write to the member that it did not work, with a link to change the card."""
        self.ensure_one()
        template = template or self.env.ref(
            "medspa_membership.mail_template_membership_payment_failed"
        )
        template.send_mail(self.id)

    # === BUSINESS METHODS: DUNNING === #

    @api.model
    def _cron_dun(self):
        """Take the steps of dunning that are due: each in a job's transactions."""
        due = Domain("state", "=", "open")
        due &= Domain("next_step_at", "<=", fields.Datetime.now())
        for batch in split_every(
            CHARGE_BATCH, self.sudo().search(due, order="next_step_at").ids, self.browse
        ):
            batch.with_delay(
                channel="root.charge",
                identity_key=f"medspa.dun.{'-'.join(map(str, batch.ids))}",
                description=self.env._("Dunning"),
            )._dun()

    def _dun(self):
        """Take the next step of each period that is due: a queued job."""
        for period in self.sudo():
            try:
                period._take_step()
            except OperationalError:
                raise
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("Dunning %s failed", period)
                period.membership_id._report_fault(error)
            self.env["ir.cron"]._commit_progress()

    def _take_step(self):
        """Take one step: charge again where that may help, then write or suspend.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        now = fields.Datetime.now()
        if not self.try_lock_for_update():
            return
        if self.state != "open" or not self.next_step_at or self.next_step_at > now:
            return
        policy = self.membership_id.dunning_policy_id
        step = policy._get_next_step(self.dunning_step_id)
        # Written before the provider is asked: a step is taken once, come what may.
        self.dunning_step_id = step
        self._plan_step(policy._get_next_step(step))
        failed_before = self.last_failed_at
        if step.retries and not self.is_stopped:
            self._charge_period()
            if self.state != "open" or self._is_on_its_way():
                return
        if step.suspends:
            self._suspend_for_arrears()
        if step.notifies and (
            step.mail_template_id or self.last_failed_at == failed_before
        ):
            self._notify_failure(step.mail_template_id)

    def _is_on_its_way(self):
        """Tell whether a charge waits for its outcome: no failure yet."""
        self.ensure_one()
        return any(
            tx.state in ("draft", "pending", "authorized")
            for tx in self.transaction_ids
            if tx.operation == "offline"
        )

    def _suspend_for_arrears(self):
        """Suspend the membership, or wait for the days of grace to pass."""
        self.ensure_one()
        membership = self.membership_id
        grace_end = self.first_failed_at + timedelta(days=membership.grace_days)
        if grace_end > fields.Datetime.now():
            # The same step again when grace is over.
            policy = membership.dunning_policy_id
            before = policy.step_ids.sorted("hours")[:-1][-1:]
            self.write({"dunning_step_id": before.id, "next_step_at": grace_end})
            return
        if membership.membership_state in ("past_due", "active", "ending"):
            membership._transition("suspended", self.failure_reason)

    # === BUSINESS METHODS: PAID === #

    def _on_paid(self):
        """Take in that the money is there: credits arrive, and all is restored."""
        paid = self.filtered(lambda p: p.state in ("open", "due"))
        if not paid:
            return
        paid.sudo().write(
            {
                "state": "paid",
                "first_failed_at": False,
                "last_failed_at": False,
                "failure_kind": False,
                "failure_reason": False,
                "dunning_step_id": False,
                "next_step_at": False,
                "retry_at": False,
                "is_stopped": False,
            }
        )
        paid.sudo()._release_credits()
        paid.sudo()._grant_credits()
        for membership in paid.membership_id:
            membership.sudo()._restore_if_settled()

    def _on_taken_back_by_staff(self):
        """Take in that an open invoice was cancelled or credited: nothing is owed."""
        forgiven = self.filtered(lambda p: p.state == "open")
        if not forgiven:
            return
        forgiven.sudo().write(
            {"state": "forgiven", "next_step_at": False, "retry_at": False}
        )
        for membership in forgiven.membership_id:
            membership.sudo()._restore_if_settled()

    def _release_credits(self):
        """Let credits be used again that waited for their money to come back."""
        held = self.credit_ids.filtered("held")
        if held:
            self.env["medspa.credit"]._hold(dict.fromkeys(held, 0.0))

    def _on_unpaid(self, reason):
        """Take in that money went away again: what it gave waits until it is back.

        :param str reason: in words, for the chatter and the ledger
        """
        gone = self.filtered(lambda p: p.state == "paid" and not p.is_paid_elsewhere)
        if not gone:
            return
        now = fields.Datetime.now()
        gone.sudo().write({"state": "open"})
        credits_sudo = gone.sudo().credit_ids.filtered("remaining")
        self.env["medspa.credit"]._hold(
            {c: c.remaining - c.reserved for c in credits_sudo}, reason
        )
        for period in gone.sudo():
            period._on_failure("soft", reason, failed_at=now)
            period._report_used_unpaid()

    def _report_used_unpaid(self):
        """Tell the staff what was used of a period that is not paid any more."""
        self.ensure_one()
        used = self.credit_ids.filtered("used")
        if used:
            self.membership_id._report_fault(
                self.env._(
                    "Used, and no longer paid: %s",
                    ", ".join(
                        f"{c._format_quantity(c.used)} {c._get_coverage_label()}"
                        for c in used
                    ),
                )
            )


class SaleSubscription(models.Model):
    _inherit = "sale.subscription"

    def _restore_if_settled(self):
        """Bring a member back who owes nothing any more. Note: `ensure_one()`."""
        self.ensure_one()
        if self.membership_state not in ("past_due", "suspended"):
            return
        failed = self.period_ids.filtered(
            lambda p: p.state == "open" and p.first_failed_at
        )
        if failed:
            return
        was_suspended = self.membership_state == "suspended"
        self._transition(self._get_running_state(), self.env._("Paid"))
        if was_suspended:
            self._settle_missed_periods()

    def _settle_missed_periods(self):
        """Deal with the periods that passed in the suspension, by the terms.

        Catch up: the next billing run bills them, one after the other. Forgive: they
        are skipped, and the next one is the first that starts from today on.
        """
        self.ensure_one()
        today = self.company_id._medspa_date()
        next_date = self.recurring_next_date
        if self.arrears_rule != "forgive" or not next_date or next_date >= today:
            return
        following = self._get_start_from(today)
        self._skip_periods(next_date, following)
        self.sudo().recurring_next_date = following

    def _set_payment_method(self, token):
        """Charge another method from now on, and try at once what is open.

        :param token: an active `payment.token` of the patient
        :raise UserError: somebody else's, or archived
        """
        for membership in self:
            partner = membership.partner_id
            token_sudo = token.sudo()
            if not token_sudo.active or token_sudo.partner_id not in (
                partner | partner.commercial_partner_id
            ):
                raise UserError(
                    self.env._("Choose a payment method of the member that is valid.")
                )
            membership.sudo().payment_token_id = token_sudo
            membership._on_method_changed()
            if membership.membership_state == "pending":
                membership._start_if_paid()

    def _on_method_changed(self):
        """Lift what stopped the old method and charge what is open, once."""
        for membership in self.sudo():
            failed = membership.period_ids.filtered(
                lambda p: p.state == "open" and p.first_failed_at
            )
            failed.write({"is_stopped": False})
            # By the member's doing: it uses up no automatic try.
            failed._enqueue_charges(manual=True)
