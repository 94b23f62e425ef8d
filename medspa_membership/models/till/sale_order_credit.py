# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import float_compare

from .tax import get_price_unit


class SaleOrder(models.Model):
    """Orders and carts that credits pay for, in part or in whole."""

    _inherit = "sale.order"

    can_use_credits = fields.Boolean(compute="_compute_can_use_credits")

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "order_line.credit_id", "order_line.product_id")
    def _compute_can_use_credits(self):
        """Offer the button only where the patient has something left."""
        patients = self.filtered(lambda o: o.state in ("draft", "sent")).partner_id
        found = self.env["medspa.credit"].sudo()
        found = found.search(
            [
                ("available", ">", 0),
                "|",
                ("partner_id", "in", patients.ids),
                ("beneficiary_ids", "in", patients.ids),
            ]
        )
        with_credits = found.partner_id | found.beneficiary_ids
        for order in self:
            order.can_use_credits = (
                order.state in ("draft", "sent")
                and order.partner_id in with_credits
                and bool(order.order_line)
            )

    # === ACTION METHODS === #

    def action_use_credits(self):
        """Open the choice of what pays. Note: `self.ensure_one()`."""
        self.ensure_one()
        return self.env["medspa.credit.use"]._open_for(self.order_line)

    # === BUSINESS METHODS === #

    def _get_credit_offers(self):
        """Return what credits can pay of the order now."""
        self.ensure_one()
        if self.state not in ("draft", "sent"):
            return []
        return self.order_line._get_credit_offers()

    def _action_confirm(self):
        """Override of `sale` to take from the credits what the lines use."""
        res = super()._action_confirm()
        self.order_line._redeem_credits()
        return res

    def _action_cancel(self):
        """Override of `sale` to give back what the lines had taken."""
        res = super()._action_cancel()
        self.order_line._restore_credits(self.env._("The order was cancelled."))
        return res

    def _drop_spent_credits(self):
        """Take off credits that can no longer pay: what they paid is due again.

        :return: the products whose credit was spent elsewhere in the meantime
        """
        dropped = self.env["product.product"]
        for order in self.filtered(lambda o: o.state in ("draft", "sent")):
            lines = order.sudo().order_line.filtered("credit_id")
            lines.credit_id._lock()
            taken = {}
            for line in lines:
                credit = line.credit_id
                taken[credit] = taken.get(credit, 0.0) + line.credit_quantity
                if not line._can_credit_pay(taken[credit]):
                    taken[credit] -= line.credit_quantity
                    dropped |= line._get_covered_line().product_id
                    line._stop_using_credit()
        return dropped

    def _check_cart_is_ready_to_be_paid(self):
        """Override of `website_sale`: no payment for what a credit cannot cover now."""
        res = super()._check_cart_is_ready_to_be_paid()
        taken = {}
        for line in self.order_line.filtered("credit_id"):
            credit = line.credit_id
            taken[credit] = taken.get(credit, 0.0) + line.credit_quantity
            if not line._can_credit_pay(taken[credit]):
                raise ValidationError(
                    self.env._(
                        "The credit for %s was used elsewhere in the meantime. Go back "
                        "to your cart: it shows what is left to pay.",
                        line._get_covered_line().product_id.name,
                    )
                )
        return res

    def _verify_updated_quantity(self, order_line, product_id, new_qty, uom_id, **kw):
        """Override of `website_sale`: no more of a line than its credit pays."""
        new_qty, warning = super()._verify_updated_quantity(
            order_line, product_id, new_qty, uom_id, **kw
        )
        if not order_line.credit_id or order_line.covered_line_id:
            return new_qty, warning
        credit = order_line.credit_id
        free = order_line._get_free(credit) + order_line.credit_quantity
        most = int(free / order_line._get_cost(credit) + 1e-6)
        if new_qty <= most:
            return new_qty, warning
        return most, self.env._(
            "Your credit pays for %s of it. Add the rest from the shop.", most
        )

    def _cart_find_product_line(self, *args, **kwargs):
        """Override of `website_sale`: what a credit pays for is a line of its own."""
        lines = super()._cart_find_product_line(*args, **kwargs)
        return lines.filtered(lambda line: not line.credit_id)


