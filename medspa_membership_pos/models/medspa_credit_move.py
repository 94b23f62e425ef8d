# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaCreditMove(models.Model):
    _inherit = "medspa.credit.move"

    pos_line_id = fields.Many2one(
        "pos.order.line", "Till line", index="btree_not_null", ondelete="restrict"
    )

    _redeemed_once_per_pos_line = models.UniqueIndex(
        "(pos_line_id, use_number) WHERE kind = 'redeem' AND pos_line_id IS NOT NULL",
        "This line has taken its credit already.",
    )
