# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    def _medspa_tz(self):
        """Return the zone in which the clinic's days begin and end.

        Records of before the addon have no company: theirs is the one at hand.

        :rtype: zoneinfo.ZoneInfo
        """
        company = self or self.env.company
        company.ensure_one()
        return ZoneInfo(
            company.resource_calendar_id.tz or company.partner_id.tz or "UTC"
        )

    def _medspa_local(self, moment=None):
        """Return a moment stored in UTC on the clinic's clock.

        :param datetime moment: naive, in UTC; now when left out
        :rtype: datetime.datetime
        """
        moment = moment or fields.Datetime.now()
        return moment.replace(tzinfo=timezone.utc).astimezone(self._medspa_tz())

    def _medspa_date(self, moment=None):
        """Return the clinic's date at a moment (naive, in UTC), now by default."""
        return self._medspa_local(moment).date()

    def _medspa_utc(self, day, time):
        """Return a time on the clinic's clock as a naive datetime in UTC."""
        local = datetime.combine(day, time, tzinfo=self._medspa_tz())
        return local.astimezone(timezone.utc).replace(tzinfo=None)
