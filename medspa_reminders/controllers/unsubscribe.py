# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.http import Controller, request, route

from ..tools import verify


class Unsubscribe(Controller):
    """The way out of e-mails: one click, no login (RFC 8058).

    The address is signed and names patient, way and purpose: it does nothing else, for
    nobody else. A GET shows a button, for scanners open every link.
    """

    @route(
        "/medspa/unsubscribe/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def unsubscribe_page(self, token, **kwargs):
        return self._render(token, self._read(token))

    @route(
        "/medspa/unsubscribe/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["POST"],
        # Sent by mail programs, which have no session of ours.
        csrf=False,
    )
    def unsubscribe(self, token, **kwargs):
        values = self._read(token)
        if values:
            partner_sudo, channel, purpose = values
            # The signed token says whose consent ends; none can be given here.
            request.env["medspa.consent"].sudo()._note(
                partner_sudo, [channel], [purpose], "withdrawn", "unsubscribe"
            )
        return self._render(token, values, is_done=True)

    def _read(self, token):
        """Return patient (as superuser), channel and purpose of a token, or nothing."""
        # The token is signed: it names the person, and nothing else is read.
        values = verify(
            request.env["ir.config_parameter"].sudo().env, "unsubscribe", token
        )
        if not values:
            return None
        partner_id, channel, purpose = values
        # Whom the signed token names.
        partner_sudo = request.env["res.partner"].sudo().browse(partner_id).exists()
        if not partner_sudo:
            return None
        if partner_sudo.lang:
            request.update_context(lang=partner_sudo.lang)
        return partner_sudo, channel, purpose

    def _render(self, token, values, is_done=False):
        response = request.render(
            "medspa_reminders.unsubscribe_page",
            {
                "is_known": bool(values),
                "purpose": values and values[2],
                "is_done": is_done and bool(values),
                "action": f"/medspa/unsubscribe/{token}",
                "clinic": request.website.company_id,
            },
            status=200 if values else 404,
        )
        response.headers["Referrer-Policy"] = "no-referrer"
        return response
