# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models


class LinkTracker(models.Model):
    _inherit = "link.tracker"

    reminder_id = fields.Many2one(
        "medspa.reminder",
        index="btree_not_null",
        ondelete="cascade",
        copy=False,
        # Everybody reads links: the name of the message is that of its patient.
        groups="base.group_system",
    )


class LinkTrackerClick(models.Model):
    _inherit = "link.tracker.click"

    @api.model_create_multi
    def create(self, vals_list):
        """Override to note on the message that its link was opened."""
        clicks = super().create(vals_list)
        reminders_sudo = clicks.sudo().link_id.reminder_id
        reminders_sudo.filtered(lambda reminder: not reminder.is_opened).write(
            {"is_opened": True}
        )
        return clicks
