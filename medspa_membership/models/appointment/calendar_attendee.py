# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class CalendarAttendee(models.Model):
    """Practitioners look into the diary: core mails them about their meetings only."""

    _inherit = "calendar.attendee"

    def _notify_attendees(self, mail_template, notify_author=False, force_send=False):
        """Override of `calendar` to mail nobody that a patient has moved."""
        of_meetings = self.filtered(lambda a: not a.event_id.medspa_company_id)
        if not of_meetings:
            return False
        return super(CalendarAttendee, of_meetings)._notify_attendees(
            mail_template, notify_author=notify_author, force_send=force_send
        )
