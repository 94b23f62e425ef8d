# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class MedspaMembershipPeriod(models.Model):
    """What the desk sees of a period that is due, and does by hand."""

    _inherit = "medspa.membership.period"

    amount_due = fields.Monetary(
        "Due", compute="_compute_amount_due", help="Billed and not paid, with tax."
    )
    membership_state = fields.Selection(
        related="membership_id.membership_state", string="Status of the membership"
    )
    payment_token_id = fields.Many2one(
        related="membership_id.payment_token_id", string="Payment method"
    )
    failure_label = fields.Char(
        "For the staff",
        compute="_compute_failure_label",
        groups="medspa_membership.group_medspa_receptionist",
        help="What the bank's answer means. Not for the member.",
    )
    last_step_label = fields.Char("Step taken last", compute="_compute_step_labels")
    next_step_label = fields.Char("What comes next", compute="_compute_step_labels")

    # === COMPUTE METHODS === #

    @api.depends("state", "invoice_ids.amount_residual")
    def _compute_amount_due(self):
        for period in self:
            # Practitioners see it without a right to read invoices.
            invoice_sudo = period.sudo().invoice_id
            period.amount_due = (
                invoice_sudo.amount_residual
                if period.state == "open" and invoice_sudo.state == "posted"
                else 0.0
            )

    @api.depends("failure_kind")
    def _compute_failure_label(self):
        labels = self._get_failure_labels()
        for period in self:
            kind = period.failure_kind
            period.failure_label = labels.get(kind, kind)

    @api.depends("state", "dunning_step_id", "next_step_at", "retry_at", "is_stopped")
    def _compute_step_labels(self):
        for period in self:
            period.last_step_label = period.dunning_step_id.display_name
            period.next_step_label = period._get_next_step_label()

    # === ACTION METHODS === #

    def action_charge_again(self):
        """Charge by hand, now: it uses up none of the tries of the policy."""
        self.check_access("write")
        for period in self:
            period._check_charge_by_hand()
        self.sudo()._enqueue_charges(manual=True)
        return self._notify_desk(
            self.env._(
                "The charge is on its way. Its outcome appears here in a moment."
            )
        )

    def action_send_payment_link(self):
        """Write to the member with the link to change the card or to pay."""
        self.check_access("write")
        for period in self:
            if period.state != "open":
                raise UserError(self.env._("Nothing is due for this period."))
            if not period.partner_id.email:
                raise UserError(
                    self.env._(
                        "%s has no e-mail address. Add one first.",
                        period.partner_id.name,
                    )
                )
            period.sudo()._notify_failure()
            period.membership_id.sudo().message_post(
                body=self.env._(
                    "The link to pay was sent to %s.", period.partner_id.email
                )
            )
        return self._notify_desk(self.env._("The link is on its way to the member."))

    def action_open_membership(self):
        """Open the membership of the period. Note: `self.ensure_one()`."""
        self.ensure_one()
        return self.membership_id.action_open_membership()

    # === BUSINESS METHODS === #

    def _check_charge_by_hand(self):
        """Refuse a charge that cannot work, and say what helps instead."""
        self.ensure_one()
        period_sudo = self.sudo()
        if not period_sudo._may_be_charged():
            raise UserError(
                self.env._(
                    "Nothing can be charged for %s now: it is settled, or a payment is "
                    "on its way.",
                    self.display_name,
                )
            )
        token_sudo = period_sudo._get_charge_token()
        if not token_sudo:
            raise UserError(
                self.env._(
                    "There is no card on file that can be charged. Send the member the "
                    "link, or choose another card."
                )
            )
        if not period_sudo._is_within_network_limits(token_sudo):
            raise UserError(
                self.env._(
                    "This card was tried as often as its network allows. Send the "
                    "member the link to change it."
                )
            )

    def _pay_elsewhere(self, reason):
        """Let a manager vouch for the money of a period: its invoice is taken back.

        Note: `self.ensure_one()`

        :raise UserError: settled already, a payment is on its way, or no reason
        """
        self.ensure_one()
        if not self.env.user.has_group("medspa_membership.group_medspa_manager"):
            raise AccessError(
                self.env._("Only a manager may mark a period as paid elsewhere.")
            )
        if not reason:
            raise UserError(self.env._("Write down how it was paid."))
        self._lock_row()
        period_sudo = self.sudo()
        if self.state not in ("due", "open") or period_sudo._is_on_its_way():
            raise UserError(
                self.env._(
                    "This period is settled, or a payment is on its way. Wait for its "
                    "outcome."
                )
            )
        period_sudo.is_paid_elsewhere = True
        # Paid first: a credit note over an open period would forgive it.
        period_sudo._on_paid()
        period_sudo._reverse_open_invoice(self.env._("Paid elsewhere: %s", reason))
        self.membership_id.sudo().message_post(
            body=self.env._(
                "%(period)s is paid elsewhere: %(reason)s",
                period=self.name,
                reason=reason,
            )
        )

    # === TOOLS === #

    def _get_next_step_label(self):
        """Return what happens next with a failed payment, in words."""
        self.ensure_one()
        if self.state != "open" or not self.first_failed_at:
            return False
        if self.retry_at:
            return self.env._(
                "Charged again soon: the fault was on the way to the bank"
            )
        if not self.next_step_at:
            return self.env._("Nothing by itself: it waits for the member")
        step = self.membership_id.dunning_policy_id._get_next_step(self.dunning_step_id)
        if not step:
            return self.env._("suspend")
        return step._get_action_label(self.is_stopped)

    @api.model
    def _get_failure_labels(self):
        """Return what the kinds of decline mean, for the staff."""
        return {
            "soft": self.env._("No money, or no reason given"),
            "technical": self.env._("A fault on the way to the bank"),
            "new_method": self.env._("Needs another card"),
            "authenticate": self.env._("The member must confirm it at the bank"),
            "stop": self.env._("The member or the bank has stopped it"),
            "fraud": self.env._("Suspected fraud: look at it first"),
            "duplicate": self.env._("Perhaps paid twice: look at it first"),
            "config": self.env._("Our own set-up: tell the manager"),
        }

    @api.model
    def _notify_desk(self, message):
        """Return the action that shows a message and reloads what is open."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
