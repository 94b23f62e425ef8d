# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).


from odoo import models
from odoo.exceptions import UserError

from .calendar_event import OPEN_STATUSES


class CalendarEvent(models.Model):
    """Which credit pays for an appointment, and how much of it is set aside."""

    _inherit = "calendar.event"

    # === BUSINESS METHODS: CREDIT === #

    def _get_reservations(self):
        """Return what the appointment has set aside. Note: `self.ensure_one()`.

        :rtype: dict[medspa.credit, float]
        """
        self.ensure_one()
        return {
            credit: quantity
            for credit, quantity in self.env["medspa.credit.move"]
            .sudo()
            ._read_group([("event_id", "=", self.id)], ["credit_id"], ["reserved:sum"])
            if quantity > 0
        }

    def _cover(self, chosen=False):
        """Reserve the credit that pays for an open appointment.

        :param bool chosen: a person picked the credit of the appointment (or none)
        """
        self.ensure_one()
        if self.appointment_status not in (*OPEN_STATUSES, "attended"):
            return
        credit = self.env["medspa.credit"]
        if not self.is_paid_apart:
            credit = (chosen and self._get_chosen_credit()) or self._find_credit()
        reserved = self._get_reservations()
        if credit and reserved == {credit: self._get_credit_quantity(credit)}:
            return
        self._release()
        if credit:
            credit._reserve(
                self._get_credit_quantity(credit),
                self._get_local_date(),
                event_id=self.id,
            )
        self._set_paying_credit(credit)

    def _get_chosen_credit(self):
        """Return the credit that a person picked, if any, and refuse a wrong one."""
        self.ensure_one()
        credit = self.credit_id
        if credit and not self._can_be_paid_by(credit.sudo()):
            raise UserError(
                self.env._(
                    "%(credit)s cannot pay for %(event)s. Choose a credit of the "
                    "patient that covers the treatment.",
                    credit=credit.sudo()._name_it(),
                    event=self.name,
                )
            )
        return credit

    def _can_be_paid_by(self, credit):
        """Tell whether a credit is the patient's, of this clinic, and covers it."""
        self.ensure_one()
        return (
            self.patient_id in credit.partner_id | credit.beneficiary_ids
            and credit.company_id == self.medspa_company_id
            and credit.unit == "session"
            and credit._covers(self.treatment_id)
        )

    def _find_credit(self):
        """Return the credit that pays: the one on the appointment, else by the rule."""
        self.ensure_one()
        usable_sudo = (
            self.env["medspa.credit"]
            .sudo()
            ._find_usable(
                self.patient_id,
                self.treatment_id,
                self._get_local_date(),
                company=self.medspa_company_id,
            )
        )
        picked = self.credit_id.sudo()
        reserved = (
            self.env["medspa.credit"]
            .sudo()
            .browse([credit.id for credit in self._get_reservations()])
        )
        candidates = usable_sudo | reserved
        if picked in candidates and self._can_be_paid_by(picked):
            return picked.with_env(self.env)
        enough_sudo = usable_sudo.filtered(
            lambda credit: credit.available >= self._get_credit_quantity(credit)
        )
        return self._filter_bookable_credits(enough_sudo)[:1].with_env(self.env)

    def _filter_bookable_credits(self, credits):
        """Seam: drop credits that cannot pay for this appointment at its time."""
        return credits

    def _get_credit_quantity(self, credit):
        """Return how much of a credit the appointment takes.

        What the treatment costs in sessions counts only where the credit covers more
        than that treatment: a course of long sessions is used up one by one.
        """
        self.ensure_one()
        cost = self.treatment_id.session_cost if credit.coverage != "treatment" else 1.0
        return cost * self.credit_quantity

    def _release(self):
        """Give back whatever the appointment has set aside."""
        for event in self:
            for credit, quantity in event._get_reservations().items():
                credit._release(quantity, event_id=event.id)

    def _check_reservation_dates(self):
        """Refuse a new time on which the reserved credit may not be spent."""
        for event in self.filtered(lambda e: e.appointment_status in OPEN_STATUSES):
            for credit in event._get_reservations():
                credit.sudo()._check_spendable(event._get_local_date())
