# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.exceptions import UserError
from odoo.http import Controller, request, route


class PriceCampaign(Controller):
    """The page on which a member answers to a new price, opened by a signed link.

    Looking at it changes nothing: mail programs open links by themselves.
    """

    @route(
        "/membership/price/<int:line_id>/<string:token>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def price_notice(self, line_id, token, **kwargs):
        return self._render_notice(self._find(line_id, token))

    @route(
        "/membership/price/<int:line_id>/<string:token>",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def price_answer(self, line_id, token, answer="", **kwargs):
        line_sudo = self._find(line_id, token)
        if answer not in ("accept", "refuse"):
            return self._render_notice(line_sudo)
        try:
            # What was written before a refusal does not stay.
            with request.env.cr.savepoint():
                line_sudo._answer(answer == "accept")
        except UserError as error:
            return self._render_notice(line_sudo, error=str(error))
        return request.redirect(f"/membership/price/{line_id}/{token}")

    def _find(self, line_id, token):
        """Return the line of the link, as its member reads it."""
        line_sudo = request.env["medspa.price.campaign.line"]._find_by_token(
            line_id, token
        )
        if not line_sudo:
            raise request.not_found()
        return line_sudo

    def _render_notice(self, line_sudo, error=None):
        response = request.render(
            "medspa_membership.price_notice",
            {"line": line_sudo, "campaign": line_sudo.campaign_id, "error": error},
        )
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
        return response
