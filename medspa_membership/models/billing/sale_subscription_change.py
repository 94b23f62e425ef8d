# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import Command, models
from odoo.exceptions import UserError
from odoo.tools import format_date


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
        if not current or current.state != "paid":
            raise UserError(
                self.env._(
                    "The current period of %s is not paid. Settle it first, or change "
                    "the plan from the next period on.",
                    self.display_name,
                )
            )
        days_total = (current.end_date - current.start_date).days + 1
        days_left = (current.end_date - today).days + 1
        paid = current.amount + sum(
            self.period_ids.filtered(
                lambda p: (
                    p.kind == "upgrade"
                    and p.state == "paid"
                    and p.end_date == current.end_date
                )
            ).mapped("amount")
        )
        share = days_left / days_total
        is_same_rhythm = (
            plan._get_period_delta() == self.template_id._get_period_delta()
        )
        values = {
            "effective_date": today,
            "days_left": days_left,
            "days_total": days_total,
        }
        if current.kind == "trial" or current.is_paid_elsewhere:
            return {**values, "amount": 0.0, "grants": {}}
        if is_same_rhythm:
            # What was paid is the price of the day it was billed, not today's.
            amount = (new_price - self._get_price_billed(current, paid)) * share
            grants = self._get_prorated_grants(plan, share)
        else:
            # Another rhythm begins today: a whole new period, less what is left.
            amount = new_price - paid * share
            grants = {b: b.quantity for b in self._get_period_benefits(plan)}
            values["next_date"] = today + relativedelta(**plan._get_period_delta())
        return {**values, "amount": self.currency_id.round(amount), "grants": grants}

    def _get_price_billed(self, current, paid):
        """Return the price of a whole period that was billed for the current one."""
        return current.amount if paid == current.amount else self.price

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

    def _get_period_benefits(self, plan):
        return plan.sudo().benefit_ids.filtered(lambda b: b.frequency == "period")

    def _get_prorated_grants(self, plan, share):
        """Return what the new plan gives more for the rest of the period.

        Sessions and units are whole, rounded half up; money is rounded to the currency.

        :param float share: of the period that is left
        :return: dict of quantity by benefit of the plan
        """
        self.ensure_one()
        grants = {}
        for benefit in self._get_period_benefits(plan):
            more = benefit.quantity - sum(
                old.quantity for old in self.benefit_ids if old._matches(benefit)
            )
            quantity = benefit._round_share(more * share, self.company_id.currency_id)
            if quantity > 0:
                grants[benefit] = quantity
        return grants

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
        current = self._get_current_period(today)
        is_new_rhythm = change["next_date"] != self.recurring_next_date
        old_plan = self.template_id
        quantities = self._switch_plan(change["plan"])
        if is_new_rhythm:
            self.sudo().write(
                {"anchor_date": today, "recurring_next_date": change["next_date"]}
            )
        self.sudo().message_post(
            body=self.env._(
                "From %(old)s to %(new)s today, %(amount)s.",
                old=old_plan.name,
                new=change["plan"].name,
                amount=self.currency_id.format(change["amount"]),
            )
        )
        if change["amount"] < 0:
            self._give_back_difference(current, -change["amount"], change)
            return self.env["medspa.membership.period"]
        last_day = (
            change["next_date"] - timedelta(days=1)
            if is_new_rhythm
            else current.end_date
        )
        period = self._create_part(
            "upgrade",
            change["amount"],
            today,
            last_day,
            self.env._("Change to %s for the rest of the period", change["plan"].name),
            quantities={
                str(quantities[benefit].id): quantity
                for benefit, quantity in change["grants"].items()
            },
        )
        return period

    def _switch_plan(self, plan):
        """Make a plan that of the membership: terms, benefits and price of today.

        Note: `self.ensure_one()`

        :return: dict of the membership's own benefit by benefit of the plan
        """
        self.ensure_one()
        membership_sudo = self.sudo()
        membership_sudo.benefit_ids.active = False
        today = self.company_id._medspa_date()
        membership_sudo.write(
            {
                **plan.sudo()._get_plan_terms(),
                "template_id": plan.id,
                "next_template_id": False,
                "sale_subscription_line_ids": [
                    Command.clear(),
                    Command.create(self._prepare_line_vals_of(plan)),
                ],
            }
        )
        benefits = membership_sudo.env["medspa.membership.benefit"].create(
            [
                {**benefit._prepare_benefit_vals(), "membership_id": self.id}
                for benefit in plan.sudo().benefit_ids
            ]
        )
        term_end = self._get_term_end(plan.minimum_periods, self._get_start_from(today))
        if term_end and (not self.min_term_end or term_end > self.min_term_end):
            membership_sudo.min_term_end = term_end
        self._on_plan_switched()
        return dict(zip(plan.sudo().benefit_ids, benefits, strict=True))

    def _on_plan_switched(self):
        """Ask for the agreement of the new plan, once a membership has one."""
        self._ask_to_sign()

    def _apply_planned_changes(self, today):
        """Override to switch to the plan that was agreed for the next period."""
        res = super()._apply_planned_changes(today)
        for membership in self.filtered("next_template_id"):
            membership._switch_plan(membership.next_template_id)
        return res

    def _create_part(self, kind, amount, start, end, label, quantities=None):
        """Bill an amount that is no regular period: the rest of one, or a fee.

        :param dict quantities: what it grants when paid, by id of benefit, as strings
        """
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
                    "quantities": quantities or {},
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
