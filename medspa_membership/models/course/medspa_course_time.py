# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date


class MedspaCourse(models.Model):
    """The clock of a course: extend, pause, resume, revive."""

    _inherit = "medspa.course"

    pause_ids = fields.One2many("medspa.course.pause", "course_id", "Pauses")
    last_visit_date = fields.Date(
        compute="_compute_last_visit_date",
        store=True,
        help="Of the last session used, to find who dropped out.",
    )

    earliest_last_date = fields.Date(
        "Last session possible on", compute="_compute_earliest_last_date"
    )
    is_too_late = fields.Boolean(compute="_compute_earliest_last_date")

    @api.depends("credit_ids.move_ids")
    def _compute_last_visit_date(self):
        for course in self:
            visits_sudo = course.sudo().credit_ids.move_ids.visit_id
            done = visits_sudo.filtered(lambda visit: visit.state == "done")
            course.last_visit_date = max(
                (course.company_id._medspa_date(v.visited_at) for v in done),
                default=False,
            )

    @api.depends(
        "state", "expires_on", "grace_days", "line_ids.remaining", "line_ids.reserved"
    )
    def _compute_earliest_last_date(self):
        """Tell whether the course can still be used up, by its own pace."""
        for course in self:
            last = course._get_earliest_last_date()
            course.earliest_last_date = last
            end = course.usable_until
            course.is_too_late = bool(last and end and last > end)

    def _get_earliest_last_date(self):
        """Return the first day on which the last session is possible, or nothing.

        Steps go side by side: the slowest of them counts. What is booked has its day.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self.state != "active":
            return False
        today = self.company_id._medspa_date()
        days = []
        for line in self.line_ids.filtered(lambda line: line.unit == "session"):
            free = int(line.remaining - line.reserved)
            if free > 0:
                first = max(line.next_date or today, today)
                pace = max(line.min_days, self.recipe_min_days)
                days.append(first + timedelta(days=pace * (free - 1)))
        return max(days, default=False)

    # === BUSINESS METHODS === #

    def _set_expiry(self, expires_on, reason=None):
        """Move the last day of the course and of its credits together."""
        for course in self:
            course.sudo().expires_on = expires_on
            course.sudo().credit_ids._set_validity(course.usable_until, reason=reason)

    def _extend(self, expires_on, reason):
        """Give a course more time. Note: `self.ensure_one()`.

        :param date expires_on: its new last day
        :raise UserError: when it does not run, or the day is not later than the old one
        """
        self.ensure_one()
        self._check_state("active", "paused", "completed")
        if not self.expires_on or expires_on <= self.expires_on:
            raise UserError(
                self.env._(
                    "Choose a day after %s.", format_date(self.env, self.expires_on)
                )
                if self.expires_on
                else self.env._("%s has no last day: nothing to extend.", self.name)
            )
        lapsed = self._get_lapsed_moves()
        if lapsed:
            # A booking keeps the course open after its last day: as good as expired.
            self._check_may_revive()
        self._set_expiry(expires_on, reason)
        lapsed._restore(reason=reason)
        self._log_reason(self.env._("Extended"), reason)

    def _pause(self, kind, reason=None, date_to=None):
        """Stop the clock from today. Note: `self.ensure_one()`.

        Appointments must be moved or cancelled first: what is paused is not used.

        :param str kind: of `medspa.course.pause`; a medical hold has no limit of days
        :param date date_to: the last day of the pause, when it is known; where the
            days are limited, the last one that is left
        """
        self.ensure_one()
        self._check_state("active")
        today = self.company_id._medspa_date()
        self._check_no_bookings(self.env._("paused"))
        if date_to and date_to < today:
            raise UserError(self.env._("Choose a last day that is still to come."))
        left = self._get_pause_days_left(kind, today)
        if left is not None:
            self._check_pause_limit(left, today, date_to)
            date_to = date_to or today + timedelta(days=left - 1)
        self.env["medspa.course.pause"].sudo().create(
            {
                "course_id": self.id,
                "kind": kind,
                "reason": reason,
                "date_from": today,
                "date_to": date_to,
            }
        )
        self.sudo().state = "paused"
        self.sudo().credit_ids._freeze(reason)
        self._log_reason(self.env._("Paused"), reason)

    def _get_pause_days_left(self, kind, today):
        """Return for how many days the course may still be paused; None: no limit."""
        self.ensure_one()
        if not self.max_pause_days or kind == "medical":
            return None
        counted = self.pause_ids.filtered(lambda pause: pause.kind != "medical")
        return self.max_pause_days - counted._get_days(today)

    def _check_pause_limit(self, left, today, date_to):
        days = (date_to - today).days + 1 if date_to else 1
        if days > left:
            raise UserError(
                self.env._(
                    "%(course)s may be paused for %(limit)s days in all. Choose an "
                    "earlier end, or a medical hold.",
                    course=self.name,
                    limit=self.max_pause_days,
                )
            )

    def _resume(self, on_date=None):
        """Start the clock again: the last day moves by the days paused.

        Note: `self.ensure_one()`

        :param date on_date: the first day after the pause; today when left out, or the
            day after its planned end when that is over
        """
        self.ensure_one()
        self._check_state("paused")
        on_date = on_date or self.company_id._medspa_date()
        pause = self.pause_ids.filtered(lambda p: not p.resumed_on)
        if pause.date_to:
            # Coming back late does not give more days than were planned.
            on_date = min(on_date, pause.date_to + timedelta(days=1))
        pause.sudo().resumed_on = max(on_date, pause.date_from)
        self.sudo().state = "active"
        self.sudo().credit_ids._unfreeze()
        if self.expires_on:
            self._set_expiry(
                self.expires_on + timedelta(days=pause._get_days(on_date)),
                self.env._("Paused for %s days.", pause._get_days(on_date)),
            )
        self._log_reason(self.env._("Resumed"), None)

    def _revive(self, expires_on, reason):
        """Bring an expired course back with what it had left.

        Note: `self.ensure_one()`

        :param date expires_on: its new last day, today or later
        """
        self.ensure_one()
        self._check_state("expired")
        if expires_on < self.company_id._medspa_date():
            raise UserError(self.env._("Choose a last day that is still to come."))
        # Restored before it is active: an active course without sessions is expired.
        self._get_lapsed_moves()._restore(reason=reason)
        self._set_expiry(expires_on, reason)
        self.sudo().state = "active"
        self._on_credits_changed()
        self._log_reason(self.env._("Revived"), reason)

    def _get_lapsed_moves(self):
        """Return the moves that took sessions on the last day, unless given back."""
        self.ensure_one()
        moves_sudo = self.sudo().credit_ids.move_ids
        return moves_sudo.filtered(
            lambda m: m.kind == "expire" and m not in moves_sudo.restored_move_id
        )

    def _check_may_revive(self):
        """Leave it to managers to bring expired courses back."""
        if not self.env.user.has_group("medspa_membership.group_medspa_manager"):
            raise AccessError(
                self.env._("Only a manager brings an expired course back.")
            )

    def action_resume(self):
        """Start the clock of a paused course again."""
        self.check_access("write")
        for course in self:
            course._resume()

    # === CRON METHODS === #

    @api.model
    def _cron_resume(self):
        """Resume the pauses whose last planned day is over."""
        for (company,) in self._read_group([("state", "=", "paused")], ["company_id"]):
            today = company._medspa_date()
            domain = [
                ("company_id", "=", company.id),
                ("state", "=", "paused"),
                (
                    "pause_ids",
                    "any",
                    [("resumed_on", "=", False), ("date_to", "<", today)],
                ),
            ]
            self.env["ir.cron"]._commit_progress(remaining=self.search_count(domain))
            while batch := self.search(domain, limit=100).try_lock_for_update():
                for course in batch:
                    course._resume()
                if not self.env["ir.cron"]._commit_progress(len(batch)):
                    return

    # === TOOLS === #

    def _check_state(self, *allowed):
        """Refuse what the state of a course does not allow."""
        labels = dict(self._fields["state"]._description_selection(self.env))
        for course in self:
            if course.state not in allowed:
                raise UserError(
                    self.env._(
                        'Course %(course)s is "%(state)s": this is not possible.',
                        course=course.name,
                        state=labels[course.state],
                    )
                )

    def _get_open_bookings(self):
        """Return the appointments that hold sessions of the courses."""
        return self.env["calendar.event"].search(
            [
                ("credit_id", "in", self.sudo().credit_ids.ids),
                ("appointment_status", "in", ("booked", "arrived")),
            ],
            order="start",
        )

    def _check_no_bookings(self, participle):
        bookings = self._get_open_bookings()
        if bookings:
            raise UserError(
                self.env._(
                    "Move or cancel these appointments before %(course)s is "
                    "%(participle)s:\n%(list)s",
                    course=self.name,
                    participle=participle,
                    list="\n".join(
                        f"{format_date(self.env, event._get_local_date())} "
                        f"{event.treatment_id.name}"
                        for event in bookings
                    ),
                )
            )

    def _log_reason(self, what, reason):
        """Write in the chatter what was done with a course, and why."""
        for course in self:
            course.message_post(body=f"{what}: {reason}" if reason else what)
