# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class MedspaMembershipAddon(models.TransientModel):
    """Sells a member credits on top of the plan, charged to the card on file."""

    _name = "medspa.membership.addon"
    _inherit = "medspa.membership.wizard"
    _description = "Add-on of a plan"

    addon_ids = fields.Many2many(
        "product.template", related="membership_id.template_id.addon_product_ids"
    )
    product_tmpl_id = fields.Many2one(
        "product.template",
        "Add-on",
        required=True,
        domain="[('id', 'in', addon_ids)]",
    )
    quantity = fields.Integer(default=1, required=True)
    order_id = fields.Many2one("sale.order", readonly=True)
    token_id = fields.Many2one(
        related="membership_id.payment_token_id", string="Charged to"
    )
    price = fields.Monetary(compute="_compute_price")

    @api.depends("membership_id", "product_tmpl_id", "quantity")
    def _compute_price(self):
        for wizard in self:
            product = wizard.product_tmpl_id.product_variant_id
            pricelist = wizard.partner_id.property_product_pricelist
            wizard.price = (
                pricelist._get_product_price(product, wizard.quantity) * wizard.quantity
                if product
                else 0.0
            )

    def action_confirm(self):
        """Sell it, and charge the card of the membership."""
        if self.order_id:
            return self.order_id.course_ids[:1]._get_form_action()
        membership = self._get_membership()
        if self.quantity < 1:
            raise UserError(self.env._("Sell one or more."))
        if self.product_tmpl_id not in membership.template_id.addon_product_ids:
            raise UserError(self.env._("Choose an add-on of the plan."))
        if membership.has_no_method or membership.is_paid_elsewhere:
            raise UserError(
                self.env._(
                    "The member has no card on file. Sell it from the patient's form."
                )
            )
        # A second click that comes at the same moment waits at this row, starts again,
        # and finds the order of the first.
        order = self.order_id = self.env["sale.order"].create(
            {
                "partner_id": self.partner_id.id,
                "company_id": self.company_id.id,
                "payment_term_id": False,
                "stored_token_id": membership.sudo().payment_token_id.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.product_tmpl_id.product_variant_id.id,
                            "product_uom_qty": self.quantity,
                        }
                    )
                ],
            }
        )
        order.action_confirm()
        return order.course_ids[:1]._get_form_action()
