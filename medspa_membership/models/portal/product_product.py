# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class ProductProduct(models.Model):
    _inherit = "product.product"

    def _to_markup_data(self, website):
        """Override of `website_sale` to say what a course is made of.

        Search engines read: a service of the clinic, offered for so much, that includes
        so many of these treatments.
        """
        data = super()._to_markup_data(website)
        if self.service_tracking not in ("medspa_course", "medspa_treatment"):
            return data
        # Name of the clinic, as on its pages.
        company_sudo = website.company_id.sudo()
        base_url = website.get_base_url()
        data["additionalType"] = "https://schema.org/Service"
        data["brand"] = {"@type": "Organization", "name": company_sudo.name}
        data["offers"] |= {
            "availability": "https://schema.org/InStock",
            "url": f"{base_url}{self.website_url}",
            "offeredBy": {
                "@type": "HealthAndBeautyBusiness",
                "name": company_sudo.name,
            },
        }
        # Visitors may not read recipes; what is on sale is public.
        steps_sudo = self.sudo().product_tmpl_id.step_ids.sorted("sequence")
        if self.service_tracking == "medspa_course" and steps_sudo:
            data["offers"]["includesObject"] = [
                {
                    "@type": "TypeAndQuantityNode",
                    "amountOfThisGood": step.sessions,
                    "typeOfGood": {"@type": "Service", "name": step.treatment_id.name},
                }
                for step in steps_sudo
            ]
        return data
