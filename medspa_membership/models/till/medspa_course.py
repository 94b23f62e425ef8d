# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command, fields, models

from .tax import get_price_unit


class MedspaCourse(models.Model):
    _inherit = "medspa.course"

    sale_line_id = fields.Many2one(
        "sale.order.line", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    sale_order_id = fields.Many2one(
        related="sale_line_id.order_id", store=True, index="btree_not_null"
    )
    sale_position = fields.Integer(
        readonly=True, help="Which of the courses of its order line it is."
    )

    _sold_once = models.UniqueIndex(
        "(sale_line_id, sale_position) WHERE sale_line_id IS NOT NULL",
        "This line of the order has made its course already.",
    )

    def _create_swap_order(self, treatment, sessions, difference):
        """Return an order over the difference in price of a swap."""
        self.ensure_one()
        taxes = treatment.taxes_id._filter_taxes_by_company(self.company_id)
        return self.env["sale.order"].create(
            {
                "partner_id": self.partner_id.id,
                "company_id": self.company_id.id,
                "origin": self.name,
                "order_line": [
                    Command.create(
                        {
                            "product_id": treatment.product_variant_id.id,
                            "name": self.env._(
                                "Swap to %(treatment)s, difference in price",
                                treatment=treatment.name,
                            ),
                            "product_uom_qty": sessions,
                            "price_unit": get_price_unit(taxes, difference / sessions),
                        }
                    )
                ],
            }
        )

    def action_view_sale_order(self):
        """Open the order that sold the course. Note: `self.ensure_one()`."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.sale_order_id.id,
            "views": [(False, "form")],
        }
