# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaOccupancy(models.Model):
    """Time that one resource gives to one appointment, buffers included.

    Or the patient: nobody is in two places at once, and needs no buffer. What the desk
    books at the same time on purpose has no such row.

    The exclusion constraint is what keeps two appointments from one practitioner, room
    or device, whatever two requests believe at the same moment. Kept apart from
    calendar.event so that no other write to an event can ever trip over it.
    """

    _name = "medspa.occupancy"
    _inherit = "medspa.guarded"
    _description = "Occupancy of a resource"
    _order = "start, id"

    event_id = fields.Many2one(
        "calendar.event", "Appointment", required=True, index=True, ondelete="cascade"
    )
    resource_id = fields.Many2one("resource.resource", index=True, ondelete="restrict")
    patient_id = fields.Many2one(
        "res.partner", index="btree_not_null", ondelete="cascade"
    )
    start = fields.Datetime(required=True)
    stop = fields.Datetime(required=True)

    _one_at_a_time = models.Constraint(
        "EXCLUDE USING gist (resource_id WITH =, tsrange(start, stop) WITH &&)",
        "This time has just been taken. Please choose another one.",
    )
    _patient_one_at_a_time = models.Constraint(
        "EXCLUDE USING gist (patient_id WITH =, tsrange(start, stop) WITH &&)",
        "The patient has another appointment at that time.",
    )
    _of_resource_or_patient = models.Constraint(
        "CHECK ((resource_id IS NULL) <> (patient_id IS NULL))",
        "A time is that of a resource, or of a patient.",
    )
    _stop_after_start = models.Constraint(
        "CHECK (stop > start)", "An appointment ends after it starts."
    )
