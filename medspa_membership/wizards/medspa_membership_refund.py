# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class MedspaMembershipRefund(models.TransientModel):
    """Gives money of a paid period back, after it has shown what follows."""

    _name = "medspa.membership.refund"
    _inherit = "medspa.membership.wizard"
    _description = "Refund a period"

    membership_id = fields.Many2one(
        compute="_compute_membership_id", store=True, readonly=False
    )
    period_id = fields.Many2one(
        "medspa.membership.period",
        required=True,
        domain="[('membership_id', '=', membership_id), ('state', '=', 'paid'),"
        " ('is_paid_elsewhere', '=', False)]",
    )
    amount_paid = fields.Monetary("Paid", compute="_compute_amount_paid")
    amount = fields.Monetary(
        "Given back", compute="_compute_amount", store=True, readonly=False
    )
    takes_credits = fields.Boolean(
        "Take back what is left of its credits",
        default=True,
        help="Appointments booked on them lose their cover.",
    )
    credit_label = fields.Char("Its credits", compute="_compute_credit_label")
    can_refund_by_card = fields.Boolean(compute="_compute_can_refund_by_card")
    by_card = fields.Boolean(
        "Back to the card that paid",
        compute="_compute_by_card",
        store=True,
        readonly=False,
    )
    reason = fields.Char(required=True)

    @api.depends("period_id")
    def _compute_membership_id(self):
        """Take it from the period, where the dialog is opened on one."""
        for wizard in self.filtered("period_id"):
            wizard.membership_id = wizard.period_id.membership_id

    @api.depends("period_id")
    def _compute_amount_paid(self):
        for wizard in self:
            period_sudo = wizard.period_id.sudo()
            wizard.amount_paid = period_sudo and period_sudo._get_amount_paid()

    @api.depends("amount_paid")
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = wizard.amount_paid

    @api.depends("period_id")
    def _compute_credit_label(self):
        for wizard in self:
            # Of this period alone: others keep what they gave.
            credits_sudo = wizard.period_id.sudo().credit_ids
            wizard.credit_label = ", ".join(
                self.env._(
                    "%(what)s: %(left)s left of %(granted)s",
                    what=credit._get_coverage_label(),
                    left=credit._format_quantity(credit.remaining),
                    granted=credit._format_quantity(credit.granted),
                )
                for credit in credits_sudo
            )

    @api.depends("period_id", "amount")
    def _compute_can_refund_by_card(self):
        for wizard in self:
            txs = wizard.period_id.sudo().invoice_id.transaction_ids
            wizard.can_refund_by_card = bool(txs._find_refundable(wizard.amount))

    @api.depends("can_refund_by_card")
    def _compute_by_card(self):
        for wizard in self:
            wizard.by_card = wizard.can_refund_by_card

    def action_confirm(self):
        """Give it back, or refuse what is more than was paid."""
        membership = self._get_membership()
        if not self.env.user.has_group("medspa_membership.group_medspa_manager"):
            raise AccessError(self.env._("Only a manager may refund a period."))
        if self.period_id.membership_id != membership:
            raise UserError(self.env._("Choose a period of this membership."))
        if self.currency_id.compare_amounts(self.amount, 0) <= 0:
            raise UserError(self.env._("Enter an amount above zero."))
        if self.takes_credits:
            self.period_id._take_back_credits(self.reason)
        credit_note = self.period_id._refund(self.amount, self.reason, self.by_card)
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": credit_note.id,
            "views": [(False, "form")],
        }
