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

    def _get_money(self):
        """Return what the course is worth and what of it is paid, a `Claim`.

        Nothing for one without an order. Note: `self.ensure_one()`
        """
        self.ensure_one()
        sold = self.sudo().transferred_from_id or self.sudo()
        return sold.sale_order_id and sold.sale_order_id._get_course_money().get(sold)

    def _hold_to_money(self, money):
        """Let running courses be used up to the sessions that are paid.

        Whole sessions only: half a session paid is none to use. What was used and
        booked is paid first, then the sessions in the order of the recipe.

        :param money: the `Claim` of the course
        """
        for course in self.filtered(lambda course: course.state == "active"):
            lots = course.sudo().credit_ids
            if money.is_settled:
                held = {lot: 0.0 for lot in lots if lot.held}
            else:
                held = course._get_held_quantities(lots, money)
            if held:
                self.env["medspa.credit"]._hold(held, self.env._("Paid in parts"))

    def _get_held_quantities(self, lots, money):
        """Return how much of each lot waits for its money."""
        self.ensure_one()
        # Only what is paid is swapped: nothing of it waits.
        lots = lots.filtered(lambda lot: not lot.course_line_id.swapped_from_id)
        lots = lots.sorted(lambda lot: (lot.course_line_id.sequence, lot.id))
        shares = self._share_by_weight(
            money.worth, [0.0 if lot.is_bonus else lot.value for lot in lots]
        )
        # What was handed over is a part of what was sold: it follows the share.
        is_whole = not self.transferred_from_id
        units = {
            lot: share / lot.granted if is_whole else 0.0
            for lot, share in zip(lots, shares, strict=True)
        }
        # A part of a price and its sessions are rounded apart: a cent a session.
        left = money.paid + self.currency_id.rounding * sum(
            lot.granted for lot in lots if lot.unit == "session" and units[lot]
        )
        left -= sum(
            units[lot] * (lot.granted - lot.remaining + lot.reserved) for lot in lots
        )
        held = {}
        for lot in lots:
            free = lot.remaining - lot.reserved
            if units[lot]:
                usable = min(max(left, 0.0) / units[lot], free)
            else:
                # Free ones follow the share of the price.
                used = lot.granted - free
                usable = max(lot.granted * money.share - used, 0.0)
            usable = float_round(
                usable + 1e-6,
                precision_rounding=1.0 if lot.unit == "session" else 0.001,
                rounding_method="DOWN",
            )
            left -= units[lot] * usable
            held[lot] = max(free - usable, 0.0)
        return held

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
