# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaCourseTransfer(models.TransientModel):
    _name = "medspa.course.transfer"
    _description = "Transfer a course"

    course_id = fields.Many2one("medspa.course", required=True)
    remaining = fields.Float(related="course_id.remaining_sessions", string="Sessions")
    partner_id = fields.Many2one("res.partner", "To", required=True)
    reason = fields.Char(required=True)

    def action_confirm(self):
        """Hand over what remains and open the new course."""
        self.ensure_one()
        self.course_id.check_access("write")
        course = self.course_id._transfer(self.partner_id, self.reason)
        return course._get_form_action()
