# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models
from odoo.fields import Domain


class ResPartner(models.Model):
    """Who an e-mail address stands for, when its owner has shown to own it."""

    _inherit = "res.partner"

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
