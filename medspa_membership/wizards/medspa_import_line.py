# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaImportLine(models.TransientModel):
    """What would become of one row of a file."""

    _name = "medspa.import.line"
    _description = "Row of an import"
    _order = "row"
    _transient_max_hours = 24.0

    import_id = fields.Many2one(
        "medspa.import", required=True, index=True, ondelete="cascade"
    )
    row = fields.Integer(required=True)
    external_id = fields.Char("ID in the file")
    name = fields.Char("Who or what")
    detail = fields.Char()
    status = fields.Selection(
        [
            ("new", "New"),
            ("update", "Will update"),
            ("there", "Already there"),
            ("refused", "Refused"),
        ],
        required=True,
    )
    reason = fields.Char()
