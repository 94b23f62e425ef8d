# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def _is_tokenization_required(self, sale_order_id=None, **kwargs):
        """Override of `payment` to keep the card of who pays a course in parts."""
        order = self.env["sale.order"].sudo().browse(sale_order_id).exists()
        if order and order._is_sold_in_parts():
            return True
        return super()._is_tokenization_required(sale_order_id=sale_order_id, **kwargs)

    def _apply_payment_event(self, event):
        """Do what an event of the provider says. A hook for provider addons.

        Called in a savepoint, once or several times: until it does not raise. An event
        is a hint, and old ones come late: what it says is to be read anew at the
        provider where it could move a state back.

        :param event: a `medspa.payment.event` of this provider
        :return: `done`; `ignored`, if it is none of our business; `unknown`, if what it
            is about is not known here (yet)
        Note: `self.ensure_one()`
        """
        return "ignored"
