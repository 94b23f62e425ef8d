# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _message_receive_bounce(self, email, partner):
        """Override of `mail`: whose letter came back was not told the new price."""
        res = super()._message_receive_bounce(email, partner)
        lines_sudo = self.env["medspa.price.campaign.line"].sudo()
        told_sudo = lines_sudo.search(
            [
                ("partner_id", "in", self.ids),
                ("state", "=", "waiting"),
                ("notice_queued_at", "!=", False),
            ]
        )
        template = self.env.ref(
            "medspa_membership.mail_template_membership_price", False
        )
        if told_sudo and template:
            told_sudo._on_letter_failed(template, self.env._("The letter came back."))
        return res
