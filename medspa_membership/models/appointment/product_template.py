# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from bisect import bisect_left
from datetime import datetime, time, timedelta, timezone

from odoo import api, fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    settings_definition = fields.PropertiesDefinition(
        "Device settings", help="What is noted in each visit of this treatment."
    )

    # === ACTION METHODS === #

    def action_edit_settings_definition(self):
        """Open what is noted in each visit. Note: `self.ensure_one()`."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Device settings"),
            "res_model": "medspa.treatment.settings",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_treatment_id": self.id},
        }

    # === BUSINESS METHODS: FREE TIMES === #

    def _get_booking_window(self, company, patient=None):
        """Return the first and the last moment a patient may book by themselves.

        :param patient: whose window it is: members may look further ahead
        :return: two naive datetimes in UTC
        """
        now = fields.Datetime.now()
        days = company.booking_horizon_days
        if (
            company.member_horizon_days > days
            and patient
            and patient._is_member(company._medspa_date(now), company)
        ):
            days = company.member_horizon_days
        return (
            now + timedelta(minutes=company.booking_lead_minutes),
            now + timedelta(days=days),
        )

    def _get_free_slots(
        self, start, stop, practitioners=None, company=None, but_event=None
    ):
        """Return the times at which the treatment can be booked.

        Working hours and leaves come from core's `resource`, what is taken from
        :class:`medspa.occupancy` in one query for all practitioners and rooms.

        Note: `self.ensure_one()`

        :param datetime start: naive, in UTC
        :param datetime stop: naive, in UTC
        :param practitioners: those asked for; all who perform the treatment by default
        :param but_event: an appointment that is being moved and takes no time
        :return: dicts with `start` and `stop` (naive, UTC), `practitioner` and
            `room`, by time, then by practitioner
        """
        self.ensure_one()
        company = company or self.env.company
        performers = self._get_practitioners()
        practitioners = performers & practitioners if practitioners else performers
        rooms = self._get_rooms()
        if not practitioners or not rooms or start >= stop:
            return []
        before = timedelta(minutes=self.buffer_before_minutes)
        after = timedelta(minutes=self.buffer_after_minutes)
        length = timedelta(minutes=self.duration_minutes)
        busy = self.env["calendar.event"]._get_busy_times(
            practitioners | rooms, start - before, stop + length + after, but_event
        )
        slots = []
        for practitioner, shifts in self._get_shifts(
            practitioners, start, stop
        ).items():
            for moment in self._get_start_times(shifts, length, company):
                if moment < start or moment >= stop:
                    continue
                taken = (moment - before, moment + length + after)
                if not self._is_free(busy[practitioner.id], *taken):
                    continue
                room = next(
                    (r for r in rooms if self._is_free(busy[r.id], *taken)), None
                )
                if room:
                    slots.append(
                        {
                            "start": moment,
                            "stop": moment + length,
                            "practitioner": practitioner,
                            "room": room,
                        }
                    )
        return sorted(slots, key=lambda slot: (slot["start"], slot["practitioner"].id))

    @api.model
    def _get_shifts(self, practitioners, start, stop):
        """Return when each practitioner works, leaves taken off.

        :rtype: dict[resource.resource, list[tuple[datetime, datetime]]]
        """
        start = start.replace(tzinfo=timezone.utc)
        stop = stop.replace(tzinfo=timezone.utc)
        shifts = {}
        for calendar, resources in practitioners.grouped("calendar_id").items():
            if not calendar:
                continue
            # A day more: the last start of the range may end after it.
            intervals = calendar.sudo()._work_intervals_batch(
                start, stop + timedelta(days=1), resources
            )
            for resource in resources:
                shifts[resource] = [
                    (begin.astimezone(timezone.utc), end.astimezone(timezone.utc))
                    for begin, end, _meta in intervals[resource.id]
                ]
        return shifts

    @api.model
    def _get_start_times(self, shifts, length, company):
        """Yield start times inside working hours, on the clinic's clock grid."""
        step = timedelta(minutes=company.booking_step_minutes)
        tz = company._medspa_tz()
        for begin, end in shifts:
            # On the wall clock: a day of a clock change has another length.
            local = begin.astimezone(tz).replace(tzinfo=None)
            since = local - datetime.combine(local.date(), time.min)
            moment = begin + -(-since // step) * step - since
            while moment + length <= end:
                yield moment.replace(tzinfo=None)
                moment += step

    @api.model
    def _is_free(self, busy, start, stop):
        """Tell whether a time meets none of the busy ones, which never overlap.

        :param busy: times in order, as :meth:`calendar.event._get_busy_times` has them
        """
        position = bisect_left(busy, (stop,))
        return not position or busy[position - 1][1] <= start
