# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import request, route
from odoo.tools import email_normalize

from odoo.addons.sale.controllers.portal import CustomerPortal as SalePortal

from ..models.portal.booking_offer import BookingOffer
from ..models.portal.calendar_event_hold import CONFIRM_SCOPE, PAGE_SCOPE
from ..models.portal.res_users import LOGIN_LINK
from ..models.portal.text import read_line
from .booking import START_FORMAT, Booking
from .phone import get_phone_refusal, is_phone

# How often one network, one address and one account may hold a time: (requests,
# minutes).
NETWORK_LIMIT = (10, 60)
ADDRESS_LIMIT = (4, 60)
ACCOUNT_LIMIT = (10, 60)
# A field that people do not see, and that programs like to fill in.
HONEYPOT = "website_url"
NAME_LENGTH, PHONE_LENGTH, EMAIL_LENGTH = 120, 40, 254


class OpenBooking(Booking, SalePortal):
    """Anybody books a treatment: practitioner, day, time, and what it costs.

    Who is not logged in confirms by a link sent to the address given, or by paying the
    deposit; until then the time is held for some minutes.
    """

    # === PAGES === #

    def _sitemap_book(env, rule, qs):
        """List the treatments that can be booked."""
        if not qs or qs.lower() in "/book":
            yield {"loc": "/book"}
        website = env["website"].get_current_website()
        Template = env["product.template"]
        for treatment in Template.search(Template._get_bookable_domain(website)):
            loc = f"/book/{env['ir.http']._slug(treatment)}"
            if not qs or qs.lower() in loc:
                yield {"loc": loc}

    @route(
        "/book",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def book_treatments(self, **kwargs):
        website = request.website
        Template = request.env["product.template"]
        treatments = Template.search(
            Template._get_bookable_domain(website), order="website_sequence, id"
        )
        # The clinic of the website: its clock and settings are not published.
        company_sudo = website.company_id.sudo()
        patient_sudo = self._get_viewer()
        on_date = company_sudo._medspa_date()
        is_member = patient_sudo._is_member(on_date, company_sudo)
        groups = {}
        for treatment in treatments:
            groups.setdefault(treatment.public_categ_ids[-1:], []).append(treatment)
        return request.render(
            "medspa_membership.book_treatments",
            {
                "groups": groups,
                "is_member": is_member,
                "price_of": self._get_list_prices(treatments, company_sudo),
                "currency": company_sudo.currency_id,
            },
        )

    @route(
        '/book/<model("product.template"):treatment>',
        type="http",
        auth="public",
        website=True,
        sitemap=_sitemap_book,
        methods=["GET"],
        readonly=True,
    )
    def book_times(self, treatment, **kwargs):
        treatment_sudo = self._get_treatment(treatment)
        if not treatment_sudo:
            return request.redirect("/book")
        return self._render_times(treatment_sudo, **kwargs)

    @route(
        '/book/<model("product.template"):treatment>/review',
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def book_review(self, treatment, **kwargs):
        treatment_sudo = self._get_treatment(treatment)
        if not treatment_sudo:
            return request.redirect("/book")
        return self._render_review(treatment_sudo, kwargs)

    @route(
        '/book/<model("product.template"):treatment>/confirm',
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def book_confirm(self, treatment, **kwargs):
        treatment_sudo = self._get_treatment(treatment)
        if not treatment_sudo:
            return request.redirect("/book")
        if kwargs.get(HONEYPOT):
            # A program hears what a person hears, and holds nothing.
            return request.render("medspa_membership.book_held", {"event": None})
        try:
            with request.env.cr.savepoint():
                event_sudo = self._book(treatment_sudo, kwargs)
        except UserError as error:
            request.env.invalidate_all(flush=False)
            return self._render_review(treatment_sudo, kwargs, error=str(error))
        if event_sudo.held_until or request.env.user._is_public():
            return request.redirect(
                f"/book/held/{event_sudo._get_page_token()}", code=303
            )
        return request.redirect(f"/my/appointments/{event_sudo.id}?booked=1", code=303)

    @route(
        "/book/held/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def book_held(self, token, sent=None, **kwargs):
        """Show what is to be done for a time that is held, or that it is booked."""
        event_sudo, _email = self._find_by_token(PAGE_SCOPE, token)
        if not event_sudo or event_sudo.appointment_status == "cancelled":
            return self._render_gone(event_sudo)
        values = {
            "event": event_sudo,
            "treatment": event_sudo.treatment_id,
            "token": token,
            "is_sent_again": bool(sent),
            **self._prepare_appointment_tools(event_sudo.medspa_company_id),
        }
        if event_sudo.held_until and event_sudo.deposit_amount:
            values.update(self._prepare_deposit(event_sudo, token))
        return self._render_private("book_held", values)

    @route(
        "/book/held/<string:token>/again",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def book_send_again(self, token, **kwargs):
        """Send the link that confirms once more, to the same address, not for ever."""
        event_sudo, _email = self._find_by_token(PAGE_SCOPE, token)
        email = event_sudo and email_normalize(event_sudo.patient_id.email or "")
        if (
            not email
            or not event_sudo.held_until
            or event_sudo.deposit_amount
            or not event_sudo.patient_id.is_unconfirmed_visitor
        ):
            return request.redirect(f"/book/held/{token}", code=303)
        # Counters are nobody's to read.
        Limit_sudo = request.env["medspa.rate.limit"].sudo()
        if not Limit_sudo._hit("booking-address", email, *ADDRESS_LIMIT):
            return request.redirect(f"/book/held/{token}", code=303)
        event_sudo._ask_to_confirm(email)
        return request.redirect(f"/book/held/{token}?sent=1", code=303)

    @route(
        "/book/held/<string:token>/appointment.ics",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def book_ics(self, token, **kwargs):
        """Give who booked without an account the appointment for their own calendar."""
        event_sudo, _email = self._find_by_token(PAGE_SCOPE, token)
        if not event_sudo or event_sudo.held_until or not event_sudo._is_upcoming():
            return self._render_gone(event_sudo)
        return self._make_ics_response(event_sudo)

    @route(
        "/book/confirm/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def book_mail_link(self, token, **kwargs):
        """Show the button that confirms: who only fetches the link does nothing."""
        event_sudo, _email = self._find_by_token(CONFIRM_SCOPE, token)
        if not event_sudo or event_sudo.appointment_status == "cancelled":
            return self._render_gone(event_sudo)
        return self._render_private(
            "book_confirm",
            {
                "event": event_sudo,
                "token": token,
                **self._prepare_appointment_tools(event_sudo.medspa_company_id),
            },
        )

    @route(
        "/book/confirm/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def book_mail_confirm(self, token, **kwargs):
        event_sudo, email = self._find_by_token(CONFIRM_SCOPE, token)
        if not event_sudo or event_sudo.appointment_status == "cancelled":
            return self._render_gone(event_sudo)
        # Only who turns the held time into an appointment is let in by its link.
        if event_sudo._confirm_hold(has_answered=True) and self._log_in(
            event_sudo, email
        ):
            return request.redirect(
                f"/my/appointments/{event_sudo.id}?booked=1", code=303
            )
        return request.redirect(f"/book/held/{event_sudo._get_page_token()}", code=303)

    # === BOOK === #

    def _book(self, treatment_sudo, kwargs):
        """Book what the review page was about.

        :raise UserError: what is missing or wrong, to be shown on the page
        """
        env = request.env
        offer = self._get_offer(treatment_sudo)
        start = self._parse_start(kwargs.get("start"))
        practitioner = self._get_practitioner(
            treatment_sudo._get_practitioners(), kwargs.get("with")
        )
        slot = None
        if start and (practitioner or not kwargs.get("with")):
            slot = offer.find_slot(start, practitioner)
        if not slot:
            raise UserError(
                env._("This time cannot be booked any more. Please choose another one.")
            )
        guest = email = None
        if env.user._is_public():
            email, guest = self._get_guest(kwargs)
        else:
            self._check_pace("booking-account", str(env.uid), ACCOUNT_LIMIT)
        # Visitors write no appointments: the method decides again what is free and what
        # it costs.
        event_sudo = (
            env["calendar.event"]
            .sudo()
            .with_context(mail_create_nosubscribe=True)
            ._book_online(offer, slot, kwargs.get("agreed"), guest)
        )
        if guest and not event_sudo.deposit_amount:
            event_sudo._ask_to_confirm(email)
        return event_sudo

    def _get_guest(self, kwargs):
        """Return the address and the person that the visitor says to be.

        :raise UserError: something is missing, or too many times are held
        """
        env = request.env
        name = read_line(env, kwargs.get("name"), NAME_LENGTH)
        phone = read_line(env, kwargs.get("phone"), PHONE_LENGTH)
        email = email_normalize(read_line(env, kwargs.get("email"), EMAIL_LENGTH))
        if not name or not phone:
            raise UserError(env._("Please tell us your name and a phone number."))
        if not is_phone(phone):
            raise UserError(get_phone_refusal(env, phone))
        if not email:
            raise UserError(env._("Please check your e-mail address."))
        network = request.httprequest.remote_addr
        self._check_pace("booking-network", network, NETWORK_LIMIT)
        self._check_pace("booking-address", email, ADDRESS_LIMIT)
        return email, env["res.partner"]._create_visitor(name, email, phone)

    @staticmethod
    def _check_pace(scope, who, limit):
        """Refuse what is asked for too often; requests of one wait for each other.

        :raise UserError: too many
        """
        # Counters are nobody's to read.
        if not request.env["medspa.rate.limit"].sudo()._hit(scope, who, *limit):
            raise UserError(
                request.env._(
                    "Too many times are held for you. Confirm one, or call us."
                )
            )

    def _log_in(self, event_sudo, email):
        """Log the owner of the mailbox in, and tell whether that was possible."""
        env = request.env
        user_sudo = event_sudo.patient_id._find_login_by_mailbox(
            email, event_sudo.medspa_company_id
        )
        if not user_sudo or not env.user._is_public():
            return env.user == user_sudo
        # Called when the mailbox has answered: links are the system's.
        link_sudo = env["medspa.login.link"].sudo().create({"email": email})
        credential = {
            "type": LOGIN_LINK,
            "login": user_sudo.login,
            "token": link_sudo._arm(user_sudo),
        }
        request.session.authenticate(env, credential)
        return bool(request.session.uid)

    # === TOOLS === #

    def _get_list_prices(self, treatments, company_sudo):
        """Return the listed price of each treatment by id, as the site shows it."""
        patient_sudo = self._get_viewer()
        position = patient_sudo._get_tax_position(company_sudo)
        total = "total_included"
        if request.website._shows_prices_untaxed():
            total = "total_excluded"
        # Prices of published treatments, as everybody sees them.
        listed = request.env["product.pricelist"].sudo()
        # Public prices, of lists that visitors may not read.
        return {
            treatment.id: treatment.with_company(company_sudo)._get_price_totals(
                listed, patient_sudo, company_sudo, position
            )[total]
            for treatment in treatments.sudo()
        }

    def _get_viewer(self):
        """Return the person who looks, as superuser; the public one for a visitor."""
        # Whoever is logged in, and nobody else; a visitor is the public partner.
        return request.env.user.sudo().partner_id

    def _get_treatment(self, treatment):
        """Return a treatment that visitors may book, as superuser, or nothing."""
        # Its practitioners and rooms are not published; the domain says what may be
        # booked.
        Template_sudo = request.env["product.template"].sudo()
        return Template_sudo.search(
            Template_sudo._get_bookable_domain(request.website)
            & Domain("id", "=", treatment.id)
        )

    def _get_offer(self, treatment_sudo):
        # The clinic of the website: its clock and settings are not published.
        company_sudo = request.website.company_id.sudo()
        patient_sudo = self._get_viewer()
        today = company_sudo._medspa_date()
        if not treatment_sudo._is_bookable_by(patient_sudo, today, company_sudo):
            raise UserError(request.env._("This treatment is for members only."))
        return BookingOffer(treatment_sudo, company_sudo, patient_sudo)

    def _prepare_page(self, treatment_sudo, kwargs, error=None):
        # The clinic of the website: its clock and settings are not published.
        company_sudo = request.website.company_id.sudo()
        performers = treatment_sudo._get_practitioners()
        return {
            "treatment": treatment_sudo,
            "performers": performers,
            "practitioner": self._get_practitioner(performers, kwargs.get("with")),
            "notice_hours": company_sudo.cancel_notice_hours,
            "error": error,
            "is_guest": request.env.user._is_public(),
            **self._prepare_appointment_tools(company_sudo),
        }

    def _render_times(self, treatment_sudo, error=None, **kwargs):
        """Show the strip of days and the times of one day, next free times first."""
        values = self._prepare_page(treatment_sudo, kwargs, error)
        try:
            offer = self._get_offer(treatment_sudo)
        except UserError:
            return request.render("medspa_membership.book_members_only", values)
        company = offer.company_id
        window = offer._get_offering_window()
        if window:
            values.update(
                self._prepare_strip(
                    offer,
                    values["practitioner"],
                    self._parse_day(kwargs.get("from")),
                    self._parse_day(kwargs.get("day")),
                    window,
                )
            )
            day = values["day"]
            values["statement"] = treatment_sudo._get_booking_statement(
                offer.patient, self._get_first_start(values, window), company
            )
            values["waiting_days"] = (day, day + timedelta(days=14))
        return request.render("medspa_membership.book_times", values)

    def _get_first_start(self, values, window):
        """Return the first time shown, for which the statement is made."""
        times = [time["value"] for _name, part in values["parts"] for time in part]
        return self._parse_start(min(times, default=None)) or window[0]

    def _render_review(self, treatment_sudo, kwargs, error=None):
        """Show what is booked and what it costs, and ask who comes."""
        start = self._parse_start(kwargs.get("start"))
        values = self._prepare_page(treatment_sudo, kwargs, error)
        try:
            offer = self._get_offer(treatment_sudo)
        except UserError:
            return request.render("medspa_membership.book_members_only", values)
        slot = start and offer.find_slot(start, values["practitioner"])
        if not slot:
            day = start and offer.company_id._medspa_date(start)
            return self._render_times(
                treatment_sudo,
                error=error
                or request.env._("This time has just been taken. Choose another one."),
                **{"with": kwargs.get("with"), "day": str(day or "")},
            )
        # Never saved: it shows what would be booked.
        event = (
            request.env["calendar.event"]
            .sudo()
            .new(
                {
                    "start": slot["start"],
                    "stop": slot["stop"],
                    "medspa_company_id": offer.company_id.id,
                }
            )
        )
        values.update(
            {
                "slot": slot,
                "event": event,
                "start_value": start.strftime(START_FORMAT),
                "statement": treatment_sudo._get_booking_statement(
                    offer.patient, start, offer.company_id
                ),
                "guest": {
                    name: kwargs.get(name) for name in ("name", "email", "phone")
                },
                "honeypot": HONEYPOT,
            }
        )
        return self._render_private("book_review", values)

    def _prepare_deposit(self, event_sudo, token):
        """Return core's payment form for the deposit, to come back to this page."""
        order_sudo = event_sudo.sale_line_id.order_id
        return {
            "order": order_sudo,
            **self._get_payment_values(order_sudo, is_down_payment=True),
            "landing_route": f"/book/held/{token}",
        }

    @staticmethod
    def _find_by_token(scope, token):
        return request.env["calendar.event"]._find_by_token(scope, token)

    def _render_gone(self, event_sudo):
        return self._render_private("book_gone", {"treatment": event_sudo.treatment_id})

    def _render_private(self, template, values):
        response = request.render(f"medspa_membership.{template}", values)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response
