# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import time, timedelta

# How far the search for the next free time looks at once.
SEARCH_DAYS = 14


class BookingOffer:
    """The times of a treatment that one person can book now.

    The pages show them and the booking checks them, so that what is offered can be
    booked. Answers to the same questions as a step of a course does.
    """

    # An appointment that is being moved: its own time does not count.
    event = None

    def __init__(self, treatment_sudo, company, patient):
        self.treatment = treatment_sudo.with_company(company)
        self.company_id = company
        self.patient = patient

    def _get_offering_window(self):
        """Return the first and the last moment to offer, or nothing."""
        start, stop = self.treatment._get_booking_window(self.company_id, self.patient)
        return (start, stop) if start < stop else None

    def _get_offered_slots(self, start, stop, practitioners=None):
        """Return the free times inside the window, with `day` on the clinic's clock."""
        window = self._get_offering_window()
        if not window:
            return []
        slots = self._get_free_slots(
            max(start, window[0]), min(stop, window[1]), practitioners
        )
        slots = self.company_id.env["calendar.event"]._drop_own_times(
            slots, self.patient, self.event
        )
        for slot in slots:
            slot["day"] = self.company_id._medspa_date(slot["start"])
        return self._filter_slots(slots)

    def _get_free_slots(self, start, stop, practitioners):
        return self.treatment._get_free_slots(
            start, stop, practitioners, self.company_id
        )

    def _filter_slots(self, slots):
        return slots

    def _get_next_offered_day(self, day, practitioners=None):
        """Return the first day from `day` on that has a time to offer, or nothing."""
        window = self._get_offering_window()
        if not window:
            return None
        company = self.company_id
        day = max(day, company._medspa_date(window[0]))
        while company._medspa_utc(day, time.min) < window[1]:
            following = day + timedelta(days=SEARCH_DAYS)
            slots = self._get_offered_slots(
                company._medspa_utc(day, time.min),
                company._medspa_utc(following, time.min),
                practitioners,
            )
            if slots:
                return slots[0]["day"]
            day = following
        return None

    def find_slot(self, start, practitioners=None):
        """Return the offered slot that begins at a moment, or nothing."""
        slots = self._get_offered_slots(start, start + timedelta(minutes=1))
        return next(
            (
                slot
                for slot in slots
                if slot["start"] == start
                and (not practitioners or slot["practitioner"] in practitioners)
            ),
            None,
        )


class MoveOffer(BookingOffer):
    """The times to which an appointment can move: its own time does not count."""

    def __init__(self, event_sudo):
        super().__init__(
            event_sudo.treatment_id, event_sudo.medspa_company_id, event_sudo.patient_id
        )
        self.event = event_sudo

    def _get_free_slots(self, start, stop, practitioners):
        return self.treatment._get_free_slots(
            start, stop, practitioners, self.company_id, but_event=self.event
        )

    def _filter_slots(self, slots):
        """Keep the days on which what pays for it may be used."""
        days = self.event._get_movable_days({slot["day"] for slot in slots})
        return [
            slot
            for slot in slots
            if slot["day"] in days and slot["start"] != self.event.start
        ]
