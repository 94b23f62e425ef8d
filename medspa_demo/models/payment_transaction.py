# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models

# As a well-known test card does: it pays while its owner is there, and never again.
PAYS_ONCE = "0341"


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _extract_token_values(self, payment_data):
        """Override of `payment` for a card whose next payment is declined."""
        values = super()._extract_token_values(payment_data)
        number = str(payment_data.get("payment_details") or "").replace(" ", "")
        if self.provider_code == "demo" and number.endswith(PAYS_ONCE):
            values["demo_simulated_state"] = "error"
        return values
