# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class LoyaltyCard(models.Model):
    """The codes of gift cards and promotions are mailed by the clinic."""

    _inherit = "loyalty.card"

    def _get_mail_author(self):
        """Override of `loyalty`: a mail without a sender's address never leaves.

        The shop's salesperson, whom `sale_loyalty` takes, may have none.
        """
        author = super()._get_mail_author()
        if author.email:
            return author
        # Visitors of the shop may not read the clinic's contact.
        order_sudo = self.sudo().order_id
        company_sudo = order_sudo.company_id or self.company_id or self.env.company
        return company_sudo.sudo().partner_id
