# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models


class SaleSubscriptionLine(models.Model):
    """What a membership costs belongs to it, and is guarded with it."""

    _inherit = "sale.subscription.line"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_no_membership()
        return lines

    def write(self, vals):
        self._check_no_membership()
        res = super().write(vals)
        if "sale_subscription_id" in vals:
            self._check_no_membership()
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_except_membership(self):
        self._check_no_membership()

    def _check_no_membership(self):
        """Refuse to change by hand what a membership costs."""
        if not self.env.su:
            self.sale_subscription_id._check_no_membership()
