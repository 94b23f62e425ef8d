# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models


class CalendarEvent(models.Model):
    _inherit = "calendar.event"

    is_cover_stopped = fields.Boolean(
        "Cover stopped",
        compute="_compute_is_cover_stopped",
        search="_search_is_cover_stopped",
        help="The credit that pays for it belongs to a membership that is suspended or "
        "paused.",
    )

    membership_summary = fields.Char(
        "Membership",
        compute="_compute_membership_summary",
        help="What the patient's membership still gives, whatever is booked here.",
    )

    @api.depends("patient_id")
    def _compute_membership_summary(self):
        # Practitioners see what is left without a right to read memberships.
        memberships_sudo = (
            self.env["sale.subscription"]
            .sudo()
            .search(
                [
                    ("partner_id", "in", self.patient_id.ids),
                    ("is_membership", "=", True),
                    ("membership_state", "not in", ("pending", "ended")),
                ]
            )
        )
        grouped = memberships_sudo.grouped("partner_id")
        for event in self:
            mine = grouped.get(event.patient_id, memberships_sudo.browse())
            mine = mine.filtered(
                lambda m, company=event.medspa_company_id: m.company_id == company
            )
            event.membership_summary = "; ".join(
                membership._get_desk_summary() for membership in mine
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
