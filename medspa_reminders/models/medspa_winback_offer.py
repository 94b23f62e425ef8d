# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models

from ..tools import sign


class MedspaWinbackOffer(models.Model):
    """An offer to who left can be refused, as any other."""

    _inherit = "medspa.winback.offer"

    def _may_be_written_to(self):
        """Override: who has refused offers by e-mail gets none.

        Somebody of the clinic has chosen whom to ask: that stands for the consent which
        messages that go out by themselves need.
        """
        return super()._may_be_written_to() and self.partner_id._may_be_written_to(
            "email", "marketing", needs_consent=False
        )

    def _get_letter_unsubscribe_url(self):
        """Override: the link that ends offers by e-mail."""
        self.ensure_one()
        scope = [self.partner_id.id, "email", "marketing"]
        token = sign(self.sudo().env, "unsubscribe", scope)
        return f"{self.get_base_url()}/medspa/unsubscribe/{token}"

    def _send_letters(self):
        """Override to let mailboxes offer the way out too."""
        mails = super()._send_letters()
        for mail in mails:
            url = self.browse(mail.res_id)._get_letter_unsubscribe_url()
            mail.headers = repr(
                {
                    "List-Unsubscribe": f"<{url}>",
                    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                }
            )
        return mails
