# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models
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

        The price of the line is shared over its courses, the last one takes the rest.
        """
        self.ensure_one()
        order = self.order_id
        company = order.company_id
        count = self._get_course_count()
        Course = self.env["medspa.course"]
        price = Course._share(self.price_total, [1] * count, self.currency_id)[position]
        untaxed = Course._share(self.price_subtotal, [1] * count, self.currency_id)[
            position
        ]
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

    def _get_courses_by_paid_share(self):
        """Return the courses of the line with the share that is paid of each.

        Note: `self.ensure_one()`. In parts, all of them share what is paid; otherwise
        the money fills one after the other, so that a larger quantity leaves what was
        paid before in use.

        :return: list of (share, courses)
        """
        self.ensure_one()
        share = self._get_paid_share()
        courses = self.course_ids.sorted("sale_position")
        if self._is_sold_in_parts() or share in (0.0, 1.0):
            return [(share, courses)]
        quantity = share * len(courses)
        return [
            (min(max(quantity - position + 1e-6, 0.0), 1.0), course)
            for position, course in enumerate(courses)
        ]

    def _get_paid_share(self):
        """Return the share of the line for which the money is there, from 0 to 1.

        An invoice that was reversed or cancelled takes back what its payment gave, even
        where the payment itself still stands.
        """
        self.ensure_one()
        invoices = self.invoice_lines.move_id.filtered(
            lambda move: move.move_type == "out_invoice" and move.posted_before
        )
        if invoices and all(move._is_taken_back() for move in invoices):
            return 0.0
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
