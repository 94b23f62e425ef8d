# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from itertools import combinations

from odoo import api, fields, models, tools
from odoo.fields import Command
from odoo.tools import SQL

# A patient in more plans than this at once gets the prices of all of them together, and
# nobody needs every combination of them ready beforehand.
MAX_PLANS_COMBINED = 4


class ProductPricelist(models.Model):
    """Member prices: a pricelist made for each pricelist of the clinic and discounts.

    The lookup of a patient's pricelist, which every till asks, answers with the
    members' version of the one it finds while a membership gives that right, and only
    then. A pricelist (and no discount at one of the tills) because orders, shop,
    portal, payment links and point of sale all price by it; one for each pricelist
    below because currency, quantity breaks and availability stay those of the
    clinic's own.

    Members' pricelists are archived: no search, list or default offers them, so a
    stranger cannot come by one. Only the lookup names them.
    """

    _inherit = "product.pricelist"

    member_base_id = fields.Many2one(
        "product.pricelist",
        "Members' version of",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="cascade",
    )
    member_set_ids = fields.Many2many(
        "medspa.discount.set",
        string="Member discounts",
        readonly=True,
        copy=False,
        groups="medspa_membership.group_medspa_user",
    )
    member_key = fields.Char(
        readonly=True,
        copy=False,
        help="The discounts it applies; empty: no members' pricelist.",
    )

    _member_version_once = models.UniqueIndex(
        "(COALESCE(member_base_id, 0), COALESCE(company_id, 0), member_key)"
        " WHERE member_key IS NOT NULL",
        "These discounts have their version of the pricelist already.",
    )
    _member_version_hidden = models.Constraint(
        "CHECK (member_key IS NULL OR active IS NOT TRUE)",
        "A members' pricelist is chosen by the lookup alone: it stays archived.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to make the members' versions of new pricelists."""
        pricelists = super().create(vals_list)
        own = pricelists.filtered(lambda pricelist: not pricelist.member_key)
        own._make_member_versions()
        return pricelists

    def write(self, vals):
        """Override to let the members' versions follow their pricelist."""
        res = super().write(vals)
        followed = {"currency_id", "company_id", "website_id"} & vals.keys()
        if followed or vals.get("active"):
            own = self.filtered(lambda pricelist: not pricelist.member_key)
            own._make_member_versions()
            for version in own._get_member_versions() if followed else ():
                version.write(version.member_base_id._prepare_version_vals())
        return res

    def unlink(self):
        """Override: the members' versions, which are based on it, go first."""
        versions = self._get_member_versions() - self
        if versions:
            versions.unlink()
        return super().unlink()

    # === BUSINESS METHODS: LOOKUP === #

    @api.model
    def _get_partner_pricelist_multi(self, partner_ids):
        """Override of `product` to answer with the members' version for members.

        One query more, for all partners together.
        """
        found = super()._get_partner_pricelist_multi(partner_ids)
        if not self.env["res.groups"]._is_feature_enabled(
            "product.group_product_pricelist"
        ):
            return found
        partners = self.env["res.partner"].browse(partner_ids)
        for partner_id, discounts in partners._get_member_discounts().items():
            pricelist = found.get(partner_id) or self.browse()
            found[partner_id] = pricelist._get_version_for(discounts)
        return found

    def _for_patient(self, partner):
        """Return the version of the pricelist that a patient pays by now.

        :param partner: the patient, or nobody
        :return: the members' version, or the pricelist that it is a version of
        """
        base = self.member_base_id if self.sudo().member_key else self
        if not self.env["res.groups"]._is_feature_enabled(
            "product.group_product_pricelist"
        ):
            return base
        discounts = partner._get_member_discounts().get(partner.id)
        return base._get_version_for(discounts) if discounts else base

    def _get_version_for(self, discounts):
        """Return the version of the pricelist with these discounts.

        :param discounts: `medspa.discount.set`, not empty
        """
        company = self.env.company
        key = discounts._get_version_key()
        version_id = self._get_version_id(self.id, company.id, key)
        if version_id:
            return self.browse(version_id)
        if self.env.cr.readonly:
            # Made by the next request that may write.
            return self
        return self._make_version(discounts, company).with_env(self.env)

    @api.model
    @tools.ormcache("base_id", "company_id", "key")
    def _get_version_id(self, base_id, company_id, key):
        """Return the id of a members' version. Creating one clears the cache."""
        versions = self.sudo().with_context(active_test=False)
        domain = [("member_base_id", "=", base_id), ("member_key", "=", key)]
        if not base_id:
            domain.append(("company_id", "=", company_id))
        return versions.search(domain, limit=1).id

    # === BUSINESS METHODS: VERSIONS === #

    def _get_member_versions(self):
        """Return the members' versions of these pricelists."""
        return (
            self.sudo()
            .with_context(active_test=False)
            .search([("member_base_id", "in", self.ids)])
        )

    def _make_version(self, discounts, company):
        """Make the version of a pricelist, or of none, with these discounts."""
        version = (
            self.sudo()
            .with_context(default_company_id=company.id, tracking_disable=True)
            .create(
                {
                    **self._prepare_version_vals(company),
                    "active": False,
                    "member_base_id": self.id,
                    "member_set_ids": [Command.set(discounts.ids)],
                    "member_key": discounts._get_version_key(),
                }
            )
        )
        version._write_member_rules()
        return version

    def _prepare_version_vals(self, company=None):
        """Return what a members' version takes from its pricelist, or from none."""
        base_sudo = self.sudo()
        name = base_sudo.name or self.env._("Price")
        return {
            "name": self.env._("%s (member price)", name),
            "currency_id": (base_sudo or company).currency_id.id,
            "company_id": base_sudo.company_id.id if base_sudo else company.id,
            "website_id": base_sudo.website_id.id,
            "sequence": 10_000,
        }

    def _make_member_versions(self):
        """Make what is missing: these pricelists with the discounts in use anywhere.

        A request that may only read cannot make one: they are there beforehand.
        """
        Discounts_sudo = self.env["medspa.discount.set"].sudo()
        for company, used in Discounts_sudo._get_combinations_in_use().items():
            bases = self.filtered(lambda p, c=company: p.company_id.id in (False, c.id))
            for base in bases.filtered("active"):
                base._make_versions_for(used, company)

    def _make_versions_for(self, combinations_used, company):
        """Make the missing versions of one pricelist. Note: `self.ensure_one()`."""
        for discounts in combinations_used:
            key = discounts._get_version_key()
            if not self._get_version_id(self.id, company.id, key):
                self._make_version(discounts, company)

    def _write_member_rules(self):
        """Write the rules of members' versions: the best discount for each target.

        One row for each product and category that any plan names, each with the best
        that the plans give there: the narrowest rule, which core and the point of sale
        take, is then the best one too. The last rule passes the price on unreduced.
        """
        for version in self.sudo():
            vals_list = version.member_set_ids._prepare_member_rules()
            for vals in vals_list:
                vals["base"] = "pricelist" if version.member_base_id else "list_price"
                vals["base_pricelist_id"] = version.member_base_id.id
            version.item_ids.unlink()
            version.item_ids = [Command.create(vals) for vals in vals_list]
        self.env.registry.clear_cache()

    # === BUSINESS METHODS: PRICE === #

    def _get_applicable_rules_domain(self, products, date, **kwargs):
        """Override of `product`: `without_promotions` asks for the regular price."""
        domain = super()._get_applicable_rules_domain(products, date, **kwargs)
        if kwargs.get("without_promotions"):
            return [*domain, ("is_promotion", "=", False)]
        return domain

    def _compute_price_rule(
        self,
        products,
        quantity,
        *,
        currency=None,
        uom=None,
        date=False,
        compute_price=True,
        **kwargs,
    ):
        """Override of `product` to take the members' discount off the price below.

        The price below is asked for once for all products. The result is a price in the
        rounding of its currency, not a percentage: what a screen shows for one is what
        any quantity is charged at, at every till.
        """
        if not self.member_key:
            return super()._compute_price_rule(
                products,
                quantity,
                currency=currency,
                uom=uom,
                date=date,
                compute_price=compute_price,
                **kwargs,
            )
        picked = {product: self._pick_member_rule(product) for product in products}
        if not compute_price:
            return {product.id: (0.0, rule[0]) for product, rule in picked.items()}
        date = date or fields.Datetime.now()

        def price_below(of, **options):
            return super(ProductPricelist, self.member_base_id)._compute_price_rule(
                of,
                quantity,
                currency=self.currency_id,
                uom=uom,
                date=date,
                **{**kwargs, **options},
            )

        below = price_below(products)
        rules = self.env["product.pricelist.item"].browse(
            {rule_id for _price, rule_id in below.values() if rule_id}
        )
        promoted = products.filtered(
            lambda p: (
                picked[p][1]
                and rules.browse(below[p.id][1])._is_promotion_price(p, quantity, date)
            )
        )
        regular = price_below(promoted, without_promotions=True) if promoted else {}
        results = {}
        for product, (rule_id, percent, promotion_percent) in picked.items():
            price = below[product.id][0]
            if product in promoted:
                reduced = regular[product.id][0] * (1 - percent / 100)
                price = min(price * (1 - promotion_percent / 100), reduced)
            else:
                price *= 1 - percent / 100
            results[product.id] = (self._finish_price(price, currency, date), rule_id)
        return results

    def _finish_price(self, price, currency, date):
        """Return a price of the pricelist in the currency asked for, rounded in it."""
        currency = currency or self.currency_id
        if currency != self.currency_id:
            price = self.currency_id._convert(
                price, currency, self.env.company, date, round=False
            )
        return currency.round(price)

    def _pick_member_rule(self, product):
        """Return the rule of a product: its id, its percent, and that on promotions."""
        rules, passing = self._get_member_rules()
        if not product._can_be_reduced_for_members():
            return passing
        template = product.product_tmpl_id if "product_tmpl_id" in product else product
        found = rules.get(("1_product", template.id))
        if not found and any(on == "2_product_category" for on, _id in rules):
            path = (product.categ_id.parent_path or "").split("/")
            for categ_id in reversed([int(part) for part in path if part]):
                found = found or rules.get(("2_product_category", categ_id))
        return found or rules.get(("3_global", False)) or passing

    @tools.ormcache("self.id")
    def _get_member_rules(self):
        """Return the rules of a members' pricelist by target, and the one that passes.

        Note: `self.ensure_one()`
        """
        rules, passing = {}, (False, 0.0, 0.0)
        for rule in self.sudo().item_ids:
            values = (rule.id, rule.percent_price, rule.promotion_percent)
            if not rule.percent_price:
                passing = values
                continue
            target = rule.product_tmpl_id or rule.categ_id
            rules[rule.applied_on, target.id] = values
        return rules, passing

    # === BUSINESS METHODS: SHOP === #

    def _get_partner_pricelist_multi_search_domain_hook(self, company_id):
        """Override: a members' version is nobody's default, archived or not."""
        domain = super()._get_partner_pricelist_multi_search_domain_hook(company_id)
        return [*domain, ("member_key", "=", False)]

    def _is_available_on_website(self, website):
        """Override of `website_sale`: as available as the pricelist below.

        That it is the visitor's is decided by each request, see `website`.
        """
        self.ensure_one()
        if not self.sudo().member_key:
            return super()._is_available_on_website(website)
        if not self.member_base_id:
            return self.company_id == website.company_id
        return self.member_base_id._is_available_on_website(website)

    def _is_available_in_country(self, country_code):
        """Override of `website_sale`: as available as the pricelist below."""
        if self.member_base_id:
            return self.member_base_id._is_available_in_country(country_code)
        return super()._is_available_in_country(country_code)


class MedspaDiscountSet(models.Model):
    _inherit = "medspa.discount.set"

    def _get_version_key(self):
        """Return what names a combination of discounts in members' pricelists."""
        return "-".join(str(set_id) for set_id in sorted(self.ids))

    def _prepare_member_rules(self):
        """Return the rules of a members' pricelist, without their base."""
        stacking = self.filtered("stacks_with_promotions")

        def rule(applied_on, product=None, categ=None):
            target = {"product": product, "categ": categ}
            return {
                "compute_price": "percentage",
                "applied_on": applied_on,
                "product_tmpl_id": product.id if product else False,
                "categ_id": categ.id if categ else False,
                "is_member_rule": True,
                "is_promotion": False,
                "percent_price": max(s._get_percent(**target) for s in self),
                "promotion_percent": max(
                    (s._get_percent(**target) for s in stacking), default=0.0
                ),
            }

        rows = self.line_ids
        vals_list = [rule("1_product", product=p) for p in rows.product_tmpl_id]
        vals_list += [rule("2_product_category", categ=c) for c in rows.categ_id]
        nothing = self.env["product.category"]
        if rows.filtered(lambda row: row.applied_on == "all"):
            vals_list.append(rule("3_global", categ=nothing))
        passing = {"percent_price": 0.0, "promotion_percent": 0.0}
        # The oldest rule of all: asked last.
        return [{**rule("3_global", categ=nothing), **passing}, *vals_list]

    @api.model
    def _get_combinations_in_use(self):
        """Return the discounts that patients have together, and those on sale.

        :return: dict of lists of `medspa.discount.set` by company
        """
        self.env["sale.subscription"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT company_id, array_agg(DISTINCT discount_set_id)
                  FROM sale_subscription
                 WHERE discount_set_id IS NOT NULL
                   AND membership_state NOT IN ('pending', 'ended')
                 GROUP BY company_id, partner_id
                """
            )
        )
        used = {}
        for company_id, set_ids in self.env.cr.fetchall():
            company = self.env["res.company"].browse(company_id)
            used.setdefault(company, set()).update(self._get_subsets(set_ids))
        for plan in self.env["sale.subscription.template"].search(
            [("is_plan", "=", True), ("discount_ids", "!=", False)]
        ):
            on_sale = (plan._get_discount_set().id,)
            companies = plan.company_id or self.env["res.company"].search(
                [("active", "=", True)]
            )
            for company in companies:
                used.setdefault(company, set()).add(on_sale)
        return {
            company: [self.browse(set_ids) for set_ids in sorted(combined)]
            for company, combined in used.items()
        }

    @api.model
    def _get_subsets(self, set_ids):
        """Return what may be left of memberships of which some give no rights."""
        set_ids = sorted(set_ids)
        if len(set_ids) > MAX_PLANS_COMBINED:
            return [tuple(set_ids), *((set_id,) for set_id in set_ids)]
        return [
            subset
            for size in range(1, len(set_ids) + 1)
            for subset in combinations(set_ids, size)
        ]


class SaleSubscriptionTemplate(models.Model):
    _inherit = "sale.subscription.template"

    def _on_discounts_changed(self):
        """Override to have the prices ready that the plans give from now on."""
        res = super()._on_discounts_changed()
        plans = self.filtered(lambda plan: plan.is_plan and plan.discount_ids)
        if plans:
            plans._switch_on_pricelists()
            pricelists = (
                self.env["product.pricelist"].sudo().search([("active", "=", True)])
            )
            pricelists._make_member_versions()
        return res

    def _switch_on_pricelists(self):
        """Switch the pricelists on: without them no till looks a price up.

        The plan says so where its discounts are entered.
        """
        # A manager of the clinic need not be an administrator to have member prices.
        users_sudo = self.env.ref("base.group_user").sudo()
        pricelists_sudo = self.env.ref("product.group_product_pricelist").sudo()
        if pricelists_sudo not in users_sudo.implied_ids:
            users_sudo._apply_group(pricelists_sudo)
            self.env["res.company"].sudo()._activate_or_create_pricelists()


class SaleSubscription(models.Model):
    _inherit = "sale.subscription"

    def _on_state_changed(self, previous):
        """Override: with its state a membership gains or loses its prices."""
        res = super()._on_state_changed(previous)
        self._on_member_rights_changed()
        return res

    def _on_member_rights_changed(self):
        """Override to have prices ready, and open orders follow."""
        res = super()._on_member_rights_changed()
        for company, memberships in self.sudo().grouped("company_id").items():
            holders = memberships.partner_id.union(
                *(membership._get_holders() for membership in memberships)
            )
            holders._make_member_pricelists(company)
            self.env["sale.order"].sudo()._follow_member_rights(holders, company)
        return res
