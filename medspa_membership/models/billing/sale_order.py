# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SaleOrder(models.Model):
    _inherit = "sale.order"

    instalment_token_id = fields.Many2one(
        "payment.token",
        "Card for the instalments",
        copy=False,
        index="btree_not_null",
        help="Charged on the due dates. None: they are paid at the desk or by link.",
    )

    @api.constrains("instalment_token_id")
    def _check_instalments_allowed(self):
        for order in self.filtered("instalment_token_id"):
            if not order._is_sold_in_parts():
                raise ValidationError(
                    self.env._(
                        "Nothing in %s may be paid in instalments: choose a course "
                        "that allows them, and a payment term with several parts.",
                        order.name,
                    )
                )

    def _is_card_of_customer(self, token):
        """Tell whether a stored method is the customer's. Note: `ensure_one()`."""
        self.ensure_one()
        partner = self.partner_id
        return token.partner_id in partner | partner.commercial_partner_id

    def _is_sold_in_parts(self):
        """Tell whether the order sells a course that may be paid in parts."""
        self.ensure_one()
        return any(line._is_sold_in_parts() for line in self.order_line)

    def _sync_courses_with_payment(self, reason=None):
        """Override to remember the card that paid the first part."""
        for order in self.sudo():
            if order.instalment_token_id or not order._is_sold_in_parts():
                continue
            paid = order.transaction_ids.filtered(
                lambda tx: tx.state == "done" and tx.token_id.active
            )
            # Who pays for somebody else has not agreed to the other parts.
            if paid and order._is_card_of_customer(paid[-1:].token_id):
                order.instalment_token_id = paid[-1:].token_id
        return super()._sync_courses_with_payment(reason=reason)
