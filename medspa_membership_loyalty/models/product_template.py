# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models, tools


class ProductTemplate(models.Model):
    _inherit = "product.template"

    @api.model
    def _get_unreduced_template_ids(self):
        """Override: gift cards and money for an eWallet cost what they are worth."""
        return super()._get_unreduced_template_ids() | self._get_money_template_ids()

    @api.model
    @tools.ormcache()
    def _get_money_template_ids(self):
        """Return the ids of products whose sale fills a gift card or an eWallet."""
        rules_sudo = self.env["loyalty.rule"].sudo()
        rules_sudo = rules_sudo.search(
            [
                ("program_id.active", "=", True),
                ("program_id.program_type", "in", ("gift_card", "ewallet")),
            ]
        )
        return frozenset(rules_sudo.product_ids.product_tmpl_id.ids)
