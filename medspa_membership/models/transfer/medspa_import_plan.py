# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from collections import defaultdict

from odoo import models

from .tabular import normalize

PERIODS = {
    "days": ("day", "days", "daily", "d"),
    "weeks": ("week", "weeks", "weekly", "w"),
    "months": ("month", "months", "monthly", "m"),
    "years": ("year", "years", "yearly", "annual", "annually", "y"),
}


class MedspaImportPlan(models.AbstractModel):
    """Plans: what members pay and how often, with the product that sells them."""

    _name = "medspa.import.plan"
    _inherit = "medspa.import.kind"
    _description = "Import of plans"

    def _get_columns(self):
        return {
            "id": (
                self.env._("Plan ID"),
                True,
                ("id", "external id", "membership id", "template id"),
            ),
            "name": (
                self.env._("Plan"),
                True,
                ("name", "plan name", "membership", "membership name", "title"),
            ),
            "price": (
                self.env._("Price"),
                True,
                ("amount", "fee", "monthly price", "monthly fee", "dues"),
            ),
            "period": (
                self.env._("Period"),
                True,
                ("billing period", "frequency", "billing frequency", "recurrence"),
            ),
            "every": (self.env._("Every"), False, ("interval", "repeat every")),
            "count": (
                self.env._("Number of periods"),
                False,
                ("duration", "periods", "term", "commitment"),
            ),
            "code": (self.env._("Code"), False, ("reference",)),
            "description": (self.env._("Description"), False, ("terms", "notes")),
        }

    # === BUSINESS METHODS: CHECK === #

    def _check_rows(self, wizard, rows):
        """Override to find each plan by ID, else by its name."""
        for row in rows:
            self._check_row(wizard, row)
        self._refuse_repeated_ids(rows)
        known = self._find_known(
            "sale.subscription.template",
            [self._get_plan_xmlid(wizard, row) for row in rows],
        )
        namesakes = self._find_namesakes()
        first_rows = {}
        for row in rows:
            if row.is_refused:
                continue
            plan = known.get(self._get_plan_xmlid(wizard, row))
            if plan:
                row.data["plan"] = plan
                self._compare(row, plan)
                continue
            plans = namesakes[normalize(row.name)]
            if len(plans) > 1:
                row.refuse(self.env._("Several plans have this name. Rename them."))
            elif plans:
                row.data["plan"] = plans
                self._compare(row, plans)
                row.status = "update"
                row.notes.insert(0, self.env._("On file by its name: joined to it."))
            elif normalize(row.name) in first_rows:
                row.refuse(
                    self.env._(
                        "Row %s has a plan of this name too.",
                        first_rows[normalize(row.name)].number,
                    )
                )
            else:
                first_rows[normalize(row.name)] = row

    def _find_namesakes(self):
        namesakes = defaultdict(self.env["sale.subscription.template"].browse)
        for plan in self.env["sale.subscription.template"].search(
            [("name", "!=", False)]
        ):
            namesakes[normalize(plan.name)] |= plan
        return namesakes

    def _check_row(self, wizard, row):
        row.name = row.text("name")
        self._require(row, "id", "name", "price", "period")
        price = self._read_number(wizard, row, "price")
        if price is not None and price < 0:
            row.refuse(self.env._("Price: it is below zero."))
        period = next(
            (
                period
                for period, words in PERIODS.items()
                if normalize(row.cells.get("period")) in words
            ),
            None,
        )
        if not period and row.text("period"):
            row.refuse(
                self.env._(
                    'Period: "%s" is none of day, week, month, year.',
                    row.text("period"),
                )
            )
        every = self._read_count(wizard, row, "every")
        count = self._read_count(wizard, row, "count")
        row.data.update(
            price=price,
            vals={
                "name": row.name,
                "code": row.text("code"),
                "description": row.text("description"),
                "recurring_rule_type": period,
                "recurring_interval": every or 1,
                "recurring_rule_boundary": "limited" if count else "unlimited",
                "recurring_rule_count": count or 1,
            },
        )
        if price is not None and period:
            labels = dict(
                self.env["sale.subscription.template"]
                ._fields["recurring_rule_type"]
                ._description_selection(self.env)
            )
            row.detail = self.env._(
                "%(price)s every %(every)s %(period)s",
                price=wizard.company_id.currency_id.format(price),
                every=every or 1,
                period=labels[period],
            )

    def _read_count(self, wizard, row, column):
        number = self._read_number(wizard, row, column)
        if number is not None and (number < 1 or not number.is_integer()):
            row.refuse(
                self.env._(
                    "%s: it must be a whole number from 1.", self._get_label(column)
                )
            )
            return None
        return int(number) if number is not None else None

    def _compare(self, row, plan):
        """Say what the file adds to a plan on file. It never overwrites."""
        row.status = "there" if plan.product_ids else "update"
        if not plan.product_ids:
            row.note(self.env._("Adds the product that sells it."))
        product = plan.product_ids[:1]
        price, vals = row.data["price"], row.data["vals"]
        is_other_price = product and product.currency_id.compare_amounts(
            product.list_price, price
        )
        if is_other_price or any(
            plan[name] != vals[name]
            for name in ("name", "recurring_rule_type", "recurring_interval")
        ):
            row.note(self.env._("Name, price or period differ: they stay as here."))

    # === BUSINESS METHODS: WRITE === #

    def _run(self, wizard, rows):
        """Override to create the plans that are new, each with its product.

        The manager completes what the file does not say: benefits, discounts, terms.
        """
        Plan = self.env["sale.subscription.template"]
        new_rows = [row for row in rows if row.status == "new"]
        plans = Plan.create([self._prepare_plan_vals(wizard, row) for row in new_rows])
        for row, plan in zip(new_rows, plans, strict=True):
            row.data["plan"] = plan
        touched = [row for row in rows if row.status in ("new", "update")]
        self.env["product.template"].create(
            [
                self._prepare_product_vals(wizard, row)
                for row in touched
                if not row.data["plan"].product_ids
            ]
        )
        names = [self._get_plan_xmlid(wizard, row) for row in touched]
        known = self._find_known("sale.subscription.template", names)
        self._remember(
            {
                name: row.data["plan"]
                for name, row in zip(names, touched, strict=True)
                if name not in known
            }
        )

    def _prepare_plan_vals(self, wizard, row):
        """Return a plan of the clinic, whose product is made with it."""
        return {
            **row.data["vals"],
            "is_plan": True,
            "price": row.data["price"],
            "company_id": self._get_company_id(wizard),
        }

    def _prepare_product_vals(self, wizard, row):
        """Return the product of a template on file that nothing sells yet."""
        return {
            "name": row.name,
            "type": "service",
            "list_price": row.data["price"],
            "subscribable": True,
            "subscription_template_id": row.data["plan"].id,
            "company_id": self._get_company_id(wizard),
        }

    def _get_company_id(self, wizard):
        """Return whose the plan is: everybody's, where there is one clinic."""
        return wizard.company_id.id if len(self.env.user.company_ids) > 1 else False

    # === TOOLS === #

    def _get_plan_xmlid(self, wizard, row):
        return self._get_xmlid(wizard, "medspa_plan", row.external_id)
