# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models
from odoo.exceptions import UserError

from ..appointment.calendar_event import OPEN_STATUSES


class CalendarEvent(models.Model):
    _inherit = "calendar.event"

    pace_override_reason = fields.Char(
        copy=False,
        tracking=True,
        groups="medspa_membership.group_medspa_user",
        help="Why the session is given sooner than the course asks for.",
    )

    def write(self, vals):
        """Override to let a course pay that the pace alone kept from paying."""
        res = super().write(vals)
        if vals.get("pace_override_reason"):
            open_events = self.filtered(
                lambda event: event.appointment_status in OPEN_STATUSES
            )
            for event in open_events - open_events.filtered("credit_id"):
                event._cover()
        return res

    def _filter_bookable_credits(self, credits):
        """Override to leave out courses whose pace allows no session that day."""
        credits = super()._filter_bookable_credits(credits)
        day = self._get_local_date()
        return credits.filtered(
            lambda credit: (
                not credit.course_line_id
                or self.sudo().pace_override_reason
                or not credit.course_line_id._get_pace_conflict(day, but_event=self)
            )
        )

    def _cover(self, chosen=False):
        """Override to refuse a credit that its course does not allow on that day."""
        res = super()._cover(chosen=chosen)
        self._check_pace()
        self._check_part_session()
        return res

    def _check_transition(self, status):
        """Override to notice at check-in, not after the visit, what cannot pay."""
        res = super()._check_transition(status)
        if status == "arrived":
            for event in self.filtered(lambda e: e.appointment_status == "booked"):
                for credit_sudo in event._get_reservations():
                    credit_sudo._check_spendable(event._get_local_date())
        return res

    def _check_part_session(self):
        """Take a part of a session only where the course was sold so."""
        course = self.credit_id.sudo().course_id
        if course and not course.allows_part_sessions and self.credit_quantity % 1:
            raise UserError(
                self.env._(
                    "Course %(course)s is used in whole sessions, not %(quantity)s.",
                    course=course.name,
                    quantity=self.credit_quantity,
                )
            )

    def _check_reservation_dates(self):
        res = super()._check_reservation_dates()
        for event in self:
            event._check_pace()
        return res

    def _check_pace(self):
        """Keep the days between two sessions that the course asks for."""
        self.ensure_one()
        line = self.credit_id.sudo().course_line_id
        if not line or self.appointment_status not in ("booked", "arrived"):
            return
        # Staff may know better, and say why.
        if self.sudo().pace_override_reason:
            return
        conflict = line._get_pace_conflict(self._get_local_date(), but_event=self)
        if conflict:
            raise UserError(
                self.env._(
                    "%(treatment)s of course %(course)s needs %(days)s days "
                    "between two sessions. The nearest days possible are %(before)s "
                    "and %(after)s. %(hint)s",
                    treatment=self.treatment_id.name,
                    course=line.course_id.name,
                    days=max(line.min_days, line.course_id.recipe_min_days),
                    before=self.credit_id._format_date(conflict[0]),
                    after=self.credit_id._format_date(conflict[1]),
                    hint=self._get_pace_hint(),
                )
            )

    def _get_pace_hint(self):
        """Return what staff may do about the pace; patients get no such hint."""
        if not self.env.user.has_group("medspa_membership.group_medspa_user"):
            return ""
        return self.env._("To book it sooner, write down why under Pace.")

    def _get_terms_holder(self):
        """Override to apply the terms on which the course was sold."""
        return self.credit_id.course_id or super()._get_terms_holder()

    def _get_credit_summary(self):
        """Override to name the course that pays."""
        summary = super()._get_credit_summary()
        if not summary or self.is_paid_apart:
            return summary
        course = self._get_paying_credit().sudo().course_id
        if not course:
            return summary
        return self.env._(
            "%(course)s: %(summary)s", course=course.display_name, summary=summary
        )
