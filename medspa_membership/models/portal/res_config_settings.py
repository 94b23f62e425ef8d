# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models

from .medspa_login_link import DEFAULT_MINUTES


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    login_link_minutes = fields.Integer(
        default=DEFAULT_MINUTES,
        config_parameter="medspa_membership.login_link_minutes",
    )
    deposit_kind = fields.Selection(related="company_id.deposit_kind", readonly=False)
    deposit_value = fields.Float(related="company_id.deposit_value", readonly=False)
    refunds_deposit = fields.Boolean(
        related="company_id.refunds_deposit", readonly=False
    )
    allows_booking_ahead = fields.Boolean(
        related="company_id.allows_booking_ahead", readonly=False
    )
    hold_minutes = fields.Integer(related="company_id.hold_minutes", readonly=False)
    max_open_bookings = fields.Integer(
        related="company_id.max_open_bookings", readonly=False
    )
    max_day_bookings = fields.Integer(
        related="company_id.max_day_bookings", readonly=False
    )
    waiting_batch = fields.Integer(related="company_id.waiting_batch", readonly=False)
    waiting_minutes = fields.Integer(
        related="company_id.waiting_minutes", readonly=False
    )
