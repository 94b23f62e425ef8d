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

    def _report_refund(self, period, tx):
        """Tell the staff of a refund that was made at the provider's own pages."""
        self.ensure_one()
        self.sudo().activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Refunded at the payment provider"),
            note=self.env._(
                "%(amount)s of %(period)s went back (%(reference)s). It is credited; "
                "look whether the membership goes on.",
                amount=self.currency_id.format(-tx.amount),
                period=period.display_name,
                reference=tx.reference,
            ),
            user_id=self.user_id.id or self.env.uid,
        )

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
        return sum(self._get_amount_credited(n) for n in self._get_credit_notes())

    def _on_refunded_outside(self, tx):
        """Take in a refund that somebody made at the provider's own pages.

        Note: `self.ensure_one()`. What went back is credited, so that it is neither
        owed nor charged again; what is left of the credits goes with the whole of it.

        :param tx: the refund, done and booked
        """
        self.ensure_one()
        if self.state not in ("paid", "open"):
            return
        amount = min(-tx.amount, self._get_amount_paid())
        reason = self.env._("Refunded at the payment provider: %s", tx.reference)
        if self.state == "paid" and self.currency_id.compare_amounts(amount, 0) > 0:
            note = self._create_credit_note(amount, reason)
            tx.invoice_ids = note
            lines = (note | tx.payment_id.move_id).line_ids.filtered_domain(
                [
                    ("account_id", "=", tx.payment_id.destination_account_id.id),
                    ("reconciled", "=", False),
                ]
            )
            if len(lines) > 1:
                lines.reconcile()
            if self.currency_id.is_zero(self._get_amount_paid()):
                self._take_back_credits(reason)
                self.state = "refunded"
        self.membership_id._report_refund(self, tx)

    def _on_credited(self, note):
        """Take a credit note that somebody makes for what was agreed on the period.

        Note: `self.ensure_one()`. Otherwise the next change would charge it again.
        """
        self.ensure_one()
        if not self.membership_id.sudo().segment_ids:
            # Written down with all else that was billed, and credited, before.
            self.membership_id._ensure_segments()
            return
        amount = self._get_amount_credited(note)
        # Nobody is given back more of a period than it was billed: a fee, say.
        before = self._get_amount_refunded() - amount
        amount = min(amount, self.currency_id.round(self.amount - before))
        if self.kind != "fee" and self.currency_id.compare_amounts(amount, 0) > 0:
            self._agree_on(amount=-amount, reason=note.ref or note.name)
        is_waiting = self.kind == "upgrade" and self.state == "open"
        is_gone = self.currency_id.is_zero(self._get_amount_net())
        if is_waiting and is_gone and not self.credit_ids:
            self._agree_on(quantities=self._get_quantities_not_given())

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
        for period in self:
            period._agree_on(quantities=period._get_quantities_left(), reason=reason)
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

    def _get_quantities_not_given(self):
        """Return what the rest of a period will not grant, as less of what it gives."""
        self.ensure_one()
        Benefit_sudo = self.env["medspa.membership.benefit"].sudo()
        return {
            Benefit_sudo.browse(int(name))._get_grant_key(): -quantity
            for name, quantity in (self.quantities or {}).items()
        }

    def _get_quantities_left(self):
        """Return what is left of the period's credits, as less of what it gives."""
        self.ensure_one()
        left = {}
        for credit in self.sudo().credit_ids.filtered("remaining"):
            benefit = credit.membership_benefit_id
            if benefit.frequency == "period":
                key = benefit._get_grant_key()
                left[key] = left.get(key, 0.0) - credit.remaining
        return left

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
        if self.currency_id.compare_amounts(amount, self._get_amount_paid()) > 0:
            raise UserError(
                self.env._(
                    "At most %s can be given back.",
                    self.currency_id.format(self._get_amount_paid()),
                )
            )
        credit_note = period_sudo._create_credit_note(amount, reason)
        if self.currency_id.is_zero(self._get_amount_paid()):
            period_sudo.state = "refunded"
        if by_provider:
            credit_note._give_back_rest()
        return credit_note

    def _lock_row(self):
        """Lock the row: two refunds at once are one after the other."""
        self.env.cr.execute(
            "SELECT id FROM medspa_membership_period WHERE id IN %s FOR NO KEY UPDATE",
            [tuple(self.ids)],
        )
        self.invalidate_recordset()
