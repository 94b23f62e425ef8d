# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class CalendarEvent(models.Model):
    """How much one person books on the website: nobody fills the agenda alone."""

    _inherit = "calendar.event"

    # === BUSINESS METHODS === #

    @api.model
    def _check_booking_limits(self, person, start, company, is_covered):
        """Refuse one more booking of a person than the clinic allows.

        Visitors are counted by the address they type, patients by themselves: what a
        patient has booked is told to nobody who knows the address.

        :param person: who comes, a partner
        :param datetime start: of the visit (naive, in UTC)
        :param bool is_covered: a session pays for it
        :raise UserError: as many are booked already
        """
        booked = self.search(
            self._get_booked_online_domain(person)
            & Domain("medspa_company_id", "=", company.id)
        )
        day = company._medspa_date(start)
        on_day = booked.filtered(lambda e: company._medspa_date(e.start) == day)
        if 0 < company.max_day_bookings <= len(on_day):
            raise UserError(
                self.env._(
                    "%s visits are booked on this day already. Choose another day, or "
                    "call us.",
                    len(on_day),
                )
            )
        unpaid = booked.filtered(lambda event: event._is_open_without_payment())
        if not is_covered and 0 < company.max_open_bookings <= len(unpaid):
            raise UserError(
                self.env._(
                    "%s visits are booked already, to be paid at the clinic. Come to "
                    "one of them first, or call us.",
                    len(unpaid),
                )
            )

    @api.model
    def _get_booked_online_domain(self, person):
        """Return the domain of what a person has booked online and is still to come."""
        people = person
        if person.is_unconfirmed_visitor and person.email_normalized:
            people |= person.search(
                self.env["res.partner"]._get_people_domain(person.email_normalized)
                & Domain("is_unconfirmed_visitor", "=", True)
            )
        upcoming = Domain.OR(self._get_upcoming_domain(partner) for partner in people)
        return upcoming & Domain("is_booked_online", "=", True)

    def _is_open_without_payment(self):
        """Tell whether nothing pays for the booking yet: no session, no deposit.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        has_deposit = self.deposit_amount and not self.held_until
        return not (self.credit_id or self.ahead_date or has_deposit)
