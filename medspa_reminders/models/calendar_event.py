# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools import sign, verify

MOVED_FIELDS = {"start", "start_date", "patient_id", "treatment_id"}


class CalendarEvent(models.Model):
    """What a patient answers to the reminder: I come, or I cancel."""

    _inherit = "calendar.event"

    patient_confirmed_at = fields.Datetime(
        "Confirmed",
        readonly=True,
        copy=False,
        help="When the patient confirmed by the link in a message.",
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Override to ask again when the time that was confirmed has changed."""
        if MOVED_FIELDS & vals.keys() and any(
            event.patient_confirmed_at for event in self if event._is_appointment()
        ):
            vals = {**vals, "patient_confirmed_at": False}
        return super().write(vals)

    # === BUSINESS METHODS === #

    def _get_patient_token(self, purpose):
        """Return the token of a link for the patient, good until the appointment.

        It names patient and time: after a change it opens nothing any more.

        Note: `self.ensure_one()`

        :param str purpose: "confirm" or "cancel"
        """
        self.ensure_one()
        return sign(
            self.sudo().env,
            f"appointment-{purpose}",
            self._get_patient_token_values(),
            expires_at=self.start,
        )

    def _get_patient_token_values(self):
        return [self.id, self.patient_id.id, fields.Datetime.to_string(self.start)]

    @api.model
    def _find_by_patient_token(self, purpose, token):
        """Return the appointment of a token as superuser, or nothing."""
        values = verify(self.sudo().env, f"appointment-{purpose}", token)
        event_sudo = self.sudo().browse(values[0] if values else None).exists()
        if event_sudo and event_sudo._get_patient_token_values() == values:
            return event_sudo
        return self.sudo().browse()

    def _confirm_by_patient(self):
        """Note that the patient will come; repeating it is harmless.

        Note: `self.ensure_one()`

        :raise UserError: when there is nothing to come to any more
        """
        self.ensure_one()
        if not self._is_upcoming():
            raise UserError(
                self.env._("This appointment is over or was cancelled. Please call us.")
            )
        if not self.patient_confirmed_at:
            self.patient_confirmed_at = fields.Datetime.now()
            self.message_post(body=self.env._("Confirmed by the patient."))