class SaleOrderLine(models.Model):
    _name = "sale.order.line"
    _inherit = ["sale.order.line", "medspa.credit.paid.line"]

    covered_line_id = fields.Many2one(
        "sale.order.line",
        "Pays for",
        copy=False,
        index="btree_not_null",
        ondelete="cascade",
        help="The line that the money of a credit pays, in whole or in part.",
    )
    covering_line_ids = fields.One2many("sale.order.line", "covered_line_id")

    _credit_takes_something = models.Constraint(
        "CHECK (credit_id IS NULL OR credit_quantity > 0)",
        "A line that a credit pays for takes something from it.",
    )

    # === COMPUTE METHODS === #

    @api.depends("credit_id", "credit_quantity")
    def _compute_price_unit(self):
        """Override of `sale`: sessions make a line free, money is an amount."""
        paid = self.filtered("credit_id")
        res = super(SaleOrderLine, self - paid)._compute_price_unit()
        # Core drops the technical price from any other write than its compute's.
        for line in paid.with_context(sale_write_from_compute=True):
            price = line._get_credit_price()
            line.update({"price_unit": price, "technical_price_unit": price})
        return res

    @api.depends("credit_id")
    def _compute_discount(self):
        """Override of `sale`: no discount on what a credit pays."""
        paid = self.filtered("credit_id")
        paid.discount = 0.0
        return super(SaleOrderLine, self - paid)._compute_discount()

    @api.depends("covered_line_id")
    def _compute_tax_ids(self):
        """Override of `sale`: money takes the taxes of what it pays for."""
        covering = self.filtered("covered_line_id")
        res = super(SaleOrderLine, self - covering)._compute_tax_ids()
        for line in covering:
            line.tax_ids = line.covered_line_id.tax_ids
        return res

    @api.depends("credit_id", "credit_quantity")
    def _compute_name(self):
        """Override of `sale` to say on the document what pays."""
        res = super()._compute_name()
        for line in self.filtered(lambda li: li.credit_id and li.product_id):
            line.name = line._get_credit_name()
        return res

    # === CRUD METHODS === #

    def write(self, vals):
        """Override to keep what was taken from a credit with its line."""
        frozen = {"credit_id", "credit_quantity", "product_uom_qty", "product_id"}
        if frozen & vals.keys():
            self._check_not_redeemed(vals)
        res = super().write(vals)
        if "product_uom_qty" in vals and not self.env.context.get("medspa_split"):
            self._follow_quantity()
        return res

    def _check_not_redeemed(self, vals):
        for line in self.filtered(lambda li: li.credit_id and li.state == "sale"):
            if any(
                line._fields[name].convert_to_write(line[name], line) != vals[name]
                for name in ("credit_id", "credit_quantity", "product_uom_qty")
                if name in vals
            ):
                raise UserError(
                    self.env._(
                        "%s is paid by a credit that was taken already. Cancel the "
                        "order to give it back.",
                        line.product_id.display_name,
                    )
                )

    def _follow_quantity(self):
        """Let what a line takes follow its quantity while the order is open."""
        for line in self:
            if line.credit_id and not line.covered_line_id:
                cost = line._get_cost(line.credit_id.sudo())
                line.credit_quantity = line.product_uom_qty * cost
            for covering in line.covering_line_ids:
                covering._shrink_to_covered()

    def _shrink_to_covered(self):
        """Keep money from paying more than its line costs. Note: `ensure_one()`."""
        self.ensure_one()
        covered = self.covered_line_id
        if self.currency_id.compare_amounts(-self.price_total, covered.price_total) > 0:
            credit = self.credit_id.sudo()
            self.unlink()
            if covered.price_total:
                covered._use_credit(credit)

    # === BUSINESS METHODS: CREDIT === #

    def _get_credit_patient(self):
        return self.order_id._get_priced_patient()

    def _get_credit_document(self):
        return {"sale_line_id": self.id}

    def _get_credit_siblings(self):
        return self.order_id.order_line

    def _get_covered_line(self):
        return self.covered_line_id or self

    def _get_sold(self):
        """Return what is left to pay of the line, for the credit to come."""
        covered = sum(self.covering_line_ids.mapped("price_total"))
        date = self.order_id.date_order or fields.Datetime.now()
        total = self.currency_id.round(self.price_total + covered)
        return self.product_uom_qty, total, self.currency_id, date.date()

    def _get_usable_credits(self):
        """Override: nothing pays for sections, deposits or payments."""
        self.ensure_one()
        if self.display_type or self.is_downpayment or self.covered_line_id:
            return self.env["medspa.credit"].sudo()
        return super()._get_usable_credits()

    def _set_paid_by_sessions(self, credit, quantity, taken):
        line = self
        if float_compare(quantity, self.product_uom_qty, precision_digits=3) < 0:
            line = self.with_context(medspa_split=True).copy(
                {"order_id": self.order_id.id, "product_uom_qty": quantity}
            )
            self.with_context(medspa_split=True).product_uom_qty -= quantity
        line.covering_line_ids.unlink()
        line.write({"credit_id": credit.id, "credit_quantity": taken})
        return line

    def _set_paid_by_money(self, credit, amount, taken):
        return self.create(
            {
                "order_id": self.order_id.id,
                "product_id": self._get_credit_product().id,
                "product_uom_qty": 1,
                "covered_line_id": self.id,
                "credit_id": credit.id,
                "credit_quantity": taken,
                "sequence": self.sequence,
            }
        )

    def _get_credit_price(self):
        """Return the price of a line that a credit pays for."""
        self.ensure_one()
        covered = self.covered_line_id
        if not covered:
            return 0.0
        order = self.order_id
        amount = order.company_id.currency_id._convert(
            self.credit_quantity,
            order.currency_id,
            order.company_id,
            (order.date_order or fields.Datetime.now()).date(),
        )
        amount = min(amount, covered.price_total)
        return -get_price_unit(covered.tax_ids, amount)

    def _get_credit_name(self):
        """Return the text of a line that a credit pays for."""
        self.ensure_one()
        credit = self.credit_id.sudo()
        if self.covered_line_id:
            return self.env._(
                "%(product)s: paid by credit (%(credit)s)",
                product=self.covered_line_id.product_id.display_name,
                credit=credit._get_coverage_label(),
            )
        return self.env._(
            "%(product)s: paid by credit (%(taken)s)",
            product=self.product_id.display_name,
            taken=credit._format_quantity(self.credit_quantity),
        )

    def _can_credit_pay(self, taken):
        """Tell whether the credit still pays for what the order takes from it."""
        self.ensure_one()
        credit = self.credit_id
        try:
            self._check_credit_fits()
            credit._check_spendable(self.company_id._medspa_date())
        except UserError:
            return False
        return float_compare(taken, credit.available, precision_digits=3) <= 0

    def _stop_using_credit(self):
        """Let the patient pay for the lines again. The order is open."""
        self._check_not_redeemed({"credit_id": False})
        money = self.filtered("covered_line_id")
        sessions = self.filtered("credit_id") - money
        sessions.write({"credit_id": False, "credit_quantity": 0.0})
        money.unlink()

    def _check_validity(self):
        """Override of `website_sale`: what a credit pays may cost nothing."""
        if self.credit_id:
            return None
        return super()._check_validity()

    def _has_price_of_its_own(self):
        return bool(self.credit_id) or super()._has_price_of_its_own()

    def _has_price_by_hand(self):
        """Override: what a credit pays was not priced by hand, and stays."""
        return bool(self.credit_id) or super()._has_price_by_hand()

    def _prepare_invoice_line(self, **optional_values):
        """Override of `sale` to show on the invoice what paid."""
        vals = super()._prepare_invoice_line(**optional_values)
        if self.credit_id:
            vals["credit_id"] = self.credit_id.id
            vals["credit_quantity"] = self.credit_quantity
        return vals


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _check_amount_and_confirm_order(self):
        """Override of `sale`: a session spent elsewhere meanwhile is due again.

        The payment stands; the order is confirmed by hand when the rest is paid.
        """
        for order in self.sale_order_ids:
            if dropped := order._drop_spent_credits():
                order._report_spent_credits(dropped)
        return super()._check_amount_and_confirm_order()


class SaleOrderReport(models.Model):
    _inherit = "sale.order"

    def _report_spent_credits(self, products):
        """Tell the desk that a credit was spent while the order was being paid."""
        self.ensure_one()
        text = self.env._(
            "The credit for %s was used elsewhere while the order was paid. Ask the "
            "patient for the rest, or take the line off.",
            ", ".join(products.mapped("display_name")),
        )
        self.message_post(body=text)
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Credit used elsewhere"),
            note=text,
            user_id=self.user_id.id or self.env.uid,
        )
