# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.http import request, route

from odoo.addons.portal.controllers.portal import CustomerPortal

# How many of the messages sent the page shows.
RECENT = 10
NAMES = ("email_service", "sms_service", "email_marketing", "sms_marketing")


class MessagesPortal(CustomerPortal):
    """The patient's own page about messages: on which way, and which ones."""

    @route(
        "/my/messages",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def portal_my_messages(self, saved=None, **kwargs):
        # Patients read their own file and what was sent to them, without rights on
        # either.
        partner_sudo = request.env.user.partner_id.sudo()
        # What was sent to this patient alone.
        sent_sudo = (
            request.env["medspa.reminder.message"]
            .sudo()
            .search(
                [
                    ("reminder_id.partner_id", "=", partner_sudo.id),
                    ("state", "in", ("sent", "delivered")),
                ],
                order="sent_at desc",
                limit=RECENT,
            )
        )
        # Patients read their own file and what was sent to them, without rights on
        # either.
        return request.render(
            "medspa_reminders.portal_my_messages",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "medspa_messages",
                "partner": partner_sudo,
                "current": request.env["medspa.consent.wizard"]
                .sudo()
                ._get_current(partner_sudo),
                "sent": sent_sudo,
                "saved": bool(saved),
            },
        )

    @route(
        "/my/messages",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def portal_save_messages(self, **kwargs):
        # Of the user's own file, and one field with a value from a list.
        partner_sudo = request.env.user.partner_id.sudo()
        channel = kwargs.get("preferred_channel")
        partner_sudo.preferred_channel = (
            channel if channel in ("email", "sms", "both") else False
        )
        # Answers by name from a list of ours; the dialog is the desk's.
        answers = (
            request.env["medspa.consent.wizard"]
            .sudo()
            .new({name: bool(kwargs.get(name)) for name in NAMES})
        )
        # Patients answer for themselves, and have no rights on the history.
        Consent_sudo = request.env["medspa.consent"].sudo()
        answers._note_answers(Consent_sudo, partner_sudo, "portal")
        if kwargs.get("sms_service") and partner_sudo.phone_sanitized_blacklisted:
            partner_sudo._phone_reset_blacklisted()
        return request.redirect("/my/messages?saved=1", code=303)
