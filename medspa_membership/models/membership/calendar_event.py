# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class CalendarEvent(models.Model):
    _inherit = "calendar.event"

    is_cover_stopped = fields.Boolean(
        "Cover stopped",
        compute="_compute_is_cover_stopped",
        search="_search_is_cover_stopped",
        help="The credit that pays for it belongs to a membership that is suspended or "
        "paused.",
    )

    def _compute_is_cover_stopped(self):
        for event in self:
            # Practitioners see it without a right to read memberships.
            credit_sudo = event.sudo().credit_id
            event.is_cover_stopped = bool(
                credit_sudo.membership_id
                and credit_sudo.is_frozen
                and event.appointment_status in ("booked", "arrived")
            )

    def _search_is_cover_stopped(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [
            ("appointment_status", "in", ("booked", "arrived")),
            ("credit_id.is_frozen", "=", True),
            ("credit_id.membership_id", "!=", False),
        ]

    def _get_credit_summary(self):
        """Override to name the membership that pays."""
        summary = super()._get_credit_summary()
        if not summary or self.is_paid_apart:
            return summary
        membership_sudo = self._get_paying_credit().sudo().membership_id
        if not membership_sudo:
            return summary
        return self.env._(
            "%(plan)s: %(summary)s",
            plan=membership_sudo.template_id.name,
            summary=summary,
        )
