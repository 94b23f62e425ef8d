# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class SaleOrder(models.Model):
    """One purchase, one mail: what has a letter of its own is not confirmed twice."""

    _inherit = "sale.order"

    def _send_order_confirmation_mail(self):
        """Override of `sale`: the letter of what was bought confirms the order."""
        told = self.filtered(lambda order: order._is_told_by_letter())
        return super(SaleOrder, self - told)._send_order_confirmation_mail()

    def _is_told_by_letter(self):
        """Tell whether the customer hears of the order by a letter of ours.

        What is not paid yet is confirmed by core, and goods always are.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        order_sudo = self.sudo()
        lines_sudo = order_sudo.order_line.filtered(lambda li: not li.display_type)
        return (
            any(line_sudo._has_own_letter() for line_sudo in lines_sudo)
            and all(line_sudo.product_id.type == "service" for line_sudo in lines_sudo)
            and order_sudo._is_what_is_due_paid()
        )

    def _is_what_is_due_paid(self):
        """Tell whether what is asked for now has been paid."""
        self.ensure_one()
        total = self._get_prepayment_required_amount()
        return self.currency_id.compare_amounts(self.amount_paid, total) >= 0


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _has_own_letter(self):
        """Seam: tell whether a letter tells of it. Note: `self.ensure_one()`."""
        self.ensure_one()
        return self.product_id.service_tracking == "medspa_course"


class MedspaCourse(models.Model):
    _inherit = "medspa.course"

    def _get_receipt_text(self):
        """Override to say what was paid for."""
        order_sudo = self.sudo().sale_order_id
        if not order_sudo.amount_paid:
            return super()._get_receipt_text()
        return self.env._(
            "We have received %(amount)s for order %(order)s.",
            amount=order_sudo.currency_id.format(order_sudo.amount_paid),
            order=order_sudo.name,
        )
