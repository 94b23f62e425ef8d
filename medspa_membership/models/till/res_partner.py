# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import SUPERUSER_ID, models
from odoo.fields import Command
from odoo.tools import email_normalize


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _find_login(self):
        """Return the user who logs in with the e-mail of the patient, if there is one.

        :rtype: res.users
        """
        self.ensure_one()
        email = email_normalize(self.email)
        # Whoever pays may not read users.
        Users = self.env["res.users"].sudo()
        if not email:
            return Users
        users = Users.search(Users._get_login_domain(email), limit=2)
        return users if len(users) == 1 else Users

    def _is_login_taken(self, email):
        """Tell whether somebody logs in with an address, whoever it is."""
        Users_sudo = self.env["res.users"].sudo().with_context(active_test=False)
        return bool(
            Users_sudo.search_count(Users_sudo._get_login_domain(email), limit=1)
        )

    def _invite_to_portal(self, welcome_message, company):
        """Give patients without a login one, and write to them.

        :param str welcome_message: why they are invited
        :return: the new users
        """
        users_sudo = self._create_portal_users(company)
        template = self.env.ref("medspa_membership.mail_template_invitation")
        # From the clinic, and not from the patient who causes it.
        template = template.with_user(SUPERUSER_ID).with_company(company)
        template.with_context(medspa_welcome=welcome_message).send_mail_batch(
            users_sudo.partner_id.ids
        )
        return users_sudo

    def _get_access_url(self, path):
        """Return the address of a page of the patient's own, as a letter carries it.

        Who has never logged in chooses a password on the way; the others know theirs,
        or ask for a link. Only for letters to the patient: the address opens the door.

        Note: `self.ensure_one()`

        :param str path: of this site
        """
        self.ensure_one()
        partner_sudo = self.sudo()
        user_sudo = partner_sudo.user_ids[:1]
        if not user_sudo or not user_sudo.share or user_sudo.login_date:
            return f"{self.get_base_url()}{path}"
        partner_sudo.signup_prepare()
        return partner_sudo._get_signup_url_for_action(url=path)[partner_sudo.id]

    def _create_portal_users(self, company):
        """Give patients a login where they have none, without a word to them.

        A login of their own, although not used yet, keeps "Reset password" working when
        the link of a letter is too old.

        :return: the new users, of those who have an address that nobody logs in with
        :rtype: res.users
        """
        # Whoever sells may not create users. As core's portal wizard does, which only
        # staff may run.
        users_sudo = self.env["res.users"].sudo()
        for partner in self:
            email = email_normalize(partner.email)
            if (
                not email
                or partner.sudo().with_context(active_test=False).user_ids
                or partner._is_login_taken(email)
            ):
                continue
            users_sudo |= users_sudo.with_context(
                no_reset_password=True
            )._create_user_from_template(
                {
                    "email": email,
                    "login": email,
                    "partner_id": partner.id,
                    "company_id": company.id,
                    "company_ids": [Command.set(company.ids)],
                }
            )
        return users_sudo
