# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class MedspaMembershipPeriod(models.Model):
    _inherit = "medspa.membership.period"

    def _get_payment_url(self):
        """Override to lead to the page that asks for no password.

        The link is signed, expires, and is good for this period and its method only.
        """
        self.ensure_one()
        return self.membership_id._get_method_url(self)

    def _can_be_paid_online(self):
        """Tell whether the member can pay the period on a page now."""
        self.ensure_one()
        invoice_sudo = self.sudo().invoice_id
        return (
            self.state == "open"
            and invoice_sudo.state == "posted"
            and invoice_sudo.currency_id.compare_amounts(
                invoice_sudo.amount_residual, 0
            )
            > 0
            and not self._is_paid_on_its_way()
        )

    def _is_paid_on_its_way(self):
        """Tell whether a payment waits for its outcome: a second one would be double.

        A page left open is no payment yet: its transaction is a draft.
        """
        self.ensure_one()
        period_sudo = self.sudo()
        txs = period_sudo.transaction_ids | period_sudo.invoice_id.transaction_ids
        return any(
            tx.state in ("pending", "authorized")
            or (tx.state == "done" and not tx.is_post_processed)
            or (tx.state == "draft" and tx.operation == "offline")
            for tx in txs
            if tx.operation not in ("refund", "validation")
        )

    def _get_portal_state(self):
        """Return the state of the period in the member's words, and its colour."""
        self.ensure_one()
        if self.state == "open" and self.first_failed_at:
            return self.env._("Not paid"), "danger"
        return {
            "due": (self.env._("To be billed"), "secondary"),
            "open": (self.env._("Being collected"), "info"),
            "paid": (self.env._("Paid"), "success"),
            "skipped": (self.env._("Skipped, nothing to pay"), "secondary"),
            "forgiven": (self.env._("Nothing to pay any more"), "secondary"),
            "refunded": (self.env._("Given back"), "secondary"),
        }[self.state]
