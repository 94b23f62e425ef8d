# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.exceptions import UserError
from odoo.http import Controller, request, route
from odoo.tools import format_date, format_time

PURPOSES = ("confirm", "cancel")


class AppointmentLinks(Controller):
    """The links of an appointment reminder: a page with one button, for one purpose.

    Mail programs and telephones look links up before anybody clicks: a GET shows, and
    only a POST does something.
    """

    @route(
        "/medspa/appointment/<string:purpose>/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def appointment_page(self, purpose, token, **kwargs):
        event_sudo = self._find(purpose, token)
        return self._render(purpose, token, event_sudo)

    @route(
        "/medspa/appointment/<string:purpose>/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def appointment_answer(self, purpose, token, **kwargs):
        event_sudo = self._find(purpose, token)
        if not event_sudo:
            return self._render(purpose, token, event_sudo)
        try:
            with request.env.cr.savepoint():
                if purpose == "confirm":
                    event_sudo._confirm_by_patient()
                else:
                    event_sudo._cancel_by_patient()
        except UserError as error:
            request.env.invalidate_all(flush=False)
            return self._render(purpose, token, event_sudo, error=str(error))
        return self._render(purpose, token, event_sudo, is_done=True)

    def _find(self, purpose, token):
        """Return the appointment that the link is for, as superuser, or nothing."""
        Event = request.env["calendar.event"]
        if purpose not in PURPOSES:
            # Whoever holds the link is not logged in: its signature names the
            # appointment.
            return Event.sudo()
        event_sudo = Event._find_by_patient_token(purpose, token)
        lang = event_sudo.patient_id.lang
        if lang:
            request.update_context(lang=lang)
        # Whoever holds the link is not logged in: its signature names the appointment.
        return event_sudo.with_env(request.env).sudo()

    def _render(self, purpose, token, event, error=None, is_done=False):
        """Show the appointment, the clinic's rule, and the button where it helps."""
        response = request.render(
            "medspa_reminders.appointment_page",
            {
                "purpose": purpose,
                "event": event,
                "error": error,
                "is_done": is_done,
                "action": f"/medspa/appointment/{purpose}/{token}",
                **(self._prepare_event_values(event) if event else {}),
            },
            status=200 if event else 404,
        )
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    def _prepare_event_values(self, event):
        company = event.medspa_company_id
        local = company._medspa_local(event.start)
        deadline = company._medspa_local(event._get_cancel_deadline())
        return {
            "clinic": company,
            "day": format_date(request.env, local.date(), date_format="EEEE d MMMM"),
            "clock": format_time(request.env, local.time(), time_format="short"),
            "deadline_day": format_date(
                request.env, deadline.date(), date_format="EEEE d MMMM"
            ),
            "deadline_time": format_time(
                request.env, deadline.time(), time_format="short"
            ),
            "can_cancel": event._can_patient_cancel(),
            "is_upcoming": event._is_upcoming(),
            "is_cancelled": event.appointment_status == "cancelled",
            "notice_hours": event._get_terms_holder().cancel_notice_hours,
        }
