# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models

from odoo.addons.medspa_membership.models.credit.medspa_credit import Moment

from ..scenario import Scenario


class ResCompany(models.Model):
    _inherit = "res.company"

    def _medspa_date(self, moment=None):
        """Override to let the scenario play days that have passed."""
        day = self.env.context.get("medspa_demo_day")
        if moment is None and isinstance(day, Moment):
            return day.at
        return super()._medspa_date(moment)

    # === CRON METHODS === #

    @api.model
    def _cron_play_today(self):
        """Fill the list of each new day, so that the demo clinic is never empty."""
        Scenario(self.env).play_today()
