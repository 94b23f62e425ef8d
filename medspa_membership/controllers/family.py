# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.exceptions import UserError
from odoo.http import Controller, request, route

from .login_link import PRIVATE_HEADERS


class FamilyInvitation(Controller):
    """A patient answers whether to use what somebody shares."""

    @route(
        "/membership/family/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def family_invitation(self, token, **kwargs):
        return self._render(token)

    @route(
        "/membership/family/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def family_accept(self, token, **kwargs):
        Membership = request.env["sale.subscription"]
        membership_sudo, person_sudo = Membership._find_by_family_token(token)
        if not membership_sudo:
            return self._render(token)
        try:
            with request.env.cr.savepoint():
                known_sudo = membership_sudo._accept_family(person_sudo)
        except UserError as error:
            request.env.invalidate_all(flush=False)
            return self._render(token, error=str(error))
        return self._render(
            token,
            membership=membership_sudo,
            is_done=True,
            is_known=not known_sudo.is_unconfirmed_visitor,
        )

    def _render(self, token, **values):
        membership_sudo, _person = request.env[
            "sale.subscription"
        ]._find_by_family_token(token)
        response = request.render(
            "medspa_membership.family_invitation",
            {"token": token, "membership": membership_sudo, **values},
        )
        response.headers.update(PRIVATE_HEADERS)
        return response
