# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import models
from odoo.tools import SQL

# How long after its time a message about the pace or the start still makes sense.
PACE_DAYS = 14
START_DAYS = 60

# What is left of each running course, and the first step that has something left.
COURSES = """
    SELECT course.id, course.partner_id, course.product_tmpl_id, course.usable_until,
           course.purchase_date, course.last_visit_date, balance.available,
           balance.remaining, balance.reserved, balance.used, balance.unit,
           step.treatment_id, step.advised_days
      FROM medspa_course course
      JOIN (SELECT course_id, SUM(available) AS available, SUM(remaining) AS remaining,
                   SUM(reserved) AS reserved, SUM(used) AS used,
                   CASE WHEN MIN(unit) = MAX(unit) THEN MIN(unit) END AS unit
              FROM medspa_credit
             WHERE course_id IS NOT NULL AND company_id = %(company)s
             GROUP BY course_id) balance ON balance.course_id = course.id
      LEFT JOIN LATERAL (
            SELECT line.treatment_id, line.advised_days
              FROM medspa_course_line line
              JOIN medspa_credit credit ON credit.course_line_id = line.id
             WHERE line.course_id = course.id AND credit.available > 0
             ORDER BY line.sequence, line.id LIMIT 1) step ON true
     WHERE course.company_id = %(company)s AND course.state = 'active'
"""


