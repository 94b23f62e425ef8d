# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import SUPERUSER_ID, fields, models
from odoo.exceptions import UserError

from ..credit.dates import format_day

# Colours of the states on the member's pages.
STATE_COLOURS = {
    "pending": "warning",
    "active": "success",
    "past_due": "danger",
    "suspended": "danger",
    "paused": "info",
    "ending": "secondary",
    "ended": "secondary",
}


class SaleSubscription(models.Model):
    """A membership in the words of the member's own pages."""

    _inherit = "sale.subscription"

    # === BUSINESS METHODS: STATUS === #

    def _get_portal_status(self):
        """Return how it stands, in plain words. Note: `self.ensure_one()`.

        :return: dict of `label`, `text` and `colour`
        """
        self.ensure_one()
        state = self.membership_state
        texts = {
            "pending": self._get_pending_text,
            "active": self._get_running_text,
            "past_due": self._get_failed_text,
            "suspended": self._get_suspended_text,
            "paused": self._get_paused_text,
            "ending": self._get_ending_text,
            "ended": self._get_ended_text,
        }
        return {
            "label": self._get_state_label(),
            "text": texts[state](),
            "colour": STATE_COLOURS[state],
        }

    def _get_pending_text(self):
        if not self._has_usable_method():
            return self.env._("It begins as soon as you save a card.")
        return self.env._("It begins as soon as the first payment has arrived.")

    def _get_running_text(self):
        if not self.recurring_next_date:
            if self.end_date:
                return self.env._(
                    "Everything is paid until %s, its last day.",
                    format_day(self.env, self.end_date),
                )
            return self.env._("Everything is paid.")
        values = {
            "price": self.currency_id.format(self._get_next_price()),
            "date": format_day(self.env, self.recurring_next_date),
        }
        if self.is_paid_elsewhere:
            return self.env._(
                "The next period begins on %(date)s; it is paid at the clinic.",
                **values,
            )
        return self.env._("Next payment: %(price)s on %(date)s.", **values)

    def _get_next_price(self):
        """Return what the next period costs, with tax: of the plan it then has."""
        self.ensure_one()
        if self.next_template_id:
            return self._get_price_of(self.next_template_id)
        return self.price

    def _get_failed_text(self):
        period = self._get_period_to_pay()
        return self.env._(
            "Your payment of %(price)s did not go through. %(reason)s",
            price=self.currency_id.format(period.amount or self.price),
            reason=period.sudo().failure_reason or "",
        ).strip()

    def _get_suspended_text(self):
        return self.env._(
            "A payment is missing. Your credits wait for you: they are back as soon as "
            "it is paid."
        )

    def _get_paused_text(self):
        pause = self.sudo()._get_running_pause()
        if not pause.end_date:
            return self.env._("It is paused until you resume it.")
        text = self.env._(
            "It is paused until %s and goes on by itself.",
            format_day(self.env, pause.end_date),
        )
        return f"{text} {self._get_payment_after_text(pause)}".strip()

    def _get_payment_after_text(self, pause):
        """Return what is paid when after a pause, in words, if anything is."""
        date = self._get_payment_after(pause)
        if not date:
            return ""
        return self.env._(
            "Next payment after it: %(price)s on %(date)s.",
            price=self.currency_id.format(self.price),
            date=format_day(self.env, date),
        )

    def _get_payment_after(self, pause):
        """Return the day of the first payment after a pause, if it is known.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        date = self.recurring_next_date
        if not date or not pause.end_date:
            return False
        while date < pause.start_date:
            date = self._get_start_after(date)
        if pause.meaning == "frozen_shift":
            return date + timedelta(days=pause.days)
        if date <= pause.end_date:
            return self._get_start_from(pause.end_date + timedelta(days=1))
        return date

    def _get_ending_text(self):
        if self.recurring_next_date:
            return self.env._(
                "It ends on %(end)s. Next payment: %(price)s on %(date)s.",
                end=format_day(self.env, self.end_date),
                price=self.currency_id.format(self.price),
                date=format_day(self.env, self.recurring_next_date),
            )
        return self.env._(
            "It ends on %s. Nothing more is charged.",
            format_day(self.env, self.end_date),
        )

    def _get_ended_text(self):
        if not self.end_date:
            return self.env._("It is over.")
        return self.env._("It ended on %s.", format_day(self.env, self.end_date))

    # === BUSINESS METHODS: WHAT CAN BE DONE === #

    def _get_period_to_pay(self):
        """Return the oldest period that the member should pay by hand, if any."""
        self.ensure_one()
        failed = self.sudo().period_ids.filtered(
            lambda p: p.state == "open" and p.first_failed_at
        )
        return failed.sorted("start_date")[:1]

    def _get_planned_pauses(self):
        self.ensure_one()
        pauses = self.sudo().pause_ids.filtered(lambda p: p.state == "planned")
        return pauses.sorted("start_date")

    def _drop_planned_pause(self, pause_id):
        """Take back a pause that has not begun. Note: `self.ensure_one()`."""
        self.ensure_one()
        self._lock()
        pause_sudo = self._get_planned_pauses().filtered(lambda p: p.id == pause_id)
        if not pause_sudo:
            raise UserError(self.env._("That pause is not planned any more."))
        self._cancel_pauses(pause_sudo)
        self.sudo().message_post(
            body=self.env._(
                "The pause from %s was taken back.",
                format_day(self.env, pause_sudo.start_date),
            )
        )

    def _can_pause(self):
        """Tell whether the member may ask for a pause now."""
        self.ensure_one()
        return (
            self.allows_pause
            and self.membership_state in ("active", "ending")
            and self._get_pause_days_left(self.company_id._medspa_date()) != 0
        )

    def _can_cancel(self):
        """Tell whether there is something to cancel."""
        self.ensure_one()
        return self.membership_state != "ended" and not self.cancelled_on

    def _get_plans_to_change_to(self, website):
        """Return the plans that the member may change to, sudoed."""
        self.ensure_one()
        if self.membership_state != "active":
            return self.env["sale.subscription.template"].sudo()
        plans = self.env["sale.subscription.template"]._get_plans_on_sale(website)
        return plans.filtered(
            lambda plan: (
                plan != self.template_id
                and plan.company_id in (self.company_id, self.env["res.company"])
            )
        )

    def _get_save_offer(self):
        """Return the one alternative that a leaving member is shown, or nothing.

        A pause, for who may have one; it stands beside the cancellation, never before.
        """
        self.ensure_one()
        return "pause" if self._can_pause() else None

    def _get_last_withdrawal_day(self):
        """Return the last day of the right to withdraw, nothing when it is over."""
        self.ensure_one()
        if not self._can_withdraw(self.company_id._medspa_date()):
            return None
        return self.date_start + timedelta(days=self.withdrawal_days)

    def _acknowledge_withdrawal(self):
        """Confirm a withdrawal by mail at once, with date and time, as the law asks.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        template = self.env.ref("medspa_membership.mail_template_membership_withdrawn")
        # Members may not write mails; this one is theirs.
        template = template.with_user(SUPERUSER_ID)
        template.with_context(withdrawn_at=fields.Datetime.now()).send_mail(self.id)

    def _enqueue_letter(self, name):
        """Override: a withdrawal has a letter of its own, at once and with the time."""
        withdrawn = self.env["sale.subscription"]
        if name in ("cancelled", "ended"):
            reason = self.env.ref("medspa_membership.close_reason_withdrawn")
            withdrawn = self.sudo().filtered(lambda m: m.close_reason_id == reason)
        return super(SaleSubscription, self - withdrawn)._enqueue_letter(name)
