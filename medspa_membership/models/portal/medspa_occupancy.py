# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaOccupancy(models.Model):
    """A freed time occupies its resources too, as long as it is offered."""

    _inherit = "medspa.occupancy"

    event_id = fields.Many2one(required=False)
    waiting_slot_id = fields.Many2one(
        "medspa.waiting.slot", index="btree_not_null", ondelete="cascade"
    )

    _has_reason = models.Constraint(
        "CHECK ((event_id IS NULL) <> (waiting_slot_id IS NULL))",
        "A time is taken by an appointment, or held for those who wait for it.",
    )
