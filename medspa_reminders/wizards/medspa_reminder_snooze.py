# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import fields, models


class MedspaReminderSnooze(models.TransientModel):
    """Puts messages of the morning list off until another morning."""

    _name = "medspa.reminder.snooze"
    _description = "Put messages off"

    reminder_ids = fields.Many2many("medspa.reminder", required=True)
    day = fields.Date(
        "Until",
        required=True,
        default=lambda self: self.env.company._medspa_date() + timedelta(days=7),
    )

    def action_confirm(self):
        """Put the messages off and show the list without them."""
        self.ensure_one()
        self.reminder_ids._check_desk()
        self.reminder_ids._snooze(self.day)
        return {"type": "ir.actions.client", "tag": "soft_reload"}
