# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, api, fields, models
from odoo.fields import Domain
from odoo.tools import split_every

from .medspa_membership_period import CHARGE_BATCH

_logger = logging.getLogger(__name__)

# Faults on the way to the bank are tried again soon, so often, before they count.
TECHNICAL_HOURS = 1
TECHNICAL_TRIES = 2
# Kinds of decline that no repeated request can heal: another method, or people, must.
STOPPING_KINDS = ("new_method", "authenticate", "stop", "fraud", "duplicate")
# What is wrong on our side is tried again so often until it is mended.
CONFIG_HOURS = 6
# Those that are no fault of the member: staff look at them first.
STAFF_KINDS = ("config", "fraud", "duplicate")


class MedspaMembershipPeriod(models.Model):
    """What becomes of a period: paid, failed and followed up, or taken back."""

    _inherit = "medspa.membership.period"

    # === BUSINESS METHODS: OUTCOME === #

    def _on_charge_settled(self, tx):
        """Take the outcome of a charge in, on whichever way it came.

        Note: `self.ensure_one()`. Called twice it does nothing the second time.
        """
        self.ensure_one()
        if self.state in ("forgiven", "refunded") and self._is_paid_for_nothing(tx):
            # Asked of the provider in a job of its own.
            self.with_delay(
                channel="root.charge", description=self.env._("Give money back")
            )._give_back_stray(tx)
            return
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
        if self._is_superseded() and not self._is_on_its_way():
            self._forgive()
            self.membership_id._restore_if_settled()
            return
        self._on_failure(
            tx.decline_kind or "soft",
            tx._get_member_message(),
            failed_at=tx.last_state_change,
        )

    def _is_paid_for_nothing(self, tx):
        """Tell whether a charge brought money that nobody owed any more."""
        return (
            tx.state == "done"
            and tx.operation in ("offline", "online_token", "online_direct")
            and not tx.child_transaction_ids
            and bool(tx.payment_id)
            and not tx.payment_id.reconciled_invoice_ids
        )

    def _give_back_stray(self, tx):
        """Give back what was paid after it was forgiven: a queued job."""
        self.ensure_one()
        if not self._is_paid_for_nothing(tx):
            return
        amount = tx.currency_id.format(tx.amount)
        if tx._find_refundable(tx.amount):
            refund_tx = tx._refund()
            if refund_tx.state == "done":
                refund_tx._post_process()
                self._reconcile_stray(tx, refund_tx)
            text = self.env._(
                "%(amount)s were paid for %(period)s after it was forgiven: they go "
                "back to the card.",
                amount=amount,
                period=self.display_name,
            )
        else:
            text = self.env._(
                "%(amount)s were paid for %(period)s after it was forgiven. Give them "
                "back: the provider cannot by itself.",
                amount=amount,
                period=self.display_name,
            )
        self.membership_id._report_fault(text)

    @staticmethod
    def _reconcile_stray(tx, refund_tx):
        """Let what came and what went back settle each other."""
        lines = (tx.payment_id | refund_tx.payment_id).move_id.line_ids.filtered(
            lambda line: (
                line.account_id == tx.payment_id.destination_account_id
                and not line.reconciled
            )
        )
        if len(lines) > 1:
            lines.reconcile()

    def _is_superseded(self):
        """Tell whether a later period was billed, and the terms forgive this one."""
        self.ensure_one()
        return (
            self.membership_id.arrears_rule == "forgive"
            and self.kind in ("regular", "trial")
            and not self.credit_ids
            and bool(
                self.membership_id.period_ids.filtered(
                    lambda p: (
                        p.kind == "regular"
                        and p.state in ("open", "paid")
                        and p.start_date > self.start_date
                    )
                )
            )
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
        if kind == "config":
            self._on_clinic_fault(reason, failed_at)
            return
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
        if is_first:
            self._plan_step(membership.dunning_policy_id._get_next_step())
            if membership.membership_state in ("active", "ending", "paused"):
                membership._transition("past_due", reason)
        elif self.dunning_step_id.suspends:
            # The outcome of the last try came later than its step.
            self._suspend_for_arrears()
        if kind not in STAFF_KINDS:
            self._notify_failure()

    def _on_clinic_fault(self, reason, failed_at):
        """Note that the fault is ours: a key, a provider that is switched off.

        The member is neither told nor held to it, no card is stopped, and it is tried
        again until it is mended. The staff are told once, not once a member.
        """
        self.ensure_one()
        self.write(
            {
                "last_failed_at": failed_at,
                "failure_kind": "config",
                "failure_reason": reason,
                "retry_at": fields.Datetime.now() + timedelta(hours=CONFIG_HOURS),
            }
        )
        self.membership_id._report_clinic_fault(reason)

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
        template.with_user(SUPERUSER_ID).send_mail(self.id)

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
        if not step:
            # All steps were taken: the days of grace are over.
            self.next_step_at = False
            self._suspend_for_arrears()
            return
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
        """Tell whether a charge waits for its outcome: no failure yet.

        A page that somebody left open is no payment: its transaction is a draft.
        """
        self.ensure_one()
        return any(
            tx.state in ("pending", "authorized")
            or (tx.state == "done" and not tx.is_post_processed)
            or (tx.state == "draft" and tx.operation == "offline")
            for tx in self.transaction_ids | self.invoice_id.transaction_ids
            if tx.operation not in ("refund", "validation")
        )

    def _suspend_for_arrears(self):
        """Suspend the membership, or wait for the days of grace to pass."""
        self.ensure_one()
        membership = self.membership_id
        grace_end = self.first_failed_at + timedelta(days=membership.grace_days)
        if grace_end > fields.Datetime.now():
            # No step more: nothing is charged again then.
            self.next_step_at = grace_end
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
