# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class LoyaltyProgram(models.Model):
    _inherit = "loyalty.program"

    def write(self, vals):
        """Override: another kind of program sells money, or does no longer."""
        res = super().write(vals)
        if {"program_type", "active"} & vals.keys():
            self.env.registry.clear_cache()
        return res
