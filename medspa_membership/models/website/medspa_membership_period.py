# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import time, timedelta

from odoo import fields, models
from odoo.exceptions import UserError

from ..credit.dates import format_day

# At this hour, on the clinic's clock, a payment is tried on the day that was chosen.
CHOSEN_HOUR = time(9)
# So many days are offered at most, however long the policy waits.
DAYS_OFFERED = 14


class MedspaMembershipPeriod(models.Model):
    _inherit = "medspa.membership.period"

    def _get_payment_url(self):
        """Override to lead to the page that asks for no password.

        The link is signed, expires, and is good for this period and its method only.
        """
        self.ensure_one()
        return self.membership_id._get_method_url(self)

    def _can_be_paid_online(self):
        """Tell whether the member can pay the period on a page now."""
        self.ensure_one()
        invoice_sudo = self.sudo().invoice_id
        return (
            self.state == "open"
            and invoice_sudo.state == "posted"
            and invoice_sudo.currency_id.compare_amounts(
                invoice_sudo.amount_residual, 0
            )
            > 0
            and not self._is_paid_on_its_way()
        )

    def _is_paid_on_its_way(self):
        """Tell whether a payment waits for its outcome: a second one would be double.

        A page left open is no payment yet: its transaction is a draft.
        """
        self.ensure_one()
        return self.sudo()._is_on_its_way()

    # === BUSINESS METHODS: ON ANOTHER DAY === #

    def _get_days_to_pay_later(self):
        """Return the days on which the member may have it charged again.

        From tomorrow to the day before the policy suspends: no day is a way around it.
        None where trying again cannot help.

        Note: `self.ensure_one()`

        :rtype: list[date]
        """
        self.ensure_one()
        steps = self.sudo().membership_id.dunning_policy_id.step_ids.sorted("hours")
        if (
            not self._can_be_paid_online()
            or not self.first_failed_at
            or self.is_stopped
            or self.failure_kind != "soft"
            or not steps[-1:].suspends
        ):
            return []
        company = self.company_id
        end = company._medspa_date(steps[-1]._get_moment(self.first_failed_at))
        day = company._medspa_date() + timedelta(days=1)
        days = []
        while day < end and len(days) < DAYS_OFFERED:
            days.append(day)
            day += timedelta(days=1)
        return days

    def _pay_on(self, day):
        """Try the method on file again on a day that the member has chosen.

        Until then it is left alone. Note: `self.ensure_one()`.

        :param date day: one of :meth:`_get_days_to_pay_later`
        :raise UserError: the day is not open (any more)
        """
        self.ensure_one()
        self._lock_row()
        if day not in self._get_days_to_pay_later():
            raise UserError(
                self.env._("That day is not open any more. Please choose another one.")
            )
        moment = self.company_id._medspa_utc(day, CHOSEN_HOUR)
        following = moment + timedelta(hours=1)
        self.sudo().write(
            {
                "retry_at": moment,
                "next_step_at": self.next_step_at and max(self.next_step_at, following),
            }
        )
        self.membership_id.sudo().message_post(
            body=self.env._(
                "The member asks to be charged again on %s.", format_day(self.env, day)
            )
        )

    def _get_day_chosen(self):
        """Return the day on which the member asked to be charged, if it is to come."""
        self.ensure_one()
        if self.state != "open" or not self.retry_at:
            return False
        if self.retry_at <= fields.Datetime.now():
            return False
        return self.company_id._medspa_date(self.retry_at)

    def _get_portal_state(self):
        """Return the state of the period in the member's words, and its colour."""
        self.ensure_one()
        if self.state == "open" and self.first_failed_at:
            return self.env._("Not paid"), "danger"
        return {
            "due": (self.env._("To be billed"), "secondary"),
            "open": (self.env._("Being collected"), "info"),
            "paid": (self.env._("Paid"), "success"),
            "skipped": (self.env._("Skipped, nothing to pay"), "secondary"),
            "forgiven": (self.env._("Nothing to pay any more"), "secondary"),
            "refunded": (self.env._("Given back"), "secondary"),
        }[self.state]