class MedspaReminderRule(models.Model):
    """Courses and credits: expiring, due, never started, to be renewed, abandoned."""

    _inherit = "medspa.reminder.rule"

    def _get_courses_sql(self, company):
        return SQL(COURSES, company=company.id)

    # === EXPIRY === #

    def _get_course_expiry_candidates(self, company, now, today):
        """Courses and loose credits with something that nobody has booked."""
        return SQL(
            "%s UNION ALL %s",
            self._get_expiring_courses(company, today),
            self._get_expiring_credits(company, today),
        )

    def _get_expiry_window(self, today):
        """Return the first and the last day of expiry that the message is about."""
        nearer = self._get_nearer_offset()
        return today + timedelta(days=nearer + 1), today + timedelta(days=self.offset)

    def _get_expiring_courses(self, company, today):
        first, last = self._get_expiry_window(today)
        return SQL(
            """
            SELECT %(columns)s FROM medspa_course course
              JOIN medspa_credit credit ON credit.course_id = course.id
             WHERE course.company_id = %(company)s AND course.state = 'active'
               AND credit.available > 0 AND NOT COALESCE(credit.is_frozen, false)
               AND credit.expires_on BETWEEN %(first)s AND %(last)s%(products)s
             GROUP BY course.id, credit.expires_on
            """,
            columns=self._complete(
                partner_id=SQL("course.partner_id"),
                occasion_key=SQL("'course:' || course.id || ':' || credit.expires_on"),
                quantity=SQL("SUM(credit.available)"),
                unit=SQL(
                    "CASE WHEN MIN(credit.unit) = MAX(credit.unit)"
                    " THEN MIN(credit.unit) END"
                ),
                deadline=SQL("credit.expires_on"),
                last_visit_date=SQL("course.last_visit_date"),
                course_id=SQL("course.id"),
                send_day=SQL("%s", today),
            ),
            company=company.id,
            first=first,
            last=last,
            products=self._get_products_sql(
                "course.product_tmpl_id", "credit.treatment_id"
            ),
        )

    def _get_loose_credits_sql(self):
        """Return the condition for credits that no course and no plan has given."""
        return SQL("credit.course_id IS NULL")

    def _get_expiring_credits(self, company, today):
        first, last = self._get_expiry_window(today)
        return SQL(
            """
            SELECT %(columns)s FROM medspa_credit credit
             WHERE credit.company_id = %(company)s AND %(loose)s
               AND credit.available > 0 AND NOT COALESCE(credit.is_frozen, false)
               AND credit.expires_on BETWEEN %(first)s AND %(last)s%(products)s
             GROUP BY credit.partner_id, credit.expires_on, credit.unit
            """,
            columns=self._complete(
                partner_id=SQL("credit.partner_id"),
                occasion_key=SQL(
                    "'credit:' || credit.unit || ':' || credit.expires_on"
                ),
                quantity=SQL("SUM(credit.available)"),
                unit=SQL("credit.unit"),
                deadline=SQL("credit.expires_on"),
                send_day=SQL("%s", today),
            ),
            company=company.id,
            loose=self._get_loose_credits_sql(),
            first=first,
            last=last,
            products=self._get_products_sql("credit.treatment_id"),
        )

    # === PACE === #

    def _get_next_step_candidates(self, company, now, today):
        """Courses whose next session is due by the pace they were sold with."""
        return SQL(
            """
            SELECT %(columns)s FROM (%(courses)s) course
             WHERE course.available > 0 AND course.reserved = 0
               AND course.advised_days > 0
               AND (course.usable_until IS NULL OR course.usable_until >= %(today)s)
               AND course.last_visit_date + course.advised_days - %(offset)s
                   BETWEEN %(since)s AND %(today)s%(products)s
            """,
            columns=self._complete_course(
                "'step:' || course.id || ':' || course.last_visit_date",
                deadline=SQL("course.last_visit_date + course.advised_days"),
                send_day=SQL("%s", today),
            ),
            courses=self._get_courses_sql(company),
            today=today,
            since=today - timedelta(days=PACE_DAYS),
            offset=self.offset,
            products=self._get_course_products_sql(),
        )

    def _get_never_started_candidates(self, company, now, today):
        """Courses that were paid and never booked."""
        return SQL(
            """
            SELECT %(columns)s FROM (%(courses)s) course
             WHERE course.available > 0 AND course.used = 0 AND course.reserved = 0
               AND course.last_visit_date IS NULL
               AND course.purchase_date + %(offset)s BETWEEN %(since)s AND %(today)s
               %(products)s
            """,
            columns=self._complete_course(
                "'start:' || course.id",
                deadline=SQL("course.usable_until"),
                send_day=SQL("%s", today),
            ),
            courses=self._get_courses_sql(company),
            today=today,
            since=today - timedelta(days=START_DAYS),
            offset=self.offset,
            products=self._get_course_products_sql(),
        )

    # === RENEWAL AND RECOVERY === #

    def _get_renew_candidates(self, company, now, today):
        """Courses in use that are nearly finished or about to expire.

        Whoever has bought the same course again has renewed.
        """
        return SQL(
            """
            SELECT %(columns)s FROM (%(courses)s) course
             WHERE course.remaining > 0 AND course.used > 0
               AND (course.remaining <= %(sessions)s
                    OR course.usable_until BETWEEN %(today)s AND %(last)s)
               AND NOT EXISTS (
                   SELECT 1 FROM medspa_course other
                    WHERE other.partner_id = course.partner_id
                      AND other.product_tmpl_id = course.product_tmpl_id
                      AND other.id > course.id
                      AND other.state IN ('draft', 'active', 'paused'))%(products)s
            """,
            columns=self._complete_course(
                "'renew:' || course.id",
                quantity=SQL("course.remaining"),
                deadline=SQL("course.usable_until"),
                send_day=SQL("%s", today),
            ),
            courses=self._get_courses_sql(company),
            sessions=self.sessions_left,
            today=today,
            last=today + timedelta(days=self.offset),
            products=self._get_course_products_sql(),
        )

    def _get_dropped_out_candidates(self, company, now, today):
        """Courses in use whose patient has nothing booked and has not come for long."""
        return SQL(
            """
            SELECT %(columns)s FROM (%(courses)s) course
             WHERE course.available > 0 AND course.used > 0 AND course.reserved = 0
               AND course.last_visit_date <= %(today)s - GREATEST(
                   %(offset)s, ROUND(course.advised_days * %(factor)s::numeric))::int
               AND NOT EXISTS (
                   SELECT 1 FROM calendar_event event
                    WHERE event.patient_id = course.partner_id AND event.active
                      AND event.appointment_status IN ('booked', 'arrived')
                      AND event.stop >= %(now)s)%(products)s
            """,
            columns=self._complete_course(
                "'dropped:' || course.id || ':' || course.last_visit_date",
                deadline=SQL("course.usable_until"),
                send_day=SQL("%s", today),
            ),
            courses=self._get_courses_sql(company),
            today=today,
            now=now,
            offset=self.offset,
            factor=self.pace_factor,
            products=self._get_course_products_sql(),
        )

    # === TOOLS === #

    def _get_course_products_sql(self):
        return self._get_products_sql("course.product_tmpl_id", "course.treatment_id")

    def _complete_course(self, occasion_key, **values):
        """Return the columns of a candidate of :data:`COURSES`."""
        return self._complete(
            **{
                "partner_id": SQL("course.partner_id"),
                "occasion_key": SQL(occasion_key),
                "quantity": SQL("course.available"),
                "unit": SQL("course.unit"),
                "last_visit_date": SQL("course.last_visit_date"),
                "course_id": SQL("course.id"),
                **values,
            }
        )
