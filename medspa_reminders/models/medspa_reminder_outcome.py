# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.tools import SQL

from ..const import OUTCOME_DAYS


class MedspaReminder(models.Model):
    """What came of the messages: appointments and sales in the days after.

    The last message before it counts, and none twice.
    """

    _inherit = "medspa.reminder"

    # === CRON METHODS === #

    @api.model
    def _cron_note_outcomes(self):
        """Note what patients booked and bought since they were written to."""
        now = fields.Datetime.now()
        self.env.flush_all()
        for query in (
            self._get_undone_sql(),
            self._get_booked_sql(now),
            self._get_bought_sql(now),
        ):
            self.env.cr.execute(query)
        self.invalidate_model(["booked_event_id", "bought_order_id", "revenue"])

    @api.model
    def _get_undone_sql(self):
        """Return the statement that takes back what was cancelled again."""
        return SQL(
            """
            UPDATE medspa_reminder reminder SET bought_order_id = NULL, revenue = 0
              FROM sale_order
             WHERE sale_order.id = reminder.bought_order_id
               AND sale_order.state = 'cancel'
            """
        )

    @api.model
    def _get_booked_sql(self, now):
        return SQL(
            """
            UPDATE medspa_reminder SET booked_event_id = outcome.event_id
              FROM (SELECT reminder_id, MIN(event_id) AS event_id
                      FROM (SELECT DISTINCT ON (event.id) event.id AS event_id,
                                   reminder.id AS reminder_id
                              FROM calendar_event event
                              JOIN medspa_reminder reminder
                                ON reminder.partner_id = event.patient_id
                               AND reminder.company_id = event.medspa_company_id
                               AND reminder.state = 'sent'
                               AND reminder.event <> 'appointment'
                               AND event.create_date > reminder.sent_at
                               AND event.create_date
                                   <= reminder.sent_at + make_interval(days => %(days)s)
                             WHERE event.create_date
                                   > %(now)s - make_interval(days => %(days)s + 1)
                               AND event.treatment_id IS NOT NULL
                               AND event.appointment_status <> 'cancelled'
                               AND NOT EXISTS (
                                   SELECT 1 FROM medspa_reminder other
                                    WHERE other.booked_event_id = event.id)
                             ORDER BY event.id, reminder.sent_at DESC, reminder.id DESC
                           ) last_message
                     GROUP BY reminder_id) outcome
             WHERE medspa_reminder.id = outcome.reminder_id
               AND medspa_reminder.booked_event_id IS NULL
            """,
            days=OUTCOME_DAYS,
            now=now,
        )

    @api.model
    def _get_bought_sql(self, now):
        """Return the statement that notes sales; a renewal counts for its message."""
        return SQL(
            """
            UPDATE medspa_reminder
               SET bought_order_id = outcome.order_id, revenue = outcome.revenue
              FROM (SELECT DISTINCT ON (reminder_id) *
                      FROM (SELECT DISTINCT ON (sale.id) sale.id AS order_id,
                                   reminder.id AS reminder_id,
                                   ROUND(sale.amount_total
                                         / NULLIF(sale.currency_rate, 0)::numeric,
                                         6) AS revenue
                              FROM sale_order sale
                              JOIN medspa_reminder reminder
                                ON reminder.partner_id = sale.partner_id
                               AND reminder.company_id = sale.company_id
                               AND reminder.state = 'sent'
                               AND reminder.event <> 'appointment'
                               AND (reminder.order_id = sale.id
                                    OR (sale.date_order > reminder.sent_at
                                        AND sale.date_order <= reminder.sent_at
                                            + make_interval(days => %(days)s)))
                             WHERE sale.state = 'sale' AND sale.amount_total > 0
                               AND sale.date_order
                                   > %(now)s - make_interval(days => %(days)s + 1)
                               AND NOT EXISTS (
                                   SELECT 1 FROM medspa_reminder other
                                    WHERE other.bought_order_id = sale.id)
                             ORDER BY sale.id, (reminder.order_id = sale.id) DESC,
                                      reminder.sent_at DESC, reminder.id DESC
                           ) last_message
                     ORDER BY reminder_id, order_id) outcome
             WHERE medspa_reminder.id = outcome.reminder_id
               AND medspa_reminder.bought_order_id IS NULL
            """,
            days=OUTCOME_DAYS,
            now=now,
        )
