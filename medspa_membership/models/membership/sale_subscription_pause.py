# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date


class SaleSubscription(models.Model):
    """Pauses: with dates, within the limit of the terms, never billed later."""

    _inherit = "sale.subscription"

    # === BUSINESS METHODS: PAUSE === #

    def _pause(self, start, end=None, reason=None, meaning=None):
        """Plan a pause, and begin it when its first day has come.

        Note: `self.ensure_one()`

        :param date start: the first day of the pause
        :param date end: the last day; None: until it is resumed by hand
        :param str meaning: against the terms, for staff; the terms' own by default
        :return: the pause
        :raise UserError: not allowed by the terms, or not in this state
        """
        self.ensure_one()
        self._lock_for_addition()
        today = self.company_id._medspa_date()
        self._check_can_pause(start, end, today)
        pause = (
            self.env["medspa.membership.pause"]
            .sudo()
            .create(
                {
                    "membership_id": self.id,
                    "start_date": start,
                    "end_date": end,
                    "reason": reason,
                    "meaning": meaning or self.pause_meaning,
                }
            )
        )
        self._append_segment(**pause._prepare_segment())
        if start <= today:
            self._begin_pause(pause)
        return pause

    def _check_can_pause(self, start, end, today):
        """Refuse a pause that the terms or the state of the membership forbid."""
        self.ensure_one()
        if not self.allows_pause:
            raise UserError(
                self.env._("%s cannot be paused by its terms.", self.display_name)
            )
        if self.membership_state not in ("active", "ending"):
            raise UserError(
                self.env._(
                    '%(membership)s is "%(state)s" and cannot be paused. Settle what '
                    "is due first.",
                    membership=self.display_name,
                    state=self._get_state_label(),
                )
            )
        if start < today:
            raise UserError(self.env._("A pause begins today or later."))
        if end and end < start:
            raise UserError(self.env._("The pause ends before it begins."))
        if self.end_date and start > self.end_date:
            raise UserError(
                self.env._(
                    "The membership ends on %s: there is nothing to pause then.",
                    format_date(self.env, self.end_date),
                )
            )
        left = self._get_pause_days_left(start)
        if left is None:
            return
        if not end:
            raise UserError(
                self.env._("Say until when: the terms allow %s more days.", left)
            )
        wanted = (end - start).days + 1
        if wanted > left:
            raise UserError(
                self.env._(
                    "The terms allow %(limit)s days of pause in twelve months. "
                    "%(left)s are left, and this pause takes %(wanted)s.",
                    limit=self.max_pause_days,
                    left=left,
                    wanted=wanted,
                )
            )

    def _get_pause_days_left(self, day):
        """Return the days of pause left in the twelve months before a day.

        Note: `self.ensure_one()`

        :return: None when there is no limit
        """
        self.ensure_one()
        if not self.max_pause_days:
            return None
        since = day - relativedelta(years=1)
        used = 0
        for pause in self.sudo().pause_ids.filtered(lambda p: p.state != "cancelled"):
            last = pause.end_date or day
            used += max((last - max(pause.start_date, since)).days + 1, 0)
        return max(self.max_pause_days - used, 0)

    def _begin_pause(self, pause):
        """Put a planned pause into effect. Note: `self.ensure_one()`."""
        self.ensure_one()
        pause.sudo().state = "running"
        # What the pause means is what the state does to the credits.
        self.sudo().pause_meaning = pause.meaning
        self._transition("paused", pause.reason)
        self._on_pause_began(pause)

    def _on_pause_began(self, pause):
        """Seam: called when a pause begins, for what it costs."""

    def _resume(self, on_date=None, reason=None):
        """End the running pause: the given day is the first one that counts again.

        Note: `self.ensure_one()`

        :param date on_date: the clinic's today by default
        """
        self.ensure_one()
        today = on_date or self.company_id._medspa_date()
        pause = self.sudo().pause_ids.filtered(lambda p: p.state == "running")
        if not pause:
            raise UserError(self.env._("%s is not paused.", self.display_name))
        paused_days = max((today - pause.start_date).days, 0)
        self._append_pause_end(pause, paused_days)
        pause.write(
            {
                "state": "done",
                "end_date": max(today - timedelta(days=1), pause.start_date),
            }
        )
        self._shift_by_pause(pause, paused_days, today)
        self._transition(self._get_running_state(), reason)
        return pause

    def _shift_by_pause(self, pause, paused_days, today):
        """Move what a pause moves: payments, credits and the minimum term."""
        self.ensure_one()
        membership_sudo = self.sudo()
        vals = {}
        next_date = self.recurring_next_date
        if pause.meaning == "frozen_shift":
            self._shift_current_period(pause, paused_days)
        if pause.meaning == "frozen_shift" and next_date and paused_days:
            vals["recurring_next_date"] = next_date + timedelta(days=paused_days)
            vals["anchor_date"] = vals["recurring_next_date"]
        elif pause.meaning != "frozen_shift" and next_date and next_date < today:
            # Payments that fell into the pause are skipped: they are never billed.
            vals["recurring_next_date"] = self._get_start_from(today)
            self._skip_periods(next_date, vals["recurring_next_date"])
        if self.min_term_end and self.pause_extends_term:
            vals["min_term_end"] = self.min_term_end + timedelta(days=paused_days)
        if vals:
            membership_sudo.write(vals)
        self._shift_end(pause, paused_days)
        if pause.meaning == "usable_skip":
            return
        for credit_sudo in membership_sudo.credit_ids.filtered("remaining"):
            if credit_sudo.expires_on and credit_sudo.expires_on >= pause.start_date:
                credit_sudo._set_validity(
                    credit_sudo.expires_on + timedelta(days=paused_days),
                    self.env._("Membership paused"),
                )

    def _shift_current_period(self, pause, paused_days):
        """Let the period that a pause began in last for its days longer."""
        days = timedelta(days=paused_days)
        current = self.sudo().period_ids.filtered(
            lambda p: (
                p.kind in ("regular", "trial", "upgrade")
                and p.state in ("open", "paid")
                and p.start_date <= pause.start_date <= p.end_date
            )
        )
        for period in current:
            period.end_date += days

    def _shift_end(self, pause, paused_days):
        """Move the last day by what was paid for and not had: nobody loses days."""
        end_date = self.end_date
        if not end_date or not paused_days or end_date < pause.start_date:
            return
        if not self.cancelled_on:
            end_date = self._get_fixed_end()
        elif pause.meaning == "frozen_shift" or (
            pause.meaning == "frozen_skip" and not self.recurring_next_date
        ):
            end_date += timedelta(days=paused_days)
        self._set_end(end_date, self.env._("Moved by a pause"))

    def _set_end(self, end_date, reason=None):
        """Date the end anew, and write down that it was agreed."""
        self.ensure_one()
        if end_date != self.end_date:
            self.sudo().end_date = end_date
            self._append_end(end_date, reason)

    def _append_pause_end(self, pause, paused_days):
        """Write down how long a pause was, or that there was none."""
        self._ensure_segments()
        planned = (
            self.sudo()
            .segment_ids._filter_standing()
            .filtered(lambda s: s.kind == "pause" and s.start_date == pause.start_date)[
                -1:
            ]
        )
        end_date = pause.start_date + timedelta(days=paused_days - 1)
        if not planned or planned.end_date == end_date:
            return
        segment = {**pause._prepare_segment(), "is_inside": planned.is_inside}
        if paused_days:
            segment["end_date"] = end_date
        else:
            segment["kind"] = "void"
        self._append_segment(**segment, replaces_id=planned.id)

    def _cancel_pauses(self, pauses):
        """Take pauses back that have not begun."""
        for pause in pauses.sudo():
            self._append_pause_end(pause, 0)
            pause.state = "cancelled"

    def _skip_periods(self, start, before):
        """Note the periods from one day on, up to another, as skipped.

        Their rows take their place: nothing can bill them later.
        """
        self.ensure_one()
        vals_list = []
        while start < before:
            self._append_segment("skip", start)
            vals_list.append(self._prepare_period_vals(start, state="skipped"))
            start = self._get_start_after(start)
        return self.env["medspa.membership.period"].sudo().create(vals_list)

    def _prepare_period_vals(self, start, **vals):
        """Return the values of the regular period that starts on a day."""
        self.ensure_one()
        return {
            "membership_id": self.id,
            "template_id": self.template_id.id,
            "currency_id": self.currency_id.id,
            "kind": "regular",
            "start_date": start,
            "end_date": self._get_period_end(start),
            "amount": self.price,
            **vals,
        }

    # === CRON METHODS === #

    @api.model
    def _cron_pauses(self):
        """Begin the pauses whose day has come, and end those that are over."""
        Pause_sudo = self.env["medspa.membership.pause"].sudo()
        for (company,) in Pause_sudo._read_group(
            [("state", "in", ("planned", "running"))], ["company_id"]
        ):
            today = company._medspa_date()
            in_company = Domain("company_id", "=", company.id)
            begin = in_company & Domain("state", "=", "planned")
            begin &= Domain("start_date", "<=", today)
            over = in_company & Domain("state", "=", "running")
            over &= Domain("end_date", "<", today)
            self._run_each(
                Pause_sudo.search(begin, order="start_date, id"),
                lambda pause: pause.membership_id._begin_planned_pause(pause),
            )
            self._run_each(
                Pause_sudo.search(over, order="end_date, id"),
                # A run that comes late resumes on the day that was meant.
                lambda pause: pause.membership_id._resume(
                    pause.end_date + timedelta(days=1)
                ),
            )

    def _begin_planned_pause(self, pause):
        """Begin a planned pause, or drop it where the membership has moved on."""
        self.ensure_one()
        self._bill_before_pause(pause)
        if self.membership_state not in ("active", "ending"):
            self._cancel_pauses(pause)
            self.message_post(
                body=self.env._(
                    "The pause planned for %(date)s did not begin: the membership is "
                    '"%(state)s".',
                    date=format_date(self.env, pause.start_date),
                    state=self._get_state_label(),
                )
            )
            return
        self._begin_pause(pause)

    def _bill_before_pause(self, pause):
        """Seam: called for what is due before the first day of a pause."""
