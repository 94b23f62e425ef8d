# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.http import request

from odoo.addons.website_sale.controllers.main import WebsiteSale

from .phone import get_phone_refusal, is_phone

# What makes an address of a country.
ADDRESS_FIELDS = ("street", "street2", "zip", "city", "state_id")


class ClinicShop(WebsiteSale):
    """What the shop says of courses, beyond what core says of products."""

    # === CHECKOUT: ADDRESS === #

    def _get_default_country(self, order_sudo=False, **kwargs):
        """Override of `website_sale`: most patients live where the clinic is."""
        country = super()._get_default_country(order_sudo=order_sudo, **kwargs)
        if not country and order_sudo and order_sudo._is_clinic_cart():
            # visitors may not read companies; the country is on every page
            country = order_sudo.company_id.sudo().country_id
        return country

    def _prepare_address_form_values(self, *args, order_sudo=False, **kwargs):
        """Override of `website_sale` to ask for what a clinic needs to know."""
        values = super()._prepare_address_form_values(
            *args, order_sudo=order_sudo, **kwargs
        )
        is_clinic = bool(order_sudo) and order_sudo._is_clinic_cart()
        return {
            **values,
            "is_clinic_cart": is_clinic,
            "needs_address": not is_clinic or order_sudo._needs_customer_address(),
        }

    def _get_mandatory_billing_address_fields(self, country_sudo):
        """Override of `portal`: the clinic calls its patients."""
        fields = super()._get_mandatory_billing_address_fields(country_sudo)
        if request.cart and request.cart._is_clinic_cart():
            fields = fields | {"phone"}
        return fields

    def _validate_address_values(
        self, address_values, partner_sudo, *args, order_sudo=False, **kwargs
    ):
        """Override of `portal`: a country alone is no address, letters are no phone."""
        country_id = address_values.get("country_id")
        is_alone = (
            order_sudo
            and order_sudo._is_clinic_cart()
            and not order_sudo._needs_customer_address()
            and partner_sudo.country_id.id in (country_id, False)
            and not any(address_values.get(name) for name in ADDRESS_FIELDS)
        )
        if is_alone:
            address_values.pop("country_id", None)
        invalid, missing, messages = super()._validate_address_values(
            address_values, partner_sudo, *args, order_sudo=order_sudo, **kwargs
        )
        if is_alone and country_id:
            address_values["country_id"] = country_id
        phone = address_values.get("phone")
        if phone and not is_phone(phone):
            invalid.add("phone")
            messages.append(get_phone_refusal(request.env, phone))
        return invalid, missing, messages

    # === CONFIRMATION === #

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
