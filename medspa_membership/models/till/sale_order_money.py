# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What each course of an order is worth, and how much of that is paid."""

from dataclasses import dataclass

from odoo import models


@dataclass
class Claim:
    """What an order asks for one course, or for one line of anything else.

    :param invoice: the posted invoice that charges it, empty before that
    :param net: its price with its share of the discounts of the document
    :param credited: what credit notes took off it
    :param given_back: the part of `credited` that was not set off against the invoice:
        money that goes back to the customer
    :param received: the money that arrived for it
    :param is_settled: all of it is paid; what is free waits for the rest of its order
    """

    line: models.BaseModel
    course: models.BaseModel
    invoice: models.BaseModel
    net: float
    credited: float = 0.0
    given_back: float = 0.0
    received: float = 0.0
    is_settled: bool = False

    @property
    def worth(self):
        """What it costs after its credit notes."""
        return max(self.net - self.credited, 0.0)

    @property
    def paid(self):
        """What of that was paid and not given back."""
        return min(max(self.received - self.given_back, 0.0), self.worth)

    @property
    def share(self):
        """The share of it that is paid, from 0 to 1."""
        return self.paid / self.worth if self.worth else float(self.is_settled)

    @property
    def open(self):
        """The money that it can still take."""
        return max(self.worth + self.given_back - self.received, 0.0)


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _get_course_money(self):
        """Return what each course of the order is worth and what is paid of it.

        From its posted invoice lines, with their share of discounts and promotions,
        its credit notes and its payments; what is not invoiced yet counts as ordered.
        The only place that says so: use, refund and transfer of a course stand on it.

        Note: `self.ensure_one()`

        :return: dict of Claim by course
        """
        self.ensure_one()
        return {claim.course: claim for claim in self._get_claims() if claim.course}

    def _get_claims(self):
        """Return all claims of the order, in the order in which they were sold."""
        order = self.sudo()
        claims = order._get_claims_invoiced()
        claims += order._get_claims_ordered(claims)
        claims.sort(key=lambda claim: (claim.line.id, claim.course.sale_position or 0))
        order._take_credit_notes(claims)
        for invoice in order._get_invoices_posted():
            own = [claim for claim in claims if claim.invoice == invoice]
            received = invoice._get_amount_received(order)
            part = order._get_part_of_invoice(invoice)
            order._fill_claims(own, received * part)
        order._fill_claims(claims, order._get_amount_in_advance())
        for claim in claims:
            claim.received = self.currency_id.round(claim.received)
            claim.given_back = self.currency_id.round(claim.given_back)
            claim.credited = self.currency_id.round(claim.credited)
        order._settle_claims(claims)
        return claims

    def _settle_claims(self, claims):
        """Tell which claims are paid; what was taken back with its invoice is not."""
        zero = self.currency_id.is_zero
        is_paid = all(zero(claim.worth - claim.paid) for claim in claims)
        taken_back = {line: line._is_taken_back() for line in self.order_line}
        for claim in claims:
            if taken_back[claim.line]:
                # Its payment may still stand: it pays this no more.
                claim.credited, claim.received = claim.net, 0.0
            elif zero(claim.worth):
                claim.is_settled = is_paid and zero(claim.credited)
            else:
                claim.is_settled = zero(claim.worth - claim.paid)

    def _get_invoices_posted(self):
        return self.invoice_ids.filtered(
            lambda move: move.move_type == "out_invoice" and move.state == "posted"
        ).sorted("id")

    def _get_claims_invoiced(self):
        """Return what posted invoices charge: earlier courses on earlier invoices."""
        claims = []
        courses_left = {
            line: list(line.course_ids.sorted("sale_position"))
            for line in self.order_line
        }
        for invoice in self._get_invoices_posted():
            nets = invoice.invoice_line_ids._get_net_totals()
            for invoice_line, net in nets.items():
                line = invoice_line.sale_line_ids.filtered(
                    lambda line: line.order_id == self
                )[:1]
                if not line or line.is_downpayment:
                    continue
                waiting = courses_left[line]
                count = min(round(invoice_line.quantity), len(waiting))
                courses, courses_left[line] = waiting[:count], waiting[count:]
                claims += self._make_claims(line, courses, invoice, net)
        return claims

    def _get_claims_ordered(self, invoiced):
        """Return what is ordered and not on a posted invoice yet."""
        claims = []
        done = {claim.course for claim in invoiced if claim.course}
        lines_done = {claim.line for claim in invoiced}
        for line, net in self.order_line._get_net_totals().items():
            if line.is_downpayment:
                continue
            courses = line.course_ids.sorted("sale_position")
            left = [course for course in courses if course not in done]
            if courses and left:
                net = self.currency_id.round(net * len(left) / len(courses))
            elif line in lines_done:
                continue
            claims += self._make_claims(line, left, self.env["account.move"], net)
        return claims

    def _make_claims(self, line, courses, invoice, net):
        no_course = self.env["medspa.course"]
        courses = courses or [no_course]
        shares = no_course._share(net, [1] * len(courses), self.currency_id)
        return [
            Claim(line, course, invoice, share)
            for course, share in zip(courses, shares, strict=True)
        ]

    # === BUSINESS METHODS: CREDIT NOTES === #

    def _take_credit_notes(self, claims):
        """Take posted credit notes off the claims that their lines speak of."""
        invoices = self._get_invoices_posted()
        notes = invoices._get_credit_notes() | self.invoice_ids.filtered(
            lambda move: move.move_type == "out_refund" and move.state == "posted"
        )
        refunded = self.env["medspa.course"].search(
            [("refund_move_id", "in", notes.ids)]
        )
        for note in notes:
            set_off = note._get_amount_set_off_against(invoices)
            own = [claim for claim in claims if claim.invoice in note._get_credited()]
            course = refunded.filtered(lambda c, n=note: c.refund_move_id == n)
            course = course.transferred_from_id or course
            for line in note.invoice_line_ids.filtered("price_total"):
                given_back = 0.0
                if note.amount_total and not note._is_unlinked():
                    part = line.price_total / note.amount_total
                    given_back = part * (note.amount_total - set_off)
                amount = line.price_total
                if note._is_unlinked():
                    amount *= set_off / note.amount_total if note.amount_total else 0
                self._take_credit(
                    self._find_credited(course, line, own or claims, claims),
                    amount,
                    given_back,
                )

    def _find_credited(self, course, note_line, own, claims):
        """Return the claims that a line of a credit note takes something off."""
        if course:
            return [claim for claim in claims if claim.course == course]
        sold = note_line.sale_line_ids
        found = [claim for claim in own if claim.line in sold]
        # One refunded before has given back its own already.
        alive = [claim for claim in found if claim.course.state != "cancelled"]
        return alive or found or own

    def _take_credit(self, claims, amount, given_back):
        weights = [claim.net for claim in claims]
        if not any(weights):
            return
        for claim, weight in zip(claims, weights, strict=True):
            claim.credited += amount * weight / sum(weights)
            claim.given_back += given_back * weight / sum(weights)

    # === BUSINESS METHODS: MONEY === #

    def _fill_claims(self, claims, amount):
        """Let money fill the claims: in parts all alike, else as they were sold.

        What is added later takes nothing from what was paid before.
        """
        if not any(line._is_sold_in_parts() for line in self.order_line):
            for claim in claims:
                taken = min(claim.open, amount)
                claim.received += taken
                amount -= taken
            return
        # What one claim cannot take goes to the others.
        while amount > self.currency_id.rounding / 2:
            takers = [claim for claim in claims if claim.open > 1e-6]
            total = sum(claim.net for claim in takers)
            if not total:
                return
            left = amount
            for claim in takers:
                taken = min(claim.open, amount * claim.net / total)
                claim.received += taken
                left -= taken
            amount = left

    def _get_part_of_invoice(self, invoice):
        """Return the part of an invoice that is not of other orders, from 0 to 1."""
        nets = invoice.invoice_line_ids._get_net_totals()
        foreign = sum(
            net
            for line, net in nets.items()
            if line.sale_line_ids and self not in line.sale_line_ids.order_id
        )
        total = sum(nets.values())
        return (total - foreign) / total if total and foreign else 1.0

    def _get_amount_in_advance(self):
        """Return the money of the order that is on none of its invoices.

        Down payments, payments on the order itself, and what its own lines pay: a gift
        card, say.
        """
        invoices = self._get_invoices_posted()
        advance = on_invoices = 0.0
        for invoice in invoices:
            received = invoice._get_amount_received(self)
            on_invoices += received
            down = sum(
                line.price_total
                for line in invoice.invoice_line_ids
                if line.sale_line_ids.filtered("is_downpayment")
            )
            if down > 0 and invoice.amount_total:
                advance += received * min(down / invoice.amount_total, 1.0)
        by_transaction = sum(
            tx.amount
            for tx in self.transaction_ids
            if tx.state == "done"
            and tx.operation not in ("validation", "refund")
            # Taken back, by a chargeback say: core leaves the transaction as it was.
            and tx.payment_id.state not in ("draft", "canceled", "rejected")
        )
        # The same money arrives on the invoice as soon as there is one.
        by_lines = -sum(
            line.price_total
            for line in self.order_line
            if line._is_money() and not line.is_downpayment
        )
        return advance + by_lines + max(by_transaction - on_invoices, 0.0)


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _get_net_totals(self):
        """Return the totals of the lines with their share of the order's discounts."""
        return _spread_discounts(
            self.filtered(lambda line: not line.display_type),
            {line: line.covered_line_id for line in self},
            lambda line: line._is_money(),
        )

    def _is_money(self):
        """Seam: tell whether the line is money that was paid, and no price.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        return self.is_downpayment

    def _get_net_ratio(self):
        """Return the part of its price that the discounts of the order leave of it.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self.currency_id.is_zero(self.price_total):
            return 1.0
        net = self.order_id.order_line._get_net_totals().get(self, self.price_total)
        return net / self.price_total


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _get_net_totals(self):
        """Return the totals of the lines with their share of the invoice's discounts.

        Note: all of them are of one invoice.
        """
        covered = {}
        for line in self:
            sold = line.sale_line_ids.covered_line_id
            covered[line] = line.covered_line_id or self.filtered(
                lambda other, sold=sold: sold & other.sale_line_ids
            )
        return _spread_discounts(
            self.filtered(lambda line: line.display_type == "product"),
            covered,
            lambda line: any(sold._is_money() for sold in line.sale_line_ids),
        )


