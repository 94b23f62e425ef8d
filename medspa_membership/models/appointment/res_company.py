# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = ["res.company", "medspa.terms"]

    booking_step_minutes = fields.Integer(
        default=15, help="Offered times start at multiples of so many minutes."
    )
    booking_lead_minutes = fields.Integer(
        default=60, help="Patients book at least so many minutes ahead."
    )
    booking_horizon_days = fields.Integer(
        default=90, help="Patients book at most so many days ahead."
    )
    member_horizon_days = fields.Integer(
        help="Members book so many days ahead, when that is more."
    )
    _booking_step_positive = models.Constraint(
        "CHECK (booking_step_minutes > 0)", "Offered times need a step above zero."
    )
    _booking_limits_not_negative = models.Constraint(
        "CHECK (booking_lead_minutes >= 0 AND booking_horizon_days >= 0"
        " AND member_horizon_days >= 0)",
        "Booking limits are zero or more.",
    )
