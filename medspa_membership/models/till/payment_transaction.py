# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command, models
from odoo.exceptions import UserError


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

    # === BUSINESS METHODS: REFUND === #

    def _get_amount_refundable(self):
        """Return what the payment can still give back. Note: `self.ensure_one()`."""
        self.ensure_one()
        if self.state != "done" or self.operation in ("refund", "validation"):
            return 0.0
        if self.provider_id.support_refund in (False, "none"):
            return 0.0
        given_back = -sum(
            child.amount
            for child in self.child_transaction_ids
            if child.operation == "refund" and child.state in ("done", "pending")
        )
        return self.currency_id.round(self.amount - given_back)

    def _find_refundable(self, amount):
        """Return the latest payment that can give so much back, if one can."""

        def can_give(tx):
            left = tx._get_amount_refundable()
            return left > 0 and tx.currency_id.compare_amounts(left, amount) >= 0

        return self.filtered(can_give).sorted("id")[-1:]

    def _refund_to_card(self, amount, credit_note):
        """Give money back on the card that paid, and settle the credit note with it.

        To be called last: what the provider refuses has changed nothing, and from the
        call on it may have paid.

        Note: `self.ensure_one()`

        :param float amount: at most what the payment can give back
        :return: the refund transaction
        :raise UserError: the provider refuses
        """
        self.ensure_one()
        refund_tx = self._refund(amount_to_refund=amount)
        if refund_tx.state in ("error", "cancel"):
            raise UserError(
                self.env._(
                    "The card refund was refused, nothing was changed: %s",
                    refund_tx.state_message or "",
                )
            )
        refund_tx.invoice_ids = [Command.set(credit_note.ids)]
        if refund_tx.state == "done":
            refund_tx._post_process()
        return refund_tx
