# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    booking_step_minutes = fields.Integer(
        related="company_id.booking_step_minutes", readonly=False
    )
    booking_lead_minutes = fields.Integer(
        related="company_id.booking_lead_minutes", readonly=False
    )
    booking_horizon_days = fields.Integer(
        related="company_id.booking_horizon_days", readonly=False
    )
    cancel_notice_hours = fields.Integer(
        related="company_id.cancel_notice_hours", readonly=False
    )
    no_show_uses_session = fields.Boolean(
        related="company_id.no_show_uses_session", readonly=False
    )
