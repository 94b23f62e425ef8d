# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models

# Who of the staff lets a patient pay at the clinic is logged in: an object, for no
# client can send it in a context.
SHOWS_METHODS = object()


class PaymentToken(models.Model):
    """Saved methods are shown to, and used by, who has logged in."""

    _inherit = "payment.token"

    def _get_available_tokens(self, *args, **kwargs):
        """Override of `payment`: a link alone opens nobody's saved methods.

        Core lists those of whoever an order or invoice is of, logged in or not.
        """
        if not self._may_use_saved_methods():
            return self.browse()
        return super()._get_available_tokens(*args, **kwargs)

    def _may_use_saved_methods(self):
        """Tell whether the user has logged in, or the clinic's staff for a patient."""
        is_at_desk = self.env.context.get("medspa_shows_methods") is SHOWS_METHODS
        return is_at_desk or not self.env.user._is_public()
