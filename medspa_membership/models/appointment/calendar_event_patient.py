# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

import pytz
import vobject

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class CalendarEvent(models.Model):
    """What patients see of their appointments and do with them by themselves."""

    _inherit = "calendar.event"

    @api.model
    def _get_patient_domain(self, partner):
        """Return the domain of the appointments of a patient."""
        return Domain("patient_id", "=", partner.id) & Domain(
            "treatment_id", "!=", False
        )

    @api.model
    def _get_upcoming_domain(self, partner):
        """Return the domain of what a patient still has to come to."""
        return (
            self._get_patient_domain(partner)
            & Domain("appointment_status", "in", ("booked", "arrived"))
            & Domain("stop", ">=", fields.Datetime.now())
        )

    def _is_upcoming(self):
        """Tell whether the patient still has to come. Note: `self.ensure_one()`."""
        self.ensure_one()
        return (
            self.appointment_status in ("booked", "arrived")
            and self.stop >= fields.Datetime.now()
        )

    def _get_cancel_deadline(self):
        """Return until when the patient cancels without loss (naive, in UTC)."""
        self.ensure_one()
        # Patients may not read the terms of the clinic; their own course carries them.
        terms_sudo = self.sudo()._get_terms_holder()
        return self.start - timedelta(hours=terms_sudo.cancel_notice_hours)

    def _can_patient_cancel(self):
        """Tell whether the patient may still cancel. Note: `self.ensure_one()`."""
        self.ensure_one()
        return (
            self.appointment_status == "booked"
            and fields.Datetime.now() <= self._get_cancel_deadline()
        )

    def _cancel_by_patient(self):
        """Cancel in time, as the patient may. Note: `self.ensure_one()`.

        :raise UserError: when it is too late, or not an open appointment
        """
        self.ensure_one()
        if not self._can_patient_cancel():
            raise UserError(
                self.env._("The time to cancel online is over. Please call us.")
            )
        self.action_cancel_appointment()

    def _get_patient_ics(self):
        """Return the appointment for the patient's own calendar.

        Core's file names the patient, and the practitioner with an e-mail address:
        neither belongs into a calendar that family or colleagues may see.

        :rtype: bytes
        """
        self.ensure_one()
        company = self.medspa_company_id
        calendar = vobject.iCalendar()
        entry = calendar.add("vevent")
        entry.add("uid").value = f"appointment-{self.id}@{self.env.cr.dbname}"
        entry.add("dtstart").value = pytz.utc.localize(self.start)
        entry.add("dtend").value = pytz.utc.localize(self.stop)
        entry.add("dtstamp").value = pytz.utc.localize(fields.Datetime.now())
        # Calendars that know it already take the later state.
        age = fields.Datetime.now() - (self.create_date or fields.Datetime.now())
        entry.add("sequence").value = str(max(int(age.total_seconds()), 0))
        if self.appointment_status == "cancelled":
            entry.add("status").value = "CANCELLED"
        entry.add("summary").value = self.env._(
            "%(treatment)s at %(clinic)s",
            treatment=self.treatment_id.name,
            clinic=company.name,
        )
        address = company.partner_id._display_address(without_company=True)
        location = ", ".join(line for line in address.splitlines() if line.strip())
        if location:
            entry.add("location").value = location
        return calendar.serialize().encode()
