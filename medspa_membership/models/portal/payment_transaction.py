# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _get_method_label(self):
        """Return what was paid with, as a patient knows it. Note: `ensure_one()`."""
        self.ensure_one()
        if self.token_id:
            return self.env._("card %s", self.token_id.display_name)
        return self.payment_method_id.name

    def _sells_courses(self):
        """Override to confirm a held appointment as soon as the deposit is known."""
        lines_sudo = self.sudo().sale_order_ids.order_line
        return super()._sells_courses() or (
            self.operation not in ("refund", "validation")
            and any(event.held_until for event in lines_sudo.appointment_ids)
        )
