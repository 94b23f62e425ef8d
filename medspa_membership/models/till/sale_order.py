# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    course_ids = fields.One2many("medspa.course", "sale_order_id", "Courses")
    course_count = fields.Integer(compute="_compute_course_count")

    def _compute_course_count(self):
        counts = dict(
            self.env["medspa.course"]._read_group(
                [("sale_order_id", "in", self.ids)], ["sale_order_id"], ["__count"]
            )
        )
        for order in self:
            order.course_count = counts.get(order, 0)

    def action_view_courses(self):
        """Open the courses that the order sold. Note: `self.ensure_one()`."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "medspa_membership.medspa_course_action"
        )
        action["domain"] = [("sale_order_id", "=", self.id)]
        return action

    def _action_confirm(self):
        """Override of `sale` to make the courses that the order sells."""
        res = super()._action_confirm()
        self.order_line._create_courses()
        self._activate_paid_courses()
        return res

    def _action_cancel(self):
        """Override of `sale` to drop courses that were never paid."""
        res = super()._action_cancel()
        drafts = self.sudo().course_ids.filtered(lambda course: course.state == "draft")
        drafts.unlink()
        return res

    def _get_patient(self):
        """Return whose the courses of the order are: the customer's.

        A patient who forgot to log in buys as a guest: the course goes to the one who
        logs in with the e-mail given, or it would wait where nobody can book it.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        partner = self.partner_id
        if not self.website_id or partner.sudo().user_ids:
            return partner
        return partner._find_login().partner_id.with_env(self.env) or partner

    def _activate_paid_courses(self):
        """Activate the courses of confirmed orders for which the money has arrived."""
        paid = self.sudo().course_ids.filtered(
            lambda course: (
                course.state in ("draft", "unpaid")
                and course.sale_line_id._is_paid_for_courses()
            )
        )
        paid._activate()
        paid._release_unpaid()

    def _hold_unpaid_courses(self, reason):
        """Hold the courses of orders whose money went away again."""
        running = self.sudo().course_ids.filtered(
            lambda course: (
                course.state in ("active", "completed")
                and not course.sale_line_id._is_paid_for_courses()
            )
        )
        running._hold_unpaid(reason)

    def _is_paid_by_transactions(self):
        """Tell whether payments on the order cover all of it (none due: yes)."""
        self.ensure_one()
        paid = sum(
            tx.amount
            for tx in self.sudo().transaction_ids
            if tx.state == "done" and tx.operation not in ("validation", "refund")
        )
        return self.currency_id.compare_amounts(paid, self.amount_total) >= 0
