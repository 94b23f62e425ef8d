# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError


class MedspaDiscountSet(models.Model):
    """The discounts of a plan as they were sold: never changed, only followed.

    A membership points to the set of its day. Equal discounts are one set, so that ten
    thousand members of a plan share a handful of rows, and the price lists made from
    them.
    """

    _name = "medspa.discount.set"
    _inherit = "medspa.guarded"
    _description = "Member discounts as sold"
    _order = "id desc"

    signature = fields.Char(
        required=True, readonly=True, help="What it says, in short."
    )
    stacks_with_promotions = fields.Boolean("On top of promotions", readonly=True)
    line_ids = fields.One2many(
        "medspa.discount.line", "set_id", "Discounts", readonly=True
    )

    _signature_uniq = models.UniqueIndex(
        "(signature)", "These discounts are known already."
    )

    # === COMPUTE METHODS === #

    @api.depends("line_ids.display_name")
    def _compute_display_name(self):
        for discounts in self:
            discounts.display_name = ", ".join(
                discounts.line_ids.mapped("display_name")
            )

    # === CRUD METHODS === #

    def write(self, vals):
        """Override to keep what was sold as it was sold."""
        if vals:
            raise UserError(
                self.env._("Discounts as sold stay as they are: change the plan's.")
            )
        return super().write(vals)

    # === BUSINESS METHODS === #

    @api.model
    def _get_or_create(self, discounts, stacks):
        """Return the set that says what discounts of a plan say, one for each content.

        :param discounts: `medspa.plan.discount` of one plan
        :param bool stacks: whether they come on top of promotions
        """
        if not discounts:
            return self
        known_sudo = self._find(discounts, stacks)
        return known_sudo or self.sudo().create(
            {
                "signature": discounts._get_signature(stacks),
                "stacks_with_promotions": stacks,
                "line_ids": [
                    fields.Command.create(
                        {
                            "applied_on": discount.applied_on,
                            "product_tmpl_id": discount.product_tmpl_id.id,
                            "categ_id": discount.categ_id.id,
                            "percent": discount.percent,
                        }
                    )
                    for discount in discounts
                ],
            }
        )

    @api.model
    def _find(self, discounts, stacks):
        """Return the set that says what discounts say, empty where there is none."""
        if not discounts:
            return self.sudo()
        signature = discounts._get_signature(stacks)
        return self.sudo().search([("signature", "=", signature)], limit=1)

    def _get_percent(self, product=None, categ=None):
        """Return the discount of the set on a product, or on a category by itself.

        The narrowest row of a set decides, as its plan says it; among several sets the
        caller takes the best. Note: `self.ensure_one()`
        """
        self.ensure_one()
        rows = self.line_ids
        if product:
            own = rows.filtered(lambda row: row.product_tmpl_id == product)
            if own:
                return own[:1].percent
            categ = product.categ_id
        path = [int(part) for part in (categ.parent_path or "").split("/") if part]
        by_categ = {
            row.categ_id.id: row.percent for row in rows if row.applied_on == "category"
        }
        for categ_id in reversed(path):
            if categ_id in by_categ:
                return by_categ[categ_id]
        return sum(rows.filtered(lambda row: row.applied_on == "all").mapped("percent"))


class MedspaDiscountLine(models.Model):
    """One discount of a set: on a treatment, a category or everything."""

    _name = "medspa.discount.line"
    _inherit = "medspa.guarded"
    _description = "Member discount as sold"
    _order = "applied_on desc, id"

    set_id = fields.Many2one(
        "medspa.discount.set", required=True, index=True, ondelete="cascade"
    )
    applied_on = fields.Selection(
        [("all", "Everything"), ("category", "Category"), ("product", "Product")],
        required=True,
    )
    product_tmpl_id = fields.Many2one(
        "product.template", index="btree_not_null", ondelete="cascade"
    )
    categ_id = fields.Many2one(
        "product.category", index="btree_not_null", ondelete="cascade"
    )
    percent = fields.Float(required=True)

    @api.depends("applied_on", "product_tmpl_id", "categ_id", "percent")
    def _compute_display_name(self):
        for line in self:
            target = line.product_tmpl_id or line.categ_id
            line.display_name = self.env._(
                "%(percent)s %% off %(what)s",
                percent=f"{line.percent:g}",
                what=target.name or self.env._("everything"),
            )
