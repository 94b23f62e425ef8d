# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models


class MedspaMembershipFamily(models.TransientModel):
    """Says who else may use the credits of a membership."""

    _name = "medspa.membership.family"
    _inherit = "medspa.membership.wizard"
    _description = "Family members"

    family_limit = fields.Integer(related="membership_id.family_limit")
    member_ids = fields.Many2many(
        "res.partner",
        string="May use it too",
        compute="_compute_member_ids",
        store=True,
        readonly=False,
    )

    @api.depends("membership_id")
    def _compute_member_ids(self):
        for wizard in self:
            wizard.member_ids = wizard.membership_id.beneficiary_ids

    def action_confirm(self):
        """Set who may use it, for what is left of its credits too."""
        self._get_membership()._set_family(self.member_ids)
