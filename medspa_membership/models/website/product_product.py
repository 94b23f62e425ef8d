# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _to_markup_data(self, website):
        """Override of `website_sale`: the price of a plan is one of each period."""
        data = super()._to_markup_data(website)
        plan_sudo = self.sudo().subscription_template_id
        if self.service_tracking == "medspa_plan" and plan_sudo.is_plan:
            price = data.get("offers", {}).get("price", 0.0)
            offer = plan_sudo._prepare_offer_markup(website, price)
            data["offers"] = {**data.get("offers", {}), **offer}
        return data
