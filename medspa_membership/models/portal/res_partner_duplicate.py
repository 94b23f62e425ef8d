# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import unicodedata
from difflib import SequenceMatcher

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import email_normalize

# From here on two names are taken for one that was written in two ways.
SIMILAR = 0.8


class ResPartner(models.Model):
    """Who may be the same person twice."""

    _inherit = "res.partner"

    duplicate_patient_ids = fields.Many2many(
        "res.partner",
        compute="_compute_duplicate_patient_ids",
        string="Perhaps the same person",
        groups="medspa_membership.group_medspa_user",
    )

    @api.depends("name", "email", "phone", "medspa_birthdate", "is_company")
    def _compute_duplicate_patient_ids(self):
        """Look for people with the same phone, e-mail, or name and date of birth.

        Two queries, whatever the number of people.
        """
        people = self.filtered(lambda p: not p.is_company and p.type == "contact")
        facts = {person: person._get_identity() for person in people}
        domain = Domain.OR(
            Domain(name, "in", list(values))
            for name, values in (
                ("email_normalized", {f["email"] for f in facts.values()} - {None}),
                ("phone_sanitized", {f["phone"] for f in facts.values()} - {None}),
                ("medspa_birthdate", {f["date"] for f in facts.values()} - {False}),
            )
            if values
        )
        # Whom one may not see is not shown; that somebody has the address counts.
        Partner_sudo = self.sudo()
        found_sudo = Partner_sudo.browse()
        if not domain.is_false():
            found_sudo = Partner_sudo.search(
                domain
                & Domain("is_company", "=", False)
                & Domain("type", "=", "contact"),
                limit=200,
            )
        seen = self.browse(found_sudo.ids)._filtered_access("read")
        others = {other: other._get_identity() for other in seen}
        self.duplicate_patient_ids = False
        for person in people:
            person.duplicate_patient_ids = self.browse(
                other.id
                for other, identity in others.items()
                if other != person._origin and self._is_same(facts[person], identity)
            )

    def _get_identity(self):
        """Return what tells one person from another. Note: `self.ensure_one()`."""
        self.ensure_one()
        # Compared here, shown to nobody who may not see the person.
        person_sudo = self.sudo()
        return {
            "email": email_normalize(person_sudo.email or "") or None,
            "phone": person_sudo._phone_format(fname="phone") or None,
            "date": person_sudo.medspa_birthdate,
            "name": self._get_plain_name(person_sudo.name or ""),
        }

    @api.model
    def _get_plain_name(self, name):
        """Return a name without accents, case and the order of its words."""
        plain = unicodedata.normalize("NFKD", name.casefold())
        plain = "".join(char for char in plain if not unicodedata.combining(char))
        return " ".join(sorted(plain.replace(",", " ").split()))

    @api.model
    def _is_same(self, one, other):
        """Tell whether two identities may be of one person."""
        if any(one[key] and one[key] == other[key] for key in ("email", "phone")):
            return True
        return bool(
            one["date"]
            and one["date"] == other["date"]
            and SequenceMatcher(None, one["name"], other["name"]).ratio() >= SIMILAR
        )

    def action_merge_duplicates(self):
        """Open core's wizard with the patient and who may be the same person.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        self.check_access("write")
        # Core merges three at most.
        together = self | self.duplicate_patient_ids[:2]
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "base.action_partner_merge"
        )
        action["context"] = {"active_model": "res.partner", "active_ids": together.ids}
        return action
