# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import api, fields, models


class MedspaWinback(models.TransientModel):
    """Makes an offer to those who left, all of them at once."""

    _name = "medspa.winback"
    _description = "Offer to come back"

    membership_ids = fields.Many2many(
        "sale.subscription", string="Who left", required=True
    )
    plan_id = fields.Many2one(
        "sale.subscription.template",
        domain="[('is_plan', '=', True)]",
        help="Empty: the plan that each of them had.",
    )
    kind = fields.Selection(
        selection=lambda self: (
            self.env["medspa.winback.offer"]
            ._fields["kind"]
            ._description_selection(self.env)
        ),
        default="discount",
        required=True,
    )
    percent = fields.Float("Discount in percent", default=50)
    treatment_id = fields.Many2one(
        "product.template",
        domain="[('service_tracking', '=', 'medspa_treatment')]",
    )
    quantity = fields.Integer("Sessions", default=1)
    valid_until = fields.Date(
        required=True,
        default=lambda self: self.env.company._medspa_date() + timedelta(days=14),
    )
    without_email = fields.Char(compute="_compute_without_email")

    @api.depends("membership_ids")
    def _compute_without_email(self):
        for wizard in self:
            partners = wizard.membership_ids.partner_id
            wizard.without_email = ", ".join(
                partners.filtered(lambda p: not p.email).mapped("name")
            )

    def action_confirm(self):
        """Make the offers and send them."""
        self.ensure_one()
        memberships = self.membership_ids
        memberships.check_access("write")
        vals = {
            "kind": self.kind,
            "percent": self.percent if self.kind == "discount" else 0.0,
            "treatment_id": self.treatment_id.id if self.kind == "bonus" else False,
            "quantity": self.quantity if self.kind == "bonus" else 1,
            "valid_until": self.valid_until,
        }
        if self.plan_id:
            vals["plan_id"] = self.plan_id
        offers = memberships._make_offers(vals)
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "medspa_membership.medspa_winback_offer_action"
        )
        action["domain"] = [("id", "in", offers.ids)]
        return action
