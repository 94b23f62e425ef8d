# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaCreditMove(models.Model):
    _inherit = "medspa.credit.move"

    is_imported = fields.Boolean(
        "Used before the import",
        readonly=True,
        help="A use that another system had counted, brought over by an import.",
    )
