# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from decimal import Decimal
from fractions import Fraction

from odoo import fields, models

from .timeline import (
    Grant,
    Pause,
    Terms,
    Timeline,
    Trial,
    count_until,
    get_date,
)


def to_fraction(number):
    """Return a float of the database as the number that people read in it."""
    return Fraction(Decimal(repr(number or 0.0)))


class SaleSubscription(models.Model):
    """What was agreed with a member: appended to, and read as a whole."""

    _inherit = "sale.subscription"

    segment_ids = fields.One2many(
        "medspa.membership.segment",
        "membership_id",
        "What was agreed",
        readonly=True,
        groups="medspa_membership.group_medspa_user",
    )

    # === BUSINESS METHODS: READ === #

    def _get_timeline(self):
        """Return all that was agreed, as it stands. Note: `self.ensure_one()`.

        :rtype: .timeline.Timeline
        """
        self.ensure_one()
        self._ensure_segments()
        return self.sudo().segment_ids._to_timeline()

    # === BUSINESS METHODS: APPEND === #

    def _append_segment(self, kind, start, **vals):
        """Add to what was agreed. Note: `self.ensure_one()`."""
        self.ensure_one()
        self._ensure_segments()
        return (
            self.env["medspa.membership.segment"]
            .sudo()
            .create(self._prepare_segment_vals(kind, start, **vals))
        )

    def _append_terms(self, start, anchor=None, **vals):
        """Add the membership's terms of now, in force from a day on.

        :param date anchor: set where a new count of periods begins on that day
        """
        self.ensure_one()
        return self._append_segment(
            "terms",
            start,
            anchor_date=anchor,
            **{**self._prepare_terms_vals(), **vals},
        )

    def _append_end(self, end_date, reason=None):
        """Add the last day on which a period may start, or that there is none again."""
        self.ensure_one()
        if not self.anchor_date:
            return self.sudo().segment_ids.browse()
        self._ensure_segments()
        segments = self.sudo().segment_ids
        standing = segments._filter_standing().filtered(lambda s: s.kind == "end")
        if not end_date and not standing:
            return segments.browse()
        if standing and standing[-1:].start_date == end_date:
            return segments.browse()
        return self._append_segment(
            "end" if end_date else "void",
            end_date or standing[-1:].start_date,
            replaces_id=standing[-1:].id,
            reason=reason,
        )

    def _prepare_segment_vals(self, kind, start, **vals):
        return {
            "membership_id": self.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "kind": kind,
            "start_date": start,
            "user_id": self.env.uid,
            **vals,
        }

    def _prepare_terms_vals(self):
        """Return the terms that the membership has now, as a row keeps them."""
        self.ensure_one()
        unit, length = next(iter(self._get_period_delta().items()))
        membership_sudo = self.sudo()
        stamp = {
            name: membership_sudo[name]
            for name, field in self.env["medspa.plan.terms"]._fields.items()
            if field.store
            and field.type in ("integer", "float", "boolean", "selection", "char")
            and name not in models.MAGIC_COLUMNS
        }
        return {
            "template_id": self.template_id.id,
            "price": self.price,
            "price_base": [
                {
                    "product_id": line.product_id.id,
                    "quantity": line.product_uom_qty,
                    "price_unit": line.price_unit,
                    "discount": line.discount,
                    "tax_ids": line.tax_ids.ids,
                }
                for line in membership_sudo.sale_subscription_line_ids
            ],
            "period_unit": unit,
            "period_length": length,
            "payment_limit": membership_sudo.payment_limit,
            "grants": membership_sudo.benefit_ids._get_grants(),
            "stamp": stamp,
        }

    # === BUSINESS METHODS: FROM BEFORE === #

    def _ensure_segments(self):
        """Write down what was agreed with members of before there were such rows.

        The periods tell: one row for each run of them with one plan, price and count.
        """
        membership_sudo = self.sudo()
        without = membership_sudo.filtered(
            lambda m: m.is_membership and m.anchor_date and not m.segment_ids
        )
        vals_list = []
        for membership in without:
            vals_list += membership._prepare_first_segments()
        self.env["medspa.membership.segment"].sudo().create(vals_list)
        if without:
            without.invalidate_recordset(["segment_ids"])

    def _prepare_first_segments(self):
        """Return the rows of a membership that has none. Note: `ensure_one()`."""
        self.ensure_one()
        present = self._prepare_terms_vals()
        rhythm = (present["period_unit"], present["period_length"])
        periods = self.period_ids.sorted(lambda p: (p.start_date, p.id))
        regular = periods.filtered(lambda p: p.kind == "regular")
        rows = [(p.start_date, p.amount, p.template_id) for p in regular]
        rows += [
            (part.start_date, self.price, part.template_id)
            for part in periods.filtered(lambda p: p.kind == "upgrade")
        ]
        starts = {p.start_date for p in regular}
        moved = self.pause_ids.filtered(
            lambda p: p.state == "done" and p.meaning == "frozen_shift"
        )
        if self.recurring_next_date and not moved:
            rows.append((self.recurring_next_date, self.price, self.template_id))
            starts.add(self.recurring_next_date)
        if not rows:
            rows = [(self.anchor_date, self.price, self.template_id)]
            starts = {self.anchor_date}
        vals_list, anchor, last, known = [], None, None, None
        for start, price, plan in sorted(rows, key=lambda row: row[0]):
            counted_from = None
            if start in starts and not self._is_counted(anchor, rhythm, last, start):
                anchor = counted_from = self._find_anchor(rhythm, start)
            if counted_from or (price, plan) != known:
                vals_list.append(
                    self._prepare_segment_vals(
                        "terms",
                        start,
                        anchor_date=counted_from,
                        **{**present, "price": price, "template_id": plan.id},
                    )
                )
            known = (price, plan)
            if start in starts:
                last = start
        return vals_list + self._prepare_first_others(periods)

    def _prepare_first_others(self, periods):
        """Return the trial, the pauses and the end of a membership of before."""
        trial = periods.filtered(lambda p: p.kind == "trial")[:1]
        vals_list = []
        if trial:
            vals_list.append(
                self._prepare_segment_vals(
                    "trial",
                    trial.start_date,
                    end_date=trial.end_date,
                    amount=trial.amount,
                )
            )
        vals_list += [
            self._prepare_segment_vals("skip", period.start_date)
            for period in periods
            if period.kind == "regular" and period.state == "skipped"
        ]
        vals_list += [
            self._prepare_segment_vals(**pause._prepare_segment())
            for pause in self.pause_ids.filtered(lambda p: p.state != "cancelled")
        ]
        if self.end_date:
            vals_list.append(self._prepare_segment_vals("end", self.end_date))
        return vals_list

    def _is_counted(self, anchor, rhythm, last, start):
        """Tell whether a start follows the last one by the count from an anchor."""
        if not anchor or not last:
            return False
        count = count_until(anchor, *rhythm, last)
        return get_date(anchor, *rhythm, count + 1) == start

    def _find_anchor(self, rhythm, start):
        """Return the day that a start is counted from: the anchor where it fits."""
        anchor = self.anchor_date
        count = count_until(anchor, *rhythm, start)
        return anchor if get_date(anchor, *rhythm, count) == start else start


