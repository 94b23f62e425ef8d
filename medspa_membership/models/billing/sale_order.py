# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    instalment_token_id = fields.Many2one(
        "payment.token",
        "Card for the instalments",
        copy=False,
        index="btree_not_null",
        help="Charged on the due dates. None: they are paid at the desk or by link.",
    )

    def _is_sold_in_parts(self):
        """Tell whether the order sells a course that may be paid in parts."""
        self.ensure_one()
        return any(line._is_sold_in_parts() for line in self.order_line)

    def _sync_courses_with_payment(self, reason=None):
        """Override to remember the card that paid the first part."""
        for order in self.sudo():
            if order.instalment_token_id or not order._is_sold_in_parts():
                continue
            paid = order.transaction_ids.filtered(
                lambda tx: tx.state == "done" and tx.token_id.active
            )
            if paid:
                order.instalment_token_id = paid[-1:].token_id
        return super()._sync_courses_with_payment(reason=reason)
