# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_date


class MedspaVisitProduct(models.Model):
    """A product that a visit used up: what, from which lot, how much, at what cost."""

    _name = "medspa.visit.product"
    _inherit = "medspa.visit.part"
    _description = "Product used in a visit"
    _order = "id"

    visit_id = fields.Many2one(
        "medspa.visit", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="visit_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    product_id = fields.Many2one(
        "product.product",
        required=True,
        domain="[('type', '=', 'consu')]",
        ondelete="restrict",
    )
    lot_name = fields.Char("Lot", help="As printed on the package.")
    expiration_date = fields.Date("Best before")
    quantity = fields.Float(default=1.0, required=True)
    uom_id = fields.Many2one(related="product_id.uom_id")
    unit_cost = fields.Monetary(
        compute="_compute_unit_cost", store=True, readonly=False, precompute=True
    )
    cost = fields.Monetary(compute="_compute_cost", store=True)

    _quantity_positive = models.Constraint(
        "CHECK (quantity > 0)", "A visit uses more than nothing of a product."
    )

    @api.depends("product_id")
    def _compute_unit_cost(self):
        for line in self:
            product = line.product_id.with_company(line.visit_id.company_id)
            # Clinicians need no right to see prices: the cost is noted for them.
            line.unit_cost = product.sudo().standard_price

    @api.depends("quantity", "unit_cost")
    def _compute_cost(self):
        for line in self:
            line.cost = line.currency_id.round(line.quantity * line.unit_cost)

    @api.constrains("expiration_date", "visit_id")
    def _check_not_expired(self):
        """Keep an expired product out of the record, or have it corrected."""
        for line in self.filtered("expiration_date"):
            day = line.company_id._medspa_date(line.visit_id.visited_at)
            if line.expiration_date < day:
                raise ValidationError(
                    self.env._(
                        "%(product)s, lot %(lot)s, expired on %(date)s. Correct the "
                        "date or take another package.",
                        product=line.product_id.name,
                        lot=line.lot_name or "-",
                        date=format_date(self.env, line.expiration_date),
                    )
                )
