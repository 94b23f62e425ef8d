# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class PaymentTransaction(models.Model):
    """Money that goes away again after it was paid: disputes, late failures.

    A transaction that is taken back is in state `error` and has `taken_back_at`. State
    `error` because every reader of core then counts it right: it is no longer among
    what an invoice was paid by, it cannot be refunded, the invoice can be paid anew.
    The date because `error` alone could be turned to `done` by any late or repeated
    news of the success: only `_give_back` does that.
    """

    _inherit = "payment.transaction"

    taken_back_at = fields.Datetime(readonly=True, copy=False)
    taken_back_kind = fields.Selection(
        [("dispute", "Dispute"), ("late_failure", "Late failure")],
        readonly=True,
        copy=False,
    )
    taken_back_amount = fields.Monetary(readonly=True, copy=False)

    # === BUSINESS METHODS: MONEY THAT GOES AWAY === #

    def _take_back(self, reason, kind, amount=None):
        """Undo a payment whose money went away again. Harmless to call twice.

        :param str reason: what the provider says; seen by staff
        :param str kind: `dispute` or `late_failure`
        :param float amount: the part that went away; all of it by default
        """
        for tx in self:
            if tx.state != "done" or tx.taken_back_at:
                continue
            tx.write(
                {
                    "taken_back_at": fields.Datetime.now(),
                    "taken_back_kind": kind,
                    "taken_back_amount": min(amount or tx.amount, tx.amount)
                    if tx.amount > 0
                    else tx.amount,
                }
            )
            if kind == "dispute":
                # Who disputes a charge does not want the next one.
                tx.decline_kind = "stop"
            tx._set_error(reason, extra_allowed_states=("done",))
            tx._post_process_at_once()

    def _give_back(self, reason):
        """Book again what was taken back: a dispute was won. Harmless to call twice."""
        for tx in self.filtered("taken_back_at"):
            amount, payment = tx.taken_back_amount, tx.payment_id
            tx.write(
                {
                    "taken_back_at": False,
                    "taken_back_kind": False,
                    "taken_back_amount": False,
                }
            )
            tx._set_done(state_message=reason)
            if payment:
                # It still stands, with a counter-payment: this is its counterpart.
                tx.with_company(tx.company_id)._create_payment(amount=amount)
                if tx.currency_id.compare_amounts(amount, payment.amount) < 0:
                    tx.payment_id = payment
            tx._post_process_at_once()

    def _set_done(self, *, state_message=None, extra_allowed_states=()):
        """Override of `payment`: late news of a success does not give money back."""
        return super(
            PaymentTransaction, self.filtered(lambda tx: not tx.taken_back_at)
        )._set_done(
            state_message=state_message, extra_allowed_states=extra_allowed_states
        )

    def _update_state(self, allowed_states, target_state, state_message):
        """Override of `payment` to undo the payment of what was done and is not."""
        paid = self.filtered(lambda tx: tx.state == "done")
        changed = super()._update_state(allowed_states, target_state, state_message)
        for tx in (changed & paid).sudo():
            if not tx.taken_back_at:
                # A refund that failed in the end, say.
                tx.taken_back_at = fields.Datetime.now()
                tx.taken_back_kind = "late_failure"
                tx.taken_back_amount = tx.amount
            tx._undo_payment()
        return changed

    def _undo_payment(self):
        """Open the invoices again that the payment has paid.

        A payment that the bank statement knows, that lies in a closed period, or of
        which only a part went away, stays: money came and money went, so a
        counter-payment of today says the second.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        payment = self.payment_id
        if not payment or payment.state in ("draft", "canceled", "rejected"):
            return
        amount = abs(self.taken_back_amount)
        is_whole = self.currency_id.compare_amounts(amount, payment.amount) == 0
        if is_whole and not payment.is_matched and self._cancel_payment(payment):
            # A new one is made when the money comes back.
            self.payment_id = False
        else:
            self._counter_payment(payment, amount)

    def _cancel_payment(self, payment):
        """Cancel a payment; tell whether the books allow it."""
        try:
            with self.env.cr.savepoint():
                payment.move_id.line_ids.remove_move_reconcile()
                payment.action_draft()
                payment.action_cancel()
        except UserError:
            return False
        return True

    def _counter_payment(self, payment, amount):
        """Book that a part of a payment went away, and reconcile what is left."""
        counter = payment.copy(
            {
                "amount": amount,
                "payment_type": "outbound"
                if payment.payment_type == "inbound"
                else "inbound",
                "payment_transaction_id": self.id,
                "payment_token_id": False,
                "invoice_ids": [Command.clear()],
                "memo": self.env._("%s, taken back", payment.memo or self.reference),
                "date": fields.Date.context_today(self),
            }
        )
        counter.destination_account_id = payment.destination_account_id
        counter.action_post()
        account = payment.destination_account_id
        lines = (payment.move_id | counter.move_id).line_ids.filtered(
            lambda line: line.account_id == account
        )
        lines.remove_move_reconcile()
        lines.reconcile()
        open_lines = (payment.move_id | self.invoice_ids).line_ids.filtered(
            lambda line: line.account_id == account and not line.reconciled
        )
        if payment.move_id.line_ids & open_lines:
            open_lines.reconcile()
