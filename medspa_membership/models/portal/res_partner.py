# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import email_normalize


class ResPartner(models.Model):
    """Who an e-mail address stands for, when its owner has shown to own it."""

    _inherit = "res.partner"

    is_unconfirmed_visitor = fields.Boolean(
        readonly=True,
        copy=False,
        help="Came by booking on the website, and has not confirmed the address, or it "
        "is the address of another patient.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Override: an address that the staff corrects is the one that counts.

        Patients who change their own are sent a link to confirm it; until then the one
        of before counts.
        """
        is_own = vals.get("email") and self.env.user.partner_id == self
        before = is_own and self.email_normalized
        res = super().write(vals)
        if "email" in vals and self.env.user._is_internal():
            # Whoever keeps the files of patients may not write users.
            for user_sudo in self.sudo().user_ids:
                email = email_normalize(user_sudo.email or user_sudo.login)
                if user_sudo.confirmed_email != email:
                    user_sudo.confirmed_email = email
        elif is_own and self.email_normalized != before:
            self.env["medspa.login.link"]._ask_new_user(
                self.email_normalized, self.env.user
            )
        return res

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
        """Return the one user whose address it is known to be, if there is one.

        Anybody may sign up with somebody else's address, or write it into their own
        account: that opens nothing, and gets nothing.

        :param str email: normalized
        :rtype: res.users
        """
        # Visitors may read nobody; who is found is told to nobody.
        Users_sudo = self.env["res.users"].sudo()
        website = self.env["website"].get_current_website()
        users = Users_sudo.search(
            Domain("confirmed_email", "=", email) & Domain(website.website_domain())
        ).filtered(lambda user: user._counts_for(email))
        if len(users) > 1:
            # The staff has given one address to several: who logs in with it.
            users = users.filtered(lambda user: user.login == email)
        return users if len(users) == 1 else Users_sudo

    def _find_login(self):
        """Override: the address of a log-in counts when it was confirmed."""
        email = self.email_normalized
        return super()._find_login().filtered(lambda user: user._counts_for(email))

    @api.model
    def _find_unconfirmed_login(self, email):
        """Return the user who has signed up with an address without showing to own it.

        :param str email: normalized
        :rtype: res.users
        """
        # Visitors may read no user; who is found is told to nobody.
        Users_sudo = self.env["res.users"].sudo()
        users = Users_sudo.search(Users_sudo._get_login_domain(email), limit=2)
        return users.filtered(
            lambda u: len(users) == 1 and u.confirmed_email in (False, email)
        )

    def _create_portal_users(self, company):
        """Override: only what is mailed to the address opens the account."""
        users_sudo = super()._create_portal_users(company)
        for user_sudo in users_sudo:
            user_sudo.confirmed_email = email_normalize(user_sudo.login)
        return users_sudo

    @api.model
    def _get_people_domain(self, email):
        """Return the domain of the people whose address it is, confirmed or not."""
        return (
            Domain("email_normalized", "=", email)
            & Domain("is_company", "=", False)
            & Domain("type", "=", "contact")
        )

    @api.model
    def _find_patient_by_email(self, email):
        """Return the one person whom the clinic knows by an address, if it is one.

        Who has only typed it on the website counts where nobody else has it: of them
        the last one.

        :param str email: normalized
        :rtype: res.partner
        """
        # Visitors may read nobody; what is found is told to nobody either.
        found_sudo = self.sudo().search(self._get_people_domain(email), order="id desc")
        known_sudo = found_sudo.filtered(lambda p: p._is_known_by(email))
        if not known_sudo:
            return found_sudo[:1]
        return known_sudo if len(known_sudo) == 1 else known_sudo.browse()

    def _is_known_by(self, email):
        """Tell whether the address of a person is more than what somebody has typed.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        # Of a log-in only yes or no is told.
        partner_sudo = self.sudo()
        users_sudo = partner_sudo.user_ids
        return not partner_sudo.is_unconfirmed_visitor and (
            not users_sudo or any(user._counts_for(email) for user in users_sudo)
        )

    @api.model
    def _create_visitor(self, name, email, phone):
        """Create the person that a visitor says to be: never one who is known already.

        Somebody types an address; whose it is shows when its mailbox has answered.
        Until then nothing of a patient is used, and nothing is added to her file.

        :param str email: normalized
        :rtype: res.partner
        """
        # Visitors may write nobody: it is a new person each time.
        return self.sudo().create(
            {
                "name": name,
                "email": email,
                "phone": phone,
                "lang": self.env.lang,
                "is_unconfirmed_visitor": True,
            }
        )

    def _find_others_with_address(self):
        """Return the patients known by the address that this visitor has typed.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        # Who has the address is decided here, and told to nobody.
        email = self.sudo().email_normalized
        if not email:
            return self.browse()
        # Visitors may read nobody; who is found is told to nobody.
        others_sudo = (
            self.sudo()
            .search(self._get_people_domain(email) & Domain("id", "!=", self.id))
            .filtered(lambda p: p._is_known_by(email))
        )
        # Some log in with an address that their file does not have.
        return others_sudo | self._find_user_by_email(email).partner_id - self

    def _find_known_self(self):
        """Return the patient who this visitor is, by address and name, if it is one.

        Same address and another name is another person until the desk says otherwise,
        as in imports: families share a mailbox.

        Note: `self.ensure_one()`, called when the mailbox has answered
        """
        self.ensure_one()
        same = self._find_others_with_address().filtered(
            lambda known: known._has_name_of(self)
        )
        return same if len(same) == 1 else self.browse()

    def _has_name_of(self, other):
        """Tell whether two people have the same name, however it is written."""
        # Names are compared, and told to nobody.
        names = [
            " ".join((partner.sudo().name or "").casefold().split())
            for partner in (self, other)
        ]
        return names[0] == names[1]

    def _settle_visitor(self):
        """Note that the mailbox has answered, and return who the visitor is.

        Where another patient has the address, the visitor gets no log-in with it.

        Note: `self.ensure_one()`

        :rtype: res.partner
        """
        self.ensure_one()
        # Called when the mailbox has answered.
        if not self.sudo().is_unconfirmed_visitor:
            return self
        known = self._find_known_self()
        if known:
            return known
        if not self._find_others_with_address():
            # Called when the mailbox has answered.
            self.sudo().is_unconfirmed_visitor = False
        return self

    def _find_login_by_mailbox(self, email, company):
        """Return the user whom the owner of a mailbox may log in as: this patient's.

        Note: `self.ensure_one()`

        :param str email: normalized; its owner has just used a link sent to it
        :rtype: res.users
        """
        self.ensure_one()
        user = self._find_user_by_email(email)
        if not user and self._find_patient_by_email(email) == self:
            # Who has signed up with the address is out as soon as this log-in is used.
            user = self._create_portal_users(company) or self._find_unconfirmed_login(
                email
            )
        elif user.partner_id != self:
            return user.browse()
        return user if user._may_log_in_by_link() else user.browse()
