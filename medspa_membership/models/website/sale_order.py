# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.exceptions import ValidationError


class SaleOrder(models.Model):
    """A plan in the cart of the shop: one of it, with its fee, signed before paid."""

    _inherit = "sale.order"

    # === BUSINESS METHODS: CART === #

    def _cart_add(self, product_id, quantity=1.0, *, uom_id=None, **kwargs):
        """Override of `website_sale`: the plan chosen last takes the place of another.

        A patient joins one plan with an order, and changes his or her mind before.
        """
        product = self.env["product.product"].browse(product_id)
        if product.service_tracking != "medspa_plan":
            return super()._cart_add(product_id, quantity, uom_id=uom_id, **kwargs)
        others = self.env["sale.order.line"]
        if not self._get_plan_refusal(product):
            others = self._get_plan_lines().filtered(
                lambda line: line.product_id != product
            )
        replaced = others.product_id.name
        others.unlink()
        values = super()._cart_add(product_id, quantity, uom_id=uom_id, **kwargs)
        if replaced:
            values["warning"] = self.env._(
                "%(plan)s takes the place of %(replaced)s: you join one plan at a "
                "time.",
                plan=product.name,
                replaced=replaced,
            )
        return values

    def _cart_update_line_quantity(self, line_id, quantity, **kwargs):
        """Override of `website_sale`: a joining fee comes and goes with its plan."""
        line = self.order_line.filtered(lambda li: li.id == line_id)
        if line and line._is_joining_fee():
            return {
                "line_id": line.id,
                "added_qty": 0,
                "quantity": line.product_uom_qty,
                "warning": self.env._("The joining fee belongs to the plan."),
            }
        return super()._cart_update_line_quantity(line_id, quantity, **kwargs)

    def _verify_updated_quantity(
        self, order_line, product_id, new_qty, uom_id, **kwargs
    ):
        """Override of `website_sale`: a patient joins a plan once."""
        new_qty, warning = super()._verify_updated_quantity(
            order_line, product_id, new_qty, uom_id, **kwargs
        )
        product = self.env["product.product"].browse(product_id)
        if product.service_tracking != "medspa_plan":
            return new_qty, warning
        if refusal := self._get_plan_refusal(product):
            return order_line.product_uom_qty if order_line else 0, refusal
        if new_qty > 1:
            return 1, self.env._("%s is in your cart: you join it once.", product.name)
        return new_qty, warning

    def _get_plan_refusal(self, product):
        """Return why the customer cannot join the plan of a product, or nothing."""
        self.ensure_one()
        plan_sudo = product.sudo().subscription_template_id
        membership_sudo = plan_sudo._find_membership(self.partner_id, self.company_id)
        if not membership_sudo:
            return None
        return self.env._(
            "You are a member of %s already. See it under My memberships.",
            plan_sudo.name,
        )

    def _check_cart_is_ready_to_be_paid(self):
        """Override of `website_sale`: nobody pays for a plan before signing."""
        res = super()._check_cart_is_ready_to_be_paid()
        for order in self.filtered("has_plan"):
            if problem := order._get_plan_problem():
                raise ValidationError(problem)
            order._check_agreement_signed()
        return res

    def _get_plan_problem(self):
        """Return why the plan in the cart cannot be joined, or nothing.

        The account comes first: the card that is stored is that of who logs in with the
        e-mail, so who has an account has to log in.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self._get_patient() != self.partner_id:
            return self.env._(
                "There is an account with the e-mail %s. Log in to join: your cart "
                "waits for you.",
                self.partner_id.email,
            )
        return self._get_plan_refusal(self._get_plan_lines().product_id)

    # === BUSINESS METHODS: CHECKOUT === #

    def _sells_clinic(self):
        """Tell whether the order sells something that the clinic does."""
        self.ensure_one()
        return any(
            (line.service_tracking or "").startswith("medspa_")
            for line in self.order_line
        )

    def _is_clinic_cart(self):
        """Tell whether the order sells what the clinic does, and nothing to send."""
        self.ensure_one()
        return self.only_services and self._sells_clinic()

    def _needs_customer_address(self):
        """Override of `website_sale`: a larger invoice names the customer's address."""
        res = super()._needs_customer_address()
        if res or not self._is_clinic_cart():
            return res
        company_sudo = self.company_id.sudo()
        limit = company_sudo.currency_id._convert(
            company_sudo.address_from_amount,
            self.currency_id,
            company_sudo,
            company_sudo._medspa_date(),
        )
        return self.currency_id.compare_amounts(self.amount_total, limit) >= 0

    def _get_plan_payments(self):
        """Return what is charged when, for who is about to pay for a plan.

        Note: `self.ensure_one()`

        :return: dict of :meth:`_get_plan_amounts` with `plan`, `fee` and `next_date`
        """
        self.ensure_one()
        line = self._get_plan_lines()
        # Visitors may not read plans; what they sign is public.
        plan_sudo = line._get_plan().sudo()
        step = (
            {"days": plan_sudo.trial_days}
            if plan_sudo.trial_days
            else plan_sudo._get_period_delta()
        )
        fee = line.linked_line_ids.filtered(lambda li: li._is_joining_fee())
        return {
            **line._get_plan_amounts(),
            "plan": plan_sudo,
            "fee": sum(fee.mapped("price_total")),
            "next_date": self.company_id.sudo()._medspa_date() + relativedelta(**step),
        }

    # === BUSINESS METHODS: JOIN === #

    def _action_confirm(self):
        """Override of `sale` to ask for a card where nothing was paid with one."""
        res = super()._action_confirm()
        waiting = self.sudo().membership_ids.filtered(
            lambda m: m.membership_state == "pending" and not m._has_usable_method()
        )
        waiting.filtered(
            lambda m: m.currency_id.is_zero(m.sale_order_id.amount_total)
        )._ask_for_method()
        return res


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _is_sellable(self):
        """Override of `website_sale`: a joining fee leads to no page of the shop."""
        return super()._is_sellable() and not self._is_joining_fee()

    def _has_fixed_quantity(self):
        """Tell whether the cart offers no other quantity of the line."""
        self.ensure_one()
        return (
            self._sells_plan()
            or self._is_joining_fee()
            or self.service_tracking == "medspa_course"
        )
