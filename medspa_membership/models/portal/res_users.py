# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import secrets

from odoo import api, fields, models
from odoo.exceptions import AccessDenied
from odoo.http import request
from odoo.tools import email_normalize

LOGIN_LINK = "medspa_login_link"


class ResUsers(models.Model):
    """Log-ins, and the mailboxes that their owners have shown to read.

    Anybody can sign up with any address, or write one into their own account: it counts
    when its mailbox has answered, or when the clinic's staff says so.
    """

    _inherit = "res.users"

    confirmed_email = fields.Char(
        readonly=True,
        copy=False,
        index="btree_not_null",
        groups="base.group_system",
        help="The address, normalized, at which the owner of the log-in has answered.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override: what the staff types is the address of the person."""
        users = super().create(vals_list)
        if self.env.user._is_internal():
            # Only the system writes the field.
            for user_sudo in users.sudo():
                user_sudo.confirmed_email = email_normalize(
                    user_sudo.email or user_sudo.login
                )
        return users

    @api.model
    def signup(self, values, token=None):
        """Override of `auth_signup`: who uses what was mailed reads the mailbox.

        Who signs up with an address of his or her choice is sent a link to confirm it.
        """
        Partner = self.env["res.partner"]
        # An invalid token is refused by core.
        found = Partner._get_partner_from_token(token) if token else None
        # Nobody is logged in yet: the token names the person.
        partner_sudo = (found or Partner).sudo()
        is_reset = partner_sudo.signup_type == "reset"
        email = partner_sudo.email_normalized
        res = super().signup(values, token=token)
        user_sudo = partner_sudo.user_ids[:1]
        login = email_normalize(res[0] or "")
        # The shop shows invitations on a page, too, and clears the address.
        if (
            token
            and email == login
            and (is_reset or user_sudo.confirmed_email == email)
        ):
            user_sudo._confirm_address(email, keeps_password=True)
        elif not token or not user_sudo.confirmed_email:
            self.env["medspa.login.link"]._ask_new_user(login)
        return res

    # === LOG IN BY LINK === #

    def _check_credentials(self, credential, env):
        """Override of `base` to take an e-mailed link for a password.

        Where a second factor is set up, core asks for it as after a password.
        """
        if credential.get("type") != LOGIN_LINK:
            return super()._check_credentials(credential, env)
        if not (env or {}).get("interactive"):
            raise AccessDenied()
        if not self.env["medspa.login.link"]._burn(
            credential.get("token"), self.env.user
        ):
            raise AccessDenied(
                self.env._("This link has been used or is too old. Ask for a new one.")
            )
        return {"uid": self.env.user.id, "auth_method": LOGIN_LINK, "mfa": "default"}

    def _counts_for(self, email):
        """Tell whether an address is known to be that of the owner of the log-in.

        Note: `self.ensure_one()`

        :param str email: normalized
        """
        self.ensure_one()
        # Only the system may read the field; yes or no is told.
        user_sudo = self.sudo()
        return (
            user_sudo.confirmed_email == email
            and not user_sudo.partner_id.is_unconfirmed_visitor
        )

    def _confirm_address(self, email, keeps_password=False):
        """Note that the owner of a mailbox is who uses the log-in.

        Somebody else may have signed up with the address: then they are out, and the
        account becomes that of the patient whom the clinic knows by it.

        Note: `self.ensure_one()`

        :param str email: normalized; its owner has just used what was sent to it
        :param bool keeps_password: it was chosen just now, by way of the mailbox
        """
        self.ensure_one()
        # Called when the mailbox has answered: nobody writes it by hand.
        user_sudo = self.sudo()
        partner_sudo = user_sudo.partner_id
        user_sudo.search(
            [("confirmed_email", "=", email), ("id", "!=", self.id)]
        ).confirmed_email = False
        if not user_sudo._counts_for(email):
            is_at_work = bool(request) and request.session.uid == self.id
            is_unproven = user_sudo.login_date and not user_sudo.confirmed_email
            if is_unproven and not is_at_work:
                user_sudo._forget_secrets(keeps_password)
            known = partner_sudo._find_patient_by_email(email)
            if (
                known
                and known != partner_sudo
                and email_normalize(user_sudo.login) == email
                and not known.with_context(active_test=False).user_ids
            ):
                user_sudo.partner_id = known
            if not user_sudo.partner_id._find_others_with_address():
                user_sudo.partner_id.is_unconfirmed_visitor = False
        if user_sudo.confirmed_email != email:
            user_sudo.confirmed_email = email
        self.env.flush_all()

    def _forget_secrets(self, but_password=False):
        """Take all ways in from whoever had them. Note: `self.ensure_one()`."""
        self.ensure_one()
        if not but_password:
            # Sessions end with the password.
            self.password = secrets.token_urlsafe(32)
        self.totp_secret = False
        self.api_key_ids.unlink()
        if "auth_passkey_key_ids" in self._fields:
            self.auth_passkey_key_ids.unlink()

    def _may_log_in_by_link(self):
        """Tell whether it is a patient's user: staff log in with what they know."""
        return (
            len(self) == 1
            and self.active
            and self._is_portal()
            and not self._is_internal()
        )
