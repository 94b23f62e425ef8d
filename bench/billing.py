# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""A clinic's billing day: 1,000 members invoiced, charged and given their credits.

Beside it, in the same database and in turns: the floor, which is core's own batched
create and post of the same invoices and nothing else, and two addons of OCA that
invoice and post as many subscriptions and charge nobody. Of several rounds the best of
each counts. The members are multiplied by the database from one whom Odoo itself has
made join; the provider is a fake of Stripe's API in a process of its own.

`seconds` is one process that bills and, beside it, as many that charge as odoo.conf
allows; `seconds_one_process` does the same work in one.
"""

import argparse
import gc
import multiprocessing
import os
import time

from _bank import Bank
from _rows import multiply
from _workers import run_apart, work
from dateutil.relativedelta import relativedelta

from odoo import SUPERUSER_ID, api, fields
from odoo.fields import Command
from odoo.modules import get_module_path

# Charges at once by the defaults of odoo.conf.
CHARGE_WORKERS = 3
# Charges of the comparison of workers, in jobs of forty; the answer of a provider.
SPEED_MEMBERS = 640
SPEED_WORKERS = 8
SPEED_DELAY = 0.3
# How many more members the memory is compared with.
MEMORY_FACTOR = 10
BENEFITS = 2


def run(env, args):
    """Make the clinic, bill it in turns with the others, and return the figures."""
    options = _parse(args)
    bank, slow_bank = _start_banks()
    try:
        clinic = Clinic(env, bank)
        _say("setting up the clinic")
        clinic.set_up()
        return Measures(clinic, slow_bank, options).run()
    finally:
        bank.stop()
        slow_bank.stop()


def _parse(args):
    parser = argparse.ArgumentParser(prog="medspa bench billing", description=__doc__)
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(args)
    if options.members < 20 or options.rounds < 1:
        parser.error("take 20 members or more, and a round")
    return options


def _start_banks():
    folder = f"{get_module_path('medspa_membership')}/tests"
    return Bank(folder), Bank(folder, SPEED_DELAY)


def _say(text):
    print(f"bench: {text}", flush=True)


class Clinic:
    """One member made by Odoo, and as many more as are to be billed."""

    def __init__(self, env, bank):
        self.env = env
        self.bank = bank
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
        """Send the provider's requests to a fake."""

        def build_request_url(provider, endpoint, **kwargs):
            return f"{bank.url}/v1/{endpoint}"

        self.env.registry["payment.provider"]._build_request_url = build_request_url

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


