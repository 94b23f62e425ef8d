# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from contextlib import contextmanager
from datetime import timedelta

from odoo import Command, fields
from odoo.tests import HttpCase, freeze_time
from odoo.tools import mute_logger

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.medspa_membership.tests.common import ClinicData
from odoo.addons.medspa_membership.tests.fake_stripe import GOOD_CARD
from odoo.addons.medspa_membership.tests.stripe_common import StripeMixin

WEBHOOK = "/payment/stripe/webhook"


class StripeCase(ClinicData, StripeMixin, AccountTestInvoicingCommon):
    """A clinic that charges cards saved at the fake Stripe for invoices of 49.00."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        company = cls.company_data["company"]
        cls.env = cls.env(user=cls.env.ref("base.user_admin"))
        cls.env.user.write(
            {"company_ids": [Command.link(company.id)], "company_id": company.id}
        )
        cls.env = cls.env(
            context={**cls.env.context, "allowed_company_ids": company.ids}
        )
        cls._set_up_clinic()
        cls._start_stripe()
        cls.bank = cls.company_data["default_journal_bank"]
        cls.provider = cls._create_provider(cls.company)
        cls.card = cls.env.ref("payment.payment_method_card")
        cls.card.active = True

    @classmethod
    def _create_provider(cls, company, **vals):
        """Switch Stripe on for a company."""
        provider = cls.env["payment.provider"].search(
            [("code", "=", "stripe"), ("company_id", "=", company.id)], limit=1
        ) or cls.env.ref("payment.payment_provider_stripe").copy(
            {"company_id": company.id}
        )
        provider.write({**cls._get_provider_vals(), "journal_id": cls.bank.id, **vals})
        return provider

    def setUp(self):
        super().setUp()
        self.minutes = 0
        # Each test reads the fake's books from its own beginning.
        self.stripe.objects.clear()
        self.stripe.events.clear()
        self.stripe.requests.clear()
        self.stripe.faults.clear()
        self.stripe.answers.clear()

    # === DATA === #

    def _create_card(self, number=GOOD_CARD, **card):
        """Save a card at Stripe; return customer and payment method."""
        with self.stripe.lock:
            customer = self.stripe._route("POST", "customers", {"name": "Paula"})
            method = self.stripe._route(
                "POST", "payment_methods", {"card": {"number": number, **card}}
            )
            self.stripe._route(
                "POST",
                f"payment_methods/{method['id']}/attach",
                {"customer": customer["id"]},
            )
        return customer, method

    def _create_token(self, number=GOOD_CARD, partner=None, **vals):
        customer, method = self._create_card(number)
        return self.env["payment.token"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.card.id,
                "partner_id": (partner or self.patient).id,
                "provider_ref": customer["id"],
                "stripe_payment_method": method["id"],
                "payment_details": number[-4:],
                **vals,
            }
        )

    def _create_invoice(self, amount=49.0, partner=None, **vals):
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": (partner or self.patient).id,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Membership",
                            "price_unit": amount,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
                **vals,
            }
        )
        invoice.action_post()
        return invoice

    def _create_charge(self, token, invoice=None, **vals):
        """Create the transaction of an attempt, as a billing run does."""
        invoice = invoice or self._create_invoice()
        return (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": token.provider_id.id,
                    "payment_method_id": token.payment_method_id.id,
                    "token_id": token.id,
                    "reference": f"{invoice.name}-{len(invoice.transaction_ids) + 1}",
                    "amount": invoice.amount_residual,
                    "currency_id": invoice.currency_id.id,
                    "partner_id": token.partner_id.id,
                    "operation": "offline",
                    "invoice_ids": [Command.set(invoice.ids)],
                    **vals,
                }
            )
        )

    # === STEPS === #

    def _charge(self, number=GOOD_CARD, fault=None, **vals):
        """Charge a new card for a new invoice; return the transaction."""
        tx = self._create_charge(self._create_token(number), **vals)
        if fault:
            self.stripe.fail_next("POST", "payment_intents", fault)
        self._charge_once(tx)
        return tx

    def _charge_once(self, tx):
        with (
            self._own_cursors(),
            self.registry.cursor() as cr,
            mute_logger("odoo.addons.payment.models.payment_provider"),
        ):
            env = self.env(cr=cr)
            env["payment.transaction"].browse(tx.id)._charge_once()

    def _run_cron(self, name):
        with (
            self._own_cursors(),
            mute_logger("odoo.addons.payment.models.payment_provider"),
        ):
            self.env.ref(f"medspa_membership.{name}").method_direct_trigger()
        self.env.invalidate_all()

    @contextmanager
    def _own_cursors(self):
        """Let jobs commit; tests over HTTP are in that mode all the time."""
        self.env.flush_all()
        if isinstance(self, HttpCase):
            yield
        else:
            with self.enter_registry_test_mode():
                yield
        self.env.invalidate_all()

    def _resolve(self):
        """Run the job that asks for outcomes, a quarter of an hour after the last."""
        self.minutes += 15
        with freeze_time(fields.Datetime.now() + timedelta(minutes=self.minutes)):
            self._run_cron("ir_cron_resolve_unknown")

    def assertPaid(self, invoice, amount=None):
        self.assertEqual(invoice.amount_residual, 0)
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))

    def assertOpen(self, invoice):
        self.assertEqual(invoice.amount_residual, invoice.amount_total)
        self.assertEqual(invoice.payment_state, "not_paid")
