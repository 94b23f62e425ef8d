# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, ValidationError

from ..till.tax import get_total


class SaleSubscriptionTemplate(models.Model):
    """A plan on sale: what it costs, how often, what it gives and on which terms.

    Templates that are no plans stay what OCA makes of them.
    """

    _name = "sale.subscription.template"
    _inherit = ["sale.subscription.template", "medspa.plan.terms"]

    is_plan = fields.Boolean("Clinic plan", index=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True)
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    product_tmpl_id = fields.Many2one(
        "product.template",
        "Sold as",
        index="btree_not_null",
        copy=False,
        ondelete="restrict",
        help="The product that sells the plan in orders and in the shop.",
    )
    price = fields.Float(
        "Price each period",
        related="product_tmpl_id.list_price",
        readonly=False,
        digits="Product Price",
    )
    joining_fee = fields.Float(
        digits="Product Price", help="Charged once, with the first payment."
    )
    trial_days = fields.Integer(
        "Trial", help="Days at the trial price before the first full period."
    )
    trial_price = fields.Float(digits="Product Price")
    trial_has_benefits = fields.Boolean("Credits in the trial", default=True)
    benefit_ids = fields.One2many(
        "medspa.plan.benefit",
        "template_id",
        "Benefits",
        copy=False,
        groups="medspa_membership.group_medspa_user",
    )
    discount_ids = fields.One2many(
        "medspa.plan.discount",
        "template_id",
        "Discounts",
        copy=False,
        groups="medspa_membership.group_medspa_user",
    )
    addon_product_ids = fields.Many2many(
        "product.template",
        "medspa_plan_addon_rel",
        "template_id",
        "product_tmpl_id",
        string="Add-ons",
        domain="[('service_tracking', '=', 'medspa_course')]",
        help="Courses that members of the plan may buy on top.",
    )
    agreement = fields.Html(
        translate=True,
        help="What the member signs, before the terms that the plan adds by itself.",
    )
    agreement_version = fields.Integer(default=1, readonly=True, copy=False)
    period_label = fields.Char(compute="_compute_period_label")
    member_count = fields.Integer("Members", compute="_compute_member_count")

    _plan_prices_not_negative = models.Constraint(
        "CHECK (joining_fee >= 0 AND trial_days >= 0 AND trial_price >= 0)",
        "Fees, prices and days are zero or more.",
    )
    _plan_period_positive = models.Constraint(
        "CHECK (NOT is_plan OR (recurring_interval > 0 AND recurring_rule_count > 0))",
        "A plan is billed every one or more days, weeks, months or years.",
    )
    _plan_sold_by_one_product = models.UniqueIndex(
        "(product_tmpl_id) WHERE product_tmpl_id IS NOT NULL",
        "A product sells one plan.",
    )

    # === COMPUTE METHODS === #

    @api.depends("company_id")
    @api.depends_context("company")
    def _compute_currency_id(self):
        for plan in self:
            plan.currency_id = (plan.company_id or self.env.company).currency_id

    @api.depends("recurring_interval", "recurring_rule_type")
    def _compute_period_label(self):
        for plan in self:
            plan.period_label = plan._get_period_label()

    def _compute_member_count(self):
        counts = dict(
            self.env["sale.subscription"]._read_group(
                [
                    ("template_id", "in", self.ids),
                    ("membership_state", "not in", ("pending", "ended")),
                ],
                ["template_id"],
                ["__count"],
            )
        )
        for plan in self:
            plan.member_count = counts.get(plan, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("minimum_periods", "recurring_rule_boundary")
    def _check_term_fits(self):
        for plan in self.filtered("is_plan"):
            if (
                plan.recurring_rule_boundary == "limited"
                and plan.minimum_periods > plan.recurring_rule_count
            ):
                raise ValidationError(
                    self.env._(
                        "%(plan)s ends after %(periods)s periods: the minimum term "
                        "cannot be longer.",
                        plan=plan.name,
                        periods=plan.recurring_rule_count,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to make the product that sells each new plan."""
        prices = [
            vals.pop("price", 0.0) if vals.get("is_plan") else None
            for vals in vals_list
        ]
        plans = super().create(vals_list)
        missing = [
            (plan, price)
            for plan, price in zip(plans, prices, strict=True)
            if plan.is_plan and not plan.product_tmpl_id
        ]
        products = self.env["product.template"].create(
            [plan._prepare_product_vals(price or 0.0) for plan, price in missing]
        )
        for (plan, _price), product in zip(missing, products, strict=True):
            plan.product_tmpl_id = product
        return plans

    def write(self, vals):
        """Override to count the versions of the agreement, and keep plans plans."""
        if "agreement" in vals:
            for plan in self:
                plan.agreement_version += 1
        return super().write(vals)

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for plan, vals in zip(self, vals_list, strict=True):
            if plan.is_plan:
                vals.setdefault("price", plan.price)
                vals["name"] = self.env._("%s (copy)", plan.name)
                # Sellers copy templates of OCA, and may not read what plans give.
                for name in ("benefit_ids", "discount_ids"):
                    lines = plan[name].sorted("id").copy_data()
                    vals.setdefault(name, [Command.create(line) for line in lines])
        return vals_list

    def _check_manager(self):
        """Refuse others than managers: OCA lets every salesman write templates."""
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group(
            "medspa_membership.group_medspa_manager"
        ):
            raise AccessError(self.env._("Only a manager changes plans."))

    # === ACTION METHODS === #

    def action_view_members(self):
        """Open the memberships of the plan. Note: `self.ensure_one()`."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "medspa_membership.membership_action"
        )
        action["domain"] = [("template_id", "=", self.id)]
        action["context"] = {}
        return action

    # === BUSINESS METHODS === #

    def _prepare_product_vals(self, price):
        """Return the values of the product that sells the plan, not published yet."""
        self.ensure_one()
        category = self.env.ref(
            "medspa_membership.product_category_membership", raise_if_not_found=False
        )
        vals = {
            "name": self.name,
            "type": "service",
            "service_tracking": "medspa_plan",
            "subscription_template_id": self.id,
            "list_price": price,
            "company_id": self.company_id.id,
            "invoice_policy": "order",
        }
        if category:
            # Its own category: reports tell plans from treatments and courses.
            vals["categ_id"] = category.id
        return vals

    def _get_period_delta(self):
        """Return the length of a period as keywords of `relativedelta`."""
        self.ensure_one()
        return {self.recurring_rule_type or "months": self.recurring_interval or 1}

    def _get_period_label(self):
        """Return how often the plan is paid, in words."""
        self.ensure_one()
        unit, length = next(iter(self._get_period_delta().items()))
        return self._name_period(unit, length)

    def _get_rhythm_terms(self):
        """Return rhythm, number of payments and trial, as a membership keeps them."""
        self.ensure_one()
        unit, length = next(iter(self._get_period_delta().items()))
        is_limited = self.recurring_rule_boundary == "limited"
        return {
            "period_unit": unit,
            "period_length": length,
            "payment_limit": self.recurring_rule_count if is_limited else 0,
            "trial_days": self.trial_days,
            "trial_has_benefits": self.trial_has_benefits,
        }

    @api.model
    def _name_period(self, unit, interval):
        """Return a rhythm in words."""
        one = {
            "days": self.env._("a day"),
            "weeks": self.env._("a week"),
            "months": self.env._("a month"),
            "years": self.env._("a year"),
        }
        many = {
            "days": self.env._("every %s days", interval),
            "weeks": self.env._("every %s weeks", interval),
            "months": self.env._("every %s months", interval),
            "years": self.env._("every %s years", interval),
        }
        if interval == 3 and unit == "months":
            return self.env._("a quarter")
        return (one if interval == 1 else many)[unit]

    def _get_list_amounts(self):
        """Return the amounts of joining at the price list, with tax.

        Of a plan as it stands, for who sets it up; an order knows its own.

        :return: dict of `currency`, `price` (a period), `first` (what joining costs)
            and `trial`
        """
        self.ensure_one()
        company = self.company_id or self.env.company
        first = self.trial_price if self.trial_days else self.price
        return {
            "currency": self.currency_id,
            "price": self._get_payment(company, self.price),
            "first": self._get_payment(company, first, self.joining_fee),
            "trial": self._get_payment(company, self.trial_price),
        }

    def _get_payment(self, company, *prices, currency=None, fiscal_position=None):
        """Return what prices of the plan come to together, with the plan's taxes.

        :param prices: as those of products: with the taxes that are included in them,
            without the others
        """
        self.ensure_one()
        currency = currency or self.currency_id
        product = self.product_tmpl_id.product_variant_id
        told = product.taxes_id._filter_taxes_by_company(company)
        taxes = fiscal_position.map_tax(told) if fiscal_position else told
        Tax = self.env["account.tax"]
        lines = [
            Tax._prepare_base_line_for_taxes_computation(
                None,
                product_id=product,
                price_unit=product._get_tax_included_unit_price_from_price(
                    price, told, product_taxes_after_fp=taxes
                ),
                quantity=1.0,
                tax_ids=taxes,
                currency_id=currency,
            )
            for price in prices
        ]
        return get_total(lines, company, currency)

    def _get_term_total(self, price, first):
        """Return what a member pays in any case: on joining, and until the term ends.

        The term begins with the first full period, after a trial.

        :param float price: of a period
        :param float first: what is paid on joining
        """
        self.ensure_one()
        paid_on_joining = 0 if self.trial_days else 1
        return first + price * max(self.minimum_periods - paid_on_joining, 0)

    def _get_term_lines(self, amounts=None):
        """Return the terms of the plan in plain sentences, for who signs them.

        :param dict amounts: as `_get_list_amounts` returns them, as they are charged;
            `first` and `trial` are missing for who is a member already
        """
        self.ensure_one()
        lines = []
        amounts = amounts or self._get_list_amounts()
        currency, price = amounts["currency"], amounts["price"]
        total = self.minimum_periods * price
        if amounts.get("first") is not None:
            total = self._get_term_total(price, amounts["first"])
        if self.trial_days and amounts.get("trial") is not None:
            lines.append(
                self.env._(
                    "Trial: %(days)s days for %(price)s, then the regular price.",
                    days=self.trial_days,
                    price=currency.format(amounts["trial"]),
                )
            )
        if self.recurring_rule_boundary == "limited":
            lines.append(
                self.env._(
                    "It ends by itself after %s payments.", self.recurring_rule_count
                )
            )
        if self.minimum_periods:
            lines.append(
                self.env._(
                    "Minimum term: %(periods)s payments, %(total)s in all.",
                    periods=self.minimum_periods,
                    total=currency.format(total),
                )
            )
        else:
            lines.append(self.env._("No minimum term."))
        lines.append(
            self.env._(
                "Notice: %s days; it ends with the period that is paid.",
                self.notice_days,
            )
            if self.notice_days
            else self.env._("You can leave at the end of any period that is paid.")
        )
        if self.withdrawal_days:
            lines.append(
                self.env._(
                    "Within %s days of joining you can withdraw: what you paid comes "
                    "back, less what you used.",
                    self.withdrawal_days,
                )
            )
        if self.family_limit:
            lines.append(
                self.env._(
                    "Up to %s of the family use its credits and have its prices.",
                    self.family_limit,
                )
                if self.family_has_rights
                else self.env._(
                    "Up to %s of the family use its credits.", self.family_limit
                )
            )
        if self.waits_first:
            lines.append(
                self.env._("On the waiting list, members are offered free times first.")
            )
        lines += self._get_pause_lines() + self._get_leaving_lines()
        return lines

    def _get_pause_lines(self):
        """Return what the terms say of pauses."""
        if not self.allows_pause:
            return [self.env._("It cannot be paused.")]
        meanings = dict(self._fields["pause_meaning"]._description_selection(self.env))
        limit = (
            self.env._(
                "It can be paused for %(days)s days in any twelve months: %(meaning)s.",
                days=self.max_pause_days,
                meaning=meanings[self.pause_meaning].lower(),
            )
            if self.max_pause_days
            else self.env._(
                "It can be paused: %s.", meanings[self.pause_meaning].lower()
            )
        )
        if not self.pause_fee:
            return [limit]
        fee = self.currency_id.format(self.pause_fee)
        return [limit, self.env._("A pause costs %s.", fee)]

    def _get_leaving_lines(self):
        """Return what the terms say of leaving early and of credits at the end."""
        lines = []
        if self.minimum_periods and self.exit_rule == "fixed":
            lines.append(
                self.env._(
                    "Leaving before the minimum term costs %s.",
                    self.currency_id.format(self.exit_fee),
                )
            )
        elif self.minimum_periods and self.exit_rule == "percent":
            lines.append(
                self.env._(
                    "Leaving before the minimum term costs %s %% of what is still due.",
                    f"{self.exit_percent:g}",
                )
            )
        lines.append(
            self.env._(
                "Credits that are left at the end can be used for %s more days.",
                self.credit_life_days,
            )
            if self.credit_life_days
            else self.env._("Credits that are left at the end are lost.")
        )
        return lines
