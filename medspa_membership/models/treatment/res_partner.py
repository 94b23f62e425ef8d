# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    is_patient = fields.Boolean(
        index="btree_not_null",
        copy=False,
        groups="medspa_membership.group_medspa_user",
        help="Has been sold or booked something, or is known so.",
    )
    credit_ids = fields.One2many(
        "medspa.credit",
        "partner_id",
        "Credits",
        groups="medspa_membership.group_medspa_user",
    )
    open_credit_ids = fields.One2many(
        "medspa.credit",
        compute="_compute_open_credit_ids",
        string="Left to use",
        groups="medspa_membership.group_medspa_user",
    )

    @api.depends("credit_ids.remaining")
    def _compute_open_credit_ids(self):
        grouped = self.env["medspa.credit"]._group_by_partner(self)
        for partner in self:
            partner.open_credit_ids = grouped[partner]

    def _flag_as_patients(self):
        """Remember that these people are patients, once."""
        # Whoever sells a course causes it, and need not know.
        self.sudo().filtered(lambda p: not p.is_patient).is_patient = True
