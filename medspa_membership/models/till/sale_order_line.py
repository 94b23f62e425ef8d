# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    course_ids = fields.One2many(
        "medspa.course",
        "sale_line_id",
        "Courses",
        groups="medspa_membership.group_medspa_user",
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Override to make the courses of lines added to a confirmed order."""
        lines = super().create(vals_list)
        sold = lines.filtered(lambda line: line.state == "sale")._filter_courses()
        if sold:
            sold._create_courses()
            sold.order_id._sync_courses_with_payment()
        return lines

    def write(self, vals):
        """Override to keep the courses of confirmed lines up with their quantity."""
        res = super().write(vals)
        if "product_uom_qty" in vals:
            sold = self.filtered(lambda line: line.state == "sale")._filter_courses()
            sold._drop_surplus_courses()
            sold._create_courses()
            sold.order_id._sync_courses_with_payment()
        return res

    def _filter_courses(self):
        """Return the lines that sell courses, or have sold some.

        Sellers need no role in the clinic to keep orders of anything else.
        """
        return self.filtered(
            lambda line: (
                line.service_tracking == "medspa_course" or line.sudo().course_ids
            )
        )

    def _drop_surplus_courses(self):
        """Delete courses that a smaller quantity no longer sells; refuse paid ones."""
        for line in self.filtered(lambda line: line.sudo().course_ids):
            wanted = line._get_course_count()
            surplus_sudo = line.sudo().course_ids.sorted("sale_position")[wanted:]
            if surplus_sudo.filtered(lambda course: course.state != "draft"):
                raise UserError(
                    self.env._(
                        "%s is in use: refund it instead of lowering the quantity.",
                        surplus_sudo[:1].display_name,
                    )
                )
            surplus_sudo.unlink()

    def _create_courses(self):
        """Make the courses that confirmed lines sell, one for each unit, once.

        They wait for their money as drafts.
        """
        vals_list = []
        for line in self.filtered(
            lambda line: line.service_tracking == "medspa_course"
        ):
            wanted = line._get_course_count()
            vals_list += [
                line._prepare_course_vals(position)
                for position in range(len(line.sudo().course_ids), wanted)
            ]
        # Whoever may confirm an order may cause its courses.
        return self.env["medspa.course"].sudo().create(vals_list)

    def _get_course_count(self):
        self.ensure_one()
        count = int(self.product_uom_qty)
        if float_compare(count, self.product_uom_qty, precision_digits=3):
            raise UserError(
                self.env._(
                    "%(course)s is sold whole: the quantity cannot be %(quantity)s.",
                    course=self.product_id.name,
                    quantity=self.product_uom_qty,
                )
            )
        return count

    def _prepare_course_vals(self, position):
        """Return the values of one course of the line.

        The price of the line, less its share of the discounts of the order, is shared
        over its courses; the last one takes the rest.
        """
        self.ensure_one()
        order = self.order_id
        company = order.company_id
        count = self._get_course_count()
        Course = self.env["medspa.course"]
        ratio = self._get_net_ratio()
        price, untaxed = (
            Course._share(total * ratio, [1] * count, self.currency_id)[position]
            for total in (self.price_total, self.price_subtotal)
        )
        value = self.currency_id._convert(
            untaxed, company.currency_id, company, order.date_order
        )
        vals = Course._prepare_course_vals(
            self.product_id.product_tmpl_id,
            order._get_patient(),
            company,
            price,
            self.currency_id,
            value,
        )
        return {**vals, "sale_line_id": self.id, "sale_position": position}

    def _is_sold_in_parts(self):
        """Tell whether a course may be used before all of it is paid."""
        self.ensure_one()
        return (
            self.product_id.product_tmpl_id.allows_instalments
            and len(self.order_id.payment_term_id.line_ids) > 1
        )

    def _is_taken_back(self):
        """Tell whether all that charged the line was cancelled, or credited in full."""
        self.ensure_one()
        invoices = self.invoice_lines.move_id.filtered(
            lambda move: move.move_type == "out_invoice" and move.posted_before
        )
        return bool(invoices) and all(move._is_taken_back() for move in invoices)

    def _get_paid_share(self):
        """Return the share of the line for which the money is there, from 0 to 1.

        An invoice that was reversed or cancelled takes back what its payment gave, even
        where the payment itself still stands.
        """
        self.ensure_one()
        if self._is_taken_back():
            return 0.0
        invoices = self.invoice_lines.move_id.filtered(
            lambda move: move.move_type == "out_invoice" and move.posted_before
        )
        share = self.order_id._get_share_paid_by_transactions(self)
        posted = invoices.filtered(lambda move: move.state == "posted")
        # Not `qty_invoiced`: a small credit note of goodwill would set it to zero.
        invoiced = sum(
            line.quantity for line in self.invoice_lines if line.move_id in posted
        )
        if not posted:
            return share
        # What is not invoiced yet is not paid by an invoice.
        part = (
            min(invoiced / self.product_uom_qty, 1.0) if self.product_uom_qty else 1.0
        )
        # What a credit note has set off is neither paid nor due any more.
        total = sum(posted.mapped("amount_total")) - posted._get_amount_set_off()
        left = sum(posted.mapped("amount_residual"))
        if all(move.payment_state in ("paid", "in_payment") for move in posted):
            return max(share, part)
        return max(share, part * (total - left) / total if total > 0 else 0.0)
