# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, hash_sign, verify_hash_signed

from ..portal.text import read_line

FAMILY_SCOPE = "medspa-family"
FAMILY_DAYS = 14
# How often a day a member may add somebody: each one is sent a mail. (times, minutes)
FAMILY_LIMIT = (5, 24 * 60)


class SaleSubscription(models.Model):
    """A family that uses the credits of one membership."""

    _inherit = "sale.subscription"

    # === BUSINESS METHODS: FAMILY === #

    def _add_family_member(self, name, email=None):
        """Let somebody use the credits, known to the clinic or not.

        Whether an e-mail is known is told to nobody: a person is created either way.
        Whose address it is answers by mail first; another is invited to log in.

        Note: `self.ensure_one()`

        :raise UserError: no name, an e-mail that is none, or nobody more may be added
        """
        self.ensure_one()
        name = read_line(self.env, name, 120)
        address = email_normalize(read_line(self.env, email, 254)) if email else False
        if not name:
            raise UserError(self.env._("Write down the name of who joins you."))
        if email and not address:
            raise UserError(self.env._("%s is no e-mail address.", email))
        self._check_can_share_more()
        if (
            not self.env["medspa.rate.limit"]
            .sudo()
            ._hit("family", str(self.id), *FAMILY_LIMIT)
        ):
            raise UserError(
                self.env._("Your family has changed often today. Please call us.")
            )
        person_sudo = (
            self.env["res.partner"]
            .sudo()
            .create(
                {
                    "name": name,
                    "email": address,
                    "lang": self.partner_id.lang,
                    # Whose it is shows when its mailbox has answered.
                    "is_unconfirmed_visitor": bool(address),
                }
            )
        )
        self._set_family(self.sudo().beneficiary_ids | person_sudo)
        if not address:
            return person_sudo
        if person_sudo._find_others_with_address() or person_sudo._is_login_taken(
            address
        ):
            self._ask_family_member(person_sudo)
        else:
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

    def _ask_family_member(self, person):
        """Ask the owner of an address that is known whether he or she takes part.

        Note: `self.ensure_one()`

        :param person: as the member has named the person
        """
        self.ensure_one()
        template = self.env.ref("medspa_membership.mail_template_family_invitation")
        template.with_user(SUPERUSER_ID).with_context(
            medspa_family_url=self._get_family_url(person)
        ).send_mail(
            self.id,
            email_values={
                "email_to": person.sudo().email_normalized,
                "recipient_ids": [],
            },
        )

    def _get_family_url(self, person):
        """Return the address of the page on which a person takes part."""
        self.ensure_one()
        token = hash_sign(
            self.env(su=True),
            FAMILY_SCOPE,
            [self.id, person.id],
            expiration=timedelta(days=FAMILY_DAYS),
        )
        return f"{self.get_base_url()}/membership/family/{token}"

    @api.model
    def _find_by_family_token(self, token):
        """Return the membership and the person that an invitation is about, sudoed.

        Both are empty when the member has withdrawn it, or it is too old.
        """
        env = self.env(su=True)
        try:
            ids = verify_hash_signed(env, FAMILY_SCOPE, token) or (0, 0)
        except ValueError:
            ids = (0, 0)
        membership = env["sale.subscription"].browse(ids[0]).exists()
        person = membership.beneficiary_ids.filtered(lambda p: p.id == ids[1])
        return (membership if person else membership.browse()), person

    def _accept_family(self, person):
        """Let the patient use the credits who has answered from the mailbox.

        Note: `self.ensure_one()`, called as superuser

        :param person: as the member has named the person
        :return: who uses them from now on
        """
        self.ensure_one()
        known = person._settle_visitor()
        if known != person:
            self._set_family(self.beneficiary_ids - person | known)
            self.env["calendar.event"]._forget_stranger(person)
        return known

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
