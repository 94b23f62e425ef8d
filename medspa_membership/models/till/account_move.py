# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _invoice_paid_hook(self):
        """Override of `account` to put the courses of paid invoices to use."""
        res = super()._invoice_paid_hook()
        self._sync_courses_with_payment()
        return res

    def button_draft(self):
        """Override of `account` to hold what an invoice no longer pays."""
        res = super().button_draft()
        self._sync_courses_with_payment(self.env._("The invoice is a draft again."))
        return res

    def button_cancel(self):
        """Override of `account` to hold what a cancelled invoice has given."""
        res = super().button_cancel()
        self._sync_courses_with_payment(self.env._("The invoice was cancelled."))
        return res

    def _reverse_moves(self, default_values_list=None, cancel=False):
        """Override of `account` to take back what a reversed invoice has given."""
        moves = super()._reverse_moves(default_values_list, cancel=cancel)
        if cancel:
            self._sync_courses_with_payment(self.env._("The invoice was reversed."))
        return moves

    def _post(self, soft=True):
        """Override of `account` to notice credit notes, of all of an invoice or less.

        An invoice that was a draft again meanwhile keeps its payments.
        """
        posted = super()._post(soft)
        posted.filtered(
            lambda move: move.move_type == "out_invoice"
        )._sync_courses_with_payment(self.env._("The invoice is not paid."))
        notes = posted.filtered(lambda move: move.move_type == "out_refund")
        notes._sync_orders_of_courses(self.env._("A credit note took it back."))
        invoices = posted.reversed_entry_id.filtered(lambda m: m._is_taken_back())
        invoices._sync_courses_with_payment(self.env._("The invoice was reversed."))
        return posted

    def _reconcile_reversed_moves(self, reverse_moves, move_reverse_cancel):
        """Override of `account`: the refund of a course settles its own part only.

        Core would set all of it off, and with it what another course still owes.
        """
        if self.env.context.get("medspa_course_refund"):
            return reverse_moves
        return super()._reconcile_reversed_moves(reverse_moves, move_reverse_cancel)

    def _is_taken_back(self):
        """Tell whether an invoice charges nothing any more: cancelled, or credited."""
        self.ensure_one()
        if self.state == "cancel" or self.payment_state == "reversed":
            return True
        credited = sum(
            move.amount_total
            for move in self.reversal_move_ids
            if move.state == "posted" and move.move_type == "out_refund"
        )
        return bool(credited) and (
            self.currency_id.compare_amounts(credited, self.amount_total) >= 0
        )

    def _get_amount_set_off(self):
        """Return what credit notes have taken off invoices, or given back in money."""
        notes = self.reversal_move_ids.filtered(
            lambda move: move.state == "posted" and move.move_type == "out_refund"
        )
        return sum(note.amount_total - note.amount_residual for note in notes)

    def _sync_courses_with_payment(self, reason=None):
        """Make the courses that these invoices charge what the money says."""
        self._sync_orders_of_courses(reason)

    def _sync_orders_of_courses(self, reason=None):
        """Look at all that was sold with the lines: the money is shared over it."""
        moves_sudo = (self | self.reversed_entry_id).sudo()
        orders_sudo = moves_sudo.invoice_line_ids.sale_line_ids.order_id
        orders_sudo.filtered("course_ids")._sync_courses_with_payment(reason)
