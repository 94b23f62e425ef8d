# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command, api, fields, models


class MedspaCourseRefundWizard(models.TransientModel):
    """Shows a refund line by line before anybody confirms it."""

    _name = "medspa.course.refund.wizard"
    _description = "Refund of a course"

    course_id = fields.Many2one("medspa.course", required=True)
    currency_id = fields.Many2one(related="course_id.currency_id")
    refund_basis = fields.Selection(related="course_id.refund_basis")
    line_ids = fields.One2many(
        "medspa.course.refund.line", "wizard_id", compute="_compute_refund", store=True
    )
    amount = fields.Monetary("Refund", compute="_compute_refund", store=True)
    booking_count = fields.Integer(compute="_compute_booking_count")
    can_refund_by_card = fields.Boolean(compute="_compute_can_refund_by_card")
    method = fields.Selection(
        [("card", "Back to the card that paid"), ("desk", "At the desk")],
        default="desk",
        required=True,
    )
    reason = fields.Char(required=True)

    @api.depends("course_id")
    def _compute_refund(self):
        for wizard in self:
            refund = wizard.course_id._get_refund()
            wizard.amount = refund["amount"]
            wizard.line_ids = [
                Command.clear(),
                *(Command.create(line) for line in refund["lines"]),
            ]

    @api.depends("course_id")
    def _compute_booking_count(self):
        for wizard in self:
            wizard.booking_count = len(wizard.course_id._get_open_bookings())

    @api.depends("course_id", "amount")
    def _compute_can_refund_by_card(self):
        for wizard in self:
            wizard.can_refund_by_card = bool(
                wizard.course_id._get_refundable_transaction(wizard.amount)
            )

    def action_confirm(self):
        """Refund what is shown, or refuse when it has changed meanwhile."""
        self.ensure_one()
        self.course_id.check_access("write")
        credit_note = self.course_id._refund(
            self.amount, self.reason, by_provider=self.method == "card"
        )
        if not credit_note:
            return None
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": credit_note.id,
            "views": [(False, "form")],
        }


class MedspaCourseRefundLine(models.TransientModel):
    _name = "medspa.course.refund.line"
    _description = "Line of a refund"

    wizard_id = fields.Many2one(
        "medspa.course.refund.wizard", required=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    name = fields.Char(readonly=True)
    quantity = fields.Float(readonly=True)
    unit_price = fields.Monetary(readonly=True)
    amount = fields.Monetary(readonly=True)
