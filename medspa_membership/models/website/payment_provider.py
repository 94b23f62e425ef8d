# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def _is_tokenization_required(
        self, invoice_id=None, paid_invoice_ids=None, **kwargs
    ):
        """Override of `payment` to keep the method of who pays for a membership.

        :param int invoice_id: the invoice of a payment link, as core passes it on
        :param list paid_invoice_ids: the invoices that are being paid on a page
        """
        invoice_ids = [*(paid_invoice_ids or []), *([invoice_id] if invoice_id else [])]
        invoices_sudo = self.env["account.move"].sudo().browse(invoice_ids).exists()
        if any(invoices_sudo.mapped("membership_period_id")):
            return True
        return super()._is_tokenization_required(invoice_id=invoice_id, **kwargs)
