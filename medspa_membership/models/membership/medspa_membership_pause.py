# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaMembershipPause(models.Model):
    """A pause of a membership: from when to when, and what it means."""

    _name = "medspa.membership.pause"
    _inherit = "medspa.guarded"
    _description = "Membership pause"
    _order = "start_date desc, id desc"

    membership_id = fields.Many2one(
        "sale.subscription", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="membership_id.company_id", store=True, index=True
    )
    start_date = fields.Date("First day", required=True)
    end_date = fields.Date("Last day", help="Open: until it is resumed by hand.")
    meaning = fields.Selection(
        [
            ("usable_skip", "Credits stay usable, payments are skipped"),
            ("frozen_shift", "Credits are frozen, the next payment moves"),
            ("frozen_skip", "Credits are frozen, payments are skipped"),
        ],
        required=True,
    )
    reason = fields.Char()
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("running", "Running"),
            ("done", "Over"),
            ("cancelled", "Cancelled"),
        ],
        default="planned",
        required=True,
    )
    days = fields.Integer(compute="_compute_days")

    _pause_forward = models.Constraint(
        "CHECK (end_date IS NULL OR end_date >= start_date)",
        "A pause ends after it begins.",
    )
    _pauses_apart = models.Constraint(
        "EXCLUDE USING gist (membership_id WITH =,"
        " daterange(start_date, end_date, '[]') WITH &&)"
        " WHERE (state IN ('planned', 'running'))",
        "There is a pause at that time already.",
    )
    _pause_runs_once = models.UniqueIndex(
        "(membership_id) WHERE state = 'running'", "The membership is paused already."
    )

    def _prepare_segment(self):
        """Return the pause as a row of what was agreed. Note: `ensure_one()`."""
        self.ensure_one()
        return {
            "kind": "pause",
            "start": self.start_date,
            "end_date": self.end_date,
            "moves_periods": self.meaning == "frozen_shift",
            "is_inside": bool(
                self.sudo().membership_id.period_ids.filtered(
                    lambda p: (
                        p.kind in ("regular", "trial")
                        and p.state in ("open", "paid", "refunded")
                        and p.start_date == self.start_date
                    )
                )
            ),
            "reason": self.reason,
        }

    def _compute_days(self):
        for pause in self:
            last = pause.end_date or pause.company_id._medspa_date()
            pause.days = max((last - pause.start_date).days + 1, 0)
