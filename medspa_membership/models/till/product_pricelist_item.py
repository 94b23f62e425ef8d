# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models, tools


class ProductPricelistItem(models.Model):
    _inherit = "product.pricelist.item"

    is_promotion = fields.Boolean(
        "Promotion",
        compute="_compute_is_promotion",
        store=True,
        readonly=False,
        precompute=True,
        help="Members do not get their discount on top of it, unless their plan says "
        "so: they pay the lower of the two prices. Otherwise it is a regular price, "
        "and the discount comes off it.",
    )
    is_member_rule = fields.Boolean("Of members", readonly=True, copy=False)
    promotion_percent = fields.Float(
        "Discount on promotions",
        readonly=True,
        copy=False,
        help="What the plans that come on top of promotions give there.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "date_start",
        "date_end",
        "compute_price",
        "percent_price",
        "price_discount",
        "base",
        "min_quantity",
    )
    def _compute_is_promotion(self):
        """Take a rule for a promotion when it is for a time, or a plain discount.

        Prices that a pricelist states, say those of another currency, and quantity
        breaks are the clinic's regular prices. The manager may say otherwise.
        """
        for rule in self:
            is_discount = (
                rule.compute_price == "percentage" and rule.percent_price > 0
            ) or (
                rule.compute_price == "formula"
                and rule.base != "standard_price"
                and rule.price_discount > 0
            )
            rule.is_promotion = not rule.is_member_rule and bool(
                rule.date_start
                or rule.date_end
                or (is_discount and rule.min_quantity <= 1)
            )

    # === BUSINESS METHODS === #

    def _is_promotion_price(self, product, quantity, date):
        """Tell whether the price of a product by this rule comes from a promotion.

        Its own, or that of a pricelist it is based on.
        """
        rule, seen = self, set()
        while rule and rule.id not in seen:
            if rule.is_promotion:
                return True
            if rule.base != "pricelist" or rule.compute_price == "fixed":
                return False
            seen.add(rule.id)
            rule = self.browse(
                rule.base_pricelist_id._get_product_rule(product, quantity, date=date)
            )
        return False

    def _compute_price(self, product, quantity, uom, date, currency=None, **kwargs):
        """Override of `product`: the members' pricelist knows its price itself."""
        if self and self.is_member_rule:
            return self.pricelist_id._get_product_price(
                product, quantity, uom=uom, date=date, currency=currency, **kwargs
            )
        return super()._compute_price(
            product, quantity, uom, date, currency=currency, **kwargs
        )

    def _show_discount(self):
        """Override of `sale`: a member price is a price, no percentage of a line.

        A percentage rounds a line, a price rounds its unit: what the shop shows for one
        and the point of sale charges must be what an order comes to.
        """
        if self and self.is_member_rule:
            return False
        return super()._show_discount()


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def write(self, vals):
        """Override: another category may be another discount of several plans."""
        res = super().write(vals)
        if "categ_id" in vals:
            self.env["product.category"]._write_member_rules_again()
        return res

    def _can_be_reduced_for_members(self):
        """Tell whether member discounts may apply: not to what is money or a plan.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        return (
            self.service_tracking != "medspa_plan"
            and self.id not in self._get_unreduced_template_ids()
        )

    @api.model
    def _get_unreduced_template_ids(self):
        """Return the ids of products that are not reduced for members, beside plans.

        A seam: what is sold as money joins the joining fee here. Asked for each price:
        what it reads is cached.
        """
        fee_id = self._get_joining_fee_template_id()
        return frozenset([fee_id] if fee_id else [])

    @api.model
    @tools.ormcache()
    def _get_joining_fee_template_id(self):
        fee = self.env.ref(
            "medspa_membership.product_joining_fee", raise_if_not_found=False
        )
        return fee.sudo().product_tmpl_id.id if fee else False


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _can_be_reduced_for_members(self):
        return self.product_tmpl_id._can_be_reduced_for_members()


class ProductCategory(models.Model):
    _inherit = "product.category"

    def write(self, vals):
        """Override: under another parent other discounts may be the best."""
        res = super().write(vals)
        if "parent_id" in vals:
            self._write_member_rules_again()
        return res

    @api.model
    def _write_member_rules_again(self):
        """Weigh the discounts of several plans anew; those of one need no weighing."""
        versions = self.env["product.pricelist"].sudo().with_context(active_test=False)
        versions.search([("member_key", "like", "-")])._write_member_rules()
