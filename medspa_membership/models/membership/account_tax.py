# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models

# What of a tax makes other sums of the same price.
SUM_FIELDS = {
    "amount",
    "amount_type",
    "children_tax_ids",
    "price_include_override",
    "include_base_amount",
    "is_base_affected",
}


class AccountTax(models.Model):
    _inherit = "account.tax"

    def write(self, vals):
        """Override of `account` to let members see the price that will be charged.

        The price without tax is what was agreed, unless it includes the tax: another
        rate makes another sum from the next period on.
        """
        res = super().write(vals)
        if self and SUM_FIELDS & vals.keys():
            lines_sudo = (
                self.env["sale.subscription.line"]
                .sudo()
                .search(
                    [
                        ("tax_ids", "in", self.ids),
                        ("sale_subscription_id.is_membership", "=", True),
                        ("sale_subscription_id.membership_state", "!=", "ended"),
                    ]
                )
            )
            lines_sudo.modified(["tax_ids"])
        return res
