# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models


class PaymentToken(models.Model):
    _inherit = "payment.token"

    @api.model
    def _stripe_prepare_card_vals(self, method):
        """Return what a payment method of Stripe's says about its card.

        :param dict method: a PaymentMethod; other kinds than cards have no such values
        """
        card = method.get("card") or {}
        if not card:
            return {}
        return {
            "payment_details": card.get("last4"),
            "card_brand": card.get("brand"),
            "card_expiry_month": card.get("exp_month"),
            "card_expiry_year": card.get("exp_year"),
        }
