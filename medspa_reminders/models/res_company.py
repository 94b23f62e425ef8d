# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.date_utils import float_to_time

from ..tools import get_secret


class ResCompany(models.Model):
    _inherit = "res.company"

    quiet_from = fields.Float(
        "Quiet from", default=21.0, help="On the patient's clock: nothing is sent."
    )
    quiet_to = fields.Float("Quiet until", default=9.0)
    marketing_per_week = fields.Integer(
        "Offers a week", default=2, help="To one patient, at most, in seven days."
    )
    marketing_needs_consent = fields.Boolean(
        "Offers only to those who asked for them",
        default=True,
        help="Switched off, offers go to every patient who has not refused them.",
    )
    messages_per_minute = fields.Integer(
        default=60, help="How fast messages leave, so that no provider blocks us."
    )
    names_treatments = fields.Boolean(
        "Name treatments in messages",
        help="Switched off, messages speak of 'your treatment' and 'your course': "
        "others may read a patient's phone.",
    )
    digest_date = fields.Date(
        readonly=True, help="The last day on which the desk got the morning list."
    )
    sms_inbound_key = fields.Char(
        copy=False,
        groups="base.group_system",
        default=lambda self: get_secret(),
        help="Part of the address to which a gateway sends the answers of patients.",
    )

    _quiet_hours_in_day = models.Constraint(
        "CHECK (quiet_from >= 0 AND quiet_from < 24 AND quiet_to >= 0"
        " AND quiet_to < 24)",
        "Quiet hours are times of a day, from 0:00 to 23:59.",
    )
    _message_limits_positive = models.Constraint(
        "CHECK (messages_per_minute > 0 AND marketing_per_week >= 0)",
        "At least one message a minute, and no negative number of offers.",
    )

    # === BUSINESS METHODS === #

    @api.model
    def _get_clinics(self):
        """Return the companies whose patients are written to: all of them."""
        return self.search(Domain.TRUE)

    def _get_end_of_quiet(self, moment, tz):
        """Return when the quiet hours around a moment end, or nothing outside of them.

        :param datetime moment: naive, in UTC
        :param str tz: the name of the patient's zone
        :return: naive, in UTC
        """
        self.ensure_one()
        zone = ZoneInfo(tz)
        local = moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone)
        hour = local.hour + local.minute / 60 + local.second / 3600
        begin, end = self.quiet_from, self.quiet_to
        if begin == end:
            return None
        is_quiet = begin <= hour < end if begin < end else hour >= begin or hour < end
        if not is_quiet:
            return None
        day = local.date()
        if begin > end and hour >= begin:
            day += timedelta(days=1)
        until = datetime.combine(day, float_to_time(end), tzinfo=zone)
        return until.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)

    def _get_opening_time(self, day):
        """Return when the clinic opens on a day, or nothing on a day it is closed.

        :rtype: datetime.time
        """
        self.ensure_one()
        attendances = self.resource_calendar_id.attendance_ids.filtered(
            lambda attendance: (
                attendance.dayofweek == str(day.weekday())
                and attendance.day_period != "lunch"
            )
        )
        hours = attendances.mapped("hour_from")
        return float_to_time(min(hours)) if hours else None

    def _get_desk_users(self):
        """Return who gets the morning list: those who work at the clinic's desk.

        Managers read it in the backend; where nobody else is there, they get it.
        """
        self.ensure_one()
        group = self.env.ref("medspa_membership.group_medspa_receptionist")
        manager = self.env.ref("medspa_membership.group_medspa_manager")
        users = group.sudo().all_user_ids.filtered(
            lambda user: user.active and user.email and self in user.company_ids
        )
        return users - manager.sudo().all_user_ids or users
