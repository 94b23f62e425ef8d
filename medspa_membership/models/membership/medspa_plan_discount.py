# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import ValidationError


class MedspaPlanDiscount(models.Model):
    """A discount that members of a plan get: on a treatment, a category or all."""

    _name = "medspa.plan.discount"
    _description = "Member discount"
    _order = "sequence, id"

    template_id = fields.Many2one(
        "sale.subscription.template",
        "Plan",
        required=True,
        index=True,
        ondelete="cascade",
    )
    sequence = fields.Integer(default=10)
    applied_on = fields.Selection(
        [
            ("all", "Everything"),
            ("category", "A product category"),
            ("product", "One treatment or product"),
        ],
        "On",
        default="all",
        required=True,
    )
    product_tmpl_id = fields.Many2one(
        "product.template",
        "Treatment or product",
        domain="[('sale_ok', '=', True)]",
        ondelete="cascade",
    )
    categ_id = fields.Many2one("product.category", "Category", ondelete="cascade")
    percent = fields.Float("Discount", required=True, help="In percent.")

    _percent_in_range = models.Constraint(
        "CHECK (percent > 0 AND percent <= 100)",
        "A discount is more than zero and at most 100 percent.",
    )
    _discount_target_named = models.Constraint(
        "CHECK ((applied_on <> 'product' OR product_tmpl_id IS NOT NULL)"
        " AND (applied_on <> 'category' OR categ_id IS NOT NULL))",
        "Say which treatment or category is reduced.",
    )
    _discount_once_all = models.UniqueIndex(
        "(template_id) WHERE applied_on = 'all'",
        "A plan has one discount on everything.",
    )
    _discount_once_category = models.UniqueIndex(
        "(template_id, categ_id) WHERE applied_on = 'category'",
        "A plan has one discount on a category.",
    )
    _discount_once_product = models.UniqueIndex(
        "(template_id, product_tmpl_id) WHERE applied_on = 'product'",
        "A plan has one discount on a treatment.",
    )

    # === COMPUTE METHODS === #

    @api.depends("applied_on", "product_tmpl_id", "categ_id", "percent")
    def _compute_display_name(self):
        for discount in self:
            discount.display_name = self.env._(
                "%(percent)s %% off %(what)s",
                percent=f"{discount.percent:g}",
                what=discount._get_target_name(),
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("applied_on", "product_tmpl_id")
    def _check_no_plan_is_reduced(self):
        for discount in self:
            if discount.product_tmpl_id.service_tracking == "medspa_plan":
                raise ValidationError(
                    self.env._("A plan is not reduced by another: choose a treatment.")
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        discounts = super().create(vals_list)
        discounts.template_id._on_discounts_changed()
        return discounts

    def write(self, vals):
        res = super().write(vals)
        self.template_id._on_discounts_changed()
        return res

    def unlink(self):
        plans = self.template_id
        res = super().unlink()
        plans.exists()._on_discounts_changed()
        return res

    # === BUSINESS METHODS === #

    def _get_target_name(self):
        self.ensure_one()
        if self.applied_on == "product":
            return self.product_tmpl_id.name or ""
        if self.applied_on == "category":
            return self.categ_id.name or ""
        return self.env._("everything")

    def _get_signature(self, stacks):
        """Return in one string what the discounts say, whatever their order."""
        rows = sorted(
            f"{discount.applied_on}:"
            f"{(discount.product_tmpl_id or discount.categ_id).id or 0}:"
            f"{discount.percent:g}"
            for discount in self
        )
        return "|".join([f"stacks:{stacks:d}", *rows])
