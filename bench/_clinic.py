# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""A clinic with members who are due: one made by Odoo, the others by the database."""

from _rows import multiply
from dateutil.relativedelta import relativedelta

from odoo import fields
from odoo.fields import Command


class Clinic:
    """One member made by Odoo, and as many more as are to be billed."""

    def __init__(self, env, bank):
        self.env = env
        self.bank = bank
        self.token = env["payment.token"]
        self.company = env.company
        self.today = self.company._medspa_date()
        # Their jobs go by this day.
        self.utc_today = fields.Date.today()

    # === SET-UP BY ODOO === #

    def set_up(self):
        """Make the plan, a member with a first period, and the others' equivalents."""
        self._switch_provider_on()
        self.plan = self._create_plan()
        self.patient = self.env["res.partner"].create(
            {"name": "Pattern Patient", "email": "pattern@example.com"}
        )
        self.membership = self._join()
        self.subscription = self._create_subscription()
        self.contract = self._create_contract()
        self.env.cr.commit()

    def _switch_provider_on(self):
        """Let Odoo's own Stripe addon talk to the fake."""
        provider = self.env.ref("payment.payment_provider_stripe")
        provider.write(
            {
                "state": "test",
                "allow_tokenization": True,
                "stripe_publishable_key": "pk_test_1",
                "stripe_secret_key": "sk_test_1",
                "stripe_webhook_secret": "whsec_test",
            }
        )
        self.provider = provider
        self.card = self.env.ref("payment.payment_method_card")
        self.card.active = True
        self.use_bank(self.bank)

    def use_bank(self, bank):
        """Send the provider's requests to a fake, which knows the pattern's card."""

        def build_request_url(provider, endpoint, **kwargs):
            return f"{bank.url}/v1/{endpoint}"

        self.env.registry["payment.provider"]._build_request_url = build_request_url
        if self.token:
            self.token.stripe_payment_method = bank.add_card()

    def _create_plan(self):
        treatments = self.env["product.template"].create(
            [
                {
                    "name": name,
                    "type": "service",
                    "service_tracking": "medspa_treatment",
                    "list_price": price,
                    "duration_minutes": 30,
                }
                for name, price in (("Peel", 80), ("Consultation", 50))
            ]
        )
        benefits = [
            {"treatment_id": treatments[0].id, "quantity": 2},
            {
                "treatment_id": treatments[1].id,
                "quantity": 1,
                "is_complimentary": True,
            },
        ]
        return self.env["sale.subscription.template"].create(
            {
                "name": "Glow",
                "is_plan": True,
                "price": 99,
                "benefit_ids": [Command.create(benefit) for benefit in benefits],
            }
        )

    def _join(self):
        """Let the patient join the plan and pay, as in the shop."""
        self.token = self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.card.id,
                "partner_id": self.patient.id,
                "provider_ref": "cus_bench",
                "payment_details": "4242",
                "stripe_payment_method": self.bank.add_card(),
            }
        )
        product = self.plan.product_tmpl_id.product_variant_id
        order = self.env["sale.order"].create(
            {
                "partner_id": self.patient.id,
                "order_line": [Command.create({"product_id": product.id})],
            }
        )
        tx = self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.card.id,
                "token_id": self.token.id,
                "amount": order.amount_total,
                "currency_id": order.currency_id.id,
                "partner_id": self.patient.id,
                "operation": "online_token",
                "sale_order_ids": [Command.set(order.ids)],
            }
        )
        tx._set_done()
        tx._post_process()
        membership = order.membership_ids
        if membership.membership_state != "active":
            raise RuntimeError("The patient has not become a member.")
        return membership

    def _create_subscription(self):
        """Return the same as a subscription of `subscription_oca`, invoiced by it."""
        line = self.membership.sale_subscription_line_ids
        template = self.env["sale.subscription.template"].create(
            {"name": "OCA", "invoicing_mode": "invoice"}
        )
        subscription = self.env["sale.subscription"].create(
            {
                "template_id": template.id,
                "partner_id": self.patient.id,
                "pricelist_id": self.membership.pricelist_id.id,
                "date_start": self.utc_today,
                "recurring_next_date": self.utc_today,
                "sale_subscription_line_ids": [
                    Command.create(
                        {
                            "product_id": line.product_id.id,
                            "price_unit": line.price_unit,
                        }
                    )
                ],
            }
        )
        subscription.action_start_subscription()
        subscription.recurring_next_date = self.utc_today + relativedelta(years=9)
        return subscription

    def _create_contract(self):
        """Return the same as a contract of OCA, where there is that addon."""
        if "contract.contract" not in self.env:
            return None
        line = self.membership.sale_subscription_line_ids
        contract = self.env["contract.contract"].create(
            {
                "name": "Contract",
                "partner_id": self.patient.id,
                "line_recurrence": False,
                "recurring_rule_type": "monthly",
                "recurring_interval": 1,
                "date_start": self.today,
                "contract_line_ids": [
                    Command.create(
                        {
                            "product_id": line.product_id.id,
                            "name": line.product_id.name,
                            "quantity": 1,
                            "price_unit": line.price_unit,
                        }
                    )
                ],
            }
        )
        # The pattern itself is never due.
        for record in (contract, contract.contract_line_ids):
            record.flush_recordset()
            self.env.cr.execute(
                f"UPDATE {record._table} SET recurring_next_date = NULL"
                f" WHERE id = {record.id}"
            )
        self.env.invalidate_all()
        return contract

    # === MULTIPLIED BY THE DATABASE === #

    def add_members(self, count):
        """Add members who are due today and have a card and a paid period."""
        numbers = f"generate_series(1, {count}) n"
        partner = self._add_partners(count)
        token = multiply(
            self.env,
            self.token,
            numbers,
            {"partner_id": f"{partner} + n"},
            numbered="n",
        )
        anchor = f"'{self.today}'::date - interval '1 month'"
        membership = multiply(
            self.env,
            self.membership,
            numbers,
            {
                "partner_id": f"{partner} + n",
                "partner_invoice_id": f"{partner} + n",
                "partner_shipping_id": f"{partner} + n",
                "payment_token_id": f"{token} + n",
                "date_start": anchor,
                "anchor_date": anchor,
                "recurring_next_date": f"'{self.today}'",
                "sale_line_id": "NULL::int",
                "sale_order_id": "NULL::int",
            },
            numbered="n",
        )
        of_member = {"membership_id": f"{membership} + n"}
        multiply(
            self.env,
            self.membership.sale_subscription_line_ids,
            numbers,
            {"sale_subscription_id": f"{membership} + n"},
            numbered="n",
        )
        self._copy_taxes(self.membership.sale_subscription_line_ids, count)
        for benefit in self.membership.benefit_ids:
            multiply(self.env, benefit, numbers, of_member)
        multiply(
            self.env,
            self.membership.period_ids,
            numbers,
            {
                **of_member,
                "partner_id": f"{partner} + n",
                "start_date": anchor,
                "end_date": f"'{self.today}'::date - 1",
            },
        )
        self._finish()

    def add_subscriptions(self, count):
        """Add as many subscriptions of `subscription_oca` that are due today."""
        numbers = f"generate_series(1, {count}) n"
        partner = self._add_partners(count)
        base = multiply(
            self.env,
            self.subscription,
            numbers,
            {
                "partner_id": f"{partner} + n",
                "partner_invoice_id": f"{partner} + n",
                "partner_shipping_id": f"{partner} + n",
                "recurring_next_date": f"'{self.utc_today}'",
            },
            numbered="n",
        )
        lines = self.subscription.sale_subscription_line_ids
        values = {"sale_subscription_id": f"{base} + n"}
        multiply(self.env, lines, numbers, values, numbered="n")
        self._copy_taxes(lines, count)
        self._finish()

    def add_contracts(self, count):
        """Add as many contracts that are due today."""
        numbers = f"generate_series(1, {count}) n"
        partner = self._add_partners(count)
        dates = {
            "date_start": f"'{self.today}'",
            "recurring_next_date": f"'{self.today}'",
        }
        base = multiply(
            self.env,
            self.contract,
            numbers,
            {
                **dates,
                "partner_id": f"{partner} + n",
                "invoice_partner_id": f"{partner} + n",
                "access_token": "NULL::text",
            },
            numbered="n",
        )
        multiply(
            self.env,
            self.contract.contract_line_ids,
            numbers,
            {**dates, "contract_id": f"{base} + n", "partner_id": f"{partner} + n"},
        )
        self._finish()

    def _add_partners(self, count):
        base = self._last_id(self.patient)
        return multiply(
            self.env,
            self.patient,
            f"generate_series(1, {count}) n",
            {
                "name": "'Patient ' || n",
                "complete_name": "'Patient ' || n",
                "email": "'patient' || n || '@example.com'",
                "email_normalized": "'patient' || n || '@example.com'",
                "commercial_partner_id": f"{base} + n",
            },
            numbered="n",
        )

    def _copy_taxes(self, line, count):
        """Give the last copies of a line its taxes."""
        field = line._fields["tax_ids"]
        self.env.cr.execute(
            f"INSERT INTO {field.relation} ({field.column1}, {field.column2})"
            f" SELECT line.id, tax.{field.column2}"
            f" FROM (SELECT id FROM {line._table} ORDER BY id DESC LIMIT {count}) line,"
            f" {field.relation} tax WHERE tax.{field.column1} = {line.id}"
        )

    def _last_id(self, record):
        self.env.cr.execute(f"SELECT last_value FROM {record._table}_id_seq")
        return self.env.cr.fetchone()[0]

    def _finish(self):
        self.env.cr.execute("ANALYZE")
        self.env.cr.commit()
        self.env.invalidate_all()

    # === WHAT WAS BILLED === #

    def count(self):
        """Return what there is that a billing run makes."""
        self.env.cr.rollback()
        self.env.invalidate_all()
        return {
            "periods": self.env["medspa.membership.period"].search_count(
                [("state", "=", "paid")]
            ),
            "invoices": self.env["account.move"].search_count(
                [
                    ("move_type", "=", "out_invoice"),
                    ("membership_period_id", "!=", False),
                    ("payment_state", "=", "paid"),
                ]
            ),
            "payments": self.env["account.payment"].search_count([]),
            "grants": self.env["medspa.credit.move"].search_count(
                [("kind", "=", "grant")]
            ),
        }
