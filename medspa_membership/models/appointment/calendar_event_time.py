# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from collections import defaultdict
from datetime import timedelta

from psycopg2.errors import ExclusionViolation

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

# The statuses in which an appointment holds its practitioner and its room. One that
# took place keeps its time: the day's calendar stays true.
HOLDING_STATUSES = ("booked", "arrived", "attended")


class CalendarEvent(models.Model):
    """The time that an appointment takes from practitioner and room."""

    _inherit = "calendar.event"

    # === BUSINESS METHODS: TIME === #

    def _check_can_be_booked(self):
        """Seam: refuse an appointment that breaks a rule of the layers below."""
        self.ensure_one()

    def _get_local_date(self):
        """Return the clinic's date of the appointment. Note: `self.ensure_one()`."""
        self.ensure_one()
        company = self.medspa_company_id or self.env.company
        return company._medspa_date(self.start)

    def _sync_occupancy(self):
        """Make the occupied times of the appointments what they should be.

        :raise UserError: when practitioner, room or device is taken at that time
        """
        wanted = {event: event._get_occupancy() for event in self}
        current_sudo = self.sudo().occupancy_ids
        stale_ids = []
        new_vals = []
        for event, rows in wanted.items():
            rows = dict(rows)
            for row in current_sudo.filtered(lambda o, e=event: o.event_id == e):
                if rows.get(row.resource_id.id) == (row.start, row.stop):
                    rows.pop(row.resource_id.id)
                else:
                    stale_ids.append(row.id)
            new_vals += [
                {"event_id": event.id, "resource_id": rid, "start": begin, "stop": end}
                for rid, (begin, end) in sorted(rows.items())
            ]
        current_sudo.browse(stale_ids).unlink()
        if not new_vals:
            return
        if self._are_taken(new_vals):
            raise UserError(self._get_taken_message())
        try:
            with self.env.cr.savepoint():
                self.env["medspa.occupancy"].sudo().create(new_vals)
        except ExclusionViolation as error:
            # Somebody else took it at this very moment.
            raise UserError(self._get_taken_message()) from error

    @api.model
    def _are_taken(self, vals_list):
        """Tell whether a row of occupancy meets one that is there, by one query."""
        self.env["medspa.occupancy"].flush_model()
        resources = self.env["resource.resource"].browse(
            {vals["resource_id"] for vals in vals_list}
        )
        busy = self._get_busy_times(
            resources,
            min(vals["start"] for vals in vals_list),
            max(vals["stop"] for vals in vals_list),
        )
        return any(
            begin < vals["stop"] and end > vals["start"]
            for vals in vals_list
            for begin, end in busy.get(vals["resource_id"], ())
        )

    def _get_occupancy(self):
        """Return what the appointment occupies, as `{resource id: (start, stop)}`."""
        self.ensure_one()
        if not self.active or self.appointment_status not in HOLDING_STATUSES:
            return {}
        treatment = self.treatment_id
        taken = (
            self.start - timedelta(minutes=treatment.buffer_before_minutes),
            self.stop + timedelta(minutes=treatment.buffer_after_minutes),
        )
        return {resource.id: taken for resource in self._get_resources()}

    def _get_resources(self):
        """Return the resources that the appointment takes."""
        return self.practitioner_id | self.room_id

    def _get_taken_message(self):
        if len(self) > 1:
            return self.env._("One of these times is taken. Choose another one.")
        return self.env._(
            "%(practitioner)s or %(room)s is taken at %(time)s. Choose another time.",
            practitioner=self.practitioner_id.name,
            room=self.room_id.name or self.env._("the room"),
            time=format_datetime(
                self.env,
                self.start,
                tz=self.medspa_company_id._medspa_tz().key,
                dt_format="short",
            ),
        )

    @api.model
    def _find_free_room(self, treatment, start, stop):
        """Return a room of the treatment that nobody has then, or none."""
        rooms = treatment._get_rooms()
        start -= timedelta(minutes=treatment.buffer_before_minutes)
        stop += timedelta(minutes=treatment.buffer_after_minutes)
        taken = self._get_busy_times(rooms, start, stop)
        free = rooms.filtered(lambda room: not taken.get(room.id))
        # Taking one that is busy ends in the refusal that names it.
        return (free or rooms)[:1]

    @api.model
    def _get_busy_times(self, resources, start, stop, but_event=None):
        """Return the occupied times of many resources, in order, by one query.

        :param but_event: an appointment whose own time does not count
        :rtype: dict[int, list[tuple[datetime, datetime]]]
        """
        busy = defaultdict(list)
        for resource, starts, stops in (
            self.env["medspa.occupancy"]
            .sudo()
            ._read_group(
                [
                    ("resource_id", "in", resources.ids),
                    ("start", "<", stop),
                    ("stop", ">", start),
                    ("event_id", "not in", (but_event or self.browse()).ids),
                ],
                ["resource_id"],
                ["start:array_agg", "stop:array_agg"],
            )
        ):
            busy[resource.id] = sorted(zip(starts, stops, strict=True))
        return busy
