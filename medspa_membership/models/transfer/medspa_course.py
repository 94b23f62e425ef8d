# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaCourse(models.Model):
    _inherit = "medspa.course"

    import_key = fields.Char(
        readonly=True,
        copy=False,
        help="The other system and its ID, of a course brought over from there.",
    )

    _imported_once = models.UniqueIndex(
        "(company_id, import_key) WHERE import_key IS NOT NULL",
        "This course has been imported already.",
    )
