# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo.exceptions import UserError
from odoo.http import request, route

from ..models.portal.medspa_waiting import PART_FIELDS
from .booking_guest import HONEYPOT, OpenBooking

DEFAULT_DAYS = 14


class Waiting(OpenBooking):
    """The waiting list: join it, take what is offered, leave it."""

    # === JOIN === #

    @route(
        '/book/<model("product.template"):treatment>/waiting',
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def waiting_form(self, treatment, **kwargs):
        treatment_sudo = self._get_treatment(treatment)
        if not treatment_sudo:
            return request.redirect("/book")
        return self._render_waiting(treatment_sudo, kwargs)

    @route(
        '/book/<model("product.template"):treatment>/waiting',
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def waiting_join(self, treatment, **kwargs):
        treatment_sudo = self._get_treatment(treatment)
        if not treatment_sudo:
            return request.redirect("/book")
        is_guest = request.env.user._is_public()
        values = {"treatment": treatment_sudo, "is_guest": is_guest}
        if kwargs.get(HONEYPOT):
            return request.render("medspa_membership.waiting_joined", values)
        try:
            with request.env.cr.savepoint():
                self._join(treatment_sudo, kwargs)
        except UserError as error:
            request.env.invalidate_all(flush=False)
            return self._render_waiting(treatment_sudo, kwargs, error=str(error))
        return request.render("medspa_membership.waiting_joined", values)

    def _join(self, treatment_sudo, kwargs):
        """Put the visitor in line; who is not logged in confirms it by mail."""
        company_sudo = self._get_offer(treatment_sudo).company_id
        # Patients have no rights on the list: the values are checked one by one.
        Waiting_sudo = request.env["medspa.waiting"].sudo()
        first = self._parse_day(kwargs.get("date_from"))
        last = self._parse_day(kwargs.get("date_to"))
        Waiting_sudo._check_days(company_sudo, first, last)
        parts = {name: bool(kwargs.get(name)) for name in PART_FIELDS}
        if not any(parts.values()):
            raise UserError(
                request.env._("Choose at least one part of the day that suits you.")
            )
        practitioner = self._get_practitioner(
            treatment_sudo._get_practitioners(), kwargs.get("with")
        )
        vals = {
            "date_from": first,
            "date_to": last,
            "practitioner_id": practitioner.id,
            **parts,
        }
        if not request.env.user._is_public():
            return Waiting_sudo._join(
                self._get_viewer(), treatment_sudo, company_sudo, vals
            )
        email, guest_sudo = self._get_guest(kwargs)
        # An entry of the visitor's own: nobody changes the wishes of a person in line.
        entry_sudo = Waiting_sudo._join(
            guest_sudo, treatment_sudo, company_sudo, {**vals, "state": "unconfirmed"}
        )
        entry_sudo._ask_to_confirm(email)
        return entry_sudo

    def _render_waiting(self, treatment_sudo, kwargs, error=None):
        values = self._prepare_page(treatment_sudo, kwargs, error)
        # The clinic of the website: its clock and settings are not published.
        company_sudo = request.website.company_id.sudo()
        today = company_sudo._medspa_date()
        first = self._parse_day(kwargs.get("date_from")) or today
        last = self._parse_day(kwargs.get("date_to")) or first + timedelta(
            days=DEFAULT_DAYS
        )
        values.update(
            {
                "first": first,
                "last": last,
                "today": today,
                "parts": {
                    name: bool(kwargs.get(name)) or not error for name in PART_FIELDS
                },
                "guest": {
                    name: kwargs.get(name) for name in ("name", "email", "phone")
                },
                "honeypot": HONEYPOT,
            }
        )
        return request.render("medspa_membership.waiting_form", values)

    @route(
        "/book/waiting/confirm/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def waiting_mail_link(self, token, **kwargs):
        entry_sudo = request.env["medspa.waiting"]._find_by_join_token(token)
        return self._render_private(
            "waiting_confirm", {"entry": entry_sudo, "token": token}
        )

    @route(
        "/book/waiting/confirm/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def waiting_mail_confirm(self, token, **kwargs):
        entry_sudo = request.env["medspa.waiting"]._find_by_join_token(token)
        entry_sudo = entry_sudo._confirm()
        return self._render_private(
            "waiting_confirm", {"entry": entry_sudo, "token": token}
        )

    # === OFFERS === #

    @route(
        "/book/offer/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def waiting_offer(self, token, **kwargs):
        """Show what is offered: what only fetches the link takes nothing."""
        return self._render_offer(token)

    @route(
        "/book/offer/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def waiting_answer(self, token, answer=None, agreed=None, **kwargs):
        offer_sudo = request.env["medspa.waiting.offer"]._find_by_token(token)
        if not offer_sudo:
            return self._render_offer(token)
        if answer == "no":
            offer_sudo._decline()
            return self._render_offer(token, is_declined=True)
        try:
            with request.env.cr.savepoint():
                event_sudo = offer_sudo._accept(agreed)
        except UserError as error:
            request.env.invalidate_all(flush=False)
            return self._render_offer(token, error=str(error))
        return request.redirect(f"/book/held/{event_sudo._get_page_token()}", code=303)

    def _render_offer(self, token, error=None, is_declined=False):
        offer_sudo = request.env["medspa.waiting.offer"]._find_by_token(token)
        values = {
            "offer": offer_sudo,
            "token": token,
            "error": error,
            "is_declined": is_declined,
            "is_open": bool(offer_sudo) and offer_sudo._is_open(),
        }
        if values["is_open"]:
            company_sudo = offer_sudo.company_id
            values["statement"] = offer_sudo._get_statement()
            # Never saved: it shows what would be booked.
            values["event"] = (
                request.env["calendar.event"]
                .sudo()
                .new(
                    {
                        "start": offer_sudo.start,
                        "stop": offer_sudo.stop,
                        "medspa_company_id": company_sudo.id,
                    }
                )
            )
            values.update(self._prepare_appointment_tools(company_sudo))
        return self._render_private("waiting_offer", values)

    # === LEAVE === #

    @route(
        "/my/waiting/<int:entry_id>/leave",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def waiting_leave(self, entry_id, **kwargs):
        # Patients have no rights on the list: the domain names their own entries.
        request.env["medspa.waiting"].sudo().search(
            [
                ("id", "=", entry_id),
                ("partner_id", "=", request.env.user.partner_id.id),
            ]
        ).action_leave()
        return request.redirect("/my/care", code=303)
