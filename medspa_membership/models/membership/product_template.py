# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ProductTemplate(models.Model):
    _inherit = "product.template"

    service_tracking = fields.Selection(
        selection_add=[("medspa_plan", "Membership")],
        ondelete={"medspa_plan": "set default"},
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("service_tracking", "subscription_template_id")
    def _check_plan_named(self):
        """What sells a membership says which, and a plan is sold as one."""
        for product in self:
            plan = product.subscription_template_id
            if product.service_tracking == "medspa_plan" and not plan.is_plan:
                raise ValidationError(
                    self.env._(
                        "%s sells a membership: say which plan. Make it from the plan.",
                        product.name,
                    )
                )

    # === BUSINESS METHODS === #

    @api.model
    def _get_saleable_tracking_types(self):
        return super()._get_saleable_tracking_types() + ["medspa_plan"]

    @api.model
    def _get_product_types_allow_zero_price(self):
        """Override of `website_sale`: a trial may be free."""
        return super()._get_product_types_allow_zero_price() + ["medspa_plan"]

    def _prepare_service_tracking_tooltip(self):
        if self.service_tracking == "medspa_plan":
            return self.env._("Paid each period; gives credits and member prices.")
        return super()._prepare_service_tracking_tooltip()
