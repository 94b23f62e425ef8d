# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import binascii

from odoo import SUPERUSER_ID, api, models
from odoo.fields import Domain
from odoo.http import request
from odoo.tools.misc import hash_sign, verify_hash_signed

METHOD_SCOPE = "medspa.membership.method"
# How long the link in a mail opens the page: longer than a dunning goes on.
METHOD_LINK_HOURS = 24 * 21


class SaleSubscription(models.Model):
    """Joining on the website, and the page where a member gives a method."""

    _inherit = "sale.subscription"

    # === BUSINESS METHODS: FIND === #

    @api.model
    def _find_joined(self, partner, company, plan=None):
        """Return the memberships of a patient that are not over, sudoed.

        Nothing of a visitor who is nobody yet.
        """
        Membership_sudo = self.sudo()
        nobody = self.env.ref("base.public_partner")
        if request and getattr(request, "website", None):
            nobody |= request.website.user_id.sudo().partner_id
        if not partner or partner in nobody:
            return Membership_sudo
        domain = (
            Domain("partner_id", "=", partner.id)
            & Domain("company_id", "=", company.id)
            & Domain("is_membership", "=", True)
            & Domain("membership_state", "not in", ("pending", "ended"))
        )
        if plan is not None:
            domain &= Domain("template_id", "in", plan.ids)
        return Membership_sudo.search(domain)

    # === BUSINESS METHODS: METHOD PAGE === #

    def _get_method_token(self, period=None, hours=METHOD_LINK_HOURS):
        """Return the signed, expiring token of the page of the payment method.

        Note: `self.ensure_one()`

        :param period: what is to be paid there; None: only a method is stored
        """
        self.ensure_one()
        return hash_sign(
            self.env(su=True),
            METHOD_SCOPE,
            [self.id, period.id if period else 0],
            expiration_hours=hours,
        )

    def _get_method_url(self, period=None):
        """Return the link to that page, for a mail. Note: `self.ensure_one()`."""
        self.ensure_one()
        token = self._get_method_token(period)
        return f"{self.get_base_url()}/membership/method/{token}"

    @api.model
    def _verify_method_token(self, token):
        """Return what a token stands for, or nothing when it is forged or too old.

        :return: (membership, period), sudoed
        """
        Membership_sudo = self.sudo()
        Period_sudo = self.env["medspa.membership.period"].sudo()
        nothing = Membership_sudo, Period_sudo
        try:
            values = verify_hash_signed(self.env(su=True), METHOD_SCOPE, token or "")
        except (ValueError, UnicodeError, OverflowError, binascii.Error):
            return nothing
        if not values:
            return nothing
        membership_id, period_id = values
        membership_sudo = Membership_sudo.browse(membership_id).exists()
        if not membership_sudo or not membership_sudo.is_membership:
            return nothing
        period_sudo = Period_sudo.browse(period_id or []).exists()
        if period_sudo.membership_id != membership_sudo:
            period_sudo = Period_sudo
        return membership_sudo, period_sudo

    def _takes_method(self, period=None):
        """Tell whether a link may still store a method here.

        It may as long as there is reason to: the first one is missing, or the payment
        of its period is. Afterwards the link is of no use to whoever finds it.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self.membership_state == "ended" or self.is_paid_elsewhere:
            return False
        if period:
            return period.state == "open"
        return not self._has_usable_method()

    # === BUSINESS METHODS: JOIN === #

    def _ask_for_method(self):
        """Write to who joined for nothing: it begins with a method on file."""
        template = self.env.ref(
            "medspa_membership.mail_template_membership_card_missing"
        )
        for membership in self.sudo():
            membership._invite_member()
            template.with_user(SUPERUSER_ID).send_mail(membership.id)

    def _on_started(self):
        """Override to give the member an account to log in to."""
        res = super()._on_started()
        for membership in self.sudo().filtered("sale_order_id"):
            membership._invite_member()
        for company, memberships in self.sudo().grouped("company_id").items():
            self.env["calendar.event"]._cover_what_is_booked(
                memberships.partner_id, company
            )
        return res

    def _invite_member(self):
        """Give the member a login; the letter that follows carries the way in.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        self.partner_id._create_portal_users(self.company_id)

    def _get_welcome_url(self, url=None):
        """Return where a new member goes from the confirmation page of the shop.

        Note: `self.ensure_one()`, called with the order of the visitor's own session
        """
        self.ensure_one()
        # Visitors may not read what they bought; whose session it is decides.
        order = self.sudo().sale_order_id.with_env(self.env)
        return order._get_welcome_url(
            self.sudo().partner_id, url or f"/my/memberships/{self.id}"
        )
