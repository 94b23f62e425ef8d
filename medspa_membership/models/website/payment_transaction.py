# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models

# What a person pays on a page, not the clinic by itself.
PAGE_OPERATIONS = ("online_direct", "online_redirect", "online_token")


class PaymentTransaction(models.Model):
    """A method that a member gives on a page is the one to charge from now on."""

    _inherit = "payment.transaction"

    method_for_membership_id = fields.Many2one(
        "sale.subscription",
        "Method for the membership",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )

    def _sells_courses(self):
        """Override to take a method in at once, too: a membership may wait for it."""
        return super()._sells_courses() or bool(self.sudo().method_for_membership_id)

    def _is_of_clinic(self):
        """Override: a method for a membership is the clinic's too."""
        return super()._is_of_clinic() or bool(self.sudo().method_for_membership_id)

    def _post_process(self):
        """Override of `payment` to charge from now on what a member has just used."""
        res = super()._post_process()
        for tx in self.filtered(lambda t: t.state == "done" and t.token_id.active):
            tx.sudo()._adopt_method_of_member()
        return res

    def _adopt_method_of_member(self):
        """Make the method that of the membership it was given for.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        memberships = self.method_for_membership_id
        if self.operation in PAGE_OPERATIONS:
            memberships |= self.membership_period_id.membership_id
        elif self.operation != "validation":
            return
        for membership in memberships:
            owners = membership.partner_id | membership.partner_id.commercial_partner_id
            if (
                membership.membership_state != "ended"
                and not membership.is_paid_elsewhere
                and membership.payment_token_id != self.token_id
                and self.token_id.partner_id in owners
            ):
                membership._set_payment_method(self.token_id)
