# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models
from odoo.exceptions import UserError
from odoo.tools import float_round


class MedspaCourse(models.Model):
    """Courses follow their money: held when it leaves, used up to what is paid."""

    _inherit = "medspa.course"

    # === BUSINESS METHODS: UNPAID === #

    def _check_can_transfer(self, partner):
        """Override to hand over only what is paid."""
        res = super()._check_can_transfer(partner)
        if not self.currency_id.is_zero(self._get_unpaid_amount()):
            raise UserError(
                self.env._(
                    "%s can be transferred when all of it is paid.", self.display_name
                )
            )
        return res

    def _resume(self, on_date=None):
        """Override to look at the money again: a pause does not wait for it."""
        res = super()._resume(on_date)
        self.sudo().sale_order_id._sync_courses_with_payment(
            self.env._("Its payment was taken back during the pause.")
        )
        return res

    def _revive(self, expires_on, reason):
        """Override to look at the money again: it may have gone since it expired."""
        res = super()._revive(expires_on, reason)
        self.sudo().sale_order_id._sync_courses_with_payment(
            self.env._("Its payment was taken back after it expired.")
        )
        return res

    def _hold_to_share(self, share):
        """Let running courses be used up to the share of the price that is paid.

        Whole sessions only: half a session paid is none to use.
        """
        held = {}
        for course in self.filtered(lambda course: course.state == "active"):
            for credit in course.sudo().credit_ids:
                if credit.course_line_id.swapped_from_id:
                    # Only what is paid is swapped: nothing of it waits.
                    continue
                if share >= 1 and not credit.held:
                    continue
                # A tenth of a cent more or less is rounding, not a missing part.
                usable = float_round(
                    credit.granted * min(share + 1e-6, 1.0),
                    precision_rounding=1.0 if credit.unit == "session" else 0.001,
                    rounding_method="DOWN",
                )
                held[credit] = credit.granted - usable if share < 1 else 0.0
        if held:
            self.env["medspa.credit"]._hold(held, self.env._("Paid in parts"))

    def _hold_unpaid(self, reason):
        """Stop courses whose money went away again, until it comes back."""
        for course in self.filtered(lambda c: c.state in ("active", "completed")):
            course.sudo().state = "unpaid"
            course.sudo().credit_ids._freeze(reason)
            course._log_reason(self.env._("Held: no longer paid"), reason)

    def _release_unpaid(self):
        """Put held courses back to use: they are paid again."""
        for course in self.filtered(lambda course: course.state == "unpaid"):
            course.sudo().state = "active"
            course.sudo().credit_ids._unfreeze()
            course._log_reason(self.env._("Paid again"), None)
        self.sudo().credit_ids._on_balance_changed()
