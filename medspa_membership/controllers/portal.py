# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import babel.dates

from odoo import fields
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Domain
from odoo.http import content_disposition, request, route
from odoo.tools import babel_locale_parse, format_date, format_time
from odoo.tools.misc import get_lang

from odoo.addons.portal.controllers.portal import CustomerPortal, pager

COURSE_STATES_OPEN = ("draft", "active", "paused", "unpaid")


def format_skeleton(day, skeleton):
    """Return a date with some of its parts, in the order of the visitor's language."""
    locale = babel_locale_parse(get_lang(request.env).code)
    return babel.dates.format_skeleton(skeleton, day, locale=locale)


class ClinicPortal(CustomerPortal):
    """The patient's own pages: courses and appointments.

    All of them ask for a login: the access token of a document never expires and opens
    nothing here.
    """

    # === HOME === #

    def _prepare_home_portal_values(self, counters):
        """Override of `portal` to count courses and appointments, if asked for."""
        values = super()._prepare_home_portal_values(counters)
        if "medspa_course_count" in counters:
            values["medspa_course_count"] = request.env["medspa.course"].search_count(
                self._get_courses_domain()
            )
        if "medspa_appointment_count" in counters:
            # Patients have no rights on events: the domain names their own.
            Event_sudo = request.env["calendar.event"].sudo()
            values["medspa_appointment_count"] = Event_sudo.search_count(
                Event_sudo._get_patient_domain(request.env.user.partner_id)
            )
        return values

    # === COURSES === #

    @route(
        ["/my/courses", "/my/courses/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        readonly=True,
    )
    def portal_my_courses(self, page=1, **kwargs):
        Course = request.env["medspa.course"]
        domain = self._get_courses_domain()
        page_values = pager(
            url="/my/courses",
            total=Course.search_count(domain),
            page=page,
            step=self._items_per_page,
        )
        courses_sudo = Course.search(
            domain,
            order="id desc",
            limit=self._items_per_page,
            offset=page_values["offset"],
        ).sudo()  # treatments and products that are not on sale any more
        open_courses = courses_sudo.filtered(lambda c: c.state in COURSE_STATES_OPEN)
        return request.render(
            "medspa_membership.portal_my_courses",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "medspa_course",
                "open_courses": open_courses,
                "closed_courses": courses_sudo - open_courses,
                "pager": page_values,
                "default_url": "/my/courses",
            },
        )

    @route(
        "/my/courses/<int:course_id>",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
    )
    def portal_my_course(self, course_id, **kwargs):
        course_sudo = self._get_own_course(course_id)
        if not course_sudo:
            return request.redirect("/my")
        events_sudo = course_sudo.event_ids.sorted("start")
        upcoming = events_sudo.filtered(lambda event: event._is_upcoming())
        return request.render(
            "medspa_membership.portal_my_course",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "medspa_course",
                "course": course_sudo,
                "object": course_sudo,
                "lines": self._prepare_course_lines(course_sudo),
                "upcoming": upcoming,
                "past": (events_sudo - upcoming)[::-1],
                "documents": self._get_course_documents(course_sudo),
                **self._prepare_appointment_tools(course_sudo.company_id),
            },
        )

    @route(
        "/my/courses/<int:course_id>/refund",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def portal_my_course_refund(self, course_id, **kwargs):
        """Show the patient what a refund would give, line by line."""
        course_sudo = self._get_own_course(course_id)
        if not course_sudo or course_sudo.state not in ("active", "paused"):
            return request.redirect("/my")
        return request.render(
            "medspa_membership.portal_course_refund",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "medspa_course",
                "course": course_sudo,
                "refund": course_sudo._get_refund(),
                "bookings": course_sudo._get_open_bookings(),
                "clinic": course_sudo.company_id,
            },
        )

    @route(
        "/my/courses/<int:course_id>/card",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def portal_my_course_card(self, course_id, **kwargs):
        """Give the patient the course card as a PDF."""
        course_sudo = self._get_own_course(course_id)
        if not course_sudo:
            return request.redirect("/my")
        return self._show_report(
            model=course_sudo,
            report_type="pdf",
            report_ref="medspa_membership.medspa_course_card_report",
            download=True,
        )

    @staticmethod
    def _get_courses_domain():
        """Return the domain of the patient's own courses.

        Access rules say so for patients; staff who look at the portal see theirs alone.
        """
        return [("partner_id", "=", request.env.user.partner_id.id)]

    def _get_own_course(self, course_id):
        """Return the patient's own course as superuser, or nothing.

        No access token is passed on: a link that was forwarded books nothing.
        """
        try:
            course_sudo = self._document_check_access("medspa.course", course_id)
        except (AccessError, MissingError):
            return None
        if course_sudo.partner_id != request.env.user.partner_id:
            return None
        return course_sudo

    def _prepare_course_lines(self, course_sudo):
        """Return what the page says of each step, and whether it can be booked."""
        today = course_sudo.company_id._medspa_date()
        rows = []
        for line in course_sudo.line_ids.sorted("sequence"):
            bookable = line._get_bookable_credits()
            rows.append(
                {
                    "line": line,
                    "bookable": bool(bookable),
                    "available": sum(bookable.mapped("available")),
                    "next_date": line.next_date
                    if bookable and line.next_date > today
                    else False,
                }
            )
        return rows

    def _get_course_documents(self, course_sudo):
        """Return the course card, and the order and invoices that are the patient's."""
        documents = []
        if course_sudo.state != "draft":
            documents.append(
                {
                    "name": request.env._("Course card (PDF)"),
                    "url": f"/my/courses/{course_sudo.id}/card",
                }
            )
        order_sudo = course_sudo.sale_order_id
        if not order_sudo or not (
            order_sudo.with_user(request.env.user).has_access("read")
        ):
            return documents
        invoices_sudo = course_sudo.sale_line_id.invoice_lines.move_id.filtered(
            lambda move: move.state == "posted"
        )
        return documents + [
            {"name": record.name, "url": record.get_portal_url()}
            for record in [order_sudo, *invoices_sudo]
        ]

    # === APPOINTMENTS === #

    @route(
        ["/my/appointments", "/my/appointments/page/<int:page>"],
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        readonly=True,
    )
    def portal_my_appointments(self, page=1, **kwargs):
        # Patients have no rights on events: the domain names their own.
        Event_sudo = request.env["calendar.event"].sudo()
        partner = request.env.user.partner_id
        upcoming_domain = Event_sudo._get_upcoming_domain(partner)
        past_domain = Event_sudo._get_patient_domain(partner) & ~upcoming_domain
        upcoming_sudo = Event_sudo.search(upcoming_domain, order="start")
        page_values = pager(
            url="/my/appointments",
            total=Event_sudo.search_count(past_domain),
            page=page,
            step=self._items_per_page,
        )
        return request.render(
            "medspa_membership.portal_my_appointments",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "medspa_appointment",
                "upcoming": upcoming_sudo,
                "notice_hours": self._get_common_notice(upcoming_sudo),
                "past": Event_sudo.search(
                    past_domain,
                    order="start desc",
                    limit=self._items_per_page,
                    offset=page_values["offset"],
                ),
                "pager": page_values,
                "default_url": "/my/appointments",
                **self._prepare_appointment_tools(request.env.company),
            },
        )

    @route(
        "/my/appointments/<int:event_id>",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        readonly=True,
    )
    def portal_my_appointment(self, event_id, booked=None, moved=None, **kwargs):
        event_sudo = self._get_own_appointment(event_id)
        if not event_sudo:
            return request.redirect("/my")
        return self._render_appointment(
            event_sudo, is_new=bool(booked), is_moved=bool(moved)
        )

    @route(
        "/my/appointments/<int:event_id>/cancel",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def portal_cancel_appointment(self, event_id, **kwargs):
        event_sudo = self._get_own_appointment(event_id)
        if not event_sudo:
            return request.redirect("/my")
        if event_sudo.appointment_status == "cancelled":
            # The second of two taps: it is done.
            return request.redirect(f"/my/appointments/{event_id}")
        try:
            with request.env.cr.savepoint():
                event_sudo._cancel_by_patient()
        except UserError as error:
            request.env.invalidate_all(flush=False)
            return self._render_appointment(event_sudo, error=str(error))
        return request.redirect(f"/my/appointments/{event_id}")

    @route(
        "/my/appointments/<int:event_id>/appointment.ics",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        readonly=True,
    )
    def portal_appointment_ics(self, event_id, **kwargs):
        event_sudo = self._get_own_appointment(event_id)
        if not event_sudo or not event_sudo._is_upcoming():
            return request.redirect("/my")
        return self._make_ics_response(event_sudo)

    @staticmethod
    def _make_ics_response(event_sudo):
        return request.make_response(
            event_sudo._get_patient_ics(),
            [
                ("Content-Type", "text/calendar; charset=utf-8"),
                ("Content-Disposition", content_disposition("appointment.ics")),
            ],
        )

    @staticmethod
    def _get_common_notice(events_sudo):
        """Return the hours of notice if all appointments share them, else nothing."""
        hours = {event._get_terms_holder().cancel_notice_hours for event in events_sudo}
        return hours.pop() if len(hours) == 1 else None

    def _get_own_appointment(self, event_id):
        """Return the patient's own appointment, sudoed, or nothing."""
        # Patients have no rights on events: the domain names their own.
        Event_sudo = request.env["calendar.event"].sudo()
        return Event_sudo.search(
            Event_sudo._get_patient_domain(request.env.user.partner_id)
            & Domain("id", "=", event_id)
        )

    def _render_appointment(self, event_sudo, is_new=False, is_moved=False, error=None):
        return request.render(
            "medspa_membership.portal_my_appointment",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "medspa_appointment",
                "event": event_sudo,
                "course": event_sudo.credit_id.course_id,
                "is_new": is_new and event_sudo._is_upcoming(),
                "is_moved": is_moved and event_sudo._is_upcoming(),
                "deposit_outcome": event_sudo._get_deposit_outcome(is_late=False),
                "error": error,
                **self._prepare_appointment_tools(event_sudo.medspa_company_id),
            },
        )

    # === TOOLS === #

    @staticmethod
    def _prepare_appointment_tools(company):
        """Return what the pages need to show times on the clinic's clock."""
        env = request.env

        def tz_of(event):
            return event.medspa_company_id._medspa_tz().key

        return {
            # Name and address of the clinic, as on its pages.
            "clinic": company.sudo(),
            "now": fields.Datetime.now(),
            "long_day": lambda event: format_date(
                env, event._get_local_date(), date_format="full"
            ),
            "day_and_time_of": lambda company, moment: env._(
                "%(day)s, %(time)s",
                day=format_skeleton(company._medspa_date(moment), "MMMEd"),
                time=format_time(
                    env, moment, tz=company._medspa_tz().key, time_format="short"
                ),
            ),
            "short_time": lambda event, moment: format_time(
                env, moment, tz=tz_of(event), time_format="short"
            ),
            "day_and_time": lambda event, moment: env._(
                "%(day)s, %(time)s",
                day=format_skeleton(
                    event.medspa_company_id._medspa_date(moment), "MMMEd"
                ),
                time=format_time(env, moment, tz=tz_of(event), time_format="short"),
            ),
        }
