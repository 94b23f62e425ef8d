# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.fields import Domain


class ResPartner(models.Model):
    """Who an e-mail address stands for, when its owner has shown to own it."""

    _inherit = "res.partner"

    is_unconfirmed_visitor = fields.Boolean(
        readonly=True,
        copy=False,
        help="Came by booking on the website, and has not confirmed it yet.",
    )

    # === BUSINESS METHODS === #

    def _is_member(self, on_date, company):
        """Override: who has a membership that gives rights on the day."""
        memberships = self.env["sale.subscription"]._get_memberships(
            self, company, on_date
        )
        return bool(memberships) or super()._is_member(on_date, company)

    def _get_tax_position(self, company):
        """Return the fiscal position that an order of the person would have."""
        return (
            self.env["account.fiscal.position"]
            .with_company(company)
            ._get_fiscal_position(self)
        )

    @api.model
    def _find_user_by_email(self, email):
        """Return the one user who logs in with an address or has it, if there is one.

        The log-in counts first: anybody may write somebody else's address into their
        own account, which opens nothing.

        :param str email: normalized
        :rtype: res.users
        """
        Users_sudo = self.env["res.users"].sudo()
        user = Users_sudo.search(Users_sudo._get_login_domain(email), limit=2)
        if not user:
            website = self.env["website"].get_current_website()
            user = Users_sudo.search(
                Domain("partner_id.email_normalized", "=", email)
                & Domain(website.website_domain()),
                limit=2,
            )
        return user if len(user) == 1 else Users_sudo

    @api.model
    def _find_patient_by_email(self, email):
        """Return the one person whom the clinic knows by an address, if it is one.

        :param str email: normalized
        :rtype: res.partner
        """
        # Visitors may read nobody; what is found is told to nobody either.
        partners_sudo = self.sudo().search(
            [
                ("email_normalized", "=", email),
                ("is_company", "=", False),
                ("type", "=", "contact"),
            ],
            limit=2,
        )
        return partners_sudo if len(partners_sudo) == 1 else partners_sudo.browse()

    @api.model
    def _find_or_create_visitor(self, name, email, phone):
        """Return the person that a visitor says to be, or a new one.

        Nothing of a person who is found is shown, changed or used before somebody has
        confirmed it from the mailbox of the address.

        :param str email: normalized
        :rtype: res.partner
        """
        known = self._find_user_by_email(email).partner_id
        known = known or self._find_patient_by_email(email)
        return known or self.sudo().create(
            {
                "name": name,
                "email": email,
                "phone": phone,
                "lang": self.env.lang,
                "is_unconfirmed_visitor": True,
            }
        )

    def _find_login_by_mailbox(self, email, company):
        """Return the user whom the owner of a mailbox may log in as: this patient's.

        Note: `self.ensure_one()`

        :param str email: normalized; its owner has just used a link sent to it
        :rtype: res.users
        """
        self.ensure_one()
        user = self._find_user_by_email(email)
        if not user and self._find_patient_by_email(email) == self:
            user = self._create_portal_users(company)
        is_own = user.partner_id == self and user._may_log_in_by_link()
        return user if is_own else user.browse()
