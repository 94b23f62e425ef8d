# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import subprocess
import sys
import textwrap
import threading

from odoo import Command
from odoo.tests import get_db_name
from odoo.tools import config, mute_logger

from odoo.addons.medspa_membership.tests.fake_stripe import GOOD_CARD
from odoo.addons.medspa_membership.tests.stripe_common import StripeMixin
from odoo.addons.medspa_membership.tests.test_credit_concurrency import (
    RealTransactionsCase,
)
from odoo.addons.queue_job.job import Job


class MembershipFaultCase(StripeMixin, RealTransactionsCase):
    """Members of a plan of 99.00 with two peels, charged at the fake Stripe.

    Everything is committed, as in life. Three books have to agree in the end: what
    Stripe has taken, what accounting holds, and what the ledger of credits grants.
    """

    @classmethod
    def _create_data(cls, env):
        res = super()._create_data(env)
        cls._start_stripe()
        journal = env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", env.company.id)], limit=1
        )
        provider = env.ref("payment.payment_provider_stripe").copy(
            {"name": "Stripe of members", **cls._get_provider_vals()}
        )
        provider.journal_id = journal
        plan = env["sale.subscription.template"].create(
            {
                "name": "Glow",
                "is_plan": True,
                "price": 99,
                "benefit_ids": [
                    Command.create({"treatment_id": cls.peel_id, "quantity": 2})
                ],
            }
        )
        plan.product_tmpl_id.taxes_id = False
        cls.provider_id, cls.plan_id = provider.id, plan.id
        cls.method_id = env.ref("payment.payment_method_card").id
        return res

    # === MEMBERS === #

    def _create_token(self, env, partner, number=GOOD_CARD):
        with self.stripe.lock:
            customer = self.stripe._route("POST", "customers", {"name": "Paula"})
            method = self.stripe._route(
                "POST", "payment_methods", {"card": {"number": number}}
            )
        return env["payment.token"].create(
            {
                "provider_id": self.provider_id,
                "payment_method_id": self.method_id,
                "partner_id": partner.id,
                "provider_ref": customer["id"],
                "stripe_payment_method": method["id"],
                "payment_details": number[-4:],
            }
        )

    def _create_members(self, count=1, number=GOOD_CARD):
        """Let patients be members since today; return ids and the next day to bill."""
        with self._transaction() as env:
            plan = env["sale.subscription.template"].browse(self.plan_id)
            product = plan.product_tmpl_id.product_variant_id
            pricelist = env["product.pricelist"].create(
                {"name": "Members", "currency_id": env.company.currency_id.id}
            )
            partners = env["res.partner"].create(
                [
                    {"name": f"Member {i}", "email": f"member{i}@example.com"}
                    for i in range(count)
                ]
            )
            members = env["sale.subscription"].create(
                [
                    {
                        **env["sale.subscription"]._prepare_membership_vals(
                            plan,
                            partner,
                            env.company,
                            pricelist,
                            {
                                "product_id": product.id,
                                "price_unit": 99,
                                "tax_ids": False,
                            },
                        ),
                        "payment_token_id": self._create_token(env, partner, number).id,
                    }
                    for partner in partners
                ]
            )
            for member in members:
                member._start(env["sale.order.line"])
            self.day = members[:1].recurring_next_date
            return members.ids

    def _read_periods(self, env, member_ids):
        """Return the periods of members that were billed: not the first ones."""
        members = env["sale.subscription"].browse(member_ids)
        return members.period_ids.filtered(
            lambda p: p.kind == "regular" and p.start_date >= self.day
        )

    # === JOBS === #

    def _bill(self):
        """Run billing on the day the members are due."""
        with self._transaction() as env:
            self._bill_in(env)

    def _bill_in(self, env):
        env["sale.subscription"]._bill_company(env.company, self.day)

    def _work(self, limit=1000):
        """Perform what is queued, one job after the other, as a worker does."""
        done = 0
        while done < limit and self._work_one():
            done += 1
        return done

    def _work_one(self):
        with self._transaction() as env:
            env.cr.execute(
                "SELECT uuid FROM queue_job WHERE state = 'pending' ORDER BY id"
                " LIMIT 1 FOR UPDATE SKIP LOCKED"
            )
            row = env.cr.fetchone()
            if not row:
                return False
            job = Job.load(env, row[0])
            job.perform()
            job.set_done()
            job.store()
            return True

    def _work_together(self, workers=4):
        """Let several workers take what is queued at the same moment."""
        errors = []

        def work():
            threading.current_thread().dbname = self.registry.db_name
            try:
                self._work()
            except Exception as error:  # noqa: BLE001 - every outcome is looked at
                errors.append(error)

        threads = [threading.Thread(target=work) for _worker in range(workers)]
        with mute_logger("odoo.sql_db"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
        return errors

    def _resolve(self):
        """Ask the provider about every charge without an outcome."""
        with self._transaction() as env:
            txs = env["payment.transaction"].search(
                [("provider_id", "=", self.provider_id)], order="id"
            )
            for tx in txs.filtered(lambda t: t.state in ("draft", "pending")):
                tx._resolve_apart()
            for tx in txs.filtered(lambda t: not t.is_post_processed):
                tx._post_process_at_once()

    def _kill(self, script, moment):
        """Run Python in another process and kill it when it says so.

        :param str script: has `env`; prints `moment` and then sleeps
        """
        head = f"""
            import sys, time
            from datetime import date
            from unittest.mock import patch
            from odoo import SUPERUSER_ID, api
            from odoo.modules.registry import Registry
            from odoo.tools import config

            config.parse_config(sys.argv[1:], setup_logging=False)
            registry = Registry({get_db_name()!r})
            calls = []

            def build_request_url(provider, endpoint, **kwargs):
                return {self.stripe.url!r} + "/v1/" + endpoint

            def hang():
                print({moment!r}, flush=True)
                time.sleep(120)

            patch.object(
                registry["payment.provider"], "_build_request_url", build_request_url
            ).start()
            cr = registry.cursor()
            env = api.Environment(cr, SUPERUSER_ID, {{"tracking_disable": True}})
        """
        options = [
            f"--{name}={config[name]}"
            for name in ("db_host", "db_port", "db_user")
            if config[name]
        ]
        addons_path = config["addons_path"]
        if not isinstance(addons_path, str):
            addons_path = ",".join(addons_path)
        code = textwrap.dedent(head) + textwrap.dedent(script)
        process = subprocess.Popen(
            [sys.executable, "-c", code, *options, f"--addons-path={addons_path}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, 30)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline().strip(), moment)
        process.kill()
        process.wait(30)

    # === THE THREE BOOKS === #

    def assertBooksAgree(self, member_ids, paid=1, open_count=0):
        """Compare Stripe's books, accounting and the ledger, member by member.

        :param int paid: periods that each member has paid since the start
        :param int open_count: periods that wait for money
        """
        charged = self.stripe.get_charged()
        with self._transaction() as env:
            for member in env["sale.subscription"].browse(member_ids):
                periods = self._read_periods(env, member.ids)
                starts = periods.mapped("start_date")
                self.assertEqual(len(starts), len(set(starts)), "Billed once a period")
                self.assertEqual(
                    sorted(periods.mapped("state")),
                    ["open"] * open_count + ["paid"] * paid,
                )
                for period in periods:
                    self._compare_books(period, charged)

    def _compare_books(self, period, charged):
        invoice = period.invoice_ids
        self.assertEqual(len(invoice), 1, "One invoice a period")
        taken = [
            amount
            for tx in invoice.transaction_ids
            for amount in charged.get(tx.reference, [])
        ]
        payments = invoice.matched_payment_ids.filtered(
            lambda p: p.state in ("in_process", "paid")
        )
        is_paid = period.state == "paid"
        self.assertEqual(taken, [9900] * is_paid, "What Stripe has taken")
        self.assertEqual(payments.mapped("amount"), [99] * is_paid, "Accounting")
        self.assertEqual(invoice.amount_residual, 0 if is_paid else 99)
        granted = period.credit_ids.mapped("granted")
        self.assertEqual(granted, [2] * is_paid, "The ledger of credits")
        for credit in period.credit_ids:
            self.assertEqual(sum(credit.move_ids.mapped("quantity")), credit.remaining)
