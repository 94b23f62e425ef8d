# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare

from ..credit.medspa_credit import QUANTITY_DIGITS
from ..membership.sale_subscription_timeline import to_fraction
from ..membership.timeline import get_periods


class SaleSubscription(models.Model):
    """What is due by what was agreed, against what is invoiced and granted.

    The difference is the invoice, the credit note or the credit that a change causes.
    What is shown before and what is done after come from the same comparison, so that
    no sequence of changes leaves anybody with more, or less, than was agreed.
    """

    _inherit = "sale.subscription"

    # === BUSINESS METHODS: COMPARE === #

    def _get_settlement(self, timeline, today, new_start=None):
        """Return what is missing, or too much, once a timeline is agreed.

        Note: `self.ensure_one()`. What is over and done is left alone: the periods that
        have days left count, and those that were cut short just before.

        :param timeline: of the membership, as it is or as it would be
        :param date new_start: the first day of a period that is to be billed anew
        :return: dict of `amount` (to be charged, or given back when negative), `lines`
            (dicts of `period` and `amount`), `due` (what each period costs and gives,
            by start), `new_start`, `grants` (dicts of `period`, none for the new one,
            `quantities` to be granted by key, and `taken`: those to be taken back from
            `credits`)
        """
        self.ensure_one()
        periods = self._get_unsettled_periods(today)
        due = get_periods(timeline, max([today, *periods.mapped("start_date")]))
        lines = []
        for period in periods:
            is_kept = not new_start or period.start_date < new_start
            should = due.get(period.start_date) if is_kept else None
            if is_kept and not should:
                raise UserError(
                    self.env._(
                        "The period from %(date)s is none that was agreed. Change the "
                        "plan of %(membership)s from the next period on.",
                        date=fields.Date.to_string(period.start_date),
                        membership=self.display_name,
                    )
                )
            amount = float(should.amount if should else 0)
            lines.append(
                {
                    "period": period,
                    "is_kept": is_kept,
                    "amount": 0.0
                    if period.is_paid_elsewhere
                    else self.currency_id.round(amount - period._get_amount_invoiced()),
                }
            )
        total = sum(line["amount"] for line in lines)
        if new_start and not self.is_paid_elsewhere:
            total += float(due[new_start].amount)
        return {
            "amount": self.currency_id.round(total),
            "lines": lines,
            "due": due,
            "new_start": new_start,
            "grants": self._get_grants_to_settle(lines, due, new_start, today),
        }

    def _get_unsettled_periods(self, today):
        """Return the periods with days left, billed ahead or not."""
        self.ensure_one()
        return (
            self.sudo()
            .period_ids.filtered(
                lambda p: (
                    p.kind in ("regular", "trial")
                    and p.state in ("open", "paid")
                    and p.end_date >= today
                )
            )
            .sorted("start_date")
        )

    def _get_grants_to_settle(self, lines, due, new_start, today):
        """Return what is to be granted, and taken back, see :meth:`_get_settlement`.

        What was used of a period that is cut short counts in the one that replaces it.
        """
        none = self.env["medspa.membership.period"].sudo()
        periods = none.union(*(line["period"] for line in lines))
        periods = periods.filtered(lambda p: p.kind == "regular")
        cut = self._get_cut_before(periods)
        if not new_start:
            current = periods.filtered(lambda p: p.start_date <= today)
            groups = [current | cut, *(periods - current)] if current else periods
            return [self._compare_grants(group, due) for group in groups]
        kept = periods.filtered(lambda p: p.start_date < new_start)
        old = self._compare_grants(periods | cut, due, kept | cut)
        # Missing in what is replaced, or used of it beyond what is due: both count.
        owed = {key: float(q) for key, q in due[new_start].grants.items()}
        for key, quantity in old["quantities"].items():
            owed[key] = owed.get(key, 0.0) + quantity
        for key, quantity in old["used"].items():
            owed[key] = owed.get(key, 0.0) - quantity
        new = {key: quantity for key, quantity in owed.items() if quantity > 0}
        return [
            {**old, "quantities": {}},
            {
                "period": none,
                "quantities": new,
                "taken": {},
                "credits": none.credit_ids,
            },
        ]

    def _compare_grants(self, periods, due, kept=None):
        """Compare what some periods should give with what they have granted.

        :param kept: those that are due at all; all of them by default
        """
        kept = periods if kept is None else kept
        parts = periods.browse().union(*(period._get_parts() for period in periods))
        credits = (periods | parts).credit_ids
        left = {}
        for credit in credits.filtered(lambda c: c.available > 0):
            key = credit.membership_benefit_id._get_grant_key()
            left[key] = left.get(key, 0.0) + credit.available
        differences = {}
        for period in kept.filtered(lambda p: p.kind == "regular"):
            should = due.get(period.start_date)
            for key, quantity in (should.grants if should else {}).items():
                differences[key] = differences.get(key, 0.0) + float(quantity)
        for key, quantity in periods._get_quantities_granted().items():
            differences[key] = differences.get(key, 0.0) - quantity
        compared = {"quantities": {}, "taken": {}, "used": {}}
        for key, quantity in differences.items():
            sign = float_compare(quantity, 0, precision_digits=QUANTITY_DIGITS)
            if sign > 0:
                compared["quantities"][key] = quantity
            elif sign < 0:
                taken = min(-quantity, left.get(key, 0.0))
                compared["taken"][key] = taken
                compared["used"][key] = -quantity - taken
        current = periods.sorted("start_date")[-1:]
        return {**compared, "period": current, "credits": credits}

    def _get_cut_before(self, periods):
        """Return the periods that were cut short, one after the other, just before."""
        self.ensure_one()
        known = self.sudo().period_ids
        chain = known.browse()
        start = min(periods.mapped("start_date"), default=None)
        while start:
            previous = known.filtered(
                lambda p, day=start: (
                    p.is_cut
                    and (
                        p.end_date == day - timedelta(days=1)
                        if p.kind == "regular"
                        else p.start_date == day
                    )
                )
            )
            previous -= chain
            chain |= previous
            start = min(
                previous.filtered(lambda p: p.kind == "regular").mapped("start_date"),
                default=None,
            )
        return chain

    # === BUSINESS METHODS: CARRY OUT === #

    def _settle(self, settlement, today, label):
        """Make the difference: invoices, credit notes, credits. `ensure_one()`.

        :param dict settlement: see :meth:`_get_settlement`
        :param str label: what the change is, for the documents
        :return: the periods that charge something
        """
        self.ensure_one()
        notes = self.env["account.move"].sudo()
        for line in settlement["lines"]:
            if line["amount"] < 0:
                notes |= line["period"]._credit_down(-line["amount"], label)
            if settlement["new_start"]:
                line["period"]._cut_at(settlement["new_start"])
        self._take_back_grants(settlement, label)
        billed = self._create_settled_periods(settlement, today, label)
        billed._bill(today)
        self._set_off(notes, billed)
        billed._enqueue_charges()
        # Last of all: what a provider is asked for may have been done.
        for note in notes:
            note._give_back_rest()
        return billed

    def _create_settled_periods(self, settlement, today, label):
        """Create what is to be billed: the rest of periods, or a new one."""
        Period = self.env["medspa.membership.period"].sudo()
        given = {
            grants["period"]: self._get_quantities_by_benefit(grants["quantities"])
            for grants in settlement["grants"]
        }
        new_start = settlement["new_start"]
        if new_start:
            should = settlement["due"][new_start]
            return Period.create(
                self._prepare_period_vals(
                    new_start,
                    amount=float(should.amount),
                    quantities=self._get_reduced_quantities(given[Period]),
                    is_paid_elsewhere=self.is_paid_elsewhere,
                )
            )
        vals_list = []
        for line in settlement["lines"]:
            period, amount = line["period"], max(line["amount"], 0.0)
            quantities = given.get(period, {})
            if amount or quantities:
                vals = self._prepare_rest_vals(period, amount, today, label)
                vals_list.append({**vals, "quantities": quantities})
        return Period.create(vals_list)

    def _prepare_rest_vals(self, period, amount, today, label):
        """Return the values of what a period costs on top, for the rest of it."""
        return {
            "membership_id": self.id,
            "template_id": self.template_id.id,
            "currency_id": self.currency_id.id,
            "kind": "upgrade",
            "parent_id": period.id,
            "start_date": max(today, period.start_date),
            "end_date": period.end_date,
            "amount": amount,
            "label": label,
            "is_paid_elsewhere": period.is_paid_elsewhere,
        }

    def _get_quantities_by_benefit(self, grants):
        """Return what is to be granted, by id of the benefit as a text."""
        quantities, left = {}, dict(grants)
        for benefit in self.sudo().benefit_ids:
            quantity = left.pop(benefit._get_grant_key(), 0.0)
            if quantity > 0:
                quantities[str(benefit.id)] = quantity
        return quantities

    def _get_reduced_quantities(self, quantities):
        """Return what a new period gives where that is not what a whole one gives."""
        whole = {
            str(benefit.id): benefit.quantity
            for benefit in self.sudo().benefit_ids
            if benefit.frequency == "period"
        }
        reduced = {name: quantities.get(name, 0.0) for name in whole}
        is_reduced = any(
            float_compare(reduced[name], whole[name], precision_digits=QUANTITY_DIGITS)
            for name in whole
        )
        return reduced if is_reduced else {}

    def _take_back_grants(self, settlement, reason):
        """Take back what is too much of what was granted and is neither used nor
        booked, the latest first."""
        entries = []
        for grants in settlement["grants"]:
            credits = grants["credits"].filtered(lambda c: c.available > 0)
            for key, less in grants["taken"].items():
                for credit in credits.sorted("id", reverse=True):
                    taken = min(less, credit.available)
                    is_same = credit.membership_benefit_id._get_grant_key() == key
                    if not is_same or taken <= 0:
                        continue
                    less -= taken
                    entries.append(
                        {
                            "credit": credit,
                            "kind": "refund",
                            "quantity": -taken,
                            "reason": reason,
                        }
                    )
        if entries:
            self.env["medspa.credit"]._post_moves(entries)

    def _set_off(self, notes, billed):
        """Let credit notes pay what is billed in the same breath, and older ones that
        wait for somebody to give them back."""
        waiting = (
            self.sudo()
            .period_ids.refund_move_ids.filtered(
                lambda note: (
                    note.state == "posted"
                    and note.amount_residual
                    and not note.transaction_ids.filtered(
                        lambda tx: tx.state not in ("error", "cancel")
                    )
                )
            )
            .sorted("id")
        )
        for period in billed.filtered(lambda p: p.state == "open"):
            invoice = period.invoice_id
            account = invoice._get_receivable()
            lines = (invoice | notes | waiting).line_ids.filtered_domain(
                [("account_id", "=", account.id), ("reconciled", "=", False)]
            )
            # Of notes alone there is nothing to set off.
            if lines - invoice.line_ids:
                lines.reconcile()
            if self.currency_id.is_zero(invoice.amount_residual):
                period._on_paid()

    # === BUSINESS METHODS: WHAT IS THERE === #

    def _align_first_segments(self):
        """Take what was billed before there was a timeline for what was agreed.

        Otherwise the next change would settle old differences that nobody was told of.
        """
        for membership in self:
            today = membership.company_id._medspa_date()
            periods = membership._get_unsettled_periods(today).filtered(
                lambda p: not p.is_paid_elsewhere
            )
            if not periods:
                continue
            timeline = membership.sudo().segment_ids._to_timeline()
            due = get_periods(timeline, max([today, *periods.mapped("start_date")]))
            for period in periods:
                if period.start_date not in due:
                    continue
                should = due[period.start_date]
                amount = to_fraction(period._get_amount_invoiced()) - should.amount
                granted = period._get_quantities_granted()
                grants = [
                    {"key": key, "quantity": granted.get(key, 0.0) - float(quantity)}
                    for key, quantity in should.grants.items()
                    if granted.get(key, 0.0) != float(quantity)
                ]
                if period.state != "paid":
                    grants = []
                if amount or grants:
                    membership._append_segment(
                        "adjust",
                        period.start_date,
                        amount=float(amount),
                        grants=grants,
                        reason=membership.env._("As it was billed"),
                    )

    def _ensure_segments(self):
        """Override to take what was billed for what was agreed."""
        without = self.sudo().filtered(
            lambda m: m.is_membership and m.anchor_date and not m.segment_ids
        )
        res = super()._ensure_segments()
        without._align_first_segments()
        return res


