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
    member_horizon_days = fields.Integer(
        related="company_id.member_horizon_days", readonly=False
    )
    cancel_notice_hours = fields.Integer(
        related="company_id.cancel_notice_hours", readonly=False
    )
    late_cancel_uses_session = fields.Boolean(
        related="company_id.late_cancel_uses_session", readonly=False
    )
    no_show_uses_session = fields.Boolean(
        related="company_id.no_show_uses_session", readonly=False
    )
    free_passes = fields.Integer(related="company_id.free_passes", readonly=False)
    free_pass_months = fields.Integer(
        related="company_id.free_pass_months", readonly=False
    )
    grace_days = fields.Integer(related="company_id.grace_days", readonly=False)
    max_pause_days = fields.Integer(related="company_id.max_pause_days", readonly=False)
    share_limit = fields.Integer(related="company_id.share_limit", readonly=False)
    is_transferable = fields.Boolean(
        related="company_id.is_transferable", readonly=False
    )
    allows_part_sessions = fields.Boolean(
        related="company_id.allows_part_sessions", readonly=False
    )
    refund_basis = fields.Selection(related="company_id.refund_basis", readonly=False)
    refund_fee = fields.Float(related="company_id.refund_fee", readonly=False)
    refund_fee_percent = fields.Float(
        related="company_id.refund_fee_percent", readonly=False
    )
