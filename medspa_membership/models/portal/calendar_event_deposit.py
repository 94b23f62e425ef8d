# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models
from odoo.exceptions import UserError

from ..till.tax import get_price_unit


class CalendarEvent(models.Model):
    """The deposit of an appointment: core's payment of an order, in part.

    The order of the visit asks for the deposit to be confirmed; what is left of its
    price is paid at the desk. In time, a cancellation gives the deposit back by the
    clinic's rule; late, the order charges the deposit and nothing else.
    """

    _inherit = "calendar.event"

    deposit_amount = fields.Monetary(
        "Deposit", readonly=True, copy=False, currency_field="due_currency_id"
    )

    # === BUSINESS METHODS === #

    def _sell_with_deposit(self, deposit, viewer):
        """Make the order of the visit, which the deposit confirms.

        Note: `self.ensure_one()`

        :param viewer: the partner whose prices were shown
        """
        self.ensure_one()
        # Visitors have no right on orders: this one was made a line ago.
        order_sudo = self._sell(self.credit_quantity).sudo().order_id
        if viewer != self.patient_id:
            company = self.medspa_company_id
            order_sudo.pricelist_id = viewer.with_company(
                company
            ).property_product_pricelist
            order_sudo._recompute_prices()
        total = order_sudo.amount_total
        share = 1.0
        if order_sudo.currency_id.compare_amounts(deposit, total) < 0:
            share = deposit / total
        order_sudo.write(
            {
                "require_payment": True,
                "require_signature": False,
                "prepayment_percent": share,
            }
        )
        # the sum is guarded: only what computes it writes it
        self.sudo().deposit_amount = order_sudo._get_prepayment_required_amount()

    def _on_deposit_paid(self):
        """Confirm what the deposit has paid for; late money finds the time taken.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self._confirm_hold():
            return
        if self.appointment_status != "cancelled":
            return
        # The change tells the patient by itself.
        try:
            with self.env.cr.savepoint():
                self.write({"appointment_status": "booked"})
        except UserError as error:
            self.env.invalidate_all(flush=False)
            self._ask_desk(
                self.env._(
                    "The deposit arrived after the time was given away (%s). Offer "
                    "another time, or refund the deposit.",
                    error,
                )
            )

    def _ask_desk(self, note):
        """Leave a to-do for the desk at the order of the visit."""
        self.ensure_one()
        # The to-do is for the desk, whoever causes it.
        order_sudo = self.sudo().sale_line_id.order_id
        order_sudo.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Deposit of %s", self.name),
            note=note,
            user_id=order_sudo.user_id.id or self.practitioner_id.user_id.id,
        )

    def _on_status_changed(self, previous):
        """Override to settle the deposit of a visit that does not take place."""
        res = super()._on_status_changed(previous)
        status = self.appointment_status
        if status != previous and status in ("cancelled", "no_show"):
            self._settle_deposit(
                is_late=status == "no_show" or self._is_within_notice()
            )
        return res

    def _get_deposit_outcome(self, is_late):
        """Return what becomes of the deposit by the clinic's rule, or nothing.

        :rtype: str or None
        """
        self.ensure_one()
        # Patients and practitioners read no orders: what becomes of the deposit is
        # told.
        order_sudo = self.sudo().sale_line_id.order_id
        if not self.deposit_amount or order_sudo.state != "sale":
            return None
        # A rule of the clinic, which patients are told.
        if is_late or not self.medspa_company_id.sudo().refunds_deposit:
            return "kept"
        return "refunded"

    def _settle_deposit(self, is_late):
        """Give the deposit back, or charge it and nothing else.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        outcome = self._get_deposit_outcome(is_late)
        if outcome == "kept":
            self._keep_deposit()
        elif outcome == "refunded":
            self._refund_deposit()

    def _keep_deposit(self):
        """Let the order charge what was paid: no more is due for a missed visit."""
        # Whoever cancels late causes it, without a right on orders.
        line_sudo = self.sudo().sale_line_id
        line_sudo.write(
            {
                "name": self.env._(
                    "%s: deposit kept, the visit did not take place",
                    self.treatment_id.name,
                ),
                "product_uom_qty": 1,
                "discount": 0,
                "price_unit": get_price_unit(line_sudo.tax_ids, self.deposit_amount),
            }
        )

    def _refund_deposit(self):
        """Send the money back the way it came; where that is not possible, ask."""
        # Whoever cancels in time causes it, without a right on payments.
        order_sudo = self.sudo().sale_line_id.order_id
        paid = order_sudo.transaction_ids.filtered(
            lambda tx: (
                tx.state == "done" and tx.operation not in ("refund", "validation")
            )
        )
        is_done = bool(paid) and all(self._refund_transaction(tx) for tx in paid)
        if not is_done:
            self._ask_desk(
                self.env._("Cancelled in time: give the deposit back by hand.")
            )
        if order_sudo.invoice_ids.filtered(lambda move: move.state == "posted"):
            self._ask_desk(
                self.env._("Cancelled in time: credit the invoice of the deposit.")
            )
            return
        order_sudo._action_cancel()

    def _refund_transaction(self, tx):
        """Refund a card payment, and tell whether the provider does it."""
        if tx.provider_id.support_refund in (False, "none"):
            return False
        refund_tx = tx._refund()
        if refund_tx.state == "done":
            refund_tx._post_process()
        return refund_tx.state in ("pending", "done")
