# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import logging

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# What a query of candidates gives for each message.
COLUMNS = {
    "partner_id": "integer",
    "occasion_key": "varchar",
    "quantity": "numeric",
    "unit": "varchar",
    "deadline": "date",
    "occasion_at": "timestamp",
    "last_visit_date": "date",
    "course_id": "integer",
    "event_id": "integer",
    "visit_id": "integer",
    "membership_id": "integer",
}


class MedspaReminderRule(models.Model):
    """Who gets a message: found by the database, whole clinic at once.

    Each event has a query of candidates. The nightly pass inserts what it gives, where
    it is not there yet; the sender asks the same query again for the patients at hand:
    what it does not give any more does not apply any more.
    """

    _inherit = "medspa.reminder.rule"

    # === CRON METHODS === #

    @api.model
    def _cron_plan(self):
        """Find the messages of the day, each clinic's when its day begins."""
        for company in self.env["res.company"]._get_clinics():
            now = fields.Datetime.now()
            today = company._medspa_date(now)
            self.env["medspa.reminder"]._wake_snoozed(company, today)
            for rule in self.search([("company_id", "in", (False, company.id))]):
                rule._plan_safely(company, now, today)
                self.env["ir.cron"]._commit_progress(1)
        self.env.ref("medspa_reminders.ir_cron_send")._trigger()

    def _plan_safely(self, company, now, today):
        """Plan one rule; what goes wrong is noted on it and stops no other."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._plan(company, now, today)
                if self.error:
                    self.error = False
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY as error:
            # Tried again in a quarter of an hour.
            _logger.info("Message rule %s was held up: %s", self.id, error)
        except Exception as error:
            _logger.exception("Message rule %s cannot be planned", self.id)
            self.error = str(error)[:500]

    def _plan(self, company, now, today):
        """Add the messages that are due, each once, and return how many are new.

        Note: `self.ensure_one()`

        :param datetime now: naive, in UTC
        :param date today: on the clinic's clock
        """
        self.ensure_one()
        if not self._needs_planning(company, today):
            return 0
        self.env.flush_all()
        self.env.cr.execute(self._get_plan_sql(company, now, today))
        count = self.env.cr.fetchone()[0]
        self.env["medspa.reminder"].invalidate_model()
        if not self._is_hourly():
            self.env["medspa.reminder.pass"].sudo()._set_day(self, company, today)
        return count

    def _get_plan_sql(self, company, now, today):
        """Return the statement that brings the messages of a rule up to the day.

        New occasions are added; the unique key of rule, patient and occasion makes
        repeating it harmless. What was left out because it did not apply is taken up
        when it does again. What waits on the list gets the figures of today, or leaves
        it.
        """
        self.ensure_one()
        figures = self.env["medspa.reminder"]._get_figures()
        return SQL(
            """
            WITH candidate AS MATERIALIZED (%(candidates)s),
            added AS (
                INSERT INTO medspa_reminder (
                    rule_id, company_id, section, event, is_marketing, state,
                    listed_on, revenue, is_opened,
                    create_uid, create_date, write_uid, write_date, due_at, %(columns)s
                )
                SELECT %(rule)s, %(company)s, %(section)s, %(event)s, %(marketing)s,
                       %(state)s, %(today)s, 0, false,
                       %(uid)s, %(now)s, %(uid)s, %(now)s, due_at, %(columns)s
                  FROM candidate
                ON CONFLICT (rule_id, partner_id, occasion_key) DO UPDATE
                   SET state = EXCLUDED.state, due_at = EXCLUDED.due_at,
                       listed_on = EXCLUDED.listed_on, skip_reason = NULL
                 WHERE medspa_reminder.state = 'skipped'
                   AND medspa_reminder.skip_reason IN ('used', 'gone')
                RETURNING 1
            ),
            updated AS (
                UPDATE medspa_reminder reminder SET %(figures)s
                  FROM candidate
                 WHERE reminder.rule_id = %(rule)s AND reminder.state = 'listed'
                   AND reminder.edited_text IS NULL
                   AND candidate.partner_id = reminder.partner_id
                   AND candidate.occasion_key = reminder.occasion_key
                   AND (%(old)s) IS DISTINCT FROM (%(new)s)
            ),
            dropped AS (
                UPDATE medspa_reminder reminder
                   SET state = 'skipped',
                       skip_reason = CASE WHEN course_id IS NULL
                                          THEN 'gone' ELSE 'used' END
                 WHERE reminder.rule_id = %(rule)s AND reminder.state = 'listed'
                   AND reminder.company_id = %(company)s
                   AND NOT EXISTS (
                       SELECT 1 FROM candidate
                        WHERE candidate.partner_id = reminder.partner_id
                          AND candidate.occasion_key = reminder.occasion_key)
            )
            SELECT COUNT(*) FROM added
            """,
            candidates=self._get_candidates(company, now, today),
            columns=SQL(", ").join(SQL.identifier(name) for name in COLUMNS),
            figures=SQL(", ").join(
                SQL("%s = candidate.%s", SQL.identifier(name), SQL.identifier(name))
                for name in figures
            ),
            old=SQL(", ").join(SQL("reminder.%s", SQL.identifier(n)) for n in figures),
            new=SQL(", ").join(SQL("candidate.%s", SQL.identifier(n)) for n in figures),
            rule=self.id,
            company=company.id,
            section=self._get_section(),
            event=self.event,
            marketing=bool(self.is_marketing),
            state="planned" if self.mode == "auto" else "listed",
            today=today,
            uid=self.env.uid,
            now=now,
        )

    def _needs_planning(self, company, today):
        """Tell whether the clinic's day has not been looked through yet."""
        self.ensure_one()
        if self._is_hourly():
            return True
        planned = self.env["medspa.reminder.pass"].sudo()._get_day(self, company)
        return not planned or planned < today

    # === QUERIES === #

    def _get_candidates(self, company, now, today, partners=None):
        """Return the query of the messages that apply now.

        Note: `self.ensure_one()`

        :param partners: only those patients; everybody when left out
        :rtype: odoo.tools.SQL
        """
        self.ensure_one()
        query = getattr(self, f"_get_{self.event}_candidates")(company, now, today)
        columns = SQL(", ").join(
            SQL("candidate.%s", SQL.identifier(name)) for name in COLUMNS
        )
        if partners is not None:
            # Only whether it still applies: its time has come already.
            return SQL(
                "SELECT %s FROM (%s) candidate WHERE candidate.partner_id IN %s",
                columns,
                query,
                tuple(partners.ids) or (None,),
            )
        return SQL(
            """
            SELECT %(columns)s
              FROM (%(query)s) candidate
              JOIN res_partner partner ON partner.id = candidate.partner_id
              LEFT JOIN (SELECT name FROM pg_timezone_names) zone
                     ON zone.name = partner.tz
             WHERE partner.active
            """,
            columns=SQL("%s, %s AS due_at", columns, self._get_due_sql(company)),
            query=query,
        )

    def _get_current_safely(self, company, now, partners):
        """Return what applies now, or None when the rule is broken, which is noted."""
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                return self._get_current(company, now, partners)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:
            _logger.exception("Message rule %s cannot be asked", self.id)
            self.error = str(error)[:500]
            return None

    def _get_current(self, company, now, partners):
        """Return what applies to some patients at this moment.

        :rtype: dict[tuple[int, str], dict]
        """
        self.ensure_one()
        self.env.flush_all()
        today = company._medspa_date(now)
        self.env.cr.execute(self._get_candidates(company, now, today, partners))
        return {
            (row["partner_id"], row["occasion_key"]): row
            for row in self.env.cr.dictfetchall()
        }

    def _get_due_sql(self, company):
        """Return the moment at which a candidate is written to, in UTC.

        Days: at the rule's time on the patient's clock. Hours: so long before or after,
        and where that is at night, on the evening before.
        """
        zone = SQL("COALESCE(zone.name, %s)", company._medspa_tz().key)
        if not self._is_hourly():
            return SQL(
                "(candidate.send_day + make_interval(mins => %s)) AT TIME ZONE %s"
                " AT TIME ZONE 'UTC'",
                round(self.send_at * 60),
                zone,
            )
        due = SQL(
            "candidate.occasion_at + make_interval(hours => %s)", self._get_lag(company)
        )
        if self._is_after() or company.quiet_from == company.quiet_to:
            return due
        local = SQL("((%s) AT TIME ZONE 'UTC' AT TIME ZONE %s)", due, zone)
        return SQL(
            "(%s) AT TIME ZONE %s AT TIME ZONE 'UTC'",
            self._get_evening_sql(company, local),
            zone,
        )

    def _get_lag(self, company):
        """Return the hours from the event to the message: below zero for before."""
        return self.offset if self._is_after() else -self._get_hours_before(company)

    def _get_evening_sql(self, company, local):
        """Return the last minute before the quiet hours, where a time is in them."""
        begin, end = company.quiet_from, company.quiet_to
        hour = SQL("EXTRACT(EPOCH FROM (%s)::time) / 3600", local)
        evening = SQL("make_interval(mins => %s)", round(begin * 60) - 1)
        if begin < end:
            return SQL(
                "CASE WHEN %(hour)s >= %(begin)s AND %(hour)s < %(end)s"
                " THEN (%(local)s)::date + %(evening)s ELSE %(local)s END",
                hour=hour,
                begin=begin,
                end=end,
                local=local,
                evening=evening,
            )
        return SQL(
            "CASE WHEN %(hour)s >= %(begin)s THEN (%(local)s)::date + %(evening)s"
            " WHEN %(hour)s < %(end)s THEN (%(local)s)::date - 1 + %(evening)s"
            " ELSE %(local)s END",
            hour=hour,
            begin=begin,
            end=end,
            local=local,
            evening=evening,
        )

    def _get_products_sql(self, *columns):
        """Return the condition that one of some columns is what the rule is for."""
        if not self.product_ids:
            return SQL()
        ids = tuple(self.product_ids.ids)
        return SQL(
            " AND (%s)",
            SQL(" OR ").join(SQL("%s IN %s", SQL(column), ids) for column in columns),
        )

    @api.model
    def _complete(self, **values):
        """Return the columns of a candidate in order, those not given empty."""
        return SQL(", ").join(
            SQL(
                "%s AS %s",
                SQL("(%s)::%s", values[name], SQL(kind))
                if name in values
                else SQL("NULL::%s", SQL(kind)),
                SQL.identifier(name),
            )
            for name, kind in (COLUMNS | {"send_day": "date"}).items()
        )


class MedspaReminderPass(models.Model):
    """Which day of a clinic a rule has been looked through."""

    _name = "medspa.reminder.pass"
    _description = "Nightly pass"

    rule_id = fields.Many2one("medspa.reminder.rule", required=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, ondelete="cascade")
    day = fields.Date(required=True)

    _once = models.Constraint(
        "UNIQUE (rule_id, company_id)", "A rule has one last day for each clinic."
    )

    @api.model
    def _get_day(self, rule, company):
        return self.search(
            [("rule_id", "=", rule.id), ("company_id", "=", company.id)]
        ).day

    @api.model
    def _set_day(self, rule, company, day):
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO medspa_reminder_pass (rule_id, company_id, day)
                VALUES (%s, %s, %s)
                ON CONFLICT (rule_id, company_id) DO UPDATE SET day = EXCLUDED.day
                """,
                rule.id,
                company.id,
                day,
            )
        )
        self.invalidate_model()
