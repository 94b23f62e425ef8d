# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaVisitPhoto(models.Model):
    """A clinical photo. Clinicians only: the model itself is closed to all others."""

    _name = "medspa.visit.photo"
    _description = "Clinical photo"
    _inherit = ["medspa.visit.part", "image.mixin"]
    _order = "kind desc, id"

    visit_id = fields.Many2one(
        "medspa.visit", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="visit_id.company_id", store=True)
    partner_id = fields.Many2one(related="visit_id.partner_id", store=True, index=True)
    name = fields.Char("Caption")
    kind = fields.Selection(
        [("before", "Before"), ("after", "After")], required=True, default="before"
    )
    image_1920 = fields.Image(required=True)
