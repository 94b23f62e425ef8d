# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.http import request

from odoo.addons.website_sale.controllers.main import WebsiteSale


class ClinicShop(WebsiteSale):
    """What the shop says of courses, beyond what core says of products."""

    def _prepare_shop_payment_confirmation_values(self, order):
        """Override of `website_sale` to lead the buyer to the first booking."""
        values = super()._prepare_shop_payment_confirmation_values(order)
        courses = order.course_ids
        return {
            **values,
            "bought_courses": courses,
            "waits_for_courses": "medspa_course"
            in order.order_line.mapped("service_tracking")
            and not courses,
        }

    def _apply_pricelist(self, pricelist=None):
        """Override of `website_sale`: members have their price in any they choose."""
        if pricelist:
            # Core has checked that the visitor may choose it.
            pricelist = pricelist.sudo()._for_patient(
                request.website._get_visiting_patient()
            )
        return super()._apply_pricelist(pricelist=pricelist)
