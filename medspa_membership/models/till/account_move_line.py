# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def remove_move_reconcile(self):
        """Override of `account` to hold courses whose payment was taken away."""
        invoices = (self | self._all_reconciled_lines()).move_id.filtered(
            lambda move: move.is_sale_document()
        )
        res = super().remove_move_reconcile()
        invoices._hold_unpaid_courses(
            self.env._("The payment of the invoice was taken back.")
        )
        return res
