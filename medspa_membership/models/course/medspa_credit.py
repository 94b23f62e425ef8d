# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models
from odoo.exceptions import UserError


class MedspaCredit(models.Model):
    _inherit = "medspa.credit"

    course_line_id = fields.Many2one(
        "medspa.course.line", index="btree_not_null", ondelete="restrict"
    )
    course_id = fields.Many2one(
        related="course_line_id.course_id", store=True, index="btree_not_null"
    )

    def _get_ledger_fields(self):
        return super()._get_ledger_fields() | {"course_line_id"}

    def _get_source_label(self):
        """Override: the course that was bought."""
        course_sudo = self.sudo().course_id
        return course_sudo.product_tmpl_id.name or super()._get_source_label()

    def _check_spendable(self, on_date):
        """Override to say why a course whose money went away again is not used."""
        course_sudo = self.sudo().course_id
        if course_sudo.state == "unpaid":
            raise UserError(
                self.env._(
                    "Course %(course)s of %(patient)s is no longer paid. Take the "
                    "payment first, or let this appointment be paid apart.",
                    course=course_sudo.name,
                    patient=course_sudo.partner_id.name,
                )
            )
        return super()._check_spendable(on_date)

    def _on_balance_changed(self):
        """Override to let a course notice its first visit and its last session."""
        res = super()._on_balance_changed()
        self.sudo().course_id._on_credits_changed()
        return res
