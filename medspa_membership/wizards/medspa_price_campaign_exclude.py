# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaPriceCampaignExclude(models.TransientModel):
    """Leaves members out of a price campaign, with a reason."""

    _name = "medspa.price.campaign.exclude"
    _description = "Leave out of a price campaign"

    line_ids = fields.Many2many(
        "medspa.price.campaign.line",
        string="Members",
        default=lambda self: self.env.context.get("active_ids"),
    )
    reason = fields.Char(required=True)

    def action_confirm(self):
        """Leave them out."""
        self.ensure_one()
        self.line_ids.check_access("write")
        self.line_ids._exclude(self.reason)
