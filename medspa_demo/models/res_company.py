# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models

from odoo.addons.medspa_membership.models.credit.medspa_credit import Moment


class ResCompany(models.Model):
    _inherit = "res.company"

    def _medspa_date(self, moment=None):
        """Override to let the scenario play days that have passed."""
        day = self.env.context.get("medspa_demo_day")
        if moment is None and isinstance(day, Moment):
            return day.at
        return super()._medspa_date(moment)
