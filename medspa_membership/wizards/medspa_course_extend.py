# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaCourseExtend(models.TransientModel):
    _name = "medspa.course.extend"
    _description = "Extend or revive a course"

    course_id = fields.Many2one("medspa.course", required=True)
    course_state = fields.Selection(related="course_id.state")
    old_expires_on = fields.Date(related="course_id.expires_on", string="Last day now")
    expires_on = fields.Date("New last day", required=True)
    reason = fields.Char(required=True)

    def action_confirm(self):
        """Give the course more time; bring an expired one back."""
        self.ensure_one()
        self.course_id.check_access("write")
        if self.course_id.state == "expired":
            self.course_id._check_may_revive()
            self.course_id._revive(self.expires_on, self.reason)
        else:
            self.course_id._extend(self.expires_on, self.reason)