class MedspaMembershipSegment(models.Model):
    _inherit = "medspa.membership.segment"

    def _to_timeline(self):
        """Return the rows of one membership as a timeline."""
        standing = self._filter_standing()
        grouped = standing.grouped("kind")
        none = standing.browse()
        terms = grouped.get("terms", none)
        first = terms.sorted(lambda s: (s.start_date, s.id))[:1]
        trial = grouped.get("trial", none)[-1:]
        end = grouped.get("end", none)[-1:]
        adjusted, given = {}, {}
        for segment in grouped.get("adjust", none):
            day = segment.start_date
            adjusted[day] = adjusted.get(day, 0) + to_fraction(segment.amount)
            own = given.setdefault(day, {})
            for row in segment.grants or []:
                own[row["key"]] = own.get(row["key"], 0) + to_fraction(row["quantity"])
        return Timeline(
            anchor=first.anchor_date or first.start_date,
            terms=tuple(s._to_terms(is_first=s == first) for s in terms),
            trial=trial and Trial(trial.start_date, to_fraction(trial.amount)) or None,
            pauses=tuple(
                Pause(s.start_date, s.end_date or None, s.moves_periods, s.is_inside)
                for s in grouped.get("pause", none)
            ),
            end=end.start_date or None,
            skipped=frozenset(grouped.get("skip", none).mapped("start_date")),
            adjusted=adjusted,
            given=given,
            rounding=to_fraction(self.currency_id[:1].rounding),
        )

    def _to_terms(self, is_first=False):
        self.ensure_one()
        return Terms(
            start=self.start_date,
            price=to_fraction(self.price),
            unit=self.period_unit,
            length=self.period_length,
            grants=tuple(
                Grant(
                    row["key"], to_fraction(row["quantity"]), to_fraction(row["step"])
                )
                for row in self.grants or []
            ),
            # The first ones begin where the count begins.
            anchor=None if is_first else self.anchor_date or None,
        )


class MedspaBenefit(models.AbstractModel):
    _inherit = "medspa.benefit"

    def _get_grant_key(self):
        """Return what the benefit grants, in whatever quantity, as a text."""
        self.ensure_one()
        treatments = ",".join(str(i) for i in sorted(self.treatment_ids.ids))
        return (
            f"{self.frequency}/{self.unit}/{self.coverage}/{self.treatment_id.id or ''}"
            f"/{treatments}/{self.categ_id.id or ''}"
        )

    def _get_grants(self, currency=None):
        """Return what a whole period gives, as rows of a timeline keep it.

        :param currency: of the clinic, for plans that all of them sell
        """
        return [
            {
                "key": benefit._get_grant_key(),
                "quantity": benefit.quantity,
                # Sessions and units are whole; money follows its currency.
                "step": (currency or benefit["currency_id"]).rounding
                if benefit.unit == "money"
                else 1.0,
            }
            for benefit in self
            if benefit.frequency == "period"
        ]
