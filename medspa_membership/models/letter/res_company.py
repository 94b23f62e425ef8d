# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models
from odoo.tools import format_date, format_time


class ResCompany(models.Model):
    """How the clinic writes days, times and its own address."""

    _inherit = "res.company"

    def _medspa_day_text(self, day):
        """Return a day as people read it: Monday, 2 February 2026.

        In the language of the environment. Empty for no day.

        :param date day: on the clinic's clock
        """
        return format_date(self.env, day, date_format="full") if day else ""

    def _medspa_time_text(self, moment):
        """Return the time of a moment on the clinic's clock: 11:00.

        :param datetime moment: naive, in UTC
        """
        if not moment:
            return ""
        local = self._medspa_local(moment)
        return format_time(self.env, local.time(), time_format="short")

    def _medspa_moment_text(self, moment):
        """Return day and time of a moment on the clinic's clock, without seconds.

        :param datetime moment: naive, in UTC
        """
        if not moment:
            return ""
        return self.env._(
            "%(day)s, %(time)s",
            day=self._medspa_day_text(self._medspa_local(moment).date()),
            time=self._medspa_time_text(moment),
        )

    def _get_address_line(self):
        """Return the clinic's address on one line, empty when it has none."""
        self.ensure_one()
        address = self.partner_id.sudo()._display_address(without_company=True)
        return ", ".join(line.strip() for line in address.splitlines() if line.strip())
