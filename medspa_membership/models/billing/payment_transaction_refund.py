# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models
from odoo.exceptions import ValidationError


class PaymentTransaction(models.Model):
    """Refunds: what was given, or may have been given, is not given again."""

    _inherit = "payment.transaction"

    def _refund(self, amount_to_refund=None):
        """Override of `payment` to refund no more than was paid, one at a time."""
        self.ensure_one()
        self.lock_for_update()
        self._check_refundable(amount_to_refund or self.amount)
        return super()._refund(amount_to_refund=amount_to_refund)

    def _check_refundable(self, amount):
        """Refuse a refund while another is open, or of more than is left.

        :raise ValidationError: if it is refused
        Note: `self.ensure_one()`
        """
        self.ensure_one()
        refunds = self.child_transaction_ids.filtered(
            lambda tx: tx.operation == "refund" and tx.state not in ("error", "cancel")
        )
        if refunds.filtered("is_outcome_unknown"):
            raise ValidationError(
                self.env._(
                    "An earlier refund of %s has no answer from the provider yet. It is"
                    " asked for again by itself: please wait for it.",
                    self.reference,
                )
            )
        left = self.amount + sum(refunds.mapped("amount"))
        if self.currency_id.compare_amounts(amount, left) > 0:
            raise ValidationError(
                self.env._(
                    "No more than %(left)s of %(reference)s can be refunded.",
                    left=self.currency_id.format(left),
                    reference=self.reference,
                )
            )
