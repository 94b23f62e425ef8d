# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_is_zero

from ..credit.medspa_credit import QUANTITY_DIGITS
from .tax import get_price_unit


class MedspaCourse(models.Model):
    """Refund and cancellation: what the patient gets back, and how."""

    _inherit = "medspa.course"

    refund_amount = fields.Monetary(
        "Refunded", readonly=True, help="With tax, in the currency of the sale."
    )
    refund_move_id = fields.Many2one(
        "account.move", "Credit note", readonly=True, index="btree_not_null"
    )

    # === BUSINESS METHODS: PREVIEW === #

    def _get_refund(self):
        """Return what a refund today gives, with its working, by the terms as sold.

        Note: `self.ensure_one()`

        :return: dict of `lines` (label, quantity, unit price and amount each, what is
            added first), `credit` (of the credit note) and `amount` (to pay back: the
            credit less what is still unpaid), in the currency of the sale, with tax,
            never below zero and never above the price
        """
        self.ensure_one()
        lots = self.sudo().credit_ids.sorted(lambda c: (c.is_bonus, c.id))
        worth = self._get_worth()
        if self.refund_basis == "list":
            lines = self._get_refund_lines_by_list_price(lots, worth)
        else:
            lines = self._get_refund_lines_by_sessions(lots, worth)
        subtotal = max(self.currency_id.round(sum(li["amount"] for li in lines)), 0.0)
        lines += self._get_refund_fee_lines(subtotal)
        total = self.currency_id.round(sum(li["amount"] for li in lines))
        credit = min(max(total, 0.0), worth)
        if self._is_taken_back():
            lines.append(
                {
                    "name": self.env._("Taken back with its invoice"),
                    "quantity": 1.0,
                    "unit_price": -credit,
                    "amount": -credit,
                }
            )
            return {"lines": lines, "credit": 0.0, "amount": 0.0}
        unpaid = self._get_unpaid_amount()
        if unpaid:
            lines.append(
                {
                    "name": self.env._("Not paid yet"),
                    "quantity": 1.0,
                    "unit_price": -unpaid,
                    "amount": -unpaid,
                }
            )
        amount = max(self.currency_id.round(credit - unpaid), 0.0)
        return {"lines": lines, "credit": credit, "amount": amount}

    def _is_taken_back(self):
        """Tell whether the sale was undone already: nothing is left to give back."""
        self.ensure_one()
        line_sudo = self.sudo().sale_line_id
        return bool(line_sudo) and line_sudo._is_taken_back()

    def _get_worth(self):
        """Return what it costs, with its discounts and less its credit notes."""
        money = self._get_money()
        # Brought over from another system: what was paid there.
        return money.worth if money else self.price

    def _get_unpaid_amount(self):
        """Return the part of the price that has not been paid."""
        money = self._get_money()
        return self.currency_id.round(money.worth - money.paid) if money else 0.0

    def _get_refund_lines_by_sessions(self, lots, worth):
        """Return the price of what remains, lot by lot; free ones are worth zero."""
        left = lots.filtered(
            lambda lot: (
                not float_is_zero(lot.remaining, precision_digits=QUANTITY_DIGITS)
            )
        )
        # What is kept is counted by session: the last of them takes the rest.
        total = max(worth - self._get_kept_price(lots, worth), 0.0)
        weights = [lot.value_remaining for lot in left]
        lines = []
        for lot, amount in zip(
            left, self._share_by_weight(total, weights), strict=True
        ):
            lines.append(
                {
                    "name": self.env._("%s not used", lot._get_coverage_label())
                    if not lot.is_bonus
                    else self.env._("%s not used (free)", lot._get_coverage_label()),
                    "quantity": lot.remaining,
                    "unit_price": self.currency_id.round(amount / lot.remaining),
                    "amount": amount,
                }
            )
        return lines

    def _get_kept_price(self, lots, worth):
        """Return the price of the sessions that are gone, each at its rounded share.

        Counted in the price with tax: the values of the ledger are without, and a cent
        apart. What was swapped is part of what was sold and keeps its price.
        """
        paid = lots.filtered(lambda lot: not lot.is_bonus)
        sold = paid.filtered(lambda lot: not lot.course_line_id.swapped_from_id)
        shares = self._share_by_weight(worth, sold.mapped("value"))
        unit_prices = {
            lot.course_line_id: self.currency_id.round(share / lot.granted)
            for lot, share in zip(sold, shares, strict=True)
        }
        kept = 0.0
        for lot in paid:
            line = lot.course_line_id
            swapped = paid.filtered(
                lambda other, line=line: other.course_line_id.swapped_from_id == line
            )
            gone = lot.granted - lot.remaining - sum(swapped.mapped("granted"))
            while line.swapped_from_id:
                line = line.swapped_from_id
            kept += self.currency_id.round(unit_prices.get(line, 0.0) * gone)
        return kept

    def _share_by_weight(self, amount, weights):
        """Split an amount of the sale by weights; what weighs nothing gets nothing."""
        heavy = [weight for weight in weights if weight]
        shares = iter(self._share(amount, heavy, self.currency_id) if heavy else [])
        return [next(shares) if weight else 0.0 for weight in weights]

    def _get_refund_lines_by_list_price(self, lots, worth):
        """Return the price paid, less every used session at its list price."""
        lines = [
            {
                "name": self.env._("Price paid"),
                "quantity": 1.0,
                "unit_price": worth,
                "amount": worth,
            }
        ]
        for lot in lots:
            if float_is_zero(lot.used, precision_digits=QUANTITY_DIGITS):
                continue
            unit_price = self._get_list_price_in_sale_currency(lot)
            lines.append(
                {
                    "name": self.env._("%s used", lot._get_coverage_label()),
                    "quantity": lot.used,
                    "unit_price": unit_price,
                    "amount": -self.currency_id.round(lot.used * unit_price),
                }
            )
        return lines

    def _get_list_price_in_sale_currency(self, lot):
        line = lot.course_line_id
        list_price = line.list_price
        while line.swapped_from_id:
            # What the new treatment costs more was charged, or waived, by the swap.
            line = line.swapped_from_id
            list_price = min(list_price, line.list_price)
        return line.currency_id._convert(
            list_price,
            self.currency_id,
            self.company_id,
            self.purchase_date or fields.Date.context_today(self),
        )

    def _get_refund_fee_lines(self, subtotal):
        """Return what the clinic keeps: a share, then a fixed sum."""
        lines = []
        if self.refund_fee_percent:
            fee = self.currency_id.round(subtotal * self.refund_fee_percent / 100)
            lines.append(
                {
                    "name": self.env._("Fee of %s %%", f"{self.refund_fee_percent:g}"),
                    "quantity": 1.0,
                    "unit_price": -fee,
                    "amount": -fee,
                }
            )
        if self.refund_fee:
            fee = self.company_currency_id._convert(
                self.refund_fee,
                self.currency_id,
                self.company_id,
                fields.Date.context_today(self),
            )
            lines.append(
                {
                    "name": self.env._("Fixed fee"),
                    "quantity": 1.0,
                    "unit_price": -fee,
                    "amount": -fee,
                }
            )
        return lines

    # === BUSINESS METHODS: REFUND === #

    def _refund(self, amount, reason, by_provider=False):
        """Cancel a course and give money back: bookings, ledger, books and card.

        All of it happens in one transaction. The provider is asked last: when it
        refuses, nothing has changed.

        Note: `self.ensure_one()`

        :param float amount: as previewed; refused when it is no longer right
        :param bool by_provider: give it back on the card that paid
        :return: the credit note, empty when nothing is given back
        :raise UserError: amount out of date, course not in use, or provider refuses
        """
        self.ensure_one()
        self.sudo()._lock_row()
        self._check_state("active", "paused", "completed", "unpaid")
        credits_sudo = self.sudo().credit_ids
        credits_sudo._lock()
        refund = self._get_refund()
        if self.currency_id.compare_amounts(refund["amount"], amount):
            raise UserError(
                self.env._(
                    "The refund is %(amount)s by now. Look at it again.",
                    amount=self.currency_id.format(refund["amount"]),
                )
            )
        self._take_back(reason)
        credit_note = self.env["account.move"]
        if not self.currency_id.is_zero(refund["credit"]):
            credit_note = self._create_credit_note(refund["credit"], reason)
            self._settle_unpaid_parts(
                credit_note, self.currency_id.round(refund["credit"] - amount)
            )
        self.sudo().write({"refund_amount": amount, "refund_move_id": credit_note.id})
        self._log_reason(
            self.env._("Cancelled, refund %s", self.currency_id.format(amount)), reason
        )
        if by_provider and not self.currency_id.is_zero(amount):
            self._refund_by_provider(amount, credit_note)
        return credit_note

    def _take_back(self, reason):
        """Cancel courses: release their bookings, then take what is left out of use."""
        for course in self:
            course._get_open_bookings().write(
                {"appointment_status": "cancelled", "waiver_reason": reason}
            )
            credits_sudo = course.sudo().credit_ids
            self.env["medspa.credit"]._post_moves(
                [
                    {
                        "credit": credit,
                        "kind": "refund",
                        "quantity": -credit.remaining,
                        "value": -credit.value_remaining,
                        "reason": reason,
                    }
                    for credit in credits_sudo
                    if credit.remaining > 0
                ]
            )
            course.sudo().state = "cancelled"

    def _get_invoice(self):
        """Return the invoice that sold the course; it is made now if there is none."""
        self.ensure_one()
        money = self._get_money()
        if money and not money.invoice:
            money.line.order_id._create_invoices().action_post()
            money = self._get_money()
        return money.invoice if money else self.env["account.move"]

    def _create_credit_note(self, amount, reason):
        """Return the posted credit note over an amount with tax."""
        self.ensure_one()
        invoice = self._get_invoice()
        credit_note = (
            self.env["account.move"]
            .sudo()
            .create(self._prepare_credit_note_vals(invoice, amount, reason))
        )
        rest = self.currency_id.round(amount - credit_note.amount_total)
        if not self.currency_id.is_zero(rest):
            # A price without tax that gives this sum with tax does not always exist.
            credit_note.invoice_line_ids = [
                Command.create(
                    {
                        "name": self.env._("Rounding"),
                        "quantity": 1,
                        "price_unit": rest,
                        "tax_ids": [Command.clear()],
                    }
                )
            ]
        credit_note.with_context(medspa_course_refund=True).action_post()
        return credit_note

    def _settle_unpaid_parts(self, credit_note, unpaid):
        """Set the credit note off against what was not paid of the course.

        :param float unpaid: that part of the credit note; the rest is paid back
        """
        lines = (credit_note | credit_note.reversed_entry_id).line_ids.filtered(
            lambda line: line.display_type == "payment_term" and not line.reconciled
        )
        given = lines.filtered(lambda line: line.move_id == credit_note)
        due = lines - given
        if not due or not given or self.currency_id.is_zero(unpaid):
            return
        if self.currency_id.compare_amounts(
            sum(due.mapped("amount_residual_currency")), unpaid
        ):
            # The order sold more than the course: the rest of it stays due.
            self._settle_share(given[:1], due, unpaid)
        else:
            lines.reconcile()

    def _settle_share(self, given, due, amount):
        """Set an amount of the credit note off, from every open part its share."""
        shares = self._share(
            amount, due.mapped("amount_residual_currency"), self.currency_id
        )
        due.env["account.partial.reconcile"].create(
            [
                {
                    "debit_move_id": line.id,
                    "credit_move_id": given.id,
                    "amount": line.company_currency_id.round(
                        line.amount_residual * share / line.amount_residual_currency
                    ),
                    "debit_amount_currency": share,
                    "credit_amount_currency": share,
                }
                for line, share in zip(due, shares, strict=True)
                if not self.currency_id.is_zero(share)
            ]
        )

    def _prepare_credit_note_vals(self, invoice, amount, reason):
        sale_line = self.sudo().sale_line_id
        invoice_line = invoice.invoice_line_ids.filtered(
            lambda line: sale_line in line.sale_line_ids
        )[:1]
        product = invoice_line.product_id
        taxes = invoice_line.tax_ids
        if not invoice:
            # Brought over from another system: credited as it would be sold today.
            product = self.product_tmpl_id.product_variant_id.sudo()
            taxes = product.taxes_id._filter_taxes_by_company(self.company_id)
        return {
            "move_type": "out_refund",
            "company_id": self.company_id.id,
            "partner_id": (invoice or self).partner_id.id,
            "currency_id": self.currency_id.id,
            **({"journal_id": invoice.journal_id.id} if invoice else {}),
            "reversed_entry_id": invoice.id,
            "invoice_origin": self.name,
            "ref": reason,
            "invoice_line_ids": [
                Command.create(
                    {
                        "name": self.env._("Refund of %s", self.display_name),
                        "product_id": product.id,
                        **(
                            {"account_id": invoice_line.account_id.id}
                            if invoice_line
                            else {}
                        ),
                        "quantity": 1,
                        "price_unit": get_price_unit(taxes, amount),
                        "tax_ids": [Command.set(taxes.ids)],
                    }
                )
            ],
        }

    def _get_refundable_transaction(self, amount):
        """Return the card payment of the order that can give so much back, if any."""
        self.ensure_one()
        order_sudo = self.sudo().sale_order_id
        txs_sudo = order_sudo.transaction_ids | order_sudo.invoice_ids.transaction_ids
        return txs_sudo._find_refundable(amount)

    def _refund_by_provider(self, amount, credit_note):
        """Give the money back on the card and settle the credit note with it."""
        self.ensure_one()
        tx = self._get_refundable_transaction(amount)
        if not tx:
            raise UserError(
                self.env._("No card payment can give it back: refund it at the desk.")
            )
        tx._refund_to_card(amount, credit_note)
