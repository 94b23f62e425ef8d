# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaCoursePauseWizard(models.TransientModel):
    _name = "medspa.course.pause.wizard"
    _description = "Pause a course"

    course_id = fields.Many2one("medspa.course", required=True)
    kind = fields.Selection(
        selection=lambda self: (
            self.env["medspa.course.pause"]
            ._fields["kind"]
            ._description_selection(self.env)
        ),
        required=True,
        default="travel",
    )
    date_to = fields.Date("Until", help="Left empty: until somebody resumes it.")
    reason = fields.Char()

    def action_confirm(self):
        """Pause the course from today."""
        self.ensure_one()
        self.course_id.check_access("write")
        self.course_id._pause(self.kind, self.reason, self.date_to)
