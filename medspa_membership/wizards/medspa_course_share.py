# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaCourseShare(models.TransientModel):
    _name = "medspa.course.share"
    _description = "Share a course"

    course_id = fields.Many2one("medspa.course", required=True)
    share_limit = fields.Integer(related="course_id.share_limit")
    member_ids = fields.Many2many("res.partner", string="May use it too")

    def action_confirm(self):
        """Set who else may use the course."""
        self.ensure_one()
        self.course_id.check_access("write")
        self.course_id._share_with(self.member_ids)
