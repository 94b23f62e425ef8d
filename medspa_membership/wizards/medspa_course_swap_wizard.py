# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models


class MedspaCourseSwapWizard(models.TransientModel):
    """Swaps sessions, with the difference in price charged or waived."""

    _name = "medspa.course.swap.wizard"
    _description = "Swap sessions"

    course_id = fields.Many2one("medspa.course", required=True)
    currency_id = fields.Many2one(related="course_id.company_currency_id")
    credit_id = fields.Many2one(
        "medspa.credit",
        "Give",
        required=True,
        domain="[('course_id', '=', course_id), ('available', '>', 0)]",
    )
    swap_group_id = fields.Many2one(related="credit_id.treatment_id.swap_group_id")
    old_treatment_id = fields.Many2one(
        related="credit_id.treatment_id", string="Old treatment"
    )
    treatment_id = fields.Many2one(
        "product.template",
        "For",
        required=True,
        domain="[('swap_group_id', '!=', False),"
        " ('swap_group_id', '=', swap_group_id), ('id', '!=', old_treatment_id)]",
    )
    sessions = fields.Float(default=1.0, required=True)
    difference = fields.Monetary(compute="_compute_difference")
    is_waived = fields.Boolean("Waive the difference")
    reason = fields.Char()

    @api.depends("credit_id", "treatment_id", "sessions")
    def _compute_difference(self):
        for wizard in self:
            wizard.difference = (
                wizard.course_id._get_swap_difference(
                    wizard.credit_id, wizard.treatment_id, wizard.sessions
                )
                if wizard.credit_id and wizard.treatment_id
                else 0.0
            )

    def action_confirm(self):
        """Swap, and open the order over the difference when there is one to pay."""
        self.ensure_one()
        self.course_id.check_access("write")
        difference = self.difference
        new_credit = self.course_id._swap(
            self.credit_id, self.treatment_id, self.sessions, self.reason
        )
        if self.is_waived or self.currency_id.is_zero(difference):
            return None
        order = self.course_id._create_swap_order(new_credit, self.sessions, difference)
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": order.id,
            "views": [(False, "form")],
        }
