# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import binascii

from odoo import fields
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import request, route
from odoo.tools.json import scriptsafe as json_scriptsafe

from odoo.addons.sale.controllers.portal import CustomerPortal, PaymentPortal
from odoo.addons.website_sale.controllers.main import WebsiteSale

from ..models.portal.text import read_line
from ..models.website.website import AGREEMENT_URL


class ClinicPlans(WebsiteSale):
    """The plans on the website, and joining one in the checkout of the shop."""

    # === PLANS === #

    @route(
        "/plans",
        type="http",
        auth="public",
        website=True,
        sitemap=True,
        methods=["GET"],
    )
    def plans(self, **kwargs):
        """Show the plans side by side."""
        return self._render_plans()

    @route(
        "/plans/cards",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def plan_cards(self, **kwargs):
        """Return the cards of the plans, for the building block of the editor."""
        if not request.website.has_ecommerce_access():
            return request.make_response("")
        return request.render(
            "medspa_membership.plan_cards", self._prepare_plans_values()
        )

    @route(
        "/plans/join",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def plan_join(self, product_template_id=None, **kwargs):
        """Put a plan in the cart and go on to its checkout."""
        plans_sudo = request.env["sale.subscription.template"]._get_plans_on_sale(
            request.website
        )
        plan_sudo = plans_sudo.filtered(
            lambda plan: str(plan.product_tmpl_id.id) == str(product_template_id)
        )
        if not plan_sudo or not request.website.has_ecommerce_access():
            return request.redirect("/plans")
        product = plan_sudo.product_tmpl_id.product_variant_id
        order_sudo = request.cart or request.website._create_cart()
        refusal = order_sudo._get_plan_refusal(product)
        if refusal:
            return self._render_plans(error=refusal)
        order_sudo._cart_add(product.id, 1)
        # It is said where it is read: there is no cart page on this way.
        order_sudo.shop_warning = False
        return request.redirect("/shop/checkout?try_skip_step=true", code=303)

    def _render_plans(self, error=None):
        if not request.website.has_ecommerce_access():
            return request.redirect("/web/login?redirect=/plans")
        values = self._prepare_plans_values()
        markup = request.env["sale.subscription.template"]._get_plans_markup_data(
            request.website, values["rows"]
        )
        return request.render(
            "medspa_membership.plans",
            {
                **values,
                "error": error,
                "main_object": request.website,
                # Core's layout of the shop puts it in the head.
                "product_markup_data": json_scriptsafe.dumps(markup, indent=2)
                if markup
                else None,
            },
        )

    def _prepare_plans_values(self):
        """Return what the cards of the plans show to this visitor."""
        website = request.website
        Plan = request.env["sale.subscription.template"]
        plans_sudo = Plan._get_plans_on_sale(website)
        partner = request.env.user.partner_id
        memberships_sudo = request.env["sale.subscription"]._find_joined(
            partner, website.company_id
        )
        return {
            "rows": plans_sudo._get_shop_plans(website),
            "membership_of": {m.template_id.id: m for m in memberships_sudo},
            # Who has one plan changes it; who has several knows which to change.
            "membership_to_change": memberships_sudo.filtered(
                lambda m: m.membership_state == "active"
            )
            if len(memberships_sudo) == 1
            else memberships_sudo.browse(),
        }

    def _prepare_product_values(self, product, category, **kwargs):
        """Override of `website_sale` to say of a plan what the page of plans says."""
        values = super()._prepare_product_values(product, category, **kwargs)
        # Terms of a plan on sale are public; plans themselves are not readable.
        plan_sudo = product.sudo().subscription_template_id
        if product.service_tracking == "medspa_plan" and plan_sudo:
            values["plan_row"] = plan_sudo._get_shop_plans(request.website)[0]
        return values

    # === CHECKOUT: AGREEMENT === #

    @route(
        AGREEMENT_URL,
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def shop_agreement(self, **kwargs):
        """Show the agreement of the plan in the cart, to read and to sign."""
        order_sudo = request.cart
        if redirection := self._check_cart_and_addresses(order_sudo):
            return redirection
        if not order_sudo.has_plan:
            return request.redirect("/shop/payment")
        return request.render(
            "medspa_membership.checkout_agreement",
            {
                "website_sale_order": order_sudo,
                "order": order_sudo,
                "problem": order_sudo._get_plan_problem(),
                "needs_login": order_sudo._get_patient() != order_sudo.partner_id,
                "is_signed": order_sudo._is_agreement_signed(),
                "was_signed": bool(order_sudo.signature),
                "agreement": order_sudo._get_agreement(),
                **request.website._get_checkout_step_values(),
            },
        )

    @route(
        f"{AGREEMENT_URL}/sign",
        type="jsonrpc",
        auth="public",
        website=True,
        sitemap=False,
    )
    def shop_agreement_sign(self, name=None, signature=None, **kwargs):
        """Take the signature in core's fields of the order, as its own page does."""
        order_sudo = request.cart
        if not order_sudo or not order_sudo.has_plan or order_sudo.state != "draft":
            return {"error": request.env._("There is no plan in your cart any more.")}
        if problem := order_sudo._get_plan_problem():
            return {"error": problem}
        try:
            name = read_line(request.env, name, 120)
        except UserError as error:
            return {"error": str(error)}
        if not name or not signature:
            return {"error": request.env._("Write your name and sign in the field.")}
        try:
            with request.env.cr.savepoint():
                order_sudo.write(
                    {
                        "signed_by": name,
                        "signed_on": fields.Datetime.now(),
                        "signature": signature,
                    }
                )
        except UserError as error:
            return {"error": str(error)}
        except (TypeError, binascii.Error):
            return {"error": request.env._("The signature could not be read.")}
        return {"force_refresh": True, "redirect_url": "/shop/payment"}

    @route()
    def shop_payment(self, **post):
        """Override of `website_sale`: first the signature, then the money."""
        order_sudo = request.cart
        if (
            order_sudo
            and order_sudo.state == "draft"
            and order_sudo.has_plan
            and not self._check_cart_and_addresses(order_sudo)
        ):
            order_sudo._recompute_cart()
            if order_sudo._get_plan_problem() or not order_sudo._is_agreement_signed():
                return request.redirect(AGREEMENT_URL)
        return super().shop_payment(**post)

    def _prepare_shop_payment_confirmation_values(self, order):
        """Override of `website_sale` to lead the member on: a card, the first visit."""
        values = super()._prepare_shop_payment_confirmation_values(order)
        memberships = order.membership_ids
        return {
            **values,
            "bought_memberships": memberships,
            "waits_for_membership": order.has_plan and not memberships,
        }


class SignedOrderPage(CustomerPortal):
    """The page of an order that the desk has sent, when it sells a plan."""

    @route()
    def portal_order_page(self, order_id, access_token=None, **kwargs):
        """Override of `sale`: a payment link does not lead past the agreement."""
        if kwargs.get("payment_amount"):
            # Read to decide what the page asks for; core checks the token of the order.
            order_sudo = request.env["sale.order"].sudo().browse(order_id).exists()
            if order_sudo.has_plan and order_sudo._has_to_be_signed():
                kwargs.pop("payment_amount")
                kwargs.pop("amount_selection", None)
        return super().portal_order_page(order_id, access_token=access_token, **kwargs)


class SignedOrderPayment(PaymentPortal):
    """The payment of an order that sells a plan: after its signature."""

    @route()
    def portal_order_transaction(self, order_id, access_token, **kwargs):
        """Override of `sale`: nobody pays for a plan before signing."""
        try:
            order_sudo = self._document_check_access(
                "sale.order", order_id, access_token
            )
        except (AccessError, MissingError):
            # Core says what it says of orders that are not the visitor's.
            return super().portal_order_transaction(order_id, access_token, **kwargs)
        order_sudo._check_agreement_signed()
        return super().portal_order_transaction(order_id, access_token, **kwargs)
