# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models

from ..appointment.calendar_event import RESOURCE_FIELDS, TIME_FIELDS
from ..appointment.calendar_event_time import HOLDING_STATUSES


class CalendarEvent(models.Model):
    """A time that an appointment gives free is offered to those who wait for it."""

    _inherit = "calendar.event"

    def write(self, vals):
        """Override to notice the times that become free."""
        relevant = TIME_FIELDS | RESOURCE_FIELDS | {"appointment_status"}
        if not relevant & vals.keys():
            return super().write(vals)
        before = self._get_held_times()
        res = super().write(vals)
        self._offer_freed_times(before)
        return res

    def _get_held_times(self):
        """Return what the appointments to come hold, of those that hold anything.

        :rtype: dict[calendar.event, tuple]
        """
        return {
            event: event._get_held_time()
            for event in self.filtered("medspa_company_id")
            if event.appointment_status in HOLDING_STATUSES and event.active
        }

    def _get_held_time(self):
        self.ensure_one()
        start, stop = next(iter(self._get_occupancy().values()), (None, None))
        return (self.practitioner_id, self.room_id, start, stop)

    def _offer_freed_times(self, before):
        """Offer what was held before and is not held any more.

        :param before: as of :meth:`_get_held_times`, from before a change
        """
        after = self._get_held_times()
        # Whoever frees a time has no rights on the waiting list.
        Slot_sudo = self.env["medspa.waiting.slot"].sudo()
        for event, held in before.items():
            if after.get(event) == held or not held[2]:
                continue
            practitioner, room, start, stop = held
            Slot_sudo._open(event.medspa_company_id, practitioner, room, start, stop)

    def _release_hold(self):
        """Override: who took an offered time and did not pay for it waits again."""
        res = super()._release_hold()
        if self.appointment_status == "cancelled":
            # The entry of this appointment alone.
            self.env["medspa.waiting"].sudo().search(
                [("event_id", "=", self.id), ("state", "=", "booked")]
            ).state = "waiting"
        return res
