# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import models
from odoo.tools import SQL

from ..const import CATCH_UP_DAYS, LINK_HOURS

DAY_HOURS = 24


class MedspaReminderRule(models.Model):
    """Appointments, visits and birthdays."""

    _inherit = "medspa.reminder.rule"

    def _get_appointment_candidates(self, company, now, today):
        """Appointments that are near, each time they are moved anew.

        A day more is looked ahead: what falls into the night goes out the evening
        before. What was booked after that moment is fresh in everybody's mind.
        """
        nearer = max(self._get_nearer_offset(), 0)
        offset = self._get_hours_before(company)
        return SQL(
            """
            SELECT %(columns)s FROM calendar_event event
             WHERE event.medspa_company_id = %(company)s AND event.active
               AND event.treatment_id IS NOT NULL
               AND event.appointment_status = 'booked'
               AND event.start > %(first)s AND event.start <= %(last)s
               AND event.create_date
                   <= event.start - make_interval(hours => %(offset)s)%(products)s
            """,
            columns=self._complete(
                partner_id=SQL("event.patient_id"),
                occasion_key=SQL(
                    "'event:' || event.id || ':'"
                    " || to_char(event.start, 'YYYY-MM-DD\"T\"HH24:MI')"
                ),
                occasion_at=SQL("event.start"),
                event_id=SQL("event.id"),
            ),
            company=company.id,
            first=now + timedelta(hours=nearer),
            last=now + timedelta(hours=offset + 24),
            offset=offset,
            products=self._get_products_sql("event.treatment_id"),
        )

    def _get_hours_before(self, company):
        """Return how many hours before an appointment the message leaves.

        One of a day or more before lets the patient cancel by its own link: it leaves
        before that is too late by the clinic's rule.
        """
        self.ensure_one()
        if self.event != "appointment" or self.offset < DAY_HOURS:
            return self.offset
        return max(self.offset, company.cancel_notice_hours + LINK_HOURS)

    def _get_visit_follow_up_candidates(self, company, now, today):
        """Visits that took place so long ago: how was it, and how to take care."""
        lag = timedelta(hours=self.offset * (1 if self._is_hourly() else 24))
        return SQL(
            """
            SELECT %(columns)s FROM medspa_visit visit
             WHERE visit.company_id = %(company)s AND visit.state = 'done'
               AND visit.visited_at BETWEEN %(since)s AND %(until)s%(products)s
            """,
            columns=self._complete(
                partner_id=SQL("visit.partner_id"),
                occasion_key=SQL("'visit:' || visit.id"),
                occasion_at=SQL("visit.visited_at"),
                visit_id=SQL("visit.id"),
                send_day=SQL("%s", today),
            ),
            company=company.id,
            since=now - lag - timedelta(days=CATCH_UP_DAYS),
            # The day of the message begins before its hour.
            until=now - lag + timedelta(hours=0 if self._is_hourly() else 24),
            products=self._get_products_sql("visit.treatment_id"),
        )

    def _get_birthday_candidates(self, company, now, today):
        """Patients of the clinic with a birthday; 29 February is kept on the 28th."""
        day = today + timedelta(days=self.offset)
        return SQL(
            """
            SELECT %(columns)s FROM res_partner patient
             WHERE patient.is_patient AND patient.medspa_birthdate IS NOT NULL
               AND patient.medspa_birthdate < %(today)s
               AND (patient.company_id IS NULL OR patient.company_id = %(company)s)
               AND (patient.medspa_birthdate + make_interval(years =>
                    EXTRACT(YEAR FROM %(day)s::date)::int
                    - EXTRACT(YEAR FROM patient.medspa_birthdate)::int))::date
                   BETWEEN %(since)s AND %(day)s
               AND EXISTS (SELECT 1 FROM medspa_visit visit
                            WHERE visit.partner_id = patient.id
                              AND visit.company_id = %(company)s)
            """,
            columns=self._complete(
                partner_id=SQL("patient.id"),
                occasion_key=SQL("'birthday:' || EXTRACT(YEAR FROM %s::date)", day),
                send_day=SQL("%s", today),
            ),
            company=company.id,
            today=today,
            day=day,
            since=today + timedelta(days=max(self.offset - CATCH_UP_DAYS, 0)),
        )
