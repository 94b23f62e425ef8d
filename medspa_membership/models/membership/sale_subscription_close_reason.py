# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class SaleSubscriptionCloseReason(models.Model):
    """Why somebody leaves: what a member says, or what happens to a membership."""

    _inherit = "sale.subscription.close.reason"

    is_for_members = fields.Boolean(
        "Members choose it",
        default=True,
        help="Offered where a member, or the desk for one, cancels.",
    )