class AccountMove(models.Model):
    _inherit = "account.move"

    def _get_credit_notes(self):
        """Return posted credit notes of the invoices: made from them, or set off."""
        notes = self.reversal_move_ids | self._get_set_off_moves().filtered(
            lambda move: move._is_unlinked()
        )
        return notes.filtered(
            lambda move: move.move_type == "out_refund" and move.state == "posted"
        )

    def _get_set_off_moves(self):
        lines = self.line_ids.filtered(lambda li: li.display_type == "payment_term")
        return lines.matched_credit_ids.credit_move_id.move_id

    def _get_credited(self):
        """Return the invoices that a credit note speaks of. Note: `ensure_one()`."""
        self.ensure_one()
        if self.reversed_entry_id:
            return self.reversed_entry_id
        lines = self.line_ids.filtered(lambda li: li.display_type == "payment_term")
        return lines.matched_debit_ids.debit_move_id.move_id

    def _is_unlinked(self):
        """Tell whether a credit note names no sale: what it is set off against counts.

        One that refunds something else pays like money. Note: `self.ensure_one()`
        """
        self.ensure_one()
        return (
            self.move_type == "out_refund"
            and not self.reversed_entry_id
            and not self.invoice_line_ids.sale_line_ids
            and not self.env["medspa.course"].search_count(
                [("refund_move_id", "=", self.id)], limit=1
            )
        )

    def _get_amount_set_off_against(self, invoices):
        """Return what a credit note has taken off what is due of invoices."""
        lines = self.line_ids.filtered(lambda li: li.display_type == "payment_term")
        return sum(
            partial.credit_amount_currency
            for partial in lines.matched_debit_ids
            if partial.debit_move_id.move_id in invoices
        )

    def _get_amount_received(self, order):
        """Return the money that arrived for an invoice, its credit notes left out.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        notes = self._get_credit_notes() | order.invoice_ids.filtered(
            lambda move: move.move_type == "out_refund" and move.state == "posted"
        )
        set_off = sum(note._get_amount_set_off_against(self) for note in notes)
        # Payments that no entry books yet leave the invoice open, and are made.
        pending = sum(
            payment.amount
            for payment in self.matched_payment_ids
            if not payment.move_id and payment.state in ("in_process", "paid")
        )
        pending = min(pending, self.amount_residual)
        return max(self.amount_total - self.amount_residual - set_off + pending, 0.0)


def _spread_discounts(lines, covered, is_money):
    """Return what each positive line comes to with its share of the negative ones.

    A discount goes to the line that it names, else to lines of the same taxes, else to
    all of them.

    :param covered: dict of the line that a negative line pays for
    :param is_money: callable, tells which lines are money and no price
    """
    priced = [line for line in lines if not is_money(line)]
    nets = {line: line.price_total for line in priced if line.price_total >= 0}
    for discount in priced:
        if discount.price_total >= 0:
            continue
        named = [line for line in nets if line in covered[discount]]
        same = [line for line in nets if line.tax_ids == discount.tax_ids]
        targets = next((t for t in (named, same) if sum(nets[li] for li in t)), [*nets])
        total = sum(line.price_total for line in targets)
        if not total:
            continue
        rest = discount.price_total
        for line in targets[:-1]:
            share = line.currency_id.round(
                discount.price_total * line.price_total / total
            )
            nets[line] += share
            rest -= share
        nets[targets[-1]] += rest
    return nets
