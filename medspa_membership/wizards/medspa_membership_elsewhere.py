# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError


class MedspaMembershipElsewhere(models.TransientModel):
    """A manager vouches for money that reaches the clinic another way."""

    _name = "medspa.membership.elsewhere"
    _inherit = "medspa.membership.wizard"
    _description = "Paid elsewhere"

    membership_id = fields.Many2one(
        compute="_compute_membership_id", store=True, readonly=False
    )
    scope = fields.Selection(
        [
            ("period", "One period"),
            ("all", "All payments from now on"),
        ],
        default="all",
        required=True,
    )
    period_id = fields.Many2one(
        "medspa.membership.period",
        domain="[('membership_id', '=', membership_id),"
        " ('state', 'in', ('due', 'open'))]",
    )
    reason = fields.Char(
        "How it is paid", required=True, help="For the books: who pays, and where."
    )

    @api.depends("period_id")
    def _compute_membership_id(self):
        """Take it from the period, where the dialog is opened on one."""
        for wizard in self.filtered("period_id"):
            wizard.membership_id = wizard.period_id.membership_id

    def action_confirm(self):
        """Mark what was chosen as paid elsewhere."""
        membership = self._get_membership()
        if self.scope == "all":
            membership._set_paid_elsewhere(self.reason)
            return
        if not self.period_id or self.period_id.membership_id != membership:
            raise UserError(self.env._("Choose the period that was paid."))
        self.period_id._pay_elsewhere(self.reason)
