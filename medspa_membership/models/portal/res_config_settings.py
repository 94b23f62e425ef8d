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
