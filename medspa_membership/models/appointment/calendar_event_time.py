# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from collections import defaultdict
from datetime import timedelta

from psycopg2.errors import ExclusionViolation

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, format_datetime

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
        rows_sudo = (
            self.env["medspa.occupancy"]
            .sudo()
            .search_fetch(
                [("event_id", "in", self.ids)],
                ["event_id", "resource_id", "patient_id", "start", "stop"],
            )
        )
        current_sudo = rows_sudo.filtered("resource_id")
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
        if new_vals:
            self._take_times(new_vals)
        self._sync_patient_time(rows_sudo - current_sudo)

    def _take_times(self, new_vals):
        """Let the appointments take the times of resources, or refuse.

        :raise UserError: when practitioner, room or device is taken at that time
        """
        if self._are_taken(new_vals):
            raise UserError(self._get_taken_message())
        try:
            with self.env.cr.savepoint():
                self.env["medspa.occupancy"].sudo().create(new_vals)
        except ExclusionViolation as error:
            # Somebody else took it at this very moment.
            raise UserError(self._get_taken_message()) from error

    def _sync_patient_time(self, current_sudo=None):
        """Make the times that the patients give what they should be.

        Where a patient has another appointment then, the time is not taken: the desk
        may want that; who books alone is refused by :meth:`_check_patient_is_free`.

        :param current_sudo: the rows that are there, where they are known
        """
        if current_sudo is None:
            current_sudo = self.sudo().patient_occupancy_ids
        rows = {row.event_id.id: row for row in current_sudo}
        stale_sudo, new_vals = current_sudo.browse(), []
        for event in self:
            vals = event._prepare_patient_time_vals()
            row_sudo = rows.get(event.id)
            wanted = [vals.get(name) for name in ("patient_id", "start", "stop")]
            given = row_sudo and [row_sudo.patient_id.id, row_sudo.start, row_sudo.stop]
            if wanted == given:
                continue
            if row_sudo:
                stale_sudo |= row_sudo
            if vals:
                new_vals.append(vals)
        stale_sudo.unlink()
        if not new_vals:
            return
        # The constraint decides, and the row that meets another is left out. Met by one
        # that is being booked at this moment, the request starts again and sees it.
        rows = [
            SQL(
                "(%s, %s, %s, %s)",
                vals["event_id"],
                vals["patient_id"],
                vals["start"],
                vals["stop"],
            )
            for vals in new_vals
        ]
        self.env.cr.execute(
            SQL(
                "INSERT INTO medspa_occupancy (event_id, patient_id, start, stop)"
                " VALUES %s ON CONFLICT DO NOTHING",
                SQL(", ").join(rows),
            )
        )
        self.invalidate_recordset(["patient_occupancy_ids"])

    def _prepare_patient_time_vals(self):
        """Return the time that the patient gives, nothing when it holds none."""
        self.ensure_one()
        if not self.active or self.appointment_status not in HOLDING_STATUSES:
            return {}
        return {
            "event_id": self.id,
            "patient_id": self.patient_id.id,
            "start": self.start,
            "stop": self.stop,
        }

    @api.model
    def _get_patient_times(self, patients, start, stop):
        """Return the times that patients have given, by one query.

        :rtype: dict[int, list[tuple[datetime, datetime]]]
        """
        times = defaultdict(list)
        for patient, starts, stops in (
            self.env["medspa.occupancy"]
            .sudo()
            ._read_group(
                [
                    ("patient_id", "in", patients.ids),
                    ("start", "<", stop),
                    ("stop", ">", start),
                ],
                ["patient_id"],
                ["start:array_agg", "stop:array_agg"],
            )
        ):
            times[patient.id] = list(zip(starts, stops, strict=True))
        return times

    def _check_patient_is_free(self):
        """Refuse what a patient books for a time of another appointment of his or hers.

        :raise UserError: when the appointment does not hold the patient's time
        """
        for event in self:
            if not event.sudo().patient_occupancy_ids:
                raise UserError(
                    self.env._(
                        "You have another appointment at that time. Please choose "
                        "another one."
                    )
                )

    @api.model
    def _drop_own_times(self, slots, patient, but_event=None):
        """Return the times at which a patient has no other appointment, by one query.

        :param slots: dicts with `start` and `stop`
        :param but_event: an appointment that is being moved
        """
        if not slots or not patient:
            return slots
        own_sudo = self.sudo().search_fetch(
            self._get_patient_domain(patient)
            & Domain("appointment_status", "in", HOLDING_STATUSES)
            & Domain("start", "<", max(slot["stop"] for slot in slots))
            & Domain("stop", ">", min(slot["start"] for slot in slots))
            & Domain("id", "not in", (but_event or self.browse()).ids),
            ["start", "stop"],
        )
        return [
            slot
            for slot in slots
            if not any(
                event.start < slot["stop"] and event.stop > slot["start"]
                for event in own_sudo
            )
        ]

    @api.model
    def _find_booked(self, patient, treatment, start):
        """Return the appointment that a patient has already booked at a time, sudoed.

        The second of two taps is answered by what the first has done.
        """
        return self.sudo().search(
            self._get_patient_domain(patient)
            & Domain("appointment_status", "in", HOLDING_STATUSES)
            & Domain("treatment_id", "=", treatment.id)
            & Domain("start", "=", start),
            limit=1,
        )

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
