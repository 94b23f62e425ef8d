# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..till.tax import get_total


class SaleOrder(models.Model):
    """Joining a plan: an order like any other, signed, paid, and then active."""

    _inherit = "sale.order"

    membership_ids = fields.One2many(
        "sale.subscription",
        "sale_order_id",
        "Memberships",
        domain=[("is_membership", "=", True)],
        groups="medspa_membership.group_medspa_user",
    )
    has_plan = fields.Boolean(compute="_compute_has_plan")

    # === COMPUTE METHODS === #

    @api.depends("order_line.product_id")
    def _compute_has_plan(self):
        for order in self:
            order.has_plan = bool(order._get_plan_lines())

    @api.depends("order_line.product_id")
    def _compute_require_signature(self):
        """Override of `sale`: nobody joins a plan without signing its agreement."""
        res = super()._compute_require_signature()
        self.filtered("has_plan").require_signature = True
        return res

    @api.depends("order_line.product_id")
    def _compute_require_payment(self):
        """Override of `sale`: the first payment leaves a method for the next ones."""
        res = super()._compute_require_payment()
        self.filtered("has_plan").require_payment = True
        return res

    # === CONSTRAINT METHODS === #

    @api.constrains("order_line")
    def _check_one_plan(self):
        for order in self:
            if len(order._get_plan_lines()) > 1:
                raise ValidationError(
                    self.env._("An order joins one plan; make another for the next.")
                )

    # === BUSINESS METHODS === #

    def _get_plan_lines(self):
        """Return the lines that sell a membership."""
        return self.order_line.filtered(lambda line: line._sells_plan())

    def _action_confirm(self):
        """Override of `sale` to make the memberships that the order sells."""
        res = super()._action_confirm()
        orders = self.filtered("has_plan")
        orders._get_plan_lines()._create_memberships()
        orders._invoice_memberships()
        orders._sync_memberships_with_payment()
        return res

    def _invoice_memberships(self):
        """Invoice orders of memberships at once: what is joined is due now.

        Those that a payment confirms are invoiced with it, see `payment.transaction`.
        """
        for order in self.sudo():
            is_paid_online = order.transaction_ids.filtered(
                lambda tx: tx.state in ("pending", "authorized", "done")
            )
            if not order.invoice_ids and not is_paid_online and order.amount_total:
                order._create_invoices().action_post()

    def group_subscription_lines(self):
        """Override of `subscription_oca`: memberships are made by our own hand."""
        grouped = super().group_subscription_lines()
        return {plan: lines for plan, lines in grouped.items() if not plan.is_plan}

    def _action_cancel(self):
        """Override of `sale` to drop memberships that were never paid, no others."""
        running = self.sudo().membership_ids.filtered(
            lambda m: m.membership_state not in ("pending", "ended")
        )
        if running:
            raise UserError(
                self.env._(
                    "%s runs. Cancel the membership instead of its order.",
                    running[:1].display_name,
                )
            )
        res = super()._action_cancel()
        self.sudo().membership_ids.filtered(
            lambda m: m.membership_state == "pending"
        ).unlink()
        return res

    def _sync_courses_with_payment(self, reason=None):
        """Override to let memberships follow their money too."""
        res = super()._sync_courses_with_payment(reason=reason)
        self._sync_memberships_with_payment(reason)
        return res

    def _get_agreement(self):
        """Return the agreement that joining signs, as Markup. Note: `ensure_one()`."""
        self.ensure_one()
        line = self._get_plan_lines()
        return line._get_plan()._render_agreement(
            self.partner_id, line._get_plan_amounts()
        )

    def _sync_memberships_with_payment(self, reason=None):
        """Make the memberships of confirmed orders what the money says.

        Paid, with a method for the payments to come: they start. Money gone away again:
        the first period is unpaid.
        """
        for line in self.sudo().membership_ids.sale_line_id:
            membership = line.membership_ids
            if line._get_paid_share() >= 1:
                membership._adopt_method_of_order()
                membership._start(line)
                membership._link_first_invoice(line)
                line.invoice_lines.move_id.membership_period_id._on_paid()
            elif membership.membership_state != "pending":
                first = membership.period_ids.sorted("start_date")[:1]
                first._on_unpaid(
                    reason or self.env._("The first payment was taken back.")
                )

    def _get_membership_pricelist(self):
        """Return a pricelist in the currency of the order; OCA asks for one.

        Prices of a membership are its own: the pricelist only carries the currency.
        """
        self.ensure_one()
        if self.pricelist_id:
            return self.pricelist_id
        domain = [
            ("currency_id", "=", self.currency_id.id),
            ("company_id", "in", (self.company_id.id, False)),
        ]
        # Pricelists may be switched off, and staff may not read them.
        Pricelist_sudo = self.env["product.pricelist"].sudo()
        return Pricelist_sudo.search(domain, limit=1) or Pricelist_sudo.create(
            {
                "name": self.env._("Memberships in %s", self.currency_id.name),
                "currency_id": self.currency_id.id,
                "company_id": self.company_id.id,
                "sequence": 1000,
            }
        )


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    membership_ids = fields.One2many(
        "sale.subscription",
        "sale_line_id",
        "Memberships",
        groups="medspa_membership.group_medspa_user",
    )
    # a joining fee has the taxes of its plan's line
    tax_ids = fields.Many2many(recursive=True)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to add the joining fee of a plan as a line of its own."""
        lines = super().create(vals_list)
        lines._add_joining_fees()
        return lines

    # === BUSINESS METHODS === #

    def _sells_plan(self):
        """Tell whether the line sells a membership. Note: `self.ensure_one()`."""
        self.ensure_one()
        return (
            self.product_id.service_tracking == "medspa_plan"
            and not self.display_type
            and not self.is_downpayment
        )

    def _get_plan(self):
        """Return the plan that the line, or the line it belongs to, sells."""
        self.ensure_one()
        return self.product_id.product_tmpl_id.subscription_template_id

    def _is_joining_fee(self):
        """Tell whether the line is the fee of a plan beside it."""
        self.ensure_one()
        plan_line = self.linked_line_id
        return bool(
            plan_line
            and plan_line._sells_plan()
            and self.product_id == self._get_fee_product()
        )

    @api.model
    def _get_fee_product(self):
        return self.env.ref(
            "medspa_membership.product_joining_fee", raise_if_not_found=False
        )

    def _add_joining_fees(self):
        """Add the joining fee beside each plan that has one, once."""
        fee = self._get_fee_product()
        lines = self.filtered(
            lambda line: (
                line._sells_plan()
                and line._get_plan().joining_fee
                and not line.linked_line_ids
            )
        )
        if fee and lines:
            self.create([line._prepare_joining_fee_vals(fee) for line in lines])

    def _prepare_joining_fee_vals(self, fee):
        """Return the line of the joining fee beside a plan. Note: `ensure_one()`."""
        self.ensure_one()
        return {
            "order_id": self.order_id.id,
            "product_id": fee.id,
            "product_uom_qty": 1,
            "linked_line_id": self.id,
            "sequence": self.sequence,
        }

    def _get_price_taxes(self):
        """Override: a joining fee is told with the taxes of the plan beside it."""
        self.ensure_one()
        line = self.linked_line_id if self._is_joining_fee() else self
        return super(SaleOrderLine, line)._get_price_taxes()

    def _reset_price_unit(self):
        """Override of `sale`: core brings a price to the taxes of its own product.

        The product of the fee has the taxes that were the default on some day.
        """
        res = super()._reset_price_unit()
        if self._is_joining_fee():
            price = self._get_price_of_pricelist()
            self.update({"price_unit": price, "technical_price_unit": price})
        return res

    @api.depends("linked_line_id.tax_ids")
    def _compute_tax_ids(self):
        """Override of `sale`: a joining fee is taxed as the plan beside it."""
        res = super()._compute_tax_ids()
        for line in self:
            if line._is_joining_fee():
                line.tax_ids = line.linked_line_id.tax_ids
        return res

    def _get_display_price(self):
        """Override of `sale`: joining fees and trials cost what the plan says."""
        self.ensure_one()
        if self._is_joining_fee():
            plan = self.linked_line_id._get_plan()
            return self._convert_plan_price(plan, plan.joining_fee)
        if self._sells_plan() and self._get_plan().trial_days:
            plan = self._get_plan()
            return self._convert_plan_price(plan, plan.trial_price)
        return super()._get_display_price()

    def _get_regular_display_price(self):
        """Return the price of the pricelist, which a trial does not change."""
        self.ensure_one()
        return self._get_display_price_ignore_combo()

    def _convert_plan_price(self, plan, price):
        order = self.order_id
        return plan.currency_id._convert(
            price,
            order.currency_id,
            order.company_id,
            order.date_order or fields.Date.context_today(self),
            round=False,
        )

    def _get_plan_price_unit(self):
        """Return the price of a regular period, in the currency of the order."""
        self.ensure_one()
        if not self._get_plan().trial_days:
            return self.price_unit
        price = self._get_regular_display_price()
        return self.product_id._get_tax_included_unit_price_from_price(
            price,
            product_taxes=self.product_id.taxes_id._filter_taxes_by_company(
                self.company_id
            ),
            fiscal_position=self.order_id.fiscal_position_id,
        )

    def _get_period_price(self):
        """Return what a regular period costs, with tax. Note: `self.ensure_one()`."""
        self.ensure_one()
        if not self._get_plan().trial_days:
            return self.price_total
        return self.tax_ids.compute_all(
            self._get_plan_price_unit(),
            self.currency_id,
            1.0,
            product=self.product_id,
            partner=self.order_id.partner_id,
        )["total_included"]

    def _get_plan_amounts(self):
        """Return what the plan costs in this order, with tax.

        The fee is in the first payment; what else is in the order belongs to no
        agreement. Note: `self.ensure_one()`.

        :return: dict as `sale.subscription.template._get_list_amounts` returns it
        """
        self.ensure_one()
        lines = self | self.linked_line_ids
        return {
            "currency": self.currency_id,
            "price": self._get_period_price(),
            "first": get_total(
                [line._prepare_base_line_for_taxes_computation() for line in lines],
                self.company_id,
                self.currency_id,
            ),
            "trial": self.price_total if self._get_plan().trial_days else None,
        }

    def _create_memberships(self):
        """Make the memberships that confirmed lines sell, one each, once."""
        # Whoever may confirm an order may cause its memberships.
        vals_list = [
            line._prepare_membership_vals()
            for line in self.sudo()
            if not line.membership_ids
        ]
        memberships = self.env["sale.subscription"].sudo().create(vals_list)
        memberships._take_signature_of_order()
        return memberships

    def _prepare_membership_vals(self):
        """Return the values of the membership that the line sells."""
        self.ensure_one()
        if self.product_uom_qty != 1:
            raise UserError(
                self.env._("A patient joins %s once.", self.product_id.name)
            )
        order = self.order_id
        plan = self._get_plan()
        vals = self.env["sale.subscription"]._prepare_membership_vals(
            plan,
            order._get_patient(),
            order.company_id,
            order._get_membership_pricelist(),
            self._prepare_subscription_line_vals(),
        )
        return {
            **vals,
            "sale_order_id": order.id,
            "sale_line_id": self.id,
            "partner_invoice_id": order.partner_invoice_id.id,
            "fiscal_position_id": order.fiscal_position_id.id,
            "user_id": order.user_id.id,
        }

    def _prepare_subscription_line_vals(self):
        """Return the line with the price of a regular period, as agreed today."""
        self.ensure_one()
        return {
            "product_id": self.product_id.id,
            "name": self.product_id.name,
            "product_uom_qty": 1,
            "price_unit": self._get_plan_price_unit(),
            "discount": 0.0 if self._get_plan().trial_days else self.discount,
            "tax_ids": [fields.Command.set(self.tax_ids.ids)],
            "analytic_distribution": self.analytic_distribution,
        }


class SaleSubscription(models.Model):
    _inherit = "sale.subscription"

    def _adopt_method_of_order(self):
        """Charge from now on the method that paid the order, if none is set yet."""
        for membership in self.sudo():
            if membership.payment_token_id:
                continue
            order = membership.sale_order_id
            paid = (order.transaction_ids | order.invoice_ids.transaction_ids).filtered(
                lambda tx: tx.state == "done" and tx.token_id.active
            )
            membership.payment_token_id = paid.sorted("id")[-1:].token_id

    def _start_if_paid(self):
        """Start pending memberships whose order is paid."""
        self.sudo().sale_order_id._sync_memberships_with_payment()

    def _take_signature_of_order(self):
        """Keep the agreement that was signed with the order."""
        Agreement_sudo = self.env["medspa.membership.agreement"].sudo()
        for membership in self.sudo():
            order = membership.sale_order_id
            agreement = Agreement_sudo.create(
                membership._prepare_agreement_vals(body=order._get_agreement())
            )
            if order._is_agreement_signed():
                agreement._sign(order.signed_by, order.signature, order.signed_on)
