# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date, datetime, time, timedelta

from odoo.exceptions import UserError
from odoo.http import request, route
from odoo.tools import format_date, format_time

from .portal import ClinicPortal, format_skeleton

STRIP_DAYS = 7
# The hours, on the clinic's clock, at which the parts of the day begin.
NOON, EVENING = 12, 17
START_FORMAT = "%Y-%m-%dT%H:%M"
# Dates beyond these come from nobody's calendar, and overflow when counted with.
MIN_YEAR, MAX_YEAR = 2000, 2999


class Booking(ClinicPortal):
    """The patient books a session of a course: practitioner, day, time."""

    @route(
        "/my/courses/<int:course_id>/book/<int:line_id>",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def portal_book(self, course_id, line_id, **kwargs):
        line_sudo = self._get_own_line(course_id, line_id)
        if not line_sudo:
            return request.redirect("/my")
        return self._render_booking(line_sudo, **kwargs)

    @route(
        "/my/courses/<int:course_id>/book/<int:line_id>/confirm",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def portal_book_confirm(self, course_id, line_id, **kwargs):
        line_sudo = self._get_own_line(course_id, line_id)
        if not line_sudo:
            return request.redirect("/my")
        start = self._parse_start(kwargs.get("start"))
        if booked_url := self._get_booked_url(line_sudo, start):
            return request.redirect(booked_url, code=303)
        try:
            if not start:
                raise UserError(request.env._("Please choose a time first."))
            performers = line_sudo._get_performers()
            practitioner = self._get_practitioner(performers, kwargs.get("with"))
            if kwargs.get("with") and not practitioner:
                raise UserError(line_sudo._get_not_offered_message())
            # The appointment is made by the patient, with the rights of the page.
            with request.env.cr.savepoint():
                # Patients have no right to write appointments: the line was found as
                # their own.
                event_sudo = (
                    line_sudo.with_user(request.env.user)
                    .sudo()
                    ._book(start, practitioner)
                )
        except UserError as error:
            # The tap before this one may have booked it meanwhile: look again, at what
            # has been committed since.
            request.env.cr.rollback()
            if booked_url := self._get_booked_url(line_sudo, start):
                return request.redirect(booked_url, code=303)
            return self._render_booking(
                line_sudo, error=str(error), **self._keep_choice(line_sudo, kwargs)
            )
        return request.redirect(f"/my/appointments/{event_sudo.id}?booked=1", code=303)

    @staticmethod
    def _get_booked_url(line_sudo, start):
        """Return the page of the session that the patient has booked at that time."""
        event_sudo = start and request.env["calendar.event"]._find_booked(
            line_sudo.course_id.partner_id, line_sudo.treatment_id, start
        )
        return event_sudo and f"/my/appointments/{event_sudo.id}?booked=1"

    def _get_own_line(self, course_id, line_id):
        """Return a step of the patient's own course as superuser, or nothing."""
        course_sudo = self._get_own_course(course_id)
        if not course_sudo:
            return None
        return course_sudo.line_ids.filtered(lambda line: line.id == line_id)

    @staticmethod
    def _get_practitioner(performers, value):
        """Return the practitioner asked for, if he or she gives the treatment."""
        return performers.filtered(lambda p: str(p.id) == str(value or ""))

    @staticmethod
    def _keep_choice(line, kwargs):
        """Return the parameters that show the page again as it was left."""
        start = Booking._parse_start(kwargs.get("start"))
        day = line.company_id._medspa_date(start) if start else kwargs.get("day")
        return {
            "with": kwargs.get("with"),
            "from": kwargs.get("from"),
            "day": str(day or ""),
        }

    # === PAGE === #

    def _render_booking(self, line, error=None, **kwargs):
        """Show the strip of days from the one asked for, and the times of one day."""
        performers = line._get_performers()
        practitioner = self._get_practitioner(performers, kwargs.get("with"))
        strip_start = self._parse_day(kwargs.get("from"))
        chosen_day = self._parse_day(kwargs.get("day"))
        window = line._get_offering_window()
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "medspa_booking",
            "course": line.course_id,
            "line": line,
            "treatment": line._get_treatment_on_sale(),
            "performers": performers,
            "practitioner": practitioner,
            "available": sum(line._get_bookable_credits().mapped("available")),
            "can_book": bool(window),
            "notice_hours": line.course_id.cancel_notice_hours,
            "error": error,
            **self._prepare_appointment_tools(line.company_id),
        }
        if window:
            values.update(
                self._prepare_strip(line, practitioner, strip_start, chosen_day, window)
            )
        return request.render("medspa_membership.portal_book", values)

    def _prepare_strip(self, line, practitioner, strip_start, chosen_day, window):
        """Return the days of the strip, the times of the chosen day, and the way on."""
        company = line.company_id
        first = company._medspa_date(window[0])
        last = company._medspa_date(window[1] - timedelta(seconds=1))
        earliest = line._get_next_offered_day(first, practitioner)
        begin = strip_start or chosen_day
        if begin:
            begin = min(max(begin, first), last)
        else:
            begin = earliest or first
        # The chosen day stays in the strip, wherever the strip begins.
        if chosen_day and not begin <= chosen_day < begin + timedelta(days=STRIP_DAYS):
            chosen_day = None
        slots = line._get_offered_slots(
            company._medspa_utc(begin, time.min),
            company._medspa_utc(begin + timedelta(days=STRIP_DAYS), time.min),
            practitioner,
        )
        by_day = {}
        for slot in slots:
            by_day.setdefault(slot["day"], {}).setdefault(slot["start"], slot)
        day = chosen_day or min(by_day, default=begin)
        after = begin + timedelta(days=STRIP_DAYS)
        # No way back to days that have nothing to offer.
        before = max(begin - timedelta(days=STRIP_DAYS), earliest or begin)
        return {
            "day": day,
            "day_title": self._format(day, "full"),
            "strip_title": self._get_strip_title(begin),
            "strip_begin": begin,
            "days": [
                self._prepare_day(begin + timedelta(days=offset), by_day, day)
                for offset in range(STRIP_DAYS)
            ],
            "parts": self._prepare_times(line, by_day.get(day, {}).values()),
            "previous": before if before < begin else None,
            "following": after if after <= last else None,
            "next_day": (
                None
                if by_day.get(day)
                else line._get_next_offered_day(day + timedelta(days=1), practitioner)
            ),
            "format_day": self._format,
            "clock": str(company._medspa_tz().key).replace("_", " "),
        }

    def _prepare_day(self, day, by_day, chosen):
        return {
            "date": day,
            "weekday": self._format(day, "EEE"),
            "number": day.day,
            "title": self._format(day, "full"),
            "count": len(by_day.get(day, ())),
            "is_chosen": day == chosen,
        }

    def _prepare_times(self, line, slots):
        """Return the times of a day by part of the day, those that have any."""
        company = line.company_id
        parts = {"morning": [], "afternoon": [], "evening": []}
        for slot in slots:
            hour = company._medspa_local(slot["start"]).hour
            part = (
                "morning"
                if hour < NOON
                else "afternoon"
                if hour < EVENING
                else "evening"
            )
            parts[part].append(
                {
                    "value": slot["start"].strftime(START_FORMAT),
                    "label": format_time(
                        request.env,
                        slot["start"],
                        tz=company._medspa_tz().key,
                        time_format="short",
                    ),
                    "title": format_skeleton(slot["day"], "MMMEd"),
                }
            )
        labels = {
            "morning": request.env._("Morning"),
            "afternoon": request.env._("Afternoon"),
            "evening": request.env._("Evening"),
        }
        return [(labels[part], times) for part, times in parts.items() if times]

    def _get_strip_title(self, begin):
        """Return the month of the strip, or both when it spans two."""
        end = begin + timedelta(days=STRIP_DAYS - 1)
        if begin.month == end.month:
            return format_skeleton(begin, "yMMMM")
        return f"{format_skeleton(begin, 'MMM')} – {format_skeleton(end, 'yMMM')}"

    @staticmethod
    def _format(day, pattern):
        return format_date(request.env, day, date_format=pattern)

    @staticmethod
    def _parse_start(value):
        """Return the moment of a time on the page (naive, UTC), or nothing."""
        try:
            start = datetime.strptime(value or "", START_FORMAT)
        except ValueError:
            return None
        return start if MIN_YEAR <= start.year <= MAX_YEAR else None

    @staticmethod
    def _parse_day(value):
        try:
            day = date.fromisoformat(value or "")
        except ValueError:
            return None
        return day if MIN_YEAR <= day.year <= MAX_YEAR else None
