# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaCoursePause(models.Model):
    """Days on which the clock of a course stands still."""

    _name = "medspa.course.pause"
    _inherit = "medspa.guarded"
    _description = "Pause of a course"
    _order = "date_from desc, id desc"
    _rec_name = "kind"

    course_id = fields.Many2one(
        "medspa.course", required=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [
            ("travel", "Travel"),
            ("pregnancy", "Pregnancy"),
            ("allergy", "Allergy test"),
            ("medical", "Medical hold"),
            ("other", "Other"),
        ],
        required=True,
        default="travel",
    )
    reason = fields.Char()
    date_from = fields.Date("From", required=True)
    date_to = fields.Date("Planned until", help="Resumes by itself the day after.")
    resumed_on = fields.Date(readonly=True)

    _one_open = models.UniqueIndex(
        "(course_id) WHERE resumed_on IS NULL", "This course is paused already."
    )
    _dates_in_order = models.Constraint(
        "CHECK (date_to IS NULL OR date_to >= date_from)",
        "A pause ends on the day it begins, or later.",
    )

    def _get_days(self, today):
        """Return the days the course has been paused for, by the clinic's calendar."""
        return sum(
            ((pause.resumed_on or today) - pause.date_from).days for pause in self
        )
