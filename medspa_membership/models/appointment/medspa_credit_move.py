# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaCreditMove(models.Model):
    _inherit = "medspa.credit.move"

    event_id = fields.Many2one(
        "calendar.event", "Appointment", index="btree_not_null", ondelete="restrict"
    )
    visit_id = fields.Many2one(
        "medspa.visit", index="btree_not_null", ondelete="restrict"
    )

    _redeemed_once_per_visit = models.UniqueIndex(
        "(visit_id, credit_id) WHERE kind = 'redeem' AND visit_id IS NOT NULL",
        "This visit has taken its session already.",
    )
