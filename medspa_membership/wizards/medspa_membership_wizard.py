# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaMembershipWizard(models.AbstractModel):
    """What the dialogs of a membership share: which one, and whether one may."""

    _name = "medspa.membership.wizard"
    _description = "Dialog of a membership"

    membership_id = fields.Many2one(
        "sale.subscription", required=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(related="membership_id.partner_id", string="Patient")
    company_id = fields.Many2one(related="membership_id.company_id")
    currency_id = fields.Many2one(related="membership_id.currency_id")

    def _get_membership(self):
        """Return the membership to change, which the user must be allowed to write.

        Its methods write as superuser, after the checks of their own.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        self.membership_id.check_access("write")
        return self.membership_id
