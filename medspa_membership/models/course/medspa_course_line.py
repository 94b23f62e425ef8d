# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import Command, api, fields, models

from ..credit.medspa_credit import QUANTITY_DIGITS


class MedspaCourseLine(models.Model):
    """A step of a course as it was sold, and the credit that its payment granted."""

    _name = "medspa.course.line"
    _description = "Course line"
    _order = "sequence, id"

    course_id = fields.Many2one(
        "medspa.course", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="course_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    sequence = fields.Integer(required=True)
    treatment_id = fields.Many2one(
        "product.template", required=True, index=True, ondelete="restrict"
    )
    sessions = fields.Float(digits=(16, QUANTITY_DIGITS), required=True)
    free_sessions = fields.Integer("Free")
    min_days = fields.Integer("At least")
    advised_days = fields.Integer("Advised")
    list_price = fields.Monetary("List price at sale", help="Of one session, with tax.")
    value = fields.Monetary(help="Its share of the price paid, without tax.")
    swapped_from_id = fields.Many2one(
        "medspa.course.line",
        index="btree_not_null",
        ondelete="restrict",
        help="The line whose sessions these were.",
    )
    credit_ids = fields.One2many("medspa.credit", "course_line_id", "Credits")
    used = fields.Float(
        compute="_compute_balances", digits=(16, QUANTITY_DIGITS), string="Used"
    )
    reserved = fields.Float(compute="_compute_balances", digits=(16, QUANTITY_DIGITS))
    remaining = fields.Float(compute="_compute_balances", digits=(16, QUANTITY_DIGITS))
    available = fields.Float(compute="_compute_balances", digits=(16, QUANTITY_DIGITS))
    next_date = fields.Date(
        "Next from",
        compute="_compute_next_date",
        help="The earliest day of a further session, by the pace of the course.",
    )

    _sessions_positive = models.Constraint(
        "CHECK (sessions > 0)", "A line of a course has at least one session."
    )

    # === COMPUTE METHODS === #

    @api.depends("treatment_id", "sessions", "free_sessions")
    def _compute_display_name(self):
        for line in self:
            sessions = line.sessions + line.free_sessions
            line.display_name = f"{sessions:g} × {line.treatment_id.name}"

    @api.depends("credit_ids.remaining", "credit_ids.reserved", "sessions")
    def _compute_balances(self):
        for line in self:
            credits_sudo = line.sudo().credit_ids
            line.remaining = sum(credits_sudo.mapped("remaining"))
            line.reserved = sum(credits_sudo.mapped("reserved"))
            line.available = sum(credits_sudo.mapped("available"))
            line.used = sum(credits_sudo.mapped("used"))

    @api.depends("course_id.state")
    def _compute_next_date(self):
        for line in self:
            today = line.company_id._medspa_date()
            blocked = line._get_blocked_dates()
            day = today
            while any(begin < day < end for begin, end in blocked):
                day = min(end for begin, end in blocked if begin < day < end)
            line.next_date = day

    # === BUSINESS METHODS === #

    def _prepare_credit_vals_list(self):
        """Return what the paid line grants: the paid sessions, and the free ones apart.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        course = self.course_id
        vals = {
            "company_id": course.company_id.id,
            "partner_id": course.partner_id.id,
            "beneficiary_ids": [Command.set(course.member_ids.ids)],
            "coverage": "treatment",
            "treatment_id": self.treatment_id.id,
            "unit": "session",
            "valid_from": course.purchase_date,
            "expires_on": course.usable_until,
            "course_line_id": self.id,
        }
        granted = [
            {
                **vals,
                "granted": self.sessions,
                "value": self.value,
                "grant_key": f"course-line-{self.id}",
            }
        ]
        if self.free_sessions:
            granted.append(
                {
                    **vals,
                    "granted": self.free_sessions,
                    "is_bonus": True,
                    "grant_key": f"course-line-{self.id}-free",
                }
            )
        return granted

    def _get_blocked_dates(self, but_event=None):
        """Return the open intervals of days on which the pace allows no session.

        A session keeps `min_days` from every other session of its own step, and from
        those of the step before it; the step after keeps its own distance from it. The
        distance counts both ways, so that sessions may be booked out of order.

        Note: `self.ensure_one()`

        :param but_event: an appointment that is being moved and does not count
        :rtype: list[tuple[date, date]]
        """
        self.ensure_one()
        lines = self.course_id.line_ids.sorted("sequence")
        index = list(lines).index(self)
        gaps = {self: self.min_days}
        if index:
            gaps[lines[index - 1]] = self.min_days
        if index + 1 < len(lines):
            gaps[lines[index + 1]] = lines[index + 1].min_days
        events_sudo = (
            self.env["calendar.event"]
            .sudo()
            .search(
                [
                    ("credit_id.course_line_id", "in", [line.id for line in gaps]),
                    ("appointment_status", "in", ("booked", "arrived", "attended")),
                    ("id", "not in", (but_event or self.env["calendar.event"]).ids),
                ]
            )
        )
        blocked = []
        for event in events_sudo:
            gap = timedelta(
                days=gaps[event.credit_id.course_line_id.with_env(self.env)]
            )
            day = event._get_local_date()
            if gap:
                blocked.append((day - gap, day + gap))
        return blocked

    def _get_pace_conflict(self, day, but_event=None):
        """Return the nearest days around `day` that the pace allows, or nothing.

        :rtype: tuple[date, date] or None
        """
        self.ensure_one()
        for begin, end in self._get_blocked_dates(but_event):
            if begin < day < end:
                return begin, end
        return None
