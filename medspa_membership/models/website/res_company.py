# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    address_from_amount = fields.Float(
        "Address from",
        default=100.0,
        help="Invoices below this total need no address of the customer by law, and "
        "the checkout does not ask for it. Zero: it always asks.",
    )

    _address_from_amount_positive = models.Constraint(
        "CHECK (address_from_amount IS NULL OR address_from_amount >= 0)",
        "The total from which an address is asked for is zero or more.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    address_from_amount = fields.Float(
        related="company_id.address_from_amount", readonly=False
    )
