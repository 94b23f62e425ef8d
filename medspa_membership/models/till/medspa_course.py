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

    # === ACTION METHODS === #

    def action_view_sale_order(self):
        """Open the order that sold the course. Note: `self.ensure_one()`."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.sale_order_id.id,
            "views": [(False, "form")],
        }

    # === BUSINESS METHODS === #

    def _create_swap_order(self, credit, sessions, difference):
        """Return an order over the difference in price of a swap.

        :param credit: what the swap gave; cancelling the order takes it back
        """
        self.ensure_one()
        treatment = credit.treatment_id
        taxes = treatment.taxes_id._filter_taxes_by_company(self.company_id)
        order = self.env["sale.order"].create(
            {
                "partner_id": self.partner_id.id,
                "company_id": self.company_id.id,
                "origin": self.name,
            }
        )
        difference = self.company_currency_id._convert(
            difference, order.currency_id, self.company_id, order.date_order
        )
        # One line over all of it: a price of each would not add up to the cent.
        order.order_line = [
            Command.create(
                {
                    "product_id": treatment.product_variant_id.id,
                    "name": self.env._(
                        "Swap of %(quantity)s to %(treatment)s, difference in price",
                        quantity=f"{sessions:g}",
                        treatment=treatment.name,
                    ),
                    "product_uom_qty": 1,
                    "price_unit": get_price_unit(taxes, difference),
                }
            )
        ]
        credit.sudo().course_line_id.swap_sale_line_id = order.order_line
        return order

    def _notify_active(self):
        """Override to give patients a login before they are told to book."""
        for course in self.filtered("sale_order_id"):
            # The letter of the course carries the way in.
            course.partner_id._create_portal_users(course.company_id)
        return super()._notify_active()

    def _get_welcome_url(self):
        """Return where the buyer goes from the confirmation page of the shop.

        Note: `self.ensure_one()`, called with the order of the visitor's own session
        """
        self.ensure_one()
        # Visitors may not read what they bought; whose session it is decides.
        order = self.sudo().sale_order_id.with_env(self.env)
        return order._get_welcome_url(self.sudo().partner_id, f"/my/courses/{self.id}")


class MedspaCourseLine(models.Model):
    _inherit = "medspa.course.line"

    swap_sale_line_id = fields.Many2one(
        "sale.order.line",
        "Difference of the swap",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The order line that charges the difference in price of a swap.",
    )
