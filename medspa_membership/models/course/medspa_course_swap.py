# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare

from ..credit.medspa_credit import QUANTITY_DIGITS


class MedspaCourse(models.Model):
    """Swapping sessions of a course for another treatment of the same group."""

    _inherit = "medspa.course"

    can_swap = fields.Boolean(
        compute="_compute_can_swap",
        help="Something free of it is in a swap group.",
    )

    @api.depends("credit_ids.available", "credit_ids.treatment_id.swap_group_id")
    def _compute_can_swap(self):
        for course in self:
            course.can_swap = any(
                credit.available > 0 and credit.treatment_id.swap_group_id
                for credit in course.credit_ids
            )

    def _get_swap_difference(self, credit, treatment, sessions):
        """Return what a swap costs: never below zero, in the company's currency.

        :param credit: the lot that gives the sessions
        :param treatment: what the patient gets for them
        :param float sessions: how many
        """
        self.ensure_one()
        old_price = credit.course_line_id.list_price
        new_price = treatment._get_list_price_with_tax(self.company_id)
        return max(
            self.company_currency_id.round((new_price - old_price) * sessions), 0.0
        )

    def _check_swap_quantity(self, credit, sessions):
        """Swap what is free and paid, and no part of a session unless sold so."""
        if sessions % 1 and credit.unit == "session" and not self.allows_part_sessions:
            raise UserError(
                self.env._(
                    "Course %(course)s is used in whole sessions, not %(quantity)s.",
                    course=self.name,
                    quantity=f"{sessions:g}",
                )
            )
        credit._check_not_held(
            -sessions, 0, [credit.remaining, credit.reserved, None, None]
        )

    def _swap(self, credit, treatment, sessions, reason):
        """Turn sessions of one treatment into sessions of another.

        What they were paid moves along: a refund gives back the same as before.

        Note: `self.ensure_one()`

        :return: the new credit
        :raise UserError: another group, more than is free, or a course not in use
        """
        self.ensure_one()
        self._check_state("active")
        group = credit.treatment_id.swap_group_id
        if not group or treatment.swap_group_id != group or credit.course_id != self:
            raise UserError(
                self.env._(
                    "%(old)s cannot be swapped for %(new)s: they share no swap group.",
                    old=credit.treatment_id.name,
                    new=treatment.name,
                )
            )
        if treatment == credit.treatment_id:
            raise UserError(self.env._("Choose another treatment than the one it is."))
        if float_compare(sessions, 0, precision_digits=QUANTITY_DIGITS) <= 0:
            raise UserError(self.env._("Swap at least one session."))
        self._check_swap_quantity(credit.sudo(), sessions)
        move = self.env["medspa.credit"]._post_moves(
            [
                {
                    "credit": credit,
                    "kind": "transfer",
                    "quantity": -sessions,
                    "reason": reason,
                }
            ]
        )
        value = -move.value
        line = (
            self.env["medspa.course.line"]
            .sudo()
            .create(
                {
                    "course_id": self.id,
                    "sequence": max(self.line_ids.mapped("sequence")) + 1,
                    "treatment_id": treatment.id,
                    "unit": credit.unit,
                    "sessions": sessions,
                    "min_days": credit.course_line_id.min_days,
                    "advised_days": credit.course_line_id.advised_days,
                    "list_price": treatment._get_list_price_with_tax(self.company_id),
                    "value": value,
                    "swapped_from_id": credit.course_line_id.id,
                }
            )
        )
        new_credit = self.env["medspa.credit"]._grant(
            [
                {
                    **line._prepare_credit_vals_list()[0],
                    "value": value,
                    "is_bonus": credit.is_bonus,
                    "valid_from": credit.valid_from,
                    "expires_on": credit.expires_on,
                }
            ],
            kind="transfer",
            reason=reason,
        )
        self._log_reason(
            self.env._(
                "Swapped %(quantity)s %(old)s for %(new)s",
                quantity=f"{sessions:g}",
                old=credit.treatment_id.name,
                new=treatment.name,
            ),
            reason,
        )
        return new_credit

    def _undo_swap(self, credit):
        """Give the sessions of a swap back to the lot that they came from, once.

        Note: `self.ensure_one()`

        :param credit: what the swap gave
        :raise UserError: some of it was used, booked or swapped on
        """
        self.ensure_one()
        moves = credit.move_ids.filtered(lambda move: move.kind == "transfer")
        if len(moves) > 1 and not credit.remaining:
            # Undone before.
            return
        if float_compare(
            credit.available, credit.granted, precision_digits=QUANTITY_DIGITS
        ):
            raise UserError(
                self.env._(
                    "%(treatment)s of %(course)s was used, booked or swapped on: its "
                    "difference in price stays due.",
                    treatment=credit.treatment_id.name,
                    course=self.name,
                )
            )
        self._check_state("active")
        origin = credit.course_line_id.swapped_from_id.credit_ids.filtered(
            lambda lot: lot.is_bonus == credit.is_bonus
        )[:1]
        reason = self.env._("The difference in price was cancelled.")
        quantity, value = credit.remaining, credit.value_remaining
        self.env["medspa.credit"]._post_moves(
            [
                {
                    "credit": lot,
                    "kind": "transfer",
                    "quantity": sign * quantity,
                    "value": sign * value,
                    "reason": reason,
                }
                for lot, sign in ((credit, -1), (origin, 1))
            ]
        )
        self._log_reason(
            self.env._("Swap to %s undone", credit.treatment_id.name), reason
        )
