# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def _is_tokenization_required(self, sale_order_id=None, **kwargs):
        """Override of `payment` to keep the card of who pays a course in parts."""
        order = self.env["sale.order"].sudo().browse(sale_order_id).exists()
        if order and order._is_sold_in_parts():
            return True
        return super()._is_tokenization_required(sale_order_id=sale_order_id, **kwargs)
