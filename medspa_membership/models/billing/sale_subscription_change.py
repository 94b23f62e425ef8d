# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from dataclasses import replace

from odoo import Command, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..membership.sale_subscription_timeline import to_fraction
from ..membership.timeline import (
    Grant,
    Terms,
    get_days_left,
    get_periods,
    get_start_after,
)


class SaleSubscription(models.Model):
    """Another plan: at once or from the next period on, with the numbers shown first.

    Proration counts days, the first included and the last one too, over the real days
    of the period, rounded half up to the currency once, at the end.
    """

    _inherit = "sale.subscription"

    # === BUSINESS METHODS: PREVIEW === #

    def _get_plan_change(self, plan, today, when=None):
        """Return what another plan means, for the one who decides.

        Note: `self.ensure_one()`

        :param plan: the plan to change to
        :param date today: the clinic's day of the decision
        :param str when: "now" or "renewal"; by default now for an upgrade and the next
            period for a downgrade
        :return: dict of `is_upgrade`, `when`, `effective_date`, `old_price`,
            `new_price` (with tax, each period), `days_left`, `days_total`, `amount`
            (charged now, or given back when negative), `grants` (quantity by benefit of
            the new plan), `next_date`
        :raise UserError: not possible now
        """
        self.ensure_one()
        self._check_can_change(plan)
        new_price = self._get_price_of(plan)
        is_upgrade = self.currency_id.compare_amounts(new_price, self.price) >= 0
        when = when or ("now" if is_upgrade else "renewal")
        change = {
            "plan": plan,
            "is_upgrade": is_upgrade,
            "when": when,
            "old_price": self.price,
            "new_price": new_price,
            "amount": 0.0,
            "grants": {},
            "days_left": 0,
            "days_total": 0,
            "effective_date": self.recurring_next_date,
            "next_date": self.recurring_next_date,
        }
        if when == "renewal":
            return change
        return {**change, **self._get_change_now(plan, today, new_price)}

    def _get_change_now(self, plan, today, new_price):
        """Return what a change at once costs and gives, see `_get_plan_change`."""
        self.ensure_one()
        current = self._get_current_period(today)
        self._check_can_change_now(current, today)
        timeline = self._get_timeline()
        terms = self._get_terms_of(plan, today, new_price)
        is_new_rhythm = terms.rhythm != timeline.get_terms_on(today).rhythm
        # A trial goes on: the count begins after it in any case.
        restarts = is_new_rhythm and current.kind != "trial"
        if restarts:
            terms = replace(terms, anchor=today)
        settlement = self._get_settlement(
            timeline.with_terms(terms), today, new_start=today if restarts else None
        )
        period = get_periods(timeline, today).get(current.start_date)
        values = {
            "effective_date": today,
            "days_left": get_days_left(timeline, period, today),
            "days_total": period.days,
            "amount": settlement["amount"],
            "settlement": settlement,
            "grants": self._get_grants_shown(plan, settlement["grants"]),
        }
        if restarts:
            values["next_date"] = get_start_after(today, *terms.rhythm, today)
        return values

    def _check_can_change_now(self, current, today):
        """Refuse a change at once while the money of the period is not there."""
        if not current or current.state != "paid":
            raise UserError(
                self.env._(
                    "The current period of %s is not paid. Settle it first, or change "
                    "the plan from the next period on.",
                    self.display_name,
                )
            )
        periods = self._get_unsettled_periods(today)
        parts = periods.browse().union(*(p._get_parts() for p in periods))
        if any(row._is_on_its_way() for row in (periods | parts).sudo()):
            raise UserError(
                self.env._(
                    "A payment of %s is on its way. Wait for its outcome, or change "
                    "the plan from the next period on.",
                    self.display_name,
                )
            )

    def _get_terms_of(self, plan, start, price):
        """Return the terms of a plan on sale as those of a timeline."""
        unit, length = next(iter(plan.sudo()._get_period_delta().items()))
        return Terms(
            start=start,
            price=to_fraction(price),
            unit=unit,
            length=length,
            grants=tuple(
                Grant(
                    row["key"], to_fraction(row["quantity"]), to_fraction(row["step"])
                )
                for row in plan.sudo().benefit_ids._get_grants(
                    self.company_id.currency_id
                )
            ),
        )

    def _get_grants_shown(self, plan, grants):
        """Return what a change gives, by benefit of the plan."""
        left, shown = {}, {}
        for quantities in (row["quantities"] for row in grants):
            for key, quantity in quantities.items():
                left[key] = left.get(key, 0.0) + quantity
        for benefit in plan.sudo().benefit_ids:
            quantity = left.pop(benefit._get_grant_key(), 0.0)
            if quantity > 0:
                shown[benefit] = quantity
        return shown

    def _check_can_change(self, plan):
        self.ensure_one()
        if not plan.is_plan or not plan.active:
            raise UserError(self.env._("Choose a plan that is on sale."))
        if plan == self.template_id:
            raise UserError(self.env._("That is the plan already."))
        if plan.company_id and plan.company_id not in self.company_id.parent_ids:
            raise UserError(self.env._("That plan belongs to another clinic."))
        if self.membership_state != "active":
            raise UserError(
                self.env._(
                    '%(membership)s is "%(state)s": the plan cannot be changed now.',
                    membership=self.display_name,
                    state=self._get_state_label(),
                )
            )

    def _get_price_of(self, plan):
        """Return what a plan costs this member each period, with tax."""
        self.ensure_one()
        vals = self._prepare_line_vals_of(plan)
        taxes = self.env["account.tax"].browse(vals["tax_ids"][0][2])
        totals = taxes.compute_all(
            vals["price_unit"], self.currency_id, 1.0, partner=self.partner_id
        )
        return totals["total_included"]

    def _prepare_line_vals_of(self, plan):
        """Return the subscription line of a plan at its price of today."""
        self.ensure_one()
        # Members may not read what is on sale; its price is public.
        product = plan.sudo().product_tmpl_id.product_variant_id
        price = plan.currency_id._convert(
            plan.sudo().price,
            self.currency_id,
            self.company_id,
            self.company_id._medspa_date(),
        )
        taxes = product.taxes_id._filter_taxes_by_company(self.company_id)
        taxes = self.sudo().fiscal_position_id.map_tax(taxes)
        return {
            "product_id": product.id,
            "name": product.name,
            "product_uom_qty": 1,
            "price_unit": price,
            "discount": 0.0,
            "tax_ids": [Command.set(taxes.ids)],
        }

    # === BUSINESS METHODS: CHANGE === #

    def _change_plan(self, plan, when=None, amount=None):
        """Change the plan as it was previewed.

        Note: `self.ensure_one()`

        :param float amount: as it was shown; refused when it is no longer right
        :return: the period that charges the rest of the current one, if any does
        """
        self.ensure_one()
        self._lock()
        today = self.company_id._medspa_date()
        change = self._get_plan_change(plan, today, when)
        if amount is not None and self.currency_id.compare_amounts(
            change["amount"], amount
        ):
            raise UserError(
                self.env._(
                    "It is %s by now. Look at the change again before you confirm it.",
                    self.currency_id.format(change["amount"]),
                )
            )
        if change["when"] == "renewal":
            self.sudo().next_template_id = plan
            self.sudo().message_post(
                body=self.env._(
                    "%(plan)s from %(date)s on.",
                    plan=plan.name,
                    date=format_date(self.env, change["effective_date"]),
                )
            )
            return self.env["medspa.membership.period"]
        return self._change_plan_now(change, today)

    def _change_plan_now(self, change, today):
        """Switch to another plan today, and charge or give back the difference."""
        new_start = change["settlement"]["new_start"]
        old_plan = self.template_id
        self._switch_plan(change["plan"], today, restarts=bool(new_start))
        # Of what is agreed now, not of what was meant: both are the same.
        settlement = self._get_settlement(self._get_timeline(), today, new_start)
        if self.currency_id.compare_amounts(settlement["amount"], change["amount"]):
            raise UserError(
                self.env._(
                    "It is %s by now. Look at the change again before you confirm it.",
                    self.currency_id.format(settlement["amount"]),
                )
            )
        if new_start:
            self.sudo().recurring_next_date = change["next_date"]
        self.sudo().message_post(
            body=self.env._(
                "From %(old)s to %(new)s today, %(amount)s.",
                old=old_plan.name,
                new=change["plan"].name,
                amount=self.currency_id.format(change["amount"]),
            )
        )
        label = (
            self.env._("Change to %s", change["plan"].name)
            if change["amount"] < 0 or new_start
            else self.env._(
                "Change to %s for the rest of the period", change["plan"].name
            )
        )
        return self._settle(settlement, today, label)

    def _switch_plan(self, plan, start, restarts=False):
        """Make a plan that of the membership: terms, benefits and price of today.

        Note: `self.ensure_one()`

        :param date start: the first day of the new terms
        :param bool restarts: the periods are counted from that day on
        """
        self.ensure_one()
        self._ensure_segments()
        membership_sudo = self.sudo()
        membership_sudo.benefit_ids.active = False
        rhythm = plan.sudo()._get_rhythm_terms()
        vals = {
            **plan.sudo()._get_plan_terms(),
            **{
                name: rhythm[name]
                for name in ("period_unit", "period_length", "payment_limit")
            },
            "template_id": plan.id,
            "next_template_id": False,
            "sale_subscription_line_ids": [
                Command.clear(),
                Command.create(self._prepare_line_vals_of(plan)),
            ],
        }
        if restarts:
            vals["anchor_date"] = start
        membership_sudo.write(vals)
        membership_sudo.env["medspa.membership.benefit"].create(
            [
                {**benefit._prepare_benefit_vals(), "membership_id": self.id}
                for benefit in plan.sudo().benefit_ids
            ]
        )
        self._append_terms(start, anchor=start if restarts else None)
        self._bind_to_term(max(self._get_start_from(start), self.anchor_date))
        self._on_plan_switched()

    def _bind_to_term(self, start):
        """Date the minimum term and the fixed end of a plan that was switched to."""
        term_end = self._get_term_end(self.minimum_periods, start)
        if term_end and (not self.min_term_end or term_end > self.min_term_end):
            self.sudo().min_term_end = term_end
        end_date = self._get_term_end(self.payment_limit, start)
        self._set_end(end_date)

    def _on_plan_switched(self):
        """Ask for the agreement of the new plan, once a membership has one."""
        self._ask_to_sign()

    def _apply_planned_changes(self, today):
        """Override to switch to the plan that was agreed for the next period."""
        res = super()._apply_planned_changes(today)
        for membership in self.filtered("next_template_id"):
            plan = membership.next_template_id
            rhythm = plan.sudo()._get_period_delta()
            membership._switch_plan(
                plan,
                membership.recurring_next_date,
                # Another rhythm is counted from its own first day.
                restarts=rhythm != membership._get_period_delta(),
            )
        return res

    def _create_part(self, kind, amount, start, end, label):
        """Bill an amount that is no regular period: a fee."""
        self.ensure_one()
        today = self.company_id._medspa_date()
        period = (
            self.env["medspa.membership.period"]
            .sudo()
            .create(
                {
                    "membership_id": self.id,
                    "template_id": self.template_id.id,
                    "currency_id": self.currency_id.id,
                    "kind": kind,
                    "start_date": start,
                    "end_date": end,
                    "amount": amount,
                    "label": label,
                    "is_paid_elsewhere": self.is_paid_elsewhere,
                }
            )
        )
        period._bill(today)
        period._enqueue_charges()
        return period

    # === BUSINESS METHODS: FEES === #

    def _on_pause_began(self, pause):
        """Override to charge what a pause costs."""
        res = super()._on_pause_began(pause)
        if self.pause_fee:
            self._create_part(
                "fee",
                self.pause_fee,
                pause.start_date,
                pause.end_date or pause.start_date,
                self.env._("Pause of %s", self.template_id.name),
            )
        return res

    def _on_cancelled(self, preview):
        """Override to charge the exit fee, or give back after a withdrawal."""
        res = super()._on_cancelled(preview)
        today = self.company_id._medspa_date()
        if preview["exit_fee"]:
            self._create_part(
                "fee",
                preview["exit_fee"],
                today,
                max(preview["end_date"], today),
                self.env._("Leaving %s before its term", self.template_id.name),
            )
        if preview["way"] == "withdraw":
            self._refund_withdrawal(preview["refund"])
        return res
