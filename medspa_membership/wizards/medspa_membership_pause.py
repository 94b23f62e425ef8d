# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.tools import format_date


class MedspaMembershipPauseWizard(models.TransientModel):
    """Pauses a membership, and shows first what that means."""

    _name = "medspa.membership.pause.wizard"
    _inherit = "medspa.membership.wizard"
    _description = "Pause a membership"

    start_date = fields.Date(
        "First day",
        required=True,
        compute="_compute_start_date",
        store=True,
        readonly=False,
    )
    end_date = fields.Date(
        "Last day", help="Left empty: until somebody resumes it, where that is allowed."
    )
    reason = fields.Char()
    meaning = fields.Selection(related="membership_id.pause_meaning")
    pause_fee = fields.Float(related="membership_id.pause_fee")
    max_pause_days = fields.Integer(related="membership_id.max_pause_days")
    days = fields.Integer("Days of this pause", compute="_compute_days")
    days_left = fields.Integer(
        "Days left", compute="_compute_days", help="In these twelve months."
    )
    outcome = fields.Char("What happens", compute="_compute_outcome")

    @api.depends("membership_id")
    def _compute_start_date(self):
        for wizard in self:
            if not wizard.start_date and wizard.company_id:
                wizard.start_date = wizard.company_id._medspa_date()

    @api.depends("membership_id", "start_date", "end_date")
    def _compute_days(self):
        for wizard in self:
            start, end = wizard.start_date, wizard.end_date
            wizard.days = (end - start).days + 1 if start and end else 0
            left = start and wizard.membership_id._get_pause_days_left(start)
            wizard.days_left = left or 0

    @api.depends("membership_id", "start_date", "end_date")
    def _compute_outcome(self):
        for wizard in self:
            wizard.outcome = wizard._get_outcome()

    def _get_outcome(self):
        """Return what the pause does to the payments, in words."""
        self.ensure_one()
        next_date = self.membership_id.recurring_next_date
        if not next_date:
            return self.env._("No further payment is planned.")
        day = format_date(self.env, next_date)
        if self.meaning == "frozen_shift":
            if not self.days:
                return self.env._(
                    "The payment of %s moves by the days of the pause, and so do the "
                    "last days of the credits.",
                    day,
                )
            moved = fields.Date.add(next_date, days=self.days)
            return self.env._(
                "The payment of %(old)s moves to %(new)s, and the last days of the "
                "credits move alike.",
                old=day,
                new=format_date(self.env, moved),
            )
        if self.end_date and next_date > self.end_date:
            return self.env._(
                "The next payment, on %s, is after the pause: none is skipped.", day
            )
        return self.env._(
            "Payments that fall due in the pause are skipped, the first on %s.", day
        )

    def action_confirm(self):
        """Pause it, or plan the pause."""
        self._get_membership()._pause(self.start_date, self.end_date, self.reason)
