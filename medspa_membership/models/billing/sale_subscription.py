# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

_logger = logging.getLogger(__name__)

# Memberships that are billed in one transaction: their invoices are created and posted
# in one go. More would keep the numbers of the journal locked for longer.
BILLING_BATCH = 100
# How often a run starts again after a conflict with somebody else's change.
MAX_CONFLICTS = 5
# What a billing run does without: nobody follows a thousand invoices.
QUIET = {
    "tracking_disable": True,
    "mail_create_nosubscribe": True,
    "mail_create_nolog": True,
    "mail_notrack": True,
    "mail_auto_subscribe_no_notify": True,
    "medspa_number_together": True,
}


class SaleSubscription(models.Model):
    """Billing: on each member's day, once a period, whatever happens in between."""

    _inherit = "sale.subscription"

    sale_line_id = fields.Many2one(
        "sale.order.line",
        "Sold by",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    billing_failed_on = fields.Date(
        readonly=True, copy=False, help="The day on which no invoice could be made."
    )
    billing_error = fields.Char(
        "Why it was not billed", readonly=True, copy=False, tracking=True
    )
    transaction_ids = fields.One2many(
        "payment.transaction",
        compute="_compute_transaction_ids",
        string="Payments",
        groups="medspa_membership.group_medspa_receptionist",
    )

    _sold_once = models.UniqueIndex(
        "(sale_line_id) WHERE sale_line_id IS NOT NULL",
        "This line of the order has made its membership already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("period_ids.transaction_ids", "sale_order_id.transaction_ids")
    def _compute_transaction_ids(self):
        for membership in self:
            membership_sudo = membership.sudo()
            membership.transaction_ids = (
                membership_sudo.period_ids.transaction_ids
                | membership_sudo.period_ids.invoice_ids.transaction_ids
                | membership_sudo.sale_order_id.transaction_ids
            )

    # === CRON METHODS === #

    @api.model
    def _cron_bill(self):
        """Bill what is due, company by company, batch by batch, each committed.

        A day without a run is caught up: every date up to today counts, one period
        after the other. A run that is killed has lost nothing that was committed.
        """
        has_date = Domain("recurring_next_date", "!=", False)
        billed = Domain("is_membership", "=", True) & has_date
        for (company,) in self._read_group(billed, ["company_id"]):
            if not self._bill_company(company, company._medspa_date()):
                return

    @api.model
    def _bill_company(self, company, today):
        """Bill what is due in a company on a day.

        :return: whether time is left for further companies
        """
        Quiet = self.with_company(company).with_context(**QUIET)
        domain = self._get_due_domain(company, today)
        self.env["ir.cron"]._commit_progress(remaining=self.search_count(domain))
        conflicts = 0
        while conflicts < MAX_CONFLICTS:
            try:
                batch = Quiet.search(
                    domain, limit=BILLING_BATCH, order="recurring_next_date, id"
                ).try_lock_for_update()
                if not batch:
                    break
                batch._bill_batch(today)
            except OperationalError:
                # Somebody changed the same rows: start again from what they are now.
                self.env.cr.rollback()
                conflicts += 1
                continue
            if not self.env["ir.cron"]._commit_progress(len(batch)):
                return False
        return True

    @api.model
    def _get_due_domain(self, company, today):
        """Return the domain of the memberships with a period to bill on a day."""
        return (
            Domain("company_id", "=", company.id)
            & Domain("is_membership", "=", True)
            & Domain("recurring_next_date", "<=", today)
            & Domain("membership_state", "in", ("active", "past_due", "ending"))
            # Whoever could not be billed today is tried again tomorrow.
            & (
                Domain("billing_failed_on", "=", False)
                | Domain("billing_failed_on", "<", today)
            )
        )

    # === BUSINESS METHODS: BILLING === #

    def _bill_batch(self, today):
        """Bill one period of each, together; one by one where that does not work.

        What is wrong with one membership is noted on it and stops no other.
        """
        try:
            with self.env.cr.savepoint():
                return self._bill(today)
        except OperationalError:
            raise
        except Exception:
            _logger.info("A batch of memberships is billed one by one", exc_info=True)
        self.env.invalidate_all(flush=False)
        for membership in self:
            try:
                with self.env.cr.savepoint():
                    membership._bill(today)
            except OperationalError:
                raise
            except Exception as error:
                self.env.invalidate_all(flush=False)
                _logger.warning("%s was not billed", membership, exc_info=True)
                membership._note_billing_fault(error, today)
        return None

    def _bill(self, today):
        """Bill the next period of each membership.

        Its row is unique: of two runs one makes it. The charges are queued in the same
        transaction, so that there is never one without the other.

        :param date today: the clinic's day of the invoices
        :return: the periods
        """
        self._begin_due_pauses(today)
        billed = self.filtered(lambda m: m.membership_state != "paused")
        billed._apply_planned_changes(today)
        billed._note_price_changes()
        running = billed.filtered(lambda m: not m.end_date or m._bills_next())
        (billed - running).sudo().write({"recurring_next_date": False})
        arrears = running._forgive_arrears()
        periods = running._create_next_periods()
        periods._bill(today)
        for next_date, memberships in running.grouped(
            lambda m: m._get_start_after(m.recurring_next_date)
        ).items():
            memberships.sudo().write(
                {
                    "recurring_next_date": next_date,
                    "billing_failed_on": False,
                    "billing_error": False,
                }
            )
        (periods | arrears)._enqueue_charges()
        return periods

    def _begin_due_pauses(self, today):
        """Begin the pauses whose first day is not after the period to be billed.

        Whichever job runs first: what falls into a pause is not billed.
        """
        pauses = (
            self.env["medspa.membership.pause"]
            .sudo()
            .search(
                [
                    ("membership_id", "in", self.ids),
                    ("state", "=", "planned"),
                    ("start_date", "<=", today),
                ],
                order="start_date, id",
            )
        )
        for pause in pauses:
            membership = self & pause.membership_id
            if pause.start_date <= membership.recurring_next_date:
                membership._begin_planned_pause(pause)

    def _bill_before_pause(self, pause):
        """Override to bill what began before the pause, if the job has not yet."""
        res = super()._bill_before_pause(pause)
        today = self.company_id._medspa_date()
        while (
            self.membership_state in ("active", "ending")
            and self.recurring_next_date
            and self.recurring_next_date < pause.start_date
            and self.recurring_next_date <= today
            and not self.billing_failed_on
        ):
            self.sudo().with_context(**QUIET)._bill(today)
        return res

    def _note_price_changes(self):
        """Write down prices that are others than those agreed last: another tax.

        Members of before have no rows yet: theirs begin with the price of now.
        """
        if not self:
            return
        self.sale_subscription_line_ids.flush_recordset()
        self.env["medspa.membership.segment"].flush_model()
        self.env.cr.execute(
            """
            SELECT DISTINCT ON (membership_id) membership_id, price
              FROM medspa_membership_segment
             WHERE kind = 'terms' AND membership_id IN %s
             ORDER BY membership_id, id DESC
            """,
            [tuple(self.ids)],
        )
        known = dict(self.env.cr.fetchall())
        for membership in self.filtered(lambda m: m.id in known):
            price = float(known[membership.id])
            if membership.currency_id.compare_amounts(price, membership.price):
                membership._append_terms(membership.recurring_next_date)

    def _bills_next(self):
        """Tell whether a membership with an end still bills its next period."""
        self.ensure_one()
        return self.recurring_next_date <= self.end_date

    def _apply_planned_changes(self, today):
        """Seam: what was agreed to begin with the next period takes effect."""

    def _forgive_arrears(self):
        """Forgive what is still unpaid where the terms say so: one charge at a time.

        :return: periods that a caller should charge besides the new ones
        """
        forgiving = self.filtered(lambda m: m.arrears_rule == "forgive")
        unpaid = forgiving.sudo().period_ids.filtered(
            lambda p: (
                p.state == "open"
                and p.kind in ("regular", "trial")
                # What may be paid at this moment is forgiven when it fails.
                and not p._is_on_its_way()
            )
        )
        unpaid._forgive()
        return self.env["medspa.membership.period"]

    def _create_next_periods(self):
        return (
            self.env["medspa.membership.period"]
            .sudo()
            .create(
                [
                    membership._prepare_period_vals(
                        membership.recurring_next_date,
                        is_paid_elsewhere=membership.is_paid_elsewhere,
                    )
                    for membership in self
                ]
            )
        )

    def _note_billing_fault(self, error, today):
        """Write on a membership why it was not billed, and tell the staff once."""
        self.ensure_one()
        self.sudo().write({"billing_failed_on": today, "billing_error": str(error)})
        self._report_fault(
            self.env._(
                "The period from %(date)s could not be invoiced: %(error)s",
                date=format_date(self.env, self.recurring_next_date),
                error=error,
            )
        )

    def _prepare_invoice_vals(self, periods, today):
        """Return the values of the invoice over some of the membership's periods.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        partner = self.partner_invoice_id or self.partner_id
        return {
            "move_type": "out_invoice",
            "company_id": self.company_id.id,
            "partner_id": partner.id,
            "currency_id": self.currency_id.id,
            "fiscal_position_id": self.fiscal_position_id.id,
            "invoice_date": today,
            "invoice_date_due": today,
            "invoice_payment_term_id": False,
            "invoice_origin": self.name,
            "invoice_user_id": self.user_id.id,
            "subscription_id": self.id,
            "membership_period_id": periods[:1].id,
            **({"journal_id": self.journal_id.id} if self.journal_id else {}),
            "invoice_line_ids": [
                Command.create(vals)
                for period in periods
                for vals in period._prepare_invoice_line_vals_list()
            ],
        }

    # === BUSINESS METHODS: START === #

    def _has_usable_method(self):
        """Tell whether the membership can be billed: by a method, or elsewhere."""
        self.ensure_one()
        if self.is_paid_elsewhere:
            return True
        token_sudo = self.sudo().payment_token_id
        return bool(token_sudo) and token_sudo.active

    def _start(self, order_line):
        """Put a paid membership to use: its first period is paid and gives its credits.

        Note: `self.ensure_one()`. Repeating it is harmless.

        :param order_line: the line of the order that sold it, for what was paid
        """
        self.ensure_one()
        self._lock()
        if self.membership_state != "pending" or not self._has_usable_method():
            return self.env["medspa.membership.period"]
        if self._has_twin():
            self._report_fault(
                self.env._(
                    "The patient is a member of this plan already. Refund this order, "
                    "or cancel the other membership first."
                )
            )
            return self.env["medspa.membership.period"]
        today = self.company_id._medspa_date()
        anchor = today + timedelta(days=self.trial_days)
        membership_sudo = self.sudo()
        membership_sudo.write({"date_start": today, "anchor_date": anchor})
        is_trial = bool(self.trial_days)
        first = membership_sudo.env["medspa.membership.period"].create(
            self._prepare_period_vals(
                today,
                kind="trial" if is_trial else "regular",
                end_date=anchor - timedelta(days=1)
                if is_trial
                else self._get_period_end(today),
                amount=order_line.price_total if order_line else 0.0,
                is_paid_elsewhere=self.is_paid_elsewhere,
                state="paid",
            )
        )
        membership_sudo.write(
            {
                "recurring_next_date": anchor
                if is_trial
                else self._get_start_after(today),
                "min_term_end": self._get_term_end(self.minimum_periods, anchor),
                "end_date": self._get_fixed_end(),
            }
        )
        self._begin_timeline(first)
        self._transition("active", self.env._("Joined"))
        first._grant_credits()
        self._on_started()
        return first

    def _begin_timeline(self, first):
        """Write down what was agreed on joining. Note: `self.ensure_one()`.

        :param first: the first period
        """
        self.ensure_one()
        vals_list = [
            self._prepare_segment_vals(
                "terms",
                first.start_date,
                anchor_date=self.anchor_date,
                **self._prepare_terms_vals(),
            )
        ]
        if first.kind == "trial":
            vals_list.append(
                self._prepare_segment_vals(
                    "trial",
                    first.start_date,
                    end_date=first.end_date,
                    amount=first.amount,
                )
            )
        elif self.currency_id.compare_amounts(first.amount, self.price):
            # The first one may cost less, by a promotion on the order.
            vals_list.append(
                self._prepare_segment_vals(
                    "adjust",
                    first.start_date,
                    amount=first.amount - self.price,
                    reason=self.env._("As it was ordered"),
                )
            )
        if self.end_date:
            vals_list.append(self._prepare_segment_vals("end", self.end_date))
        self.env["medspa.membership.segment"].sudo().create(vals_list)

    def _link_first_invoice(self, order_line):
        """Let the first period know the invoice of the order, whenever it is made."""
        self.ensure_one()
        invoices_sudo = order_line.sudo().invoice_lines.move_id.filtered(
            lambda move: (
                move.move_type == "out_invoice" and not move.membership_period_id
            )
        )
        if invoices_sudo and self.period_ids:
            first = self.period_ids.sorted("start_date")[0]
            invoices_sudo.membership_period_id = first

    def _on_started(self):
        """Seam: called when a membership begins."""

    def _has_twin(self):
        """Tell whether the patient is a member of the same plan already."""
        self.ensure_one()
        return bool(
            self.sudo().search_count(
                [
                    ("partner_id", "=", self.partner_id.id),
                    ("template_id", "=", self.template_id.id),
                    ("company_id", "=", self.company_id.id),
                    ("membership_state", "not in", ("pending", "ended")),
                    ("id", "!=", self.id),
                ],
                limit=1,
            )
        )

    def _set_paid_elsewhere(self, reason):
        """Let a manager vouch for the money: nothing is charged from now on.

        :raise UserError: not a manager, or no reason
        """
        self.ensure_one()
        if not self.env.user.has_group("medspa_membership.group_medspa_manager"):
            raise UserError(
                self.env._("Only a manager may mark a membership as paid elsewhere.")
            )
        if not reason:
            raise UserError(self.env._("Write down how it is paid."))
        self.sudo().write({"is_paid_elsewhere": True, "paid_elsewhere_reason": reason})
        self.sudo().message_post(body=self.env._("Paid elsewhere: %s", reason))
        if self.membership_state == "pending":
            self._start(self.env["sale.order.line"])

    # === BUSINESS METHODS: BY HAND === #

    def _bill_now(self):
        """Bill the next period today, before its day. Note: `self.ensure_one()`.

        The period keeps its own dates; only the money comes earlier.
        """
        self.ensure_one()
        self._lock()
        self._check_bills()
        start = self.recurring_next_date
        if self.sudo().pause_ids.filtered(
            lambda p: (
                p.state == "planned"
                and p.start_date <= start
                and (not p.end_date or p.end_date >= start)
            )
        ):
            raise UserError(
                self.env._(
                    "A pause is planned for %s: nothing is billed in it.",
                    format_date(self.env, start),
                )
            )
        today = self.company_id._medspa_date()
        return self.with_context(**QUIET)._bill(today)

    def _skip_next_period(self, reason):
        """Leave the next period out: not billed, no credits. `self.ensure_one()`."""
        self.ensure_one()
        self._lock()
        self._check_bills()
        start = self.recurring_next_date
        following = self._get_start_after(start)
        self._skip_periods(start, following)
        self.sudo().recurring_next_date = following
        if self.payment_limit and not self.cancelled_on:
            self._set_end(self._get_fixed_end(), self.env._("A period was left out"))
        self.sudo().message_post(
            body=self.env._(
                "The period from %(date)s is skipped: %(reason)s",
                date=format_date(self.env, start),
                reason=reason or "",
            )
        )

    def _check_bills(self):
        """Refuse billing by hand where there is no period to bill."""
        self.ensure_one()
        if not self.recurring_next_date or self.membership_state not in (
            "active",
            "past_due",
            "ending",
        ):
            raise UserError(
                self.env._(
                    '%(membership)s is "%(state)s": there is no period to bill.',
                    membership=self.display_name,
                    state=self._get_state_label(),
                )
            )
