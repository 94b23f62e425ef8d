# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError


class SaleOrder(models.Model):
    _inherit = "sale.order"

    course_ids = fields.One2many(
        "medspa.course",
        "sale_order_id",
        "Courses",
        groups="medspa_membership.group_medspa_user",
    )
    course_count = fields.Integer(
        compute="_compute_course_count", groups="medspa_membership.group_medspa_user"
    )

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
        self._invoice_instalments()
        self._sync_courses_with_payment()
        return res

    def _invoice_instalments(self):
        """Invoice orders of courses in parts at once: its due dates are the parts."""
        for order in self.sudo():
            lines = order.order_line.filtered(lambda line: line._is_sold_in_parts())
            if lines and not order.invoice_ids:
                order._create_invoices().action_post()

    def _action_cancel(self):
        """Override of `sale` to drop courses that were never paid, and no others."""
        self._check_courses_before_cancel()
        self._undo_swaps()
        res = super()._action_cancel()
        drafts = self.sudo().course_ids.filtered(lambda course: course.state == "draft")
        drafts.unlink()
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_undo_swaps(self):
        """Undo the swaps whose difference is deleted instead of paid."""
        self._undo_swaps()

    def _undo_swaps(self):
        """Take back the swaps whose difference these orders charge."""
        lines_sudo = self.env["medspa.course.line"].sudo()
        lines_sudo = lines_sudo.search(
            [("swap_sale_line_id.order_id", "in", self.ids)], order="id desc"
        )
        for credit_sudo in lines_sudo.credit_ids.filtered(
            lambda credit: credit.course_id.state != "cancelled"
        ):
            credit_sudo.course_id._undo_swap(credit_sudo)

    def _check_courses_before_cancel(self):
        """Keep an order whose course is in use: the patient has paid for it."""
        in_use = self.sudo().course_ids.filtered(
            lambda course: course.state in ("active", "paused", "completed")
        )
        if in_use:
            raise UserError(
                self.env._(
                    "%s is in use. Cancel and refund the course instead of its order.",
                    ", ".join(in_use.mapped("name")),
                )
            )

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

    def _get_welcome_url(self, partner, url):
        """Return where a buyer goes from the confirmation page of the shop.

        A guest who has just got a login chooses its password first. Nobody else is
        handed a link that opens an account: one who has logged in before, or whom the
        clinic knew before this order, logs in.

        Note: `self.ensure_one()`, called with the order of the visitor's own session

        :param partner: whose the thing bought is
        :param str url: the page of the thing bought
        """
        self.ensure_one()
        order_sudo, partner_sudo = self.sudo(), partner.sudo()
        users_sudo = partner_sudo.user_ids
        if (
            not self.env.user._is_public()
            or partner_sudo != order_sudo.partner_id
            or partner_sudo.create_date < order_sudo.create_date
            or len(users_sudo) != 1
            or users_sudo.login_date
        ):
            return url
        if partner_sudo.signup_type != "signup":
            partner_sudo.signup_prepare()
        # The address was typed by whoever reads this page: it has to be confirmed.
        users_sudo.confirmed_email = False
        urls = partner_sudo.with_context(relative_url=True)._get_signup_url_for_action(
            url=url
        )
        return urls[partner_sudo.id]

    def _sync_courses_with_payment(self, reason=None):
        """Make the courses of confirmed orders what the money says.

        Paid: put to use. Paid in part, where parts were agreed: put to use up to that
        part. Money gone away again: held.

        :param str reason: why money went away, for the ledger and the chatter
        """
        for order in self.sudo().filtered("course_ids"):
            for course, money in order._get_course_money().items():
                courses = course | course.transferred_to_ids
                in_parts = money.line._is_sold_in_parts()
                if money.is_settled or (in_parts and money.paid > 0):
                    courses._activate()
                    courses._release_unpaid()
                    courses._hold_to_money(money)
                else:
                    courses._hold_unpaid(reason)

    def _get_share_paid_by_transactions(self, line):
        """Return the share of a line that payments on the order cover.

        Money covers the lines in the order in which they were sold: one that is added
        later takes nothing from what was paid before.
        """
        self.ensure_one()
        currency = self.currency_id
        if currency.is_zero(self.amount_total):
            return 1.0
        paid = sum(
            tx.amount
            for tx in self.sudo().transaction_ids
            if tx.state == "done"
            and tx.operation not in ("validation", "refund")
            # Taken back, by a chargeback say: core leaves the transaction as it was.
            and tx.payment_id.state not in ("draft", "canceled", "rejected")
        )
        if currency.compare_amounts(paid, self.amount_total) >= 0:
            return 1.0
        if currency.is_zero(line.price_total):
            return 0.0
        earlier = self.order_line.filtered(lambda li: li.id < line.id)
        left = paid - sum(earlier.mapped("price_total"))
        if currency.compare_amounts(left, line.price_total) >= 0:
            return 1.0
        return max(left / line.price_total, 0.0)
