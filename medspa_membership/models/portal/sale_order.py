# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _action_confirm(self):
        """Override of `sale` to confirm the appointments whose deposit is paid."""
        res = super()._action_confirm()
        # Whoever pays has no rights on appointments.
        for event in self.sudo().order_line.appointment_ids.filtered("deposit_amount"):
            event._on_deposit_paid()
        return res


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    appointment_ids = fields.One2many(
        "calendar.event", "sale_line_id", "Appointments", readonly=True
    )

    def _has_own_letter(self):
        """Override: an appointment with a deposit is confirmed as one."""
        # Read to decide which letter goes out.
        has_deposit = any(self.sudo().appointment_ids.mapped("deposit_amount"))
        return super()._has_own_letter() or has_deposit
