# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import models
from odoo.tools import SQL

# A membership that ended so long ago at most may come back.
LEFT_DAYS = 90


class MedspaReminderRule(models.Model):
    """Memberships: lapsing credits, terms, cards, and those that end or have ended."""

    _inherit = "medspa.reminder.rule"

    def _get_loose_credits_sql(self):
        """Override to leave the credits of plans to their own rule."""
        return SQL("%s AND credit.period_id IS NULL", super()._get_loose_credits_sql())

    def _get_credits_lapse_candidates(self, company, now, today):
        """What a plan has given and nobody has booked, about to lapse."""
        first, last = self._get_expiry_window(today)
        return SQL(
            """
            SELECT %(columns)s FROM medspa_credit credit
              JOIN sale_subscription membership
                ON membership.id = credit.membership_id
             WHERE credit.company_id = %(company)s AND credit.available > 0
               AND NOT COALESCE(credit.is_frozen, false)
               AND credit.expires_on BETWEEN %(first)s AND %(last)s%(products)s
             GROUP BY membership.id, credit.expires_on, credit.unit
            """,
            columns=self._complete(
                partner_id=SQL("membership.partner_id"),
                occasion_key=SQL(
                    "'lapse:' || membership.id || ':' || credit.unit || ':'"
                    " || credit.expires_on"
                ),
                quantity=SQL("SUM(credit.available)"),
                unit=SQL("credit.unit"),
                deadline=SQL("credit.expires_on"),
                membership_id=SQL("membership.id"),
                send_day=SQL("%s", today),
            ),
            company=company.id,
            first=first,
            last=last,
            products=self._get_products_sql("credit.treatment_id"),
        )

    def _get_term_renewal_candidates(self, company, now, today):
        """Memberships whose minimum term ends soon and that would go on after it."""
        first, last = self._get_expiry_window(today)
        return self._get_memberships_sql(
            company,
            SQL(
                "membership.membership_state IN ('active', 'past_due')"
                " AND membership.min_term_end BETWEEN %s AND %s",
                first,
                last,
            ),
            today,
            occasion_key=SQL(
                "'term:' || membership.id || ':' || membership.min_term_end"
            ),
            deadline=SQL("membership.min_term_end"),
        )

    def _get_card_expiry_candidates(self, company, now, today):
        """Memberships whose next charge would find a card that is out of date."""
        first, last = self._get_expiry_window(today)
        return self._get_memberships_sql(
            company,
            SQL(
                """
                membership.membership_state IN ('active', 'past_due', 'paused')
                AND NOT COALESCE(membership.is_paid_elsewhere, false)
                AND EXISTS (
                    SELECT 1 FROM payment_token token
                     WHERE token.id = membership.payment_token_id AND token.active
                       AND token.card_expiry_date BETWEEN %s AND %s)
                """,
                first,
                last,
            ),
            today,
            occasion_key=SQL(
                "'card:' || membership.payment_token_id || ':' || ("
                " SELECT token.card_expiry_date FROM payment_token token"
                " WHERE token.id = membership.payment_token_id)"
            ),
            deadline=SQL(
                "(SELECT token.card_expiry_date FROM payment_token token"
                " WHERE token.id = membership.payment_token_id)"
            ),
        )

    def _get_membership_ending_candidates(self, company, now, today):
        """Memberships that end within the days of the rule, or have not been paid."""
        return self._get_memberships_sql(
            company,
            SQL(
                "(membership.membership_state = 'ending'"
                " AND membership.end_date BETWEEN %s AND %s)"
                " OR membership.membership_state IN ('past_due', 'suspended')",
                today,
                today + timedelta(days=self.offset),
            ),
            today,
            # One for each unpaid period; whoever pays and fails again comes again.
            occasion_key=SQL(
                """
                CASE WHEN membership.membership_state = 'ending'
                     THEN 'end:' || membership.id || ':' || membership.end_date
                     ELSE 'unpaid:' || membership.id || ':' || COALESCE((
                          SELECT MIN(period.start_date)::varchar
                            FROM medspa_membership_period period
                           WHERE period.membership_id = membership.id
                             AND period.state = 'open'), '') END
                """
            ),
            deadline=SQL(
                "CASE WHEN membership.membership_state = 'ending'"
                " THEN membership.end_date END"
            ),
        )

    def _get_left_candidates(self, company, now, today):
        """Memberships that ended lately, of those who have no other one."""
        return self._get_memberships_sql(
            company,
            SQL(
                """
                membership.membership_state = 'ended'
                AND membership.end_date BETWEEN %(since)s AND %(until)s
                AND NOT EXISTS (
                    SELECT 1 FROM sale_subscription other
                     WHERE other.partner_id = membership.partner_id
                       AND other.is_membership
                       AND other.company_id = membership.company_id
                       AND (other.membership_state <> 'ended'
                            OR other.end_date > membership.end_date))
                """,
                since=today - timedelta(days=LEFT_DAYS),
                until=today - timedelta(days=max(self.offset, 1)),
            ),
            today,
            occasion_key=SQL("'left:' || membership.id"),
            deadline=SQL("membership.end_date"),
        )

    def _get_memberships_sql(self, company, condition, today, **values):
        """Return the candidates among the memberships of a clinic."""
        return SQL(
            """
            SELECT %(columns)s FROM sale_subscription membership
             WHERE membership.is_membership AND membership.company_id = %(company)s
               AND (%(condition)s)
            """,
            columns=self._complete(
                partner_id=SQL("membership.partner_id"),
                membership_id=SQL("membership.id"),
                send_day=SQL("%s", today),
                **values,
            ),
            company=company.id,
            condition=condition,
        )
