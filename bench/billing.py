# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""A clinic's billing day: 1,000 members invoiced, charged and given their credits.

Beside it, in the same database and in turns: the floor, which is core's own batched
create and post of the same invoices and nothing else, and two addons of OCA that
invoice and post as many subscriptions and charge nobody. Of several rounds the best of
each counts. The members are multiplied by the database from one whom Odoo itself has
made join; the provider is a fake of Stripe's API in a process of its own.

`seconds` is one process that bills and, beside it, as many that charge as odoo.conf
allows; `seconds_one_process` does the same work in one. Both end when the last member
has credits; receipts are written after that, by jobs that give way to charges, in
`letters_seconds` of one process.
"""

import argparse
import gc
import multiprocessing
import os
import time

from _bank import Bank
from _clinic import Clinic
from _workers import LETTERS, run_apart, work

from odoo import SUPERUSER_ID, api
from odoo.fields import Command
from odoo.modules import get_module_path

# Charges at once by the defaults of odoo.conf.
CHARGE_WORKERS = 3
# The comparison of workers, at a provider that takes so many seconds to answer.
SPEED_WORKERS = 8
SPEED_DELAY = 0.3
# How many more members the memory is compared with.
MEMORY_FACTOR = 10
BENEFITS = 2
# The parts of the benchmark, each of which gives figures of its own.
PARTS = ["compare", "speed_up", "memory"]


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
    parser.add_argument(
        "--only",
        choices=PARTS,
        nargs="+",
        default=PARTS,
        help="measure these parts only",
    )
    options = parser.parse_args(args)
    if options.members < 20 or options.rounds < 1:
        parser.error("take 20 members or more, and a round")
    return options


def _start_banks():
    folder = f"{get_module_path('medspa_membership')}/tests"
    return Bank(folder), Bank(folder, SPEED_DELAY)


def _say(text):
    print(f"bench: {text}", flush=True)


class Measures:
    """The runs, each from members that are due to the last commit."""

    def __init__(self, clinic, slow_bank, options):
        self.clinic = clinic
        self.env = clinic.env
        self.slow_bank = slow_bank
        self.options = options
        self.letters_seconds = None

    def run(self):
        """Return the figures."""
        figures = {
            "members": self.options.members,
            "rounds": self.options.rounds,
            "load_before": round(os.getloadavg()[0], 2),
        }
        for part in self.options.only:
            figures.update(getattr(self, part)())
        figures["load_after"] = round(os.getloadavg()[0], 2)
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
        letters = {"letters_seconds": round(self.letters_seconds, 2)}
        return {**best, **rates, **letters}

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
            seconds = self._time(function)
        begin = time.perf_counter()
        work(self.env.registry, channel=LETTERS)
        self.letters_seconds = time.perf_counter() - begin
        return seconds

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
        count = self.options.members
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
