# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models


class MedspaCourseStep(models.Model):
    """One line of the recipe of a course on sale: so many sessions of a treatment."""

    _name = "medspa.course.step"
    _description = "Course step"
    _order = "sequence, id"

    product_tmpl_id = fields.Many2one(
        "product.template", "Course", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    treatment_id = fields.Many2one(
        "product.template",
        required=True,
        domain="[('service_tracking', '=', 'medspa_treatment')]",
        ondelete="restrict",
    )
    other_treatment_ids = fields.Many2many(
        "product.template",
        "medspa_course_step_other_rel",
        "step_id",
        "treatment_id",
        string="Or",
        domain="[('service_tracking', '=', 'medspa_treatment')]",
        help="Other treatments the same sessions may be used for. One that is longer "
        "may take several.",
    )
    sessions = fields.Integer(default=1, required=True)
    unit = fields.Selection(
        [("session", "Sessions"), ("unit", "Units")],
        required=True,
        default="session",
        help="Units are banked: a visit takes as many as it uses.",
    )
    free_sessions = fields.Integer(
        "Free",
        help="Given on top: used after the paid ones, worth nothing in a refund.",
    )
    min_days = fields.Integer(
        "At least",
        help="Days that must pass since the session before. Zero: any day.",
    )
    advised_days = fields.Integer(
        "Advised", help="Days since the session before that give the best result."
    )

    _sessions_positive = models.Constraint(
        "CHECK (sessions > 0)", "A step has at least one session."
    )
    _free_not_negative = models.Constraint(
        "CHECK (free_sessions >= 0)", "Free sessions are zero or more."
    )
    _days_in_order = models.Constraint(
        "CHECK (min_days >= 0 AND advised_days >= 0"
        " AND (advised_days = 0 OR advised_days >= min_days))",
        "The advised pace is not quicker than the quickest one.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("sessions", "free_sessions", "min_days", "unit")
    def _check_course_can_be_finished(self):
        self.product_tmpl_id._check_course_can_be_finished()

    # === BUSINESS METHODS === #

    def _get_shortest_days(self):
        """Return the days from the first session to the last at the quickest pace."""
        days = 0
        pace = max(self.product_tmpl_id.mapped("recipe_min_days"), default=0)
        steps = self.filtered(lambda step: step.unit == "session")
        for index, step in enumerate(steps.sorted("sequence")):
            sessions = step.sessions + step.free_sessions
            days += max(step.min_days, pace) * (sessions - (index == 0))
        return days
