# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models


class MedspaCourse(models.Model):
    """The parts in which a course is paid, as the desk looks at them."""

    _inherit = "medspa.course"

    held_sessions = fields.Float(
        "Not paid yet",
        compute="_compute_held_sessions",
        help="Sessions that can be used when further parts are paid.",
    )
    # What is paid is for those who take money; the lines themselves are accounting's.
    part_ids = fields.Many2many(
        "account.move.line",
        compute="_compute_part_ids",
        string="Instalments",
        groups="medspa_membership.group_medspa_receptionist",
    )

    @api.depends("credit_ids.held")
    def _compute_held_sessions(self):
        for course in self:
            course.held_sessions = sum(course.sudo().credit_ids.mapped("held"))

    @api.depends("sale_line_id.invoice_lines.move_id.state")
    def _compute_part_ids(self):
        for course in self:
            invoices_sudo = course.sudo().sale_line_id.invoice_lines.move_id
            lines_sudo = invoices_sudo.line_ids.filtered(
                lambda line: (
                    line.display_type == "payment_term"
                    and line.move_id.move_type == "out_invoice"
                    and line.parent_state == "posted"
                )
            ).sorted("date_maturity")
            # One part is no instalment: it is the price.
            parts_sudo = lines_sudo if len(lines_sudo) > 1 else lines_sudo.browse()
            course.part_ids = parts_sudo.with_env(course.env)
