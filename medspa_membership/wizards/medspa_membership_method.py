# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaMembershipMethod(models.TransientModel):
    """Charges another stored method of the member from now on."""

    _name = "medspa.membership.method"
    _inherit = "medspa.membership.wizard"
    _description = "Change the payment method"

    current_token_id = fields.Many2one(
        related="membership_id.payment_token_id", string="Now"
    )
    payer_id = fields.Many2one(related="partner_id.commercial_partner_id")
    token_id = fields.Many2one(
        "payment.token",
        "Card",
        required=True,
        domain="[('partner_id', 'in', (partner_id, payer_id)),"
        " ('company_id', '=', company_id), ('id', '!=', current_token_id)]",
    )

    def action_confirm(self):
        """Set the method: what is open is charged to it at once."""
        self._get_membership()._set_payment_method(self.token_id)
