# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models
from odoo.fields import Domain
from odoo.http import request

# Periods in a year, by unit of a period: what a member saves is told over a year.
PERIODS_A_YEAR = {"days": 365, "weeks": 52, "months": 12, "years": 1}
# Codes of schema.org (UN/CEFACT) for the unit of a period.
UNIT_CODES = {"days": "DAY", "weeks": "WEE", "months": "MON", "years": "ANN"}


class SaleSubscriptionTemplate(models.Model):
    """What a visitor of the website compares before joining a plan."""

    _inherit = "sale.subscription.template"

    # === BUSINESS METHODS: MEMBERS === #

    def _find_membership(self, partner, company):
        """Return the running membership of a patient in the plan, if there is one."""
        return self.env["sale.subscription"]._find_joined(partner, company, self)

    # === BUSINESS METHODS: SHOP === #

    @api.model
    def _get_plans_on_sale(self, website):
        """Return the plans that the website sells, sudoed, in the order of the shop."""
        # Visitors may not read plans: the domain holds what is published.
        Product_sudo = self.env["product.template"].sudo()
        domain = Domain(website.sale_product_domain())
        domain &= Domain("service_tracking", "=", "medspa_plan")
        domain &= Domain("subscription_template_id.active", "=", True)
        products_sudo = Product_sudo.search(domain, order="website_sequence, id")
        return products_sudo.subscription_template_id.filtered("is_plan")

    def _get_shop_plans(self, website):
        """Return what visitors read of plans, at their own prices.

        Pricelist, currency, taxes and tax display are those of the shop. All plans are
        read together: the number of queries does not grow with them.

        Note: needs a request of the shop

        :return: list of dict, see `_prepare_shop_plan`
        """
        plans_sudo = self.sudo()
        treatments = plans_sudo.benefit_ids._get_treatments_covered()
        addons = plans_sudo.addon_product_ids.filtered("is_published")
        products = plans_sudo.product_tmpl_id | treatments | addons
        prices = products._get_sales_prices(website)
        units = request.pricelist._compute_price_rule(
            plans_sudo.product_tmpl_id, 1.0, currency=website.currency_id
        )
        return [
            plan_sudo._prepare_shop_plan(
                website,
                prices,
                addons,
                plan_sudo._get_shop_amounts(
                    website, units[plan_sudo.product_tmpl_id.id][0]
                ),
            )
            for plan_sudo in plans_sudo
        ]

    def _get_shop_amounts(self, website, unit_price):
        """Return what joining will charge this visitor, with tax.

        The cart, the agreement and the invoice say the same. Note: `ensure_one()`.

        :param float unit_price: of a period, by the pricelist of the shop
        :return: dict as `_get_list_amounts` returns it
        """
        self.ensure_one()
        # The day of the clinic is no secret; its calendar is not for visitors.
        company_sudo = website.company_id.sudo()
        currency = website.currency_id
        fee, trial = (
            self.currency_id._convert(
                amount, currency, company_sudo, company_sudo._medspa_date(), round=False
            )
            for amount in (self.joining_fee, self.trial_price)
        )
        first = trial if self.trial_days else unit_price
        shop = {"currency": currency, "fiscal_position": request.fiscal_position}
        return {
            "currency": currency,
            "price": self._get_payment(company_sudo, unit_price, **shop),
            "first": self._get_payment(company_sudo, first, fee, **shop),
            "trial": self._get_payment(company_sudo, trial, **shop),
        }

    def _prepare_shop_plan(self, website, prices, addons, amounts):
        """Return what a visitor reads of one plan. Note: `self.ensure_one()`.

        :param dict prices: of products as `_get_sales_prices` returns them
        :param addons: published products that members may buy on top
        :param dict amounts: of `_get_shop_amounts`
        """
        self.ensure_one()
        product = self.product_tmpl_id
        price = prices[product.id]["price_reduce"]
        joining_fee = self._get_shop_price(website, self.joining_fee)
        trial_price = self._get_shop_price(website, self.trial_price)
        worth = self.benefit_ids._get_worth_of_period(
            website, {id_: vals["price_reduce"] for id_, vals in prices.items()}
        )
        saving = (worth - price) * self._get_periods_a_year()
        compare = website.currency_id.compare_amounts
        return {
            "plan": self,
            "product": product,
            "price": price,
            "base_price": prices[product.id].get("base_price"),
            "period": self.period_label,
            "joining_fee": joining_fee,
            "trial_price": trial_price,
            "benefits": [
                {
                    "label": benefit._get_label(),
                    "when": benefit._get_frequency_label(),
                    "rollover": benefit._get_rollover_label(),
                }
                for benefit in self.benefit_ids
            ],
            "discounts": self.discount_ids.mapped("display_name"),
            "addons": [
                {
                    "name": addon.name,
                    "url": addon.website_url,
                    "price": prices[addon.id]["price_reduce"],
                }
                for addon in self.addon_product_ids & addons
            ],
            "worth": worth,
            "saving": saving,
            "has_saving": compare(saving, 0) > 0,
            # Where the shop shows prices without tax, what is charged stands beside.
            "price_with_tax": amounts["price"]
            if compare(amounts["price"], price)
            else None,
            "first_payment": amounts["first"]
            if compare(amounts["first"], amounts["price"])
            else None,
            "commitment": self._get_term_total(amounts["price"], amounts["first"]),
            "terms": self._get_leaving_terms(),
        }

    def _get_shop_price(self, website, amount):
        """Return an amount of the plan as the shop shows prices.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if not amount:
            return 0.0
        product = self.product_tmpl_id
        # The day of the clinic is no secret; its calendar is not for visitors.
        company_sudo = website.company_id.sudo()
        taxes = product.taxes_id._filter_taxes_by_company(company_sudo)
        currency = website.currency_id
        return product._apply_taxes_to_price(
            self.currency_id._convert(
                amount,
                currency,
                company_sudo,
                company_sudo._medspa_date(),
                round=False,
            ),
            currency,
            taxes,
            request.fiscal_position.map_tax(taxes),
            product,
            website=website,
        )

    def _get_periods_a_year(self):
        self.ensure_one()
        unit, length = next(iter(self._get_period_delta().items()))
        return PERIODS_A_YEAR[unit] / length

    def _get_leaving_terms(self):
        """Return how the plan is left, in plain sentences."""
        self.ensure_one()
        lines = []
        if self.recurring_rule_boundary == "limited":
            lines.append(
                self.env._(
                    "It ends by itself after %s payments.", self.recurring_rule_count
                )
            )
        if self.notice_days:
            lines.append(
                self.env._(
                    "Leave with %s days of notice, to the end of what is paid.",
                    self.notice_days,
                )
            )
        elif not self.minimum_periods:
            lines.append(self.env._("Leave to the end of any period."))
        if self.allows_pause:
            lines.append(
                self.env._("Pause it for up to %s days a year.", self.max_pause_days)
                if self.max_pause_days
                else self.env._("Pause it when you need to.")
            )
        if self.withdrawal_days:
            lines.append(
                self.env._("%s days to change your mind.", self.withdrawal_days)
            )
        if self.family_limit:
            lines.append(
                self.env._(
                    "Share it with %s of your family, at your prices.",
                    self.family_limit,
                )
                if self.family_has_rights
                else self.env._("Share it with %s of your family.", self.family_limit)
            )
        if self.waits_first:
            lines.append(self.env._("First to be offered a time that becomes free."))
        return lines

    @api.model
    def _get_plans_markup_data(self, website, rows):
        """Return the structured data (schema.org) of the plans on a page.

        :param list rows: of `_get_shop_plans`
        """
        base_url = website.get_base_url()
        return [
            {
                "@context": "https://schema.org/",
                "@type": "Product",
                "name": row["plan"].name,
                "url": f"{base_url}{row['product'].website_url}",
                "description": ", ".join(
                    [benefit["label"] for benefit in row["benefits"]] + row["discounts"]
                ),
                "offers": row["plan"]._prepare_offer_markup(website, row["price"]),
            }
            for row in rows
        ]

    def _prepare_offer_markup(self, website, price):
        """Return the offer (schema.org) of a plan. Note: `self.ensure_one()`."""
        self.ensure_one()
        unit, length = next(iter(self._get_period_delta().items()))
        amount = {
            "price": website.currency_id.round(price),
            "priceCurrency": website.currency_id.name,
        }
        return {
            "@type": "Offer",
            **amount,
            "availability": "https://schema.org/InStock",
            "url": f"{website.get_base_url()}/plans",
            "priceSpecification": {
                "@type": "UnitPriceSpecification",
                **amount,
                "referenceQuantity": {
                    "@type": "QuantitativeValue",
                    "value": length,
                    "unitCode": UNIT_CODES[unit],
                },
            },
        }


class MedspaPlanBenefit(models.Model):
    _inherit = "medspa.plan.benefit"

    def _get_treatments_covered(self):
        """Return the treatments whose price says what the benefits are worth."""
        return self.treatment_id | self.treatment_ids

    def _get_worth_of_period(self, website, prices):
        """Return what the benefits of each period cost when bought one by one.

        What depends on the choice of the patient (any of several) counts at the lowest
        price; a category has none: a saving is never promised too high.

        :param dict prices: by id of treatment
        """
        worth = 0.0
        company_sudo = website.company_id.sudo()
        for benefit in self.filtered(lambda b: b.frequency == "period"):
            if benefit.unit == "money":
                worth += benefit.currency_id._convert(
                    benefit.quantity,
                    website.currency_id,
                    company_sudo,
                    company_sudo._medspa_date(),
                    round=False,
                )
                continue
            covered = [
                prices[treatment.id]
                for treatment in benefit._get_treatments_covered()
                if treatment.id in prices
            ]
            worth += benefit.quantity * min(covered, default=0.0)
        return worth


class MedspaBenefit(models.AbstractModel):
    _inherit = "medspa.benefit"

    def _get_frequency_label(self):
        """Return how often a benefit comes, where it is not every period."""
        self.ensure_one()
        if self.frequency == "once":
            return self.env._("once, on joining")
        if self.frequency == "birthday":
            return self.env._("for your birthday")
        return ""
