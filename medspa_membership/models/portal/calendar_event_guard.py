# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models


class CalendarEvent(models.Model):
    """What follows from a booking is written by its methods, and by nobody's hand.

    Another order behind an appointment would take over what was paid for it; another
    session to come would be promised to nobody.
    """

    _name = "calendar.event"
    _inherit = ["calendar.event", "medspa.guarded"]

    @api.model
    def _get_guarded_fields(self):
        """Override: what the clinic sold, holds, promised and counted."""
        return {
            "ahead_benefit_id",
            "ahead_date",
            "ahead_membership_id",
            "deposit_amount",
            "held_until",
            "is_booked_online",
            "loss_outcome",
            "sale_line_id",
        }

    def _check_guard(self, vals):
        """Override: whoever may change an appointment may cause that they are empty."""
        return super()._check_guard(
            {name: value for name, value in vals.items() if value}
        )
