# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def write(self, vals):
        """Override of `account` to notice payments that are taken back, or made again.

        Those that no invoice is reconciled with have no other trace.
        """
        res = super().write(vals)
        if "state" in vals and not self.env.context.get("medspa_reconciled_next"):
            payments_sudo = self.sudo()
            reason = self.env._("The payment was taken back.")
            payments_sudo.invoice_ids._sync_courses_with_payment(reason)
            orders_sudo = payments_sudo.payment_transaction_id.sale_order_ids
            orders_sudo.filtered(
                lambda order: order.state == "sale"
            )._sync_courses_with_payment(reason)
        return res