class Measures:
    """The runs, each from members that are due to the last commit."""

    def __init__(self, clinic, slow_bank, options):
        self.clinic = clinic
        self.env = clinic.env
        self.slow_bank = slow_bank
        self.options = options

    def run(self):
        """Return the figures."""
        figures = {
            "members": self.options.members,
            "rounds": self.options.rounds,
            "load_before": round(os.getloadavg()[0], 2),
            **self.compare(),
            **self.speed_up(),
            **self.memory(),
            "load_after": round(os.getloadavg()[0], 2),
        }
        return figures

    # === SIDE BY SIDE === #

    def compare(self):
        """Bill in turns with the others; return the best seconds of each."""
        count = self.options.members
        # A running server has warm caches, and so have all of these.
        self._bill(40, self._bill_and_charge)
        sides = {
            "seconds": lambda: self._bill(count, self._bill_as_deployed),
            "seconds_one_process": lambda: self._bill(count, self._bill_and_charge),
            "floor_seconds": lambda: self._create_and_post(count),
            "contract_seconds": lambda: self._run_contract(count),
            "subscription_oca_seconds": lambda: self._run_subscription_oca(count),
        }
        best = {}
        for number in range(self.options.rounds):
            for key, measure in sides.items():
                seconds = measure()
                if seconds is None:
                    best[key] = None
                    continue
                best[key] = round(min(seconds, best.get(key) or seconds), 2)
                _say(f"round {number + 1}: {key} {seconds:.1f}")
        rates = {
            key.replace("seconds", "per_second").removeprefix("_"): seconds
            and round(count / seconds, 1)
            for key, seconds in best.items()
        }
        if best["contract_seconds"] is None:
            _say("there is no addon contract here: measured by nothing")
        return {**best, **rates}

    def _time(self, function):
        """Return the seconds of a function and the commit after it."""
        self.env.cr.commit()
        self.env.invalidate_all()
        gc.collect()
        begin = time.perf_counter()
        function()
        self.env.cr.commit()
        seconds = time.perf_counter() - begin
        self.env.invalidate_all()
        return seconds

    def _bill(self, count, function):
        """Bill members: invoices posted, cards charged, money booked, credits given."""
        self.clinic.add_members(count)
        with self._checked(count):
            return self._time(function)

    def _bill_as_deployed(self):
        """Run the clinic's job, and beside it the workers that odoo.conf gives."""
        billed = multiprocessing.Event()
        registry = self.env.registry

        def bill():
            try:
                with registry.cursor() as cr:
                    env = api.Environment(cr, SUPERUSER_ID, {})
                    env["sale.subscription"]._cron_bill()
            finally:
                billed.set()

        run_apart(
            registry, bill, *[lambda: work(registry, billed.is_set)] * CHARGE_WORKERS
        )

    def _bill_and_charge(self):
        """Run the clinic's job and then the jobs that it has queued, one by one."""
        self.env["sale.subscription"]._cron_bill()
        self.env.cr.commit()
        work(self.env.registry)

    def _checked(self, count, bank=None):
        return Checked(self.clinic, bank or self.clinic.bank, count)

    def _create_and_post(self, count):
        """Create and post the same invoices in one go, as core does it."""
        billed = self.env["account.move"].search(
            [("membership_period_id", "!=", False), ("move_type", "=", "out_invoice")],
            order="id desc",
            limit=count,
        )
        vals_list = [
            {
                "move_type": "out_invoice",
                "partner_id": invoice.partner_id.id,
                "invoice_date": invoice.invoice_date,
                "invoice_origin": invoice.invoice_origin,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": line.product_id.id,
                            "name": line.name,
                            "quantity": line.quantity,
                            "price_unit": line.price_unit,
                            "tax_ids": [Command.set(line.tax_ids.ids)],
                        }
                    )
                    for line in invoice.invoice_line_ids
                ],
            }
            for invoice in billed
        ]
        return self._time(
            lambda: self.env["account.move"].create(vals_list).action_post()
        )

    def _run_subscription_oca(self, count):
        """Run its job in the mode that posts; its PDF and e-mail are left out."""
        self.clinic.add_subscriptions(count)
        sender = type(self.env["account.move.send"])
        before = self._count_posted()
        sender._generate_and_send_invoices = lambda *args, **kwargs: {}
        try:
            seconds = self._time(
                self.env["sale.subscription"].cron_subscription_management
            )
        finally:
            del sender._generate_and_send_invoices
        self._check(self._count_posted() - before, count, "subscription_oca's invoices")
        return seconds

    def _run_contract(self, count):
        """Run its job, and post the drafts that it leaves in one go."""
        if not self.clinic.contract:
            return None
        self.clinic.add_contracts(count)
        before = self._count_posted()

        def invoice_and_post():
            last = self.env["account.move"].search([], order="id desc", limit=1)
            self.env["contract.contract"].cron_recurring_create_invoice(
                self.clinic.today
            )
            self.env["account.move"].search([("id", ">", last.id)]).action_post()

        seconds = self._time(invoice_and_post)
        self._check(self._count_posted() - before, count, "contract's invoices")
        return seconds

    def _count_posted(self):
        return self.env["account.move"].search_count(
            [("move_type", "=", "out_invoice"), ("state", "=", "posted")]
        )

    @staticmethod
    def _check(found, wanted, what):
        if found != wanted:
            raise RuntimeError(f"{what}: {found} instead of {wanted}")

    # === WORKERS === #

    def speed_up(self):
        """Charge by one worker and by eight, at a provider that takes its time."""
        count = min(self.options.members, SPEED_MEMBERS)
        self.clinic.use_bank(self.slow_bank)
        seconds = {}
        for workers in (1, SPEED_WORKERS):
            self.clinic.add_members(count)
            with self._checked(count, self.slow_bank):
                self.env["sale.subscription"]._cron_bill()
                self.env.cr.commit()
                seconds[workers], _memory = run_apart(
                    self.env.registry, *[lambda: work(self.env.registry)] * workers
                )
            _say(f"{workers} workers: {count} charges in {seconds[workers]:.1f} s")
        self.clinic.use_bank(self.clinic.bank)
        return {
            "charge_seconds_1_worker": round(seconds[1], 2),
            "charge_seconds_8_workers": round(seconds[SPEED_WORKERS], 2),
            "speedup_8_workers": round(seconds[1] / seconds[SPEED_WORKERS], 2),
        }

    # === MEMORY === #

    def memory(self):
        """Compare the most memory of a run with that of one ten times as long."""
        peaks = []
        for count in (self.options.members, self.options.members * MEMORY_FACTOR):
            self.clinic.add_members(count)
            with self._checked(count):
                seconds, memory = run_apart(self.env.registry, self._bill_apart)
            peaks.append(memory)
            _say(f"{count} members: {seconds:.0f} s, {memory >> 20} MiB at most")
        return {
            "memory_mb_1k": peaks[0] >> 20,
            "memory_mb_10k": peaks[1] >> 20,
            "memory_ratio_10k": round(peaks[1] / peaks[0], 3),
        }

    def _bill_apart(self):
        """Bill and charge in a process of its own."""
        registry = self.env.registry
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["sale.subscription"]._cron_bill()
        work(registry)


class Checked:
    """Makes sure that whoever was due was charged once, and got credits once."""

    def __init__(self, clinic, bank, count):
        self.clinic = clinic
        self.bank = bank
        self.wanted = count

    def _count(self):
        return {"charges": self.bank.count_charges(), **self.clinic.count()}

    def __enter__(self):
        self.before = self._count()

    def __exit__(self, kind, error, trace):
        if error:
            return
        for key, number in self._count().items():
            wanted = self.wanted * (BENEFITS if key == "grants" else 1)
            if number - self.before[key] != wanted:
                raise RuntimeError(
                    f"{key}: {number - self.before[key]} instead of {wanted}"
                )
