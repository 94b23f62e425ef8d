# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models

from .medspa_login_link import TOKEN_OF_MAIL


class MailMail(models.Model):
    """A log-in link is made when its mail leaves: what is queued opens nothing.

    Whoever may read mails that failed, or a copy of the database, would log in as the
    patient otherwise.
    """

    _inherit = "mail.mail"

    def _prepare_outgoing_body(self):
        """Override of `mail` to put the token into the mail of a log-in link."""
        body = super()._prepare_outgoing_body()
        if self.model != "medspa.login.link" or TOKEN_OF_MAIL not in (body or ""):
            return body
        # Links are the system's, whoever lets the queue run.
        link_sudo = self.env["medspa.login.link"].sudo().browse(self.res_id).exists()
        token = link_sudo._arm(link_sudo.user_id) if link_sudo._may_leave() else "-"
        return body.replace(TOKEN_OF_MAIL, token)
