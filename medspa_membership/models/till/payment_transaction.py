# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _process(self, provider_code, payment_data):
        """Override of `payment` to finish the sale of a course when the webhook comes.

        Core leaves that to the return page or to a job that runs every ten minutes; a
        patient who closes the browser would wait for what is paid. The return page may
        do the same at the same moment: the loser of the two fails on the row of the
        transaction, starts again and finds everything done.
        """
        tx = super()._process(provider_code, payment_data)
        if tx.state == "done" and not tx.is_post_processed and tx._sells_courses():
            tx._post_process_at_once()
        return tx

    def _sells_courses(self):
        self.ensure_one()
        if self.operation in ("refund", "validation"):
            return False
        lines_sudo = self.sudo().sale_order_ids.order_line
        return "medspa_course" in lines_sudo.mapped("service_tracking")

    def _post_process(self):
        """Override of `payment` to activate what the payment has paid."""
        res = super()._post_process()
        paid = self.filtered(lambda tx: tx.state == "done")
        paid.sale_order_ids.filtered(
            lambda order: order.state == "sale"
        )._sync_courses_with_payment()
        return res
