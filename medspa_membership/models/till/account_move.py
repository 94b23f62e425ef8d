# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _invoice_paid_hook(self):
        """Override of `account` to put the courses of paid invoices to use."""
        res = super()._invoice_paid_hook()
        self._get_course_orders()._activate_paid_courses()
        return res

    def _get_course_orders(self):
        """Return the orders whose courses these invoices charge."""
        return (
            self.sudo()
            .line_ids.sale_line_ids.filtered(
                lambda line: line.service_tracking == "medspa_course"
            )
            .order_id
        )

    def button_draft(self):
        """Override of `account` to hold what an invoice no longer pays."""
        res = super().button_draft()
        self._hold_unpaid_courses(self.env._("The invoice is a draft again."))
        return res

    def button_cancel(self):
        """Override of `account` to hold what a cancelled invoice has given."""
        res = super().button_cancel()
        self._hold_unpaid_courses(self.env._("The invoice was cancelled."))
        return res

    def _reverse_moves(self, default_values_list=None, cancel=False):
        """Override of `account` to take back what a reversed invoice has given."""
        orders = self._get_course_orders()
        moves = super()._reverse_moves(default_values_list, cancel=cancel)
        if cancel:
            orders._hold_unpaid_courses(self.env._("The invoice was reversed."))
        return moves

    def _hold_unpaid_courses(self, reason):
        self._get_course_orders()._hold_unpaid_courses(reason)
