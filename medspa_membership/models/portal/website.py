# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class Website(models.Model):
    _inherit = "website"

    def _shows_prices_untaxed(self):
        """Tell whether the site shows prices without tax, as its shop does."""
        self.ensure_one()
        return self.show_line_subtotals_tax_selection == "tax_excluded"
