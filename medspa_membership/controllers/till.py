# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.http import request, route

from odoo.addons.sale.controllers.portal import CustomerPortal, PaymentPortal
from odoo.addons.website_sale.controllers.cart import Cart


class ClinicCart(Cart):
    """Credits in the cart: the patient's own, offered and taken off again."""

    @route()
    def cart(self, id=None, access_token=None, revive_method="", **post):
        """Override of `website_sale` to take off what was spent elsewhere."""
        if cart_sudo := request.cart:
            dropped = cart_sudo._drop_spent_credits()
            if dropped:
                cart_sudo.price_notice = request.env._(
                    "The credit for %s was used elsewhere: it is to be paid again.",
                    ", ".join(dropped.mapped("name")),
                )
        return super().cart(
            id=id, access_token=access_token, revive_method=revive_method, **post
        )

    def _cart_values(self, **post):
        """Override of `website_sale` to offer credits and the plan that saves most."""
        values = super()._cart_values(**post)
        cart_sudo = request.cart
        if not cart_sudo:
            return values
        is_own = cart_sudo.partner_id == request.website._get_visiting_patient()
        return {
            **values,
            "credit_offers": cart_sudo._get_credit_offers() if is_own else [],
            "member_offer": cart_sudo._get_member_offer(),
        }

    @route(
        "/shop/cart/credit/use",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def use_credit(self, line_id, credit_id, **kwargs):
        """Let a credit of the patient pay for a line of his or her cart."""
        line_sudo = self._get_own_cart_line(line_id)
        # Looked up only: what was not offered to this cart is refused.
        credit_sudo = request.env["medspa.credit"].sudo().browse(_to_id(credit_id))
        # What is not offered, somebody else's say, is refused there.
        if line_sudo:
            try:
                line_sudo._use_credit(credit_sudo)
            except UserError as error:
                request.cart.price_notice = str(error)
        return request.redirect("/shop/cart")

    @route(
        "/shop/cart/credit/remove",
        type="http",
        auth="user",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def remove_credit(self, line_id, **kwargs):
        """Let the patient pay for a line of the cart after all."""
        self._get_own_cart_line(line_id)._stop_using_credit()
        return request.redirect("/shop/cart")

    @staticmethod
    def _get_own_cart_line(line_id):
        """Return a line of the cart of the patient who is logged in, or none."""
        cart_sudo = request.cart
        if cart_sudo.partner_id != request.website._get_visiting_patient():
            return cart_sudo.order_line.browse()
        return cart_sudo.order_line.filtered(lambda line: line.id == _to_id(line_id))


class ClinicOrderPortal(CustomerPortal):
    """The page of a quotation: the prices of now, and a word when they changed."""

    @route()
    def portal_order_page(self, order_id, access_token=None, **kwargs):
        """Override of `sale`: what is paid by a link has the prices of now."""
        try:
            order_sudo = self._document_check_access(
                "sale.order", order_id, access_token=access_token
            )
        except (AccessError, MissingError):
            return request.redirect("/my")
        order_sudo._refresh_cart_prices()
        return super().portal_order_page(order_id, access_token=access_token, **kwargs)

    @route()
    def portal_quote_accept(
        self, order_id, access_token=None, name=None, signature=None
    ):
        """Override of `sale`: nobody signs prices that are not those of the page."""
        token = access_token or request.httprequest.args.get("access_token")
        try:
            order_sudo = self._document_check_access("sale.order", order_id, token)
        except (AccessError, MissingError):
            # Core says what it says of orders that are not the visitor's.
            order_sudo = request.env["sale.order"]
        if order_sudo and order_sudo._refresh_cart_prices():
            return {"error": order_sudo._get_changed_prices_message()}
        return super().portal_quote_accept(
            order_id, access_token=access_token, name=name, signature=signature
        )


class ClinicOrderPayment(PaymentPortal):
    @route()
    def portal_order_transaction(self, order_id, access_token, **kwargs):
        """Override of `sale`: nobody pays a price that the order has no longer.

        A page may have been open for a while, and the membership suspended meanwhile.
        """
        try:
            order_sudo = self._document_check_access(
                "sale.order", order_id, access_token
            )
        except (AccessError, MissingError):
            return super().portal_order_transaction(order_id, access_token, **kwargs)
        amount = kwargs.get("amount")
        if order_sudo._follow_membership() or not order_sudo._may_pay_now(amount):
            raise ValidationError(order_sudo._get_changed_prices_message())
        return super().portal_order_transaction(order_id, access_token, **kwargs)


def _to_id(value):
    """Return an id that a form sent, or none for anything else."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0
