# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.exceptions import UserError
from odoo.http import request, route

from ..models.portal.booking_offer import MoveOffer
from .booking import Booking


class MoveBooking(Booking):
    """The patient moves an appointment, by the rule that is shown first."""

    @route(
        "/my/appointments/<int:event_id>/move",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def portal_move_appointment(self, event_id, **kwargs):
        event_sudo = self._get_own_appointment(event_id)
        if not event_sudo:
            return request.redirect("/my")
        if not event_sudo._can_patient_move():
            return request.redirect(f"/my/appointments/{event_id}")
        return self._render_move(event_sudo, **kwargs)

    @route(
        "/my/appointments/<int:event_id>/move/confirm",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def portal_move_confirm(self, event_id, **kwargs):
        event_sudo = self._get_own_appointment(event_id)
        if not event_sudo:
            return request.redirect("/my")
        start = self._parse_start(kwargs.get("start"))
        if start == event_sudo.start and event_sudo.appointment_status == "booked":
            # The second of two taps: it has moved.
            return request.redirect(f"/my/appointments/{event_id}?moved=1", code=303)
        try:
            if not start:
                raise UserError(request.env._("Please choose a time first."))
            practitioner = self._get_practitioner(
                event_sudo.treatment_id._get_practitioners(), kwargs.get("with")
            )
            with request.env.cr.savepoint():
                event_sudo._move_by_patient(start, practitioner)
        except UserError as error:
            request.env.invalidate_all(flush=False)
            if not event_sudo._can_patient_move():
                return self._render_appointment(event_sudo, error=str(error))
            return self._render_move(event_sudo, error=str(error), **kwargs)
        return request.redirect(f"/my/appointments/{event_id}?moved=1", code=303)

    def _render_move(self, event_sudo, error=None, **kwargs):
        """Show the times to which the appointment can move."""
        offer = MoveOffer(event_sudo)
        performers = event_sudo.treatment_id._get_practitioners()
        practitioner = self._get_practitioner(performers, kwargs.get("with"))
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "medspa_appointment",
            "event": event_sudo,
            "performers": performers,
            "practitioner": practitioner,
            "notice_hours": event_sudo._get_terms_holder().cancel_notice_hours,
            "error": error,
            **self._prepare_appointment_tools(event_sudo.medspa_company_id),
        }
        window = offer._get_offering_window()
        if window:
            values.update(
                self._prepare_strip(
                    offer,
                    practitioner,
                    self._parse_day(kwargs.get("from")),
                    self._parse_day(kwargs.get("day")),
                    window,
                )
            )
        return request.render("medspa_membership.portal_move", values)
