# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

# Who leaves how: by the terms, before the term for a fee, within the right to withdraw,
# or at once by the manager's word.
CANCEL_WAYS = ("terms", "exit", "withdraw", "now")


class SaleSubscription(models.Model):
    """Leaving: what it means is shown before anything is done."""

    _inherit = "sale.subscription"

    # === BUSINESS METHODS: CANCEL === #

    def _get_cancellation(self, today, way="terms"):
        """Return what leaving means, for the one who decides.

        Note: `self.ensure_one()`

        :param date today: the clinic's day of the decision
        :param str way: "terms": at the end that notice and minimum term allow; "exit":
            before the minimum term, for what the terms ask; "withdraw": at once, within
            the right to withdraw; "now": at once
        :return: dict of `end_date`, `dates` (starts of the periods still to be paid),
            `obligation` (what they cost), `exit_fee`, `credits` (what is left),
            `credits_until`, `ways` (the ways that are open today)
        """
        self.ensure_one()
        end_date = self._get_end_for(today, way)
        dates = self._get_dates_to_pay(end_date)
        credits_sudo = self.sudo().credit_ids.filtered(lambda c: c.available > 0)
        return {
            "way": way,
            "ways": self._get_cancel_ways(today),
            "end_date": end_date,
            "dates": dates,
            "obligation": self.currency_id.round(self.price * len(dates)),
            "exit_fee": self._get_exit_fee(today) if way == "exit" else 0.0,
            "credits": credits_sudo,
            "credits_until": self._get_last_credit_day(end_date),
            "is_within_term": bool(self.min_term_end and today < self.min_term_end),
        }

    def _get_cancel_ways(self, today):
        """Return the ways to leave that are open to the member on a day."""
        self.ensure_one()
        ways = ["terms"]
        if self._can_withdraw(today):
            ways.append("withdraw")
        if (
            self.exit_rule != "none"
            and self.min_term_end
            and self._get_end_for(today, "exit") < self._get_end_for(today, "terms")
        ):
            ways.append("exit")
        return ways

    def _can_withdraw(self, today):
        """Tell whether the right to withdraw still runs."""
        self.ensure_one()
        last = self.date_start + timedelta(days=self.withdrawal_days)
        return (
            bool(self.withdrawal_days)
            and self.membership_state not in ("pending", "ended")
            and today <= last
        )

    def _get_end_for(self, today, way):
        """Return the last day of the membership for a way of leaving."""
        self.ensure_one()
        if way in ("withdraw", "now") or not self.anchor_date:
            return today
        earliest = today + timedelta(days=self.notice_days)
        if way == "terms" and self.min_term_end:
            earliest = max(earliest, self.min_term_end)
        if self.membership_state == "suspended" and earliest == today:
            # Nothing is paid for: there is no period to wait for.
            return today
        end_date = self._get_period_end(max(earliest, self.anchor_date))
        if earliest < self.anchor_date:
            # In the trial: it ends where the first full period would begin.
            end_date = self.anchor_date - timedelta(days=1)
        return min(end_date, self.end_date) if self._is_fixed_term() else end_date

    def _is_fixed_term(self):
        """Tell whether the membership has an end from the start."""
        self.ensure_one()
        return bool(self.end_date and not self.cancelled_on)

    def _get_dates_to_pay(self, end_date):
        """Return the starts of the periods that are still billed up to a day."""
        self.ensure_one()
        dates, start = [], self.recurring_next_date
        while start and start <= end_date:
            dates.append(start)
            start = self._get_start_after(start)
        return dates

    def _get_exit_fee(self, today):
        """Return what leaving before the minimum term costs, with tax."""
        self.ensure_one()
        if self.exit_rule == "fixed":
            return self.exit_fee
        if self.exit_rule == "none":
            return 0.0
        due = len(self._get_dates_to_pay(self._get_end_for(today, "terms")))
        still_paid = len(self._get_dates_to_pay(self._get_end_for(today, "exit")))
        rest = self.price * (due - still_paid)
        return self.currency_id.round(rest * self.exit_percent / 100)

    def _get_last_credit_day(self, end_date=None):
        """Return the last day on which credits left at the end can be used."""
        self.ensure_one()
        end_date = end_date or self.end_date or self.company_id._medspa_date()
        is_within_period = bool(
            self.anchor_date
            and end_date >= self.anchor_date
            and end_date != self._get_period_end(end_date)
        )
        if is_within_period and not self.keeps_credits_on_cancel:
            return end_date
        return end_date + timedelta(days=self.credit_life_days)

    def _cancel(self, reason, way="terms", note=None):
        """Carry a cancellation out: it ends on the day that was shown.

        Note: `self.ensure_one()`

        :param reason: `sale.subscription.close.reason`
        :param str way: see :meth:`_get_cancellation`
        :param str note: in the member's own words
        :raise UserError: over already, or a way that is not open
        """
        self.ensure_one()
        self._lock()
        today = self.company_id._medspa_date()
        if self.membership_state == "ended":
            raise UserError(self.env._("%s is over already.", self.display_name))
        if way not in ("now", *self._get_cancel_ways(today)):
            raise UserError(
                self.env._(
                    "That way to leave is not open any more. Look at the cancellation "
                    "again before you confirm it."
                )
            )
        preview = self._get_cancellation(today, way)
        end_date = preview["end_date"]
        next_date = self.recurring_next_date
        self.sudo().write(
            {
                "end_date": end_date,
                "cancelled_on": today,
                "close_reason_id": reason.id,
                "cancel_note": note,
                "next_template_id": False,
                "recurring_next_date": next_date
                if next_date and next_date <= end_date
                else False,
            }
        )
        self._append_end(end_date, reason.name)
        self._drop_planned_pauses(end_date)
        text = self.env._(
            "Cancelled: %(reason)s. The last day is %(date)s.",
            reason=reason.name,
            date=format_date(self.env, end_date),
        )
        if self.membership_state == "pending" or way in ("withdraw", "now"):
            self._end(text)
        elif self.membership_state == "active":
            self._transition("ending", text)
        else:
            # Past due, suspended and paused ones stay what they are until their end.
            self.sudo().message_post(body=text)
        self._on_cancelled(preview)
        return preview

    def _on_cancelled(self, preview):
        """Seam: called after a cancellation, for what it costs or gives back."""

    def _drop_planned_pauses(self, end_date):
        self._cancel_pauses(
            self.sudo().pause_ids.filtered(
                lambda p: p.state == "planned" and p.start_date > end_date
            )
        )

    def _keep(self):
        """Take a cancellation back before its day has come. Note: `ensure_one()`."""
        self.ensure_one()
        self._lock()
        if not self.cancelled_on or self.membership_state == "ended":
            raise UserError(self.env._("%s is not cancelled.", self.display_name))
        today = self.company_id._medspa_date()
        next_date = self.recurring_next_date or self._get_day_after_periods()
        membership_sudo = self.sudo()
        if next_date != self._get_start_from(next_date):
            # Moved by a pause meanwhile: the count goes on from there.
            membership_sudo.anchor_date = next_date
        membership_sudo.write(
            {
                "end_date": False,
                "cancelled_on": False,
                "close_reason_id": False,
                "cancel_note": False,
                "recurring_next_date": max(next_date, self._get_start_from(today)),
            }
        )
        # What passed while it was cancelled is not billed after all.
        self._skip_periods(next_date, self.recurring_next_date)
        membership_sudo.end_date = self._get_fixed_end()
        self._append_end(self.end_date, self.env._("The cancellation was taken back"))
        text = self.env._("The cancellation was taken back")
        if self.membership_state == "ending":
            self._transition("active", text)
        else:
            self.sudo().message_post(body=text)

    def _get_fixed_end(self):
        """Return the last day of a plan that is sold for a number of periods."""
        self.ensure_one()
        if not self.payment_limit or not self.anchor_date:
            return False
        billed = self.period_ids.filtered(
            lambda p: (
                p.kind == "regular"
                and p.state != "skipped"
                and p.template_id == self.template_id
            )
        )
        following = self.recurring_next_date or self._get_day_after_periods()
        left = self.payment_limit - len(billed)
        if left <= 0:
            return following - timedelta(days=1)
        return self._get_term_end(left, following)

    def _get_day_after_periods(self):
        """Return the day after the last period that was billed or left out."""
        self.ensure_one()
        ends = self.period_ids.filtered(
            lambda p: p.kind in ("regular", "trial")
        ).mapped("end_date")
        return max(ends) + timedelta(days=1) if ends else self.anchor_date

    def _end(self, reason=None):
        """End memberships now: their last day is today or has passed."""
        for membership in self:
            today = membership.company_id._medspa_date()
            membership.sudo().write(
                {
                    "end_date": min(membership.end_date or today, today),
                    "recurring_next_date": False,
                }
            )
            pauses = membership.sudo().pause_ids
            pauses.filtered(lambda p: p.state == "running").state = "cancelled"
            membership._cancel_pauses(pauses.filtered(lambda p: p.state == "planned"))
        return self._transition("ended", reason)

    # === CRON METHODS === #

    @api.model
    def _cron_end(self):
        """End the memberships whose last day has passed, each by itself."""
        dated = Domain("is_membership", "=", True) & Domain("end_date", "!=", False)
        dated &= Domain("membership_state", "not in", ("pending", "ended"))
        for (company,) in self._read_group(dated, ["company_id"]):
            over = dated & Domain("company_id", "=", company.id)
            over &= Domain("end_date", "<", company._medspa_date())
            # In a pause nobody has what was paid for: it ends after it.
            over &= Domain("membership_state", "!=", "paused") | Domain(
                "pause_meaning", "=", "usable_skip"
            )
            self._run_each(
                self.search(over, order="end_date, id"),
                lambda membership: membership._end(self.env._("Its term is over")),
            )
