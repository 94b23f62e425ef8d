# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command
from odoo.tests import Form
from odoo.tools.safe_eval import safe_eval

from .test_course import CourseCase


class CourseDeskCase(CourseCase):
    """What the desk does with courses: through its dialogs, as its role."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # As a clinic's journal usually is: payments wait on an account of their own.
        cls.bank = cls.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", cls.company.id)], limit=1
        )

    def _dialog(self, name, record, user=None):
        """Open a dialog of the course or appointment form as a user, as a form."""
        action = self.env.ref(f"medspa_membership.{name}_action")
        context = safe_eval(action.context or "{}", {"active_id": record.id})
        model = self.env[action.res_model].with_user(user or self.receptionist)
        return Form(
            model.with_context(
                **context, active_id=record.id, active_model=record._name
            )
        )

    def _confirm(self, name, record, user=None, **values):
        """Fill a dialog in and confirm it."""
        form = self._dialog(name, record, user)
        for field, value in values.items():
            if field == "member_ids":
                form.member_ids.set(value)
            else:
                setattr(form, field, value)
        result = form.save().action_confirm()
        self.env.invalidate_all()
        return result

    # === SALE === #

    def _create_tax(self, amount, is_included):
        return self.env["account.tax"].create(
            {
                "name": f"{amount} % {is_included}",
                "amount": amount,
                "price_include_override": "tax_included"
                if is_included
                else "tax_excluded",
                "country_id": self.company.account_fiscal_country_id.id,
                "tax_group_id": self.env["account.tax.group"]
                .create({"name": "VAT", "company_id": self.company.id})
                .id,
            }
        )

    def _create_order(self, product=None, quantity=1, tax=None, **vals):
        line = {
            "product_id": (product or self.peel_course).product_variant_id.id,
            "product_uom_qty": quantity,
        }
        if tax:
            line["tax_ids"] = [Command.set(tax.ids)]
        order = self.env["sale.order"].create(
            {
                "partner_id": self.patient.id,
                "order_line": [Command.create(line)],
                **vals,
            }
        )
        order.action_confirm()
        return order

    def _invoice(self, order):
        invoice = order.invoice_ids or order._create_invoices()
        if invoice.state == "draft":
            invoice.action_post()
        return invoice

    def _pay(self, invoice, amount=None):
        """Register a payment of an invoice; return the payment."""
        register = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        )
        wizard = register.create({"amount": amount} if amount else {})
        return wizard._create_payments()

    def _sell_paid(self, product=None, **kwargs):
        """Return the course of an order whose invoice is paid."""
        order = self._create_order(product, **kwargs)
        self._pay(self._invoice(order))
        return order.course_ids

    def _create_swap_group(self, *treatments):
        group = self.env["medspa.swap.group"].create({"name": "Face"})
        for treatment in treatments:
            treatment.swap_group_id = group
        return group
