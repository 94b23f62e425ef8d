# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class MedspaCredit(models.Model):
    _inherit = "medspa.credit"

    def _is_from_plan(self):
        """Tell whether a membership gave it. Note: `self.ensure_one()`."""
        self.ensure_one()
        return bool(self.membership_id)
