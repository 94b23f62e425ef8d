# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaMembershipSkip(models.TransientModel):
    """Leaves the next period out: not billed, and no credits."""

    _name = "medspa.membership.skip"
    _inherit = "medspa.membership.wizard"
    _description = "Skip the next period"

    next_date = fields.Date(
        related="membership_id.recurring_next_date", string="Period from"
    )
    reason = fields.Char(required=True)

    def action_confirm(self):
        """Skip it, and write down why."""
        self._get_membership()._skip_next_period(self.reason)
