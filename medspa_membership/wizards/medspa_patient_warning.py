# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models


class MedspaPatientWarning(models.TransientModel):
    """Lets clinicians, who may not change contacts, write down what to beware of."""

    _name = "medspa.patient.warning"
    _description = "Clinical warnings of a patient"

    partner_id = fields.Many2one("res.partner", "Patient", required=True)
    allergies = fields.Text(
        compute="_compute_warnings", store=True, readonly=False, precompute=True
    )
    contraindications = fields.Text(
        compute="_compute_warnings", store=True, readonly=False, precompute=True
    )

    @api.depends("partner_id")
    def _compute_warnings(self):
        for wizard in self:
            wizard.allergies = wizard.partner_id.allergies
            wizard.contraindications = wizard.partner_id.contraindications

    def action_confirm(self):
        """Put the warnings on file."""
        self.ensure_one()
        # The patient must be one the clinician sees, and these two fields theirs.
        self.partner_id.check_access("read")
        self.partner_id._check_field_access(
            self.partner_id._fields["allergies"], "write"
        )
        self.partner_id.sudo().write(
            {
                "allergies": (self.allergies or "").strip(),
                "contraindications": (self.contraindications or "").strip(),
            }
        )
