# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models
from odoo.exceptions import UserError


class SaleSubscription(models.Model):
    """Members who owe something: what brings them back."""

    _inherit = "sale.subscription"

    def _restore_if_settled(self):
        """Bring a member back who owes nothing any more. Note: `ensure_one()`."""
        self.ensure_one()
        if self.membership_state not in ("past_due", "suspended"):
            return
        failed = self.period_ids.filtered(
            lambda p: p.state == "open" and p.first_failed_at
        )
        if failed:
            return
        was_suspended = self.membership_state == "suspended"
        self._transition(self._get_running_state(), self.env._("Paid"))
        if was_suspended:
            self._settle_missed_periods()

    def _settle_missed_periods(self):
        """Deal with the periods that passed in the suspension, by the terms.

        Catch up: the next billing run bills them, one after the other. Forgive: they
        are skipped, and the next one is the first that starts from today on.
        """
        self.ensure_one()
        today = self.company_id._medspa_date()
        next_date = self.recurring_next_date
        if self.arrears_rule != "forgive" or not next_date or next_date >= today:
            return
        following = self._get_start_from(today)
        self._skip_periods(next_date, following)
        self.sudo().recurring_next_date = following
        if self.payment_limit and not self.cancelled_on:
            self._set_end(self._get_fixed_end(), self.env._("Missed periods"))

    def _set_payment_method(self, token):
        """Charge another method from now on, and try at once what is open.

        :param token: an active `payment.token` of the patient
        :raise UserError: somebody else's, or archived
        """
        for membership in self:
            partner = membership.partner_id
            token_sudo = token.sudo()
            if not token_sudo.active or token_sudo.partner_id not in (
                partner | partner.commercial_partner_id
            ):
                raise UserError(
                    self.env._("Choose a payment method of the member that is valid.")
                )
            membership.sudo().payment_token_id = token_sudo
            membership._on_method_changed()
            if membership.membership_state == "pending":
                membership._start_if_paid()

    def _on_method_changed(self):
        """Lift what stopped the old method and charge what is open, once."""
        for membership in self.sudo():
            failed = membership.period_ids.filtered(
                lambda p: p.state == "open" and p.first_failed_at
            )
            failed.write({"is_stopped": False})
            # By the member's doing: it uses up no automatic try.
            failed._enqueue_charges(manual=True)

    def _report_clinic_fault(self, reason):
        """Leave one activity for all members who cannot be charged by our own fault."""
        self.ensure_one()
        summary = self.env._("Cards cannot be charged: the fault is on our side")
        Activity_sudo = self.env["mail.activity"].sudo()
        known = Activity_sudo.search_count(
            [("res_model", "=", self._name), ("summary", "=", summary)], limit=1
        )
        if not known:
            self.sudo().activity_schedule(
                "mail.mail_activity_data_todo",
                summary=summary,
                note=self.env._(
                    "%s Members are not told. All of them are charged again as soon as "
                    "it is mended.",
                    reason or "",
                ),
                user_id=self.user_id.id or self.env.uid,
            )
