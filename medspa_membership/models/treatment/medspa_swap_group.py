# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaSwapGroup(models.Model):
    """Treatments whose sessions can be swapped. A treatment is in one group at most."""

    _name = "medspa.swap.group"
    _description = "Swap group"
    _order = "name"

    name = fields.Char(required=True, translate=True)
    company_id = fields.Many2one("res.company", index=True)
    treatment_ids = fields.One2many(
        "product.template",
        "swap_group_id",
        "Treatments",
        domain="[('service_tracking', '=', 'medspa_treatment')]",
    )