class MedspaMembershipPeriod(models.Model):
    _inherit = "medspa.membership.period"

    parent_id = fields.Many2one(
        "medspa.membership.period",
        "Rest of",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The period that this is charged on top of.",
    )
    part_ids = fields.One2many("medspa.membership.period", "parent_id", readonly=True)
    is_cut = fields.Boolean(
        "Cut short", readonly=True, help="Another rhythm took its place."
    )

    def _get_credit_notes(self):
        """Return the credit notes over what was billed. Note: `ensure_one()`."""
        self.ensure_one()
        others = self.invoice_ids.reversal_move_ids.filtered(
            lambda move: not move.refunded_period_id
        )
        return (self.refund_move_ids | others).filtered(
            lambda move: move.state == "posted" and move.move_type == "out_refund"
        )

    def _get_amount_credited(self, note):
        """Return what a credit note takes off the plan. Note: `ensure_one()`.

        An order may sell other things with it.
        """
        self.ensure_one()
        if note.refunded_period_id == self or not self._is_sold_by_order():
            return note.amount_total
        order_line = self.membership_id.sale_line_id
        products = (order_line | order_line.linked_line_ids).product_id
        lines = note.invoice_line_ids.filtered(lambda li: li.product_id in products)
        return sum(lines.mapped("price_total"))

    def _is_sold_by_order(self):
        """Tell whether the invoice is that of the order which sold the membership."""
        self.ensure_one()
        order_line = self.membership_id.sale_line_id
        return bool(order_line and self.invoice_id in order_line.invoice_lines.move_id)

    def _get_amount_net(self):
        """Return what stands invoiced of this row alone, with tax."""
        self.ensure_one()
        credited = sum(self._get_amount_credited(n) for n in self._get_credit_notes())
        return max(self.currency_id.round(self.amount - credited), 0.0)

    def _get_amount_invoiced(self):
        """Return what stands invoiced of a period and of the rest of it, with tax.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self.is_paid_elsewhere or self.state in ("forgiven", "skipped", "due"):
            return 0.0
        parts = self._get_parts().filtered(lambda p: p.state in ("open", "paid"))
        return self.currency_id.round(
            self._get_amount_net() + sum(part._get_amount_net() for part in parts)
        )

    def _get_parts(self):
        """Return what was charged on top of a period."""
        self.ensure_one()
        # Before there was a parent, the dates told.
        return self.part_ids | self.membership_id.period_ids.filtered(
            lambda p: (
                p.kind == "upgrade"
                and not p.parent_id
                and p.end_date == self.end_date
                and p.start_date >= self.start_date
            )
        )

    def _get_whole(self):
        """Return the period that this is the rest of, itself otherwise."""
        self.ensure_one()
        if self.kind != "upgrade" or self.parent_id:
            return self.parent_id or self
        return (
            self.membership_id.period_ids.filtered(
                lambda p: p.kind in ("regular", "trial") and self in p._get_parts()
            )[:1]
            or self
        )

    def _get_quantities_granted(self):
        """Return what these periods have granted and not taken back, by key.

        What will be granted once it is paid counts as well.
        """
        parts = self.browse().union(*(period._get_parts() for period in self))
        credits = (self | parts).credit_ids.filtered(
            lambda c: c.membership_benefit_id.frequency == "period"
        )
        quantities = {}
        for credit in credits:
            key = credit.membership_benefit_id._get_grant_key()
            taken = sum(
                move.quantity for move in credit.move_ids if move.kind == "refund"
            )
            quantities[key] = quantities.get(key, 0.0) + credit.granted + taken
        for part in parts.filtered(lambda p: p.state == "open" and not p.credit_ids):
            for benefit_id, quantity in (part.quantities or {}).items():
                benefit = self.env["medspa.membership.benefit"].browse(int(benefit_id))
                key = benefit._get_grant_key()
                quantities[key] = quantities.get(key, 0.0) + quantity
        return quantities

    def _credit_down(self, amount, reason):
        """Credit a part of what a period was billed, the latest part of it first.

        What was not paid yet is owed no more; the rest is for the caller to give back.

        Note: `self.ensure_one()`

        :return: the credit notes
        """
        self.ensure_one()
        self._lock_row()
        notes = self.env["account.move"].sudo()
        parts = self._get_parts().filtered(lambda p: p.state in ("open", "paid"))
        for row in [*parts.sorted("id", reverse=True), self]:
            taken = min(amount, row._get_amount_net())
            if row.currency_id.compare_amounts(taken, 0) <= 0 or not row.invoice_id:
                continue
            amount = row.currency_id.round(amount - taken)
            note = row._create_credit_note(taken, reason, is_settled=True)
            note._set_off_against(row.invoice_id)
            if row != self and row.currency_id.is_zero(row._get_amount_net()):
                row.state = "refunded"
            notes |= note
        return notes

    def _create_credit_note(self, amount, reason, is_settled=False):
        """Return the posted credit note over an amount of a period, with tax.

        :param bool is_settled: it follows from what was agreed; otherwise it is agreed
            by being made
        """
        self.ensure_one()
        invoice = self.sudo().invoice_id
        product = self.template_id.product_tmpl_id.product_variant_id
        lines = invoice.invoice_line_ids.filtered("product_id")
        line = lines.filtered(lambda li: li.product_id == product)[:1] or lines[:1]
        note = invoice.with_context(medspa_settles=is_settled)._create_credit_note_over(
            amount,
            self.env._("Refund of %s", self.name),
            reason,
            line,
            refunded_period_id=self.id,
        )
        return note.with_context(medspa_settles=False)

    def _cut_at(self, day):
        """End a period the day before another one takes its place."""
        for period in self:
            if period.start_date < day:
                period.write({"end_date": day - timedelta(days=1), "is_cut": True})
            else:
                # Nothing is left of it, and its first day is that of another.
                period.write({"kind": "replaced", "is_cut": True, "state": "refunded"})
        # The index knows one period a day: the old row makes room first.
        self.flush_recordset()

    def _agree_on(self, amount=0.0, quantities=None, reason=None):
        """Note that a period costs, or gives, other than by its terms.

        :param float amount: on top; negative for what it costs less
        :param dict quantities: on top, by key
        """
        for period in self:
            row = period._get_whole()
            if row.kind not in ("regular", "trial"):
                continue
            period.membership_id._append_segment(
                "adjust",
                row.start_date,
                amount=amount,
                grants=[
                    {"key": key, "quantity": quantity}
                    for key, quantity in (quantities or {}).items()
                ],
                reason=reason,
            )
