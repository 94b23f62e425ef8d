# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from contextlib import contextmanager

from odoo.http import request, route

from odoo.addons.sale.controllers.portal import CustomerPortal, PaymentPortal

from ..models.portal.payment_token import SHOWS_METHODS


@contextmanager
def as_holder_of_link(order_id):
    """Leave the user of the staff out while a patient pays on the clinic's screen.

    Core takes the user who is logged in for the payer: the patient's card would be
    stored with the receptionist. Whoever of the staff opens a patient's order with its
    link is treated as the holder of the link is: as nobody.
    """
    user = request.env.user
    # Read to decide who looks; core checks the token of the order.
    order_sudo = request.env["sale.order"].sudo().browse(order_id).exists()
    if (
        not user._is_internal()
        or not order_sudo.has_plan
        or order_sudo.partner_id.commercial_partner_id
        == user.partner_id.commercial_partner_id
    ):
        yield
        return
    context = request.env.context
    request.update_env(
        user=request.env.ref("base.public_user").id,
        context={**context, "medspa_shows_methods": SHOWS_METHODS},
    )
    try:
        yield
    finally:
        request.update_env(user=user.id, context=context)


class ClinicOrderPortal(CustomerPortal):
    """The page on which a patient reads and signs what the desk has prepared."""

    def _get_payment_values(self, order_sudo, *args, **kwargs):
        """Override of `sale` to offer the patient's own methods."""
        with as_holder_of_link(order_sudo.id):
            return super()._get_payment_values(order_sudo, *args, **kwargs)


class ClinicOrderPayment(PaymentPortal):
    """The payment of such an order."""

    @route()
    def portal_order_transaction(self, order_id, access_token, **kwargs):
        """Override of `sale` to let the patient pay, and keep the patient's card."""
        with as_holder_of_link(order_id):
            return super().portal_order_transaction(order_id, access_token, **kwargs)
