# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import models

from .timeline import count_until, get_date


class SaleSubscription(models.Model):
    """When periods begin: counted from the anchor, never from the period before.

    31 January is followed by 28 February and then by 31 March. Every date is the
    clinic's own, in its time zone.
    """

    _inherit = "sale.subscription"

    # === BUSINESS METHODS: DATES === #

    def _get_period_delta(self):
        """Return the length of a period, as it was sold, for `relativedelta`."""
        self.ensure_one()
        if self.period_unit and self.period_length:
            return {self.period_unit: self.period_length}
        # Members may not read what is on sale.
        return self.sudo().template_id._get_period_delta()

    def _get_anchored_date(self, count):
        """Return the start of the period that is `count` periods from the anchor.

        Note: `self.ensure_one()`

        :param int count: of periods, negative before the anchor
        """
        self.ensure_one()
        unit, length = next(iter(self._get_period_delta().items()))
        return get_date(self.anchor_date, unit, length, count)

    def _count_periods_until(self, day):
        """Return the number of the last period that starts on or before a day.

        Note: `self.ensure_one()`

        :return: 0 for the one that starts on the anchor, -1 for a day before it
        """
        self.ensure_one()
        unit, length = next(iter(self._get_period_delta().items()))
        return count_until(self.anchor_date, unit, length, day)

    def _get_start_after(self, day):
        """Return the first start of a period after a day. Note: `ensure_one()`."""
        return self._get_anchored_date(self._count_periods_until(day) + 1)

    def _get_start_from(self, day):
        """Return the first start of a period on a day or after it."""
        return self._get_start_after(day - timedelta(days=1))

    def _get_period_end(self, start):
        """Return the last day of the period that contains a day."""
        return self._get_start_after(start) - timedelta(days=1)

    def _get_current_period(self, day):
        """Return the paid or open period that contains a day, if there is one.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        return self.period_ids.filtered(
            lambda period: (
                period.kind in ("regular", "trial")
                and period.state in ("open", "paid")
                and period.start_date <= day <= period.end_date
            )
        )[:1]

    def _get_term_end(self, periods, start):
        """Return the last day of a term of so many periods, if there are any.

        :param date start: the first day of the first period
        """
        self.ensure_one()
        if not periods:
            return False
        count = self._count_periods_until(start) + periods
        return self._get_anchored_date(count) - timedelta(days=1)
