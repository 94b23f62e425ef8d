# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class PosConfig(models.Model):
    _inherit = "pos.config"

    def use_coupon_code(self, code, creation_date, partner_id, pricelist_id):
        """Override of `pos_loyalty`: coupons of a pricelist are its members' too."""
        version_sudo = self.env["product.pricelist"].sudo().browse(pricelist_id or [])
        if version_sudo.member_base_id:
            pricelist_id = version_sudo.member_base_id.id
        return super().use_coupon_code(code, creation_date, partner_id, pricelist_id)
