# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class ResourceResource(models.Model):
    _inherit = "resource.resource"

    medspa_role = fields.Selection(
        [("practitioner", "Practitioner"), ("room", "Room"), ("device", "Device")],
        "Role in the clinic",
        index="btree_not_null",
    )
    color = fields.Integer()
