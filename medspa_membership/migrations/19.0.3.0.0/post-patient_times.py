# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import SUPERUSER_ID, api, fields

BATCH = 500


def migrate(cr, version):
    """Let appointments to come hold the time of their patients."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    events = env["calendar.event"].search(
        [
            ("treatment_id", "!=", False),
            ("appointment_status", "in", ("booked", "arrived")),
            ("stop", ">", fields.Datetime.now()),
        ]
    )
    for start in range(0, len(events), BATCH):
        events[start : start + BATCH]._sync_patient_time()
