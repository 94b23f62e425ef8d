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
        help="Came by booking on the website, and has not confirmed the address, or it "
        "is the address of another patient.",
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
        # Visitors may read nobody; who is found is told to nobody.
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
        known_sudo = found_sudo.filtered(lambda p: not p.is_unconfirmed_visitor)
        if not known_sudo:
            return found_sudo[:1]
        return known_sudo if len(known_sudo) == 1 else known_sudo.browse()

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
        others_sudo = self.sudo().search(
            self._get_people_domain(email)
            & Domain("is_unconfirmed_visitor", "=", False)
            & Domain("id", "!=", self.id)
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
            user = self._create_portal_users(company)
        is_own = user.partner_id == self and user._may_log_in_by_link()
        return user if is_own else user.browse()
