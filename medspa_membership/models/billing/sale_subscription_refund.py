# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import float_is_zero


class SaleSubscription(models.Model):
    """Money that goes back: after a withdrawal, a downgrade at once, by hand."""

    _inherit = "sale.subscription"

    def _get_cancellation(self, today, way="terms"):
        """Override to show what a withdrawal gives back, line by line."""
        preview = super()._get_cancellation(today, way)
        lines = self._get_withdrawal_lines() if way == "withdraw" else []
        total = sum(line["amount"] for line in lines)
        return {
            **preview,
            "refund_lines": lines,
            "refund": max(self.currency_id.round(total), 0.0),
        }

    def _get_withdrawal_lines(self):
        """Return the sum that a withdrawal gives back: paid, less what was used.

        Used sessions count at list price, and never more than what was paid for the
        whole: the member asked for them before the right to withdraw was over.

        :return: list of dict of `name` and `amount`
        """
        self.ensure_one()
        lines = [
            {"name": period.name, "amount": period._get_amount_paid()}
            for period in self.sudo().period_ids.sorted("start_date")
            if period.state == "paid" and not period.is_paid_elsewhere
        ]
        for credit in self.sudo().credit_ids:
            if float_is_zero(credit.used, precision_digits=3):
                continue
            benefit = credit.membership_benefit_id
            price = benefit._get_list_value(self.company_id) / benefit.quantity
            amount = self.company_id.currency_id._convert(
                price * credit.used,
                self.currency_id,
                self.company_id,
                self.company_id._medspa_date(),
            )
            lines.append(
                {
                    "name": self.env._("%s used", credit._get_coverage_label()),
                    "amount": -amount,
                }
            )
        return lines

    def _refund_withdrawal(self, amount):
        """Give back after a withdrawal: credits first, then the money.

        :param float amount: as previewed
        """
        self.ensure_one()
        reason = self.env._("Withdrawn by the member")
        periods = self.sudo().period_ids.filtered(lambda p: p.state == "paid")
        periods._take_back_credits(reason)
        self.sudo().period_ids._forgive()
        for period in periods.sorted("start_date", reverse=True):
            given = min(amount, period._get_amount_paid())
            if self.currency_id.compare_amounts(given, 0) > 0:
                period._refund(given, reason)
                amount = self.currency_id.round(amount - given)

    def _give_back_difference(self, current, amount, change):
        """Credit what a cheaper plan costs less for the rest of the period."""
        self.ensure_one()
        reason = self.env._("Change to %s", change["plan"].name)
        share = change["days_left"] / change["days_total"]
        entries = []
        for credit in current.sudo().credit_ids.filtered(lambda c: c.available > 0):
            benefit = credit.membership_benefit_id
            kept = sum(
                new.quantity for new in self.benefit_ids if new._matches(benefit)
            )
            less = benefit._round_share(
                max(benefit.quantity - kept, 0) * share, self.company_id.currency_id
            )
            if less > 0:
                entries.append(
                    {
                        "credit": credit,
                        "kind": "refund",
                        "quantity": -min(less, credit.available),
                        "reason": reason,
                    }
                )
        if entries:
            self.env["medspa.credit"]._post_moves(entries)
        current._refund(amount, reason)


class MedspaMembershipPeriod(models.Model):
    _inherit = "medspa.membership.period"

    refund_move_ids = fields.One2many(
        "account.move", "refunded_period_id", "Credit notes", readonly=True
    )

    def _get_amount_paid(self):
        """Return what was paid for the period and not given back, with tax.

        The first period is charged with the joining fee: both count.
        """
        self.ensure_one()
        invoice = self.invoice_id
        if not invoice:
            return self.amount
        line_sudo = self.membership_id.sale_line_id
        if line_sudo and invoice in line_sudo.invoice_lines.move_id:
            lines = (line_sudo | line_sudo.linked_line_ids).invoice_lines
            paid = sum(
                lines.filtered(lambda li: li.move_id == invoice).mapped("price_total")
            )
        else:
            paid = invoice.amount_total
        return self.currency_id.round(paid - self._get_amount_refunded())

    def _get_amount_refunded(self):
        self.ensure_one()
        notes = self.refund_move_ids.filtered(lambda move: move.state == "posted")
        return sum(notes.mapped("amount_total"))

    def _take_back_credits(self, reason):
        """Take what is left of the periods' credits; bookings on them are released."""
        credits_sudo = self.sudo().credit_ids.filtered("remaining")
        events = (
            self.env["calendar.event"]
            .sudo()
            .search(
                [
                    ("credit_id", "in", credits_sudo.ids),
                    ("appointment_status", "in", ("booked", "arrived")),
                ]
            )
        )
        for event in events:
            event._release()
            event._set_paying_credit(self.env["medspa.credit"])
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

    def _refund(self, amount, reason, by_provider=True):
        """Give money of a paid period back: credit note, then the card.

        Note: `self.ensure_one()`. Where no card payment can give it back, the credit
        note stays open for the desk.

        :param float amount: with tax, at most what was paid
        :return: the credit note
        """
        self.ensure_one()
        self._lock_row()
        period_sudo = self.sudo()
        invoice = period_sudo.invoice_id
        if self.currency_id.compare_amounts(amount, self._get_amount_paid()) > 0:
            raise UserError(
                self.env._(
                    "At most %s can be given back.",
                    self.currency_id.format(self._get_amount_paid()),
                )
            )
        line = invoice.invoice_line_ids.filtered("product_id")[:1]
        credit_note = invoice._create_credit_note_over(
            amount, self.env._("Refund of %s", self.name), reason, line
        )
        credit_note.refunded_period_id = self
        if self.currency_id.is_zero(self._get_amount_paid()):
            period_sudo.state = "refunded"
        if by_provider:
            tx = invoice.transaction_ids._find_refundable(amount)
            if tx:
                tx._refund_to_card(amount, credit_note)
        return credit_note

    def _lock_row(self):
        """Lock the row: two refunds at once are one after the other."""
        self.env.cr.execute(
            "SELECT id FROM medspa_membership_period WHERE id IN %s FOR NO KEY UPDATE",
            [tuple(self.ids)],
        )
        self.invalidate_recordset()
