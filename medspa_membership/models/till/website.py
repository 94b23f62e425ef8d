# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models
from odoo.http import request

from odoo.addons.website_sale.models.website import PRICELIST_SESSION_CACHE_KEY


class Website(models.Model):
    _inherit = "website"

    def _get_and_cache_current_pricelist(self):
        """Override of `website_sale`: the session keeps a pricelist, never a right.

        Whatever it holds, a visitor gets the version that he or she has now.
        """
        pricelist_sudo = super()._get_and_cache_current_pricelist()
        wanted_sudo = pricelist_sudo.with_company(self.company_id)._for_patient(
            self._get_visiting_patient()
        )
        if wanted_sudo != pricelist_sudo:
            request.session[PRICELIST_SESSION_CACHE_KEY] = wanted_sudo.id
        return wanted_sudo.sudo()

    def _get_and_cache_current_cart(self):
        """Override of `website_sale` to bring the cart to the prices of now.

        A visitor who logs in reads why they changed.
        """
        cart_sudo = super()._get_and_cache_current_cart()
        if cart_sudo and not self.env.cr.readonly:
            cart_sudo._refresh_cart_prices()
        return cart_sudo

    def get_pricelist_available(self, show_visible=False):
        """Override of `website_sale`: what visitors choose from are the clinic's own.

        Their member price comes by itself, in the one they choose.
        """
        pricelists = super().get_pricelist_available(show_visible=show_visible)
        if show_visible:
            return pricelists.filtered(lambda p: not p.sudo().member_key)
        return pricelists

    def _get_visiting_patient(self):
        """Return the patient who is logged in, or nobody."""
        user = self.env.user
        if user._is_public():
            return self.env["res.partner"]
        return user.partner_id


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def _get_sales_prices(self, website):
        """Override of `website_sale` to say which prices are the member's."""
        prices = super()._get_sales_prices(website)
        if request.pricelist.sudo().member_key:
            for template_prices in prices.values():
                template_prices["is_member_price"] = bool(
                    template_prices.get("base_price")
                )
        return prices

    def _get_additionnal_combination_info(
        self, product_or_template, quantity, uom, date, website
    ):
        """Override of `website_sale` to say whether the price is the member's."""
        info = super()._get_additionnal_combination_info(
            product_or_template, quantity, uom, date, website
        )
        info["is_member_price"] = bool(
            request.pricelist.sudo().member_key and info.get("has_discounted_price")
        )
        return info
