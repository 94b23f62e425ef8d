# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from contextlib import suppress
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

# What people of a company do there who have no role in the clinic.
ROLES = {
    "employee": "base.group_user",
    "seller": "sales_team.group_sale_salesman",
    "sales_manager": "sales_team.group_sale_manager,product.group_product_manager",
    "accountant": "account.group_account_invoice",
    "contacts": "base.group_user,base.group_partner_manager",
}


@tagged("post_install", "-at_install")
class TestGuest(TransactionCase):
    """In the Odoo of a company, those without a role in the clinic work as before."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(
            context={**cls.env.context, "no_reset_password": True},
        )
        cls.users = {
            name: new_test_user(cls.env, login=f"guest_{name}", groups=groups)
            for name, groups in ROLES.items()
        }
        cls.customer = cls.env["res.partner"].create(
            {"name": "Carla Customer", "email": "carla@example.com"}
        )
        cls.product = cls.env["product.product"].create(
            {
                "name": "Chair",
                "type": "consu",
                "list_price": 100.0,
                "invoice_policy": "order",
                "taxes_id": [Command.clear()],
            }
        )

    def _create_order(self, user):
        return (
            self.env["sale.order"]
            .with_user(user)
            .create(
                {
                    "partner_id": self.customer.id,
                    "user_id": user.id,
                    "order_line": [
                        Command.create(
                            {"product_id": self.product.id, "product_uom_qty": 2}
                        )
                    ],
                }
            )
        )

    def _get_extended_models(self):
        """Return the models of others that have fields of ours, with these fields."""
        found = {}
        for name, model in self.env.registry.items():
            if name.startswith("medspa.") or model._abstract or model._transient:
                continue
            ours = [
                field.name
                for field in model._fields.values()
                if any(module.startswith("medspa") for module in field._modules)
            ]
            if ours:
                found[name] = ours
        return found

    def test_fields_on_models_of_others_are_readable(self):
        """Whoever may read a record reads every field that they are shown of it."""
        order = self._create_order(self.users["seller"])
        order.action_confirm()
        invoice = order.sudo()._create_invoices()
        invoice.action_post()
        self.env["calendar.event"].create(
            {
                "name": "Sales talk",
                "start": "2026-03-02 10:00:00",
                "stop": "2026-03-02 11:00:00",
            }
        )
        self._create_subscription(self.users["sales_manager"])
        self._create_payment()
        faults = []
        for model, names in sorted(self._get_extended_models().items()):
            for role, user in self.users.items():
                Model = self.env[model].with_user(user)
                records = Model.browse()
                with suppress(AccessError):
                    records = Model.search([], limit=3, order="id desc")
                if not records:
                    continue
                shown = Model.fields_get(names, attributes=["type"])
                for name in shown:
                    self.env.invalidate_all()
                    try:
                        records.read([name])
                    except AccessError as error:
                        faults.append(f"{role} {model}.{name}: {error}"[:150])
        self.assertFalse(faults, "\n".join(faults))

    def test_seller_sells_what_is_no_course(self):
        """Quantity, price, invoice, cancelling: as if the clinic were not there."""
        seller = self.users["seller"]
        order = self._create_order(seller)
        with Form(order) as form, form.order_line.edit(0) as line:
            line.product_uom_qty = 3
        order.action_quotation_sent()
        order.action_confirm()
        order.order_line.write({"product_uom_qty": 4, "price_unit": 90.0})
        order.order_line.write({"qty_delivered": 4})
        self.assertEqual(order.amount_total, 360.0)
        order._create_invoices()
        self.assertEqual(order.invoice_status, "invoiced")
        second = self._create_order(seller)
        second.action_confirm()
        second._action_cancel()
        second.action_draft()
        second.order_line.unlink()
        self.assertEqual(second.state, "draft")

    def test_accountant_bills_and_is_paid(self):
        """Post, pay, take the payment back, reverse, draft again, cancel."""
        accountant = self.users["accountant"]
        order = self._create_order(self.users["seller"])
        order.action_confirm()
        invoice = order._create_invoices().with_user(accountant)
        self.env.invalidate_all()
        invoice.action_post()
        wizard = (
            self.env["account.payment.register"]
            .with_user(accountant)
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({})
        )
        payment = wizard._create_payments()
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        payment.action_draft()
        payment.action_cancel()
        note = invoice._reverse_moves(
            [{"invoice_date": fields.Date.today()}], cancel=False
        )
        note.action_post()
        note.button_draft()
        note.button_cancel()
        invoice.button_draft()
        invoice.button_cancel()
        self.assertEqual(invoice.state, "cancel")

    def test_accountant_writes_an_invoice_by_hand(self):
        """The pricelist of the customer is asked, whoever writes the invoice."""
        accountant = self.users["accountant"]
        move = Form(
            self.env["account.move"]
            .with_user(accountant)
            .with_context(default_move_type="out_invoice")
        )
        move.partner_id = self.customer
        with move.invoice_line_ids.new() as line:
            line.product_id = self.product
            line.quantity = 3
        invoice = move.save()
        self.assertEqual(invoice.amount_total, 300.0)
        invoice.action_post()

    def test_employee_has_meetings(self):
        """Meetings that are no appointments are made, moved and deleted."""
        employee = self.users["employee"]
        Event = self.env["calendar.event"].with_user(employee)
        form = Form(Event)
        form.name = "Lunch"
        event = form.save()
        event.write({"start": "2026-03-02 10:00:00", "stop": "2026-03-02 11:00:00"})
        series = Event.create(
            {
                "name": "Weekly",
                "start": "2026-03-02 10:00:00",
                "stop": "2026-03-02 11:00:00",
                "recurrency": True,
                "rrule_type": "weekly",
                "mon": True,
                "count": 4,
                "end_type": "count",
            }
        )
        series.write({"recurrence_update": "all_events", "name": "Each week"})
        (event | series).unlink()
        self.assertFalse(event.exists())

    def test_contacts_are_kept(self):
        """People and companies that are no patients are made, changed and deleted."""
        user = self.users["contacts"]
        form = Form(self.env["res.partner"].with_user(user))
        form.name = "New contact"
        partner = form.save()
        partner.write({"email": "new@example.com", "phone": "+34 600 000 000"})
        partner.copy()
        partner.action_archive()
        partner.unlink()
        self.assertFalse(partner.exists())

    def test_products_are_kept(self):
        """Products and pricelists that are none of the clinic's."""
        user = self.users["sales_manager"]
        form = Form(self.env["product.template"].with_user(user))
        form.name = "Table"
        form.list_price = 250.0
        template = form.save()
        template.write({"list_price": 240.0, "categ_id": template.categ_id.id})
        template.copy()
        pricelist = (
            self.env["product.pricelist"]
            .with_user(user)
            .create(
                {
                    "name": "Shops",
                    "item_ids": [
                        Command.create(
                            {"compute_price": "percentage", "percent_price": 10}
                        )
                    ],
                }
            )
        )
        self.assertEqual(pricelist._get_product_price(self.product, 1.0), 90.0)
        pricelist.unlink()
        template.unlink()

    def _create_subscription(self, user):
        template = (
            self.env["sale.subscription.template"]
            .with_user(user)
            .create({"name": "Magazine", "code": "MAG"})
        )
        pricelist = self.env["product.pricelist"].create({"name": "Readers"})
        return (
            self.env["sale.subscription"]
            .with_user(user)
            .create(
                {
                    "partner_id": self.customer.id,
                    "template_id": template.id,
                    "pricelist_id": pricelist.id,
                    "date_start": "2026-03-01",
                    "recurring_next_date": "2026-03-01",
                    "sale_subscription_line_ids": [
                        Command.create({"product_id": self.product.id})
                    ],
                }
            )
        )

    def _create_payment(self):
        """Create a token of the customer and a transaction by it."""
        method = self.env.ref("payment.payment_method_unknown")
        provider = self.env["payment.provider"].create({"name": "Bank of the company"})
        token = self.env["payment.token"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": method.id,
                "payment_details": "4242",
                "partner_id": self.customer.id,
                "provider_ref": "guest",
            }
        )
        return self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": method.id,
                "token_id": token.id,
                "amount": 10.0,
                "currency_id": self.env.company.currency_id.id,
                "partner_id": self.customer.id,
                "reference": "guest-1",
            }
        )

    def test_seller_keeps_subscriptions(self):
        """Subscriptions that are no memberships belong to who had them."""
        subscription = self._create_subscription(self.users["sales_manager"])
        self.assertFalse(subscription.is_membership)
        subscription.action_start_subscription()
        subscription.write({"description": "Mind the step"})
        subscription.close_subscription()
        self.assertFalse(subscription.in_progress)

    def test_payments_of_others_are_left_to_core(self):
        """Core takes a payment that is reported again after an error: so it stays."""
        tx = self._create_payment()
        tx.state = "error"
        self.assertFalse(tx._is_of_clinic())
        path = "odoo.addons.payment.models.payment_transaction.PaymentTransaction"
        with (
            patch(f"{path}._validate_amount"),
            patch(f"{path}._apply_updates") as applied,
        ):
            tx._process("none", {})
        self.assertEqual(applied.call_count, 1)

    def test_rules_name_no_field_that_is_not_there(self):
        """While a core addon is upgraded, our fields on its models are not loaded."""
        rules = self.env["ir.rule"].browse(self._get_ours("ir.rule"))
        models = self._get_extended_models()
        checked = rules.filtered(lambda rule: rule.model_id.model in models)
        self.assertGreaterEqual(len(checked), 6)
        user = self.users["employee"]
        for rule in checked:
            model = rule.model_id.model
            ours = set(models[model])
            with (
                self.subTest(rule=rule.name),
                patch.object(
                    type(self.env[model]),
                    "_fields",
                    {k: v for k, v in self.env[model]._fields.items() if k not in ours},
                ),
            ):
                domain = safe_eval(
                    rule.domain_force, rule.with_user(user)._eval_context()
                )
                Domain(domain).validate(self.env[model])

    def _get_ours(self, model):
        """Return the ids of the records of a model that our addons have made."""
        return (
            self.env["ir.model.data"]
            .search([("model", "=", model), ("module", "=like", "medspa%")])
            .mapped("res_id")
        )
