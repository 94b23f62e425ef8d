# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date

from odoo import models
from odoo.exceptions import UserError

from .booking_offer import MoveOffer


class CalendarEvent(models.Model):
    """Patients move their appointments: what was reserved stays reserved."""

    _inherit = "calendar.event"

    # === BUSINESS METHODS === #

    def _can_patient_move(self):
        """Tell whether the patient may still move it. Note: `self.ensure_one()`.

        The rule is that of cancelling: later than that, a move would be a way around
        losing the session.
        """
        self.ensure_one()
        return self._can_patient_cancel() and not self.held_until

    def _get_movable_days(self, days):
        """Return which days allow what pays for the appointment: validity and pace.

        Note: `self.ensure_one()`

        :param set[date] days: on the clinic's clock
        :rtype: set[date]
        """
        self.ensure_one()
        days = set(days)
        if self.ahead_date:
            days = {day for day in days if self._is_ahead_kept(day)}
        for credit in self._get_reservations():
            # Patients read no credits: those that pay for their own appointment.
            credit_sudo = credit.sudo()
            first = credit_sudo.valid_from or date.min
            last = credit_sudo.expires_on or date.max
            line_sudo = credit_sudo.course_line_id
            blocked = line_sudo._get_blocked_dates(self) if line_sudo else []
            days = {
                day
                for day in days
                if first <= day <= last
                and not credit_sudo.is_frozen
                and not any(begin < day < end for begin, end in blocked)
            }
        return days

    def _move_by_patient(self, start, practitioner=None):
        """Move the appointment to an offered time. Note: `self.ensure_one()`.

        :param datetime start: naive, in UTC
        :param practitioner: with whom; anybody who is free when left out, if possible
            the one of before
        :raise UserError: when it is too late, or the time is not offered (any more)
        """
        self.ensure_one()
        if not self._can_patient_move():
            raise UserError(
                self.env._("The time to change it online is over. Please call us.")
            )
        # Whose diary is free is known to the clinic; the patient is told the times.
        offer = MoveOffer(self.sudo())
        slot = offer.find_slot(start, practitioner or self.practitioner_id)
        if not slot and not practitioner:
            slot = offer.find_slot(start)
        if not slot:
            raise UserError(
                self.env._(
                    "This time cannot be booked any more. Please choose another one."
                )
            )
        before = self.start
        with self.env.cr.savepoint():
            self.write(
                {
                    "start": slot["start"],
                    "stop": slot["stop"],
                    "practitioner_id": slot["practitioner"].id,
                    "room_id": slot["room"].id,
                }
            )
            self._check_patient_is_free()
        self.message_post(
            body=self.env._(
                "Moved by the patient, from %s.",
                self.medspa_company_id._medspa_moment_text(before),
            )
        )
