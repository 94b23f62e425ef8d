# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    allergies = fields.Text(groups="medspa_membership.group_medspa_practitioner")
    contraindications = fields.Text(
        groups="medspa_membership.group_medspa_practitioner"
    )
    has_clinical_warning = fields.Boolean(
        compute="_compute_has_clinical_warning",
        groups="medspa_membership.group_medspa_user",
        help="Allergies or contraindications are on file. What they are, clinicians see.",
    )
    visit_ids = fields.One2many(
        "medspa.visit",
        "partner_id",
        "Visits",
        groups="medspa_membership.group_medspa_user",
    )

    @api.depends("allergies", "contraindications")
    def _compute_has_clinical_warning(self):
        for partner in self:
            # That there is something may be known to all staff; what it is may not.
            partner_sudo = partner.sudo()
            partner.has_clinical_warning = bool(
                partner_sudo.allergies or partner_sudo.contraindications
            )
