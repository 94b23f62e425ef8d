# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models
from odoo.exceptions import AccessError


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `payment`: who has not logged in charges no saved method.

        Core charges the one whose number is sent, if it is of the person who is to pay:
        the link of an order would be enough to charge a card.

        :raise AccessError: a visitor names a saved method
        """
        by_saved_method = any(
            vals.get("operation") == "online_token" for vals in vals_list
        )
        if by_saved_method and not self.env["payment.token"]._may_use_saved_methods():
            raise AccessError(
                self.env._("Log in to pay with a saved method, or use another one.")
            )
        return super().create(vals_list)

    def _get_method_label(self):
        """Return what was paid with, as a patient knows it. Note: `ensure_one()`."""
        self.ensure_one()
        if self.token_id:
            return self.env._("card %s", self.token_id.display_name)
        return self.payment_method_id.name

    def _sells_courses(self):
        """Override to confirm a held appointment as soon as the deposit is known."""
        # Payers read no orders but their own.
        lines_sudo = self.sudo().sale_order_ids.order_line
        return super()._sells_courses() or (
            self.operation not in ("refund", "validation")
            and any(event.held_until for event in lines_sudo.appointment_ids)
        )
