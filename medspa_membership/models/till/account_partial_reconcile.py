# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models


class AccountPartialReconcile(models.Model):
    """Every payment of an invoice, and every payment taken back, passes here."""

    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        partials._get_invoices()._sync_courses_with_payment()
        return partials

    def unlink(self):
        if not self:
            # Core asks so for each line that it writes on.
            return super().unlink()
        invoices = self._get_invoices()
        res = super().unlink()
        invoices._sync_courses_with_payment(
            self.env._("The payment of the invoice was taken back.")
        )
        return res

    def _get_invoices(self):
        return (self.debit_move_id | self.credit_move_id).move_id.filtered(
            lambda move: move.is_sale_document()
        )
