# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _invoice_paid_hook(self):
        """Override of `account` to put the courses of paid invoices to use."""
        res = super()._invoice_paid_hook()
        self.sudo().line_ids.sale_line_ids.order_id._activate_paid_courses()
        return res
