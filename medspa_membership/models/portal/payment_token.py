# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class PaymentToken(models.Model):
    """Saved methods are shown to, and used by, who has logged in."""

    _inherit = "payment.token"

    def _get_available_tokens(self, *args, **kwargs):
        """Override of `payment`: a link alone opens nobody's saved methods.

        Core lists those of whoever an order or invoice is of, logged in or not.
        """
        if self.env.user._is_public():
            return self.browse()
        return super()._get_available_tokens(*args, **kwargs)
