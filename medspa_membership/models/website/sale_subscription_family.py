# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models
from odoo.exceptions import UserError
from odoo.tools import email_normalize


class SaleSubscription(models.Model):
    """A family that uses the credits of one membership."""

    _inherit = "sale.subscription"

    # === BUSINESS METHODS: FAMILY === #

    def _add_family_member(self, name, email=None):
        """Let somebody use the credits, known to the clinic or not.

        Whether an e-mail is known is told to nobody: who has a login is taken, anybody
        else is created and invited, and the page shows what was typed either way.

        Note: `self.ensure_one()`

        :raise UserError: no name, an e-mail that is none, or nobody more may be added
        """
        self.ensure_one()
        name = (name or "").strip()
        address = email_normalize(email) if email else False
        if not name:
            raise UserError(self.env._("Write down the name of who joins you."))
        if email and not address:
            raise UserError(self.env._("%s is no e-mail address.", email))
        self._check_can_share_more()
        Partner_sudo = self.env["res.partner"].sudo()
        person_sudo = Partner_sudo.create(
            {"name": name, "email": address, "lang": self.partner_id.lang}
        )
        known_sudo = person_sudo._find_login().partner_id
        if known_sudo:
            person_sudo.unlink()
            person_sudo = known_sudo.sudo()
        self._set_family(self.sudo().beneficiary_ids | person_sudo)
        if address and not known_sudo:
            person_sudo._invite_to_portal(
                self.env._(
                    "%(member)s shares the %(plan)s membership with you. Choose a "
                    "password to book.",
                    member=self.partner_id.name,
                    plan=self.template_id.name,
                ),
                self.company_id,
            )
        return person_sudo

    def _check_can_share_more(self):
        """Refuse one more member of the family than the terms allow."""
        self.ensure_one()
        if self.membership_state in ("pending", "ended"):
            raise UserError(
                self.env._("The membership does not run: there is nothing to share.")
            )
        if len(self.sudo().beneficiary_ids) >= self.family_limit:
            raise UserError(
                self.env._(
                    "You share it with as many as your plan allows (%s).",
                    self.family_limit,
                )
            )

    def _get_family_label(self, person):
        """Return what the member sees of somebody: the address that was typed.

        Who is known to the clinic may have another name there.
        """
        # Members may not read users.
        login = person.sudo().user_ids[:1].login or ""
        return login if "@" in login else person.email or person.name

    def _drop_family_member(self, partner_id):
        """Stop sharing with somebody. Note: `self.ensure_one()`."""
        self.ensure_one()
        members_sudo = self.sudo().beneficiary_ids
        self._set_family(members_sudo.filtered(lambda p: p.id != partner_id))
