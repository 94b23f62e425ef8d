# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.exceptions import AccessDenied
from odoo.http import request, route

from odoo.addons.portal.controllers.web import Home

from ..models.portal.res_users import LOGIN_LINK

# The page of a link carries it in its address: no cache and no other site learns it.
PRIVATE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}


class LoginLink(Home):
    """Patients log in by an e-mailed link, without a password to remember."""

    @route(
        "/my/login-link",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def login_link_form(self, login=None, redirect=None, **kwargs):
        if not request.env.user._is_public():
            path = request.env["medspa.login.link"]._get_local_path(redirect)
            return request.redirect(path or "/my")
        return self._render_login_link("login_link_ask", email=login, redirect=redirect)

    @route(
        "/my/login-link",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def login_link_ask(self, email=None, redirect=None, **kwargs):
        Link = request.env["medspa.login.link"]
        network = request.httprequest.remote_addr
        if not Link._ask(email, network, request.website, redirect):
            return self._render_login_link("login_link_too_many", status=429)
        return self._render_login_link(
            "login_link_asked",
            email=email,
            redirect=Link._get_local_path(redirect),
            minutes=Link._get_minutes(),
        )

    @route(
        "/my/login/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def login_link_open(self, token, **kwargs):
        """Show the button that logs in: what only fetches the link burns nothing."""
        link_sudo = request.env["medspa.login.link"]._find_open(token)
        if not link_sudo:
            return self._render_login_link("login_link_gone")
        return self._render_login_link(
            "login_link_open", token=token, name=link_sudo.user_id.name
        )

    @route(
        "/my/login/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def login_link_use(self, token, **kwargs):
        link_sudo = request.env["medspa.login.link"]._find_open(token)
        if not link_sudo:
            return self._render_login_link("login_link_gone")
        credential = {
            "type": LOGIN_LINK,
            "login": link_sudo.user_id.login,
            "token": token,
        }
        redirect = link_sudo.redirect or "/my"
        try:
            auth_info = request.session.authenticate(request.env, credential)
        except AccessDenied:
            return self._render_login_link("login_link_gone")
        # A second factor, where there is one, is asked for on the way.
        return request.redirect(
            self._login_redirect(auth_info["uid"], redirect=redirect), code=303
        )

    def _render_login_link(self, template, status=200, **values):
        response = request.render(f"medspa_membership.{template}", values)
        response.status_code = status
        response.headers.update(PRIVATE_HEADERS)
        return response
