# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from odoo import SUPERUSER_ID, api, models
from odoo.fields import Domain

# What a change of state tells the member: the letter by the state it leads to.
STATE_LETTERS = {"suspended": "suspended", "paused": "paused", "ended": "ended"}
# And by the state it comes from, where the membership runs again.
BACK_LETTERS = {"suspended": "restored", "paused": "resumed"}

# In which states a letter that waits is still true.
STANDING_STATES = {
    "suspended": ("suspended",),
    "restored": ("active", "ending"),
    "paused": ("paused",),
    "ended": ("ended",),
    "renewal": ("active", "ending", "past_due"),
}

# Letters give way to charges, which have queue_job's own priority: 10.
LETTER_PRIORITY = 20


class SaleSubscription(models.Model):
    """What members are told: letters are queued, and written by a job of their own."""

    _inherit = "sale.subscription"

    # === BUSINESS METHODS: OCCASIONS === #

    def _on_started(self):
        """Override to welcome the member."""
        res = super()._on_started()
        self._enqueue_letter("welcome")
        return res

    def _on_state_changed(self, previous):
        """Override to tell the member what a new state means."""
        res = super()._on_state_changed(previous)
        for state, memberships in self.grouped("membership_state").items():
            letter = STATE_LETTERS.get(state)
            if state in ("active", "ending"):
                letter = BACK_LETTERS.get(previous)
            if state == "ended":
                # Who leaves at once is told by the letter of the cancellation.
                memberships = memberships.filtered(
                    lambda m: m.cancelled_on != m.end_date
                )
            if letter and previous != "pending":
                memberships._enqueue_letter(letter)
        return res

    def _on_cancelled(self, preview):
        """Override to confirm the cancellation with its numbers."""
        res = super()._on_cancelled(preview)
        if self.anchor_date:
            self._enqueue_letter("cancelled")
        return res

    # === BUSINESS METHODS: LETTERS === #

    def _enqueue_letter(self, name):
        """Queue a letter to members who have an address, each letter once.

        :param str name: of the template, after `mail_template_membership_`
        """
        addressed = self.sudo().filtered(lambda m: m.partner_id.email)
        if addressed:
            addressed.with_delay(
                channel="root.message",
                priority=LETTER_PRIORITY,
                identity_key=(
                    f"medspa.letter.{name}.{'-'.join(map(str, addressed.ids))}"
                ),
                description=self.env._("Write to members"),
            )._send_letter(name)

    def _send_letter(self, name):
        """Write a letter to each of the members: a queued job."""
        template = self.env.ref(
            f"medspa_membership.mail_template_membership_{name}",
            raise_if_not_found=False,
        )
        members = self.exists()
        if name == "cancelled":
            # Who took it back in the meantime is told nothing.
            members = members.filtered("cancelled_on")
        if template and members:
            template.with_user(SUPERUSER_ID).send_mail_batch(members.ids)

    def _get_member_url(self):
        """Return where the member sees and changes the membership."""
        self.ensure_one()
        return f"{self.get_base_url()}/my/memberships/{self.id}"

    def _get_access_url(self):
        """Return it as the first letter carries it: the member may be new here."""
        self.ensure_one()
        return self.partner_id._get_access_url(f"/my/memberships/{self.id}")

    def _get_first_payment(self):
        """Return what was paid for the first period, fee and tax included, if it was.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        first_sudo = self.sudo()._get_first_period()
        if first_sudo.state != "paid" or first_sudo.is_paid_elsewhere:
            return 0.0
        return first_sudo.invoice_id.amount_total or first_sudo.amount

    def _get_first_period(self):
        """Return the period with which the membership began."""
        self.ensure_one()
        regular = self.period_ids.filtered(lambda p: p.kind == "regular")
        return regular.sorted("start_date")[:1]

    def _filter_letter_true(self, letter):
        """Override: what has changed since is not told any more."""
        members = super()._filter_letter_true(letter)
        for name, states in STANDING_STATES.items():
            if letter._is_letter(f"membership_{name}"):
                return members.filtered(lambda m, s=states: m.membership_state in s)
        if letter._is_letter("membership_cancelled"):
            return members.filtered("cancelled_on")
        return members

    def _get_running_pause(self):
        """Return the pause that runs, empty when there is none."""
        self.ensure_one()
        return self.pause_ids.filtered(lambda pause: pause.state == "running")

    def _get_cancellation_figures(self):
        """Return the numbers of a cancellation that was taken in, for the letter.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        # The letter is tried on any record when its words are changed.
        dates = self._get_dates_to_pay(self.end_date) if self.end_date else []
        membership_sudo = self.sudo()
        since = self.cancelled_on
        fees = membership_sudo.period_ids.filtered(
            lambda p: p.kind == "fee" and p.start_date == since
        )
        refunds = membership_sudo.period_ids.refund_move_ids.filtered(
            lambda move: move.state == "posted" and move.invoice_date == since
        )
        return {
            "payment_count": len(dates),
            "obligation": self.currency_id.round(self.price * len(dates)),
            "exit_fee": sum(fees.mapped("amount")),
            "refund": sum(refunds.mapped("amount_total")),
            "credits_until": self._get_last_credit_day(self.end_date),
        }

    # === CRON METHODS === #

    @api.model
    def _cron_renewal_notices(self):
        """Remind members before their term ends, once for each end."""
        running = Domain("is_membership", "=", True)
        running &= Domain("membership_state", "=", "active")
        running &= Domain("renewal_notice_days", ">", 0)
        for company, longest in self._read_group(
            running, ["company_id"], ["renewal_notice_days:max"]
        ):
            today = company._medspa_date()
            last = today + timedelta(days=longest)
            soon = {
                name: Domain(name, ">=", today) & Domain(name, "<=", last)
                for name in ("min_term_end", "end_date")
            }
            # The day after the last one of a period.
            soon["recurring_next_date"] = (
                Domain("recurring_next_date", ">", today)
                & Domain("recurring_next_date", "<=", last + timedelta(days=1))
                & Domain("template_id", "in", self._get_long_plans().ids)
            )
            near = Domain.OR(soon.values())
            candidates = self.search(
                running & Domain("company_id", "=", company.id) & near
            )
            self._run_each(
                candidates.filtered(lambda m, day=today: m._is_renewal_near(day)),
                lambda membership: membership._notify_renewal(),
            )

    def _is_renewal_near(self, today):
        """Tell whether the member is to be reminded of the end of the term now."""
        self.ensure_one()
        term_end = self._get_current_term_end()
        if not term_end or self.renewal_notified_for == term_end:
            return False
        return term_end - timedelta(days=self.renewal_notice_days) <= today <= term_end

    def _get_current_term_end(self):
        """Return the last day of the term: fixed, minimum, or a period of a year.

        Shorter periods without a minimum term renew too often to be announced.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        today = self.company_id._medspa_date()
        if self.end_date:
            return self.end_date
        if self.min_term_end and self.min_term_end >= today:
            return self.min_term_end
        if self.recurring_next_date and self.template_id._is_long():
            return self.recurring_next_date - timedelta(days=1)
        return False

    @api.model
    def _get_long_plans(self):
        """Return the plans whose periods are long enough to be announced."""
        plans = self.env["sale.subscription.template"].with_context(active_test=False)
        return plans.search([("is_plan", "=", True)]).filtered(lambda p: p._is_long())

    def _notify_renewal(self):
        """Queue the reminder, and note for which end it is."""
        self.ensure_one()
        self.sudo().renewal_notified_for = self._get_current_term_end()
        self._enqueue_letter("renewal")


class SaleSubscriptionTemplate(models.Model):
    _inherit = "sale.subscription.template"

    def _is_long(self):
        """Tell whether a period is a year or longer. Note: `self.ensure_one()`."""
        self.ensure_one()
        day = date(2001, 1, 1)
        delta = relativedelta(**self._get_period_delta())
        return day + delta >= day + relativedelta(years=1)


class MedspaMembershipPeriod(models.Model):
    _inherit = "medspa.membership.period"

    def _on_paid(self):
        """Override to send the receipts, after the money is booked."""
        paid = self.filtered(lambda p: p.state in ("open", "due"))
        res = super()._on_paid()
        # The welcome says what the first period has cost.
        paid.filtered(
            lambda p: (
                not p.is_paid_elsewhere and p != p.membership_id._get_first_period()
            )
        )._enqueue_receipts()
        return res

    def _filter_letter_true(self, letter):
        """Override: nobody is told that it failed once it is paid, or on its way."""
        periods = super()._filter_letter_true(letter)
        if letter._is_letter("membership_receipt"):
            return periods.filtered(lambda p: p.state == "paid")
        return periods.filtered(lambda p: p.state == "open" and not p._is_on_its_way())

    def _enqueue_receipts(self):
        addressed = self.sudo().filtered(lambda p: p.partner_id.email)
        if addressed:
            addressed.with_delay(
                channel="root.message",
                priority=LETTER_PRIORITY,
                identity_key=f"medspa.receipt.{'-'.join(map(str, addressed.ids))}",
                description=self.env._("Send receipts"),
            )._send_receipts()

    def _send_receipts(self):
        """Write the receipts of paid periods: a queued job."""
        template = self.env.ref(
            "medspa_membership.mail_template_membership_receipt",
            raise_if_not_found=False,
        )
        paid = self.exists().filtered(lambda p: p.state == "paid")
        if template and paid:
            template.with_user(SUPERUSER_ID).send_mail_batch(paid.ids)


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _has_own_letter(self):
        """Override: who joins is welcomed."""
        return super()._has_own_letter() or self._sells_plan()
