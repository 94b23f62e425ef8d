# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError


class MedspaAppointmentLoss(models.TransientModel):
    """Asks the desk before a late cancellation or a no-show takes a session."""

    _name = "medspa.appointment.loss"
    _description = "Late cancellation or no-show"

    event_id = fields.Many2one("calendar.event", required=True)
    status = fields.Selection(
        [("cancelled", "Cancelled"), ("no_show", "No-show")], required=True
    )
    credit_id = fields.Many2one(related="event_id.credit_id")
    credit_summary = fields.Char(related="event_id.credit_summary")
    cancel_notice_hours = fields.Integer(compute="_compute_cancel_notice_hours")
    is_waived = fields.Boolean("Give the session back")
    waiver_reason = fields.Char("Reason")

    @api.depends("event_id")
    def _compute_cancel_notice_hours(self):
        for wizard in self:
            terms_sudo = wizard.event_id.sudo()._get_terms_holder()
            wizard.cancel_notice_hours = terms_sudo.cancel_notice_hours

    def action_confirm(self):
        """Close the appointment, with or without its session."""
        self.ensure_one()
        self.event_id.check_access("write")
        vals = {"appointment_status": self.status}
        if self.is_waived:
            if not (self.waiver_reason or "").strip():
                raise UserError(self.env._("Write down why the session is given back."))
            vals["waiver_reason"] = self.waiver_reason.strip()
        self.event_id.write(vals)
