# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Random histories of a patient's credits: whatever happens, the ledger adds up."""

from datetime import date, timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .common import TODAY, ClinicCase

DAY = date(2026, 2, 2)
EXAMPLES = 2000
FEWEST_STEPS = 8
# Whole sessions and tenths of units; a hair too much or too little is of interest too.
QUANTITIES = st.sampled_from((0.1, 0.333, 0.5, 1, 1.001, 2, 3, 7))
OPERATIONS = st.one_of(
    st.tuples(st.just("reserve"), QUANTITIES, st.integers(-5, 5)),
    st.tuples(st.just("release"), QUANTITIES),
    st.tuples(st.just("redeem"), QUANTITIES, st.integers(-5, 5)),
    st.tuples(st.just("redeem_reserved"), QUANTITIES, st.integers(-5, 5)),
    st.tuples(st.just("restore"), st.integers(0, 9), st.booleans()),
    st.tuples(st.just("expire")),
    st.tuples(st.just("freeze")),
    st.tuples(st.just("unfreeze")),
    st.tuples(st.just("adjust"), QUANTITIES, st.sampled_from((1, -1))),
    st.tuples(st.just("set_validity"), st.none() | st.integers(-5, 5)),
)
HISTORIES = st.tuples(
    st.sampled_from((1, 2, 3, 7, 0.1)),  # granted
    st.sampled_from((0, 0.01, 0.02, 1, 99.99, 100, 333.33)),  # value
    # One in two credits, so that entries of several credits meet in one call.
    st.lists(
        st.tuples(st.integers(0, 1), OPERATIONS), min_size=FEWEST_STEPS, max_size=30
    ),
)


class Model:
    """What a credit should be, counted in thousandths by other means."""

    def __init__(self, granted):
        self.granted = self.remaining = round(granted * 1000)
        self.reserved = 0
        self.is_frozen = False
        self.expires_on = None

    def may_spend(self, day):
        return not self.is_frozen and not (self.expires_on and day > self.expires_on)

    def fits(self, quantity, reserved):
        reserved += self.reserved
        return 0 <= reserved <= self.remaining + quantity


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestLedgerProperties(ClinicCase):
    steps = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        # A failure is told at once. Shrinking it takes minutes: add Phase.shrink.
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(HISTORIES)
    def _run_histories(self, history):
        # Each history starts from the same database.
        savepoint = self.env.cr.savepoint()
        try:
            self._run_history(*history)
        finally:
            self.env.clear()
            savepoint.close(rollback=True)

    def test_any_history_adds_up(self):
        with mute_logger("odoo.sql_db"):
            self._run_histories()
        # Every example ran: what is drawn beyond that differs by version of Hypothesis.
        self.assertGreaterEqual(self.steps, EXAMPLES * FEWEST_STEPS)

    def _run_history(self, granted, value, operations):
        credits = [
            self._create_credit(granted, value=value),
            self._create_credit(granted * 2, value=value * 3),
        ]
        models = [Model(granted), Model(granted * 2)]
        for index, operation in operations:
            type(self).steps += 1
            credit, model = credits[index], models[index]
            before = self._get_facts(credit)
            expected = self._apply_to_model(credit, model, *operation)
            try:
                with self.env.cr.savepoint():
                    self._apply(credit, *operation)
                done = True
            except UserError:
                self.env.invalidate_all()
                done = False
            self.assertEqual(done, expected, operation)
            if not done:
                self.assertEqual(self._get_facts(credit), before, operation)
            self._check_invariants(credit, model)

    def _get_facts(self, credit):
        """Return everything that a refused operation must leave as it was."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT remaining, reserved, available, value, value_remaining, is_frozen,
                   expires_on,
                   (SELECT count(*) FROM medspa_credit_move WHERE credit_id = c.id)
              FROM medspa_credit c WHERE id = %s
            """,
            [credit.id],
        )
        return self.env.cr.fetchone()

    def _apply(self, credit, kind, *args):
        if kind in ("freeze", "unfreeze", "expire"):
            getattr(credit, f"_{kind}")()
        elif kind == "reserve":
            credit._reserve(args[0], DAY + timedelta(days=args[1]))
        elif kind == "release":
            credit._release(args[0])
        elif kind == "redeem":
            credit._redeem(args[0], DAY + timedelta(days=args[1]))
        elif kind == "redeem_reserved":
            credit._redeem(args[0], DAY + timedelta(days=args[1]), reserved=args[0])
        elif kind == "restore":
            self._get_use(credit, args[0])._restore(reserve_again=args[1])
        elif kind == "adjust":
            credit._adjust(args[0] * args[1], "Corrected")
        elif kind == "set_validity":
            credit._set_validity(self._get_last_day(args[0]))

    def _get_use(self, credit, index):
        """Return a use that was not given back yet, if there is any."""
        uses = credit.move_ids.filtered(
            lambda m: m.kind == "redeem" and m not in credit.move_ids.restored_move_id
        )
        return uses[index % len(uses)] if uses else uses

    def _get_last_day(self, days):
        return False if days is None else DAY + timedelta(days=days)

    def _apply_to_model(self, credit, model, kind, *args):
        """Do the same to the model; return whether the ledger should accept it."""
        quantity = reserved = 0
        amount = round(args[0] * 1000) if args and args[0] else 0
        day = DAY + timedelta(days=args[1]) if len(args) > 1 else DAY
        if kind in ("reserve", "redeem", "redeem_reserved"):
            if not model.may_spend(day):
                return False
            quantity = -amount if kind != "reserve" else 0
            reserved = {"reserve": amount, "redeem_reserved": -amount}.get(kind, 0)
        elif kind == "release":
            reserved = -amount
        elif kind == "restore":
            quantity = -round(
                sum(self._get_use(credit, args[0]).mapped("quantity")) * 1000
            )
            reserved = quantity if args[1] else 0
        elif kind == "expire":
            quantity = model.reserved - model.remaining
        elif kind == "adjust":
            quantity = amount * args[1]
        elif kind in ("freeze", "unfreeze"):
            model.is_frozen = kind == "freeze"
        elif kind == "set_validity":
            model.expires_on = self._get_last_day(args[0]) or None
        if not model.fits(quantity, reserved):
            return False
        model.remaining += quantity
        model.reserved += reserved
        return True

    def _check_invariants(self, credit, model):
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT round(c.remaining * 1000), round(c.reserved * 1000),
                   c.available = c.remaining - c.reserved,
                   c.remaining = sum(m.quantity), c.reserved = sum(m.reserved),
                   c.value_remaining = sum(m.value),
                   c.value_remaining BETWEEN 0 AND c.value,
                   c.remaining > 0 OR c.value_remaining = 0,
                   bool_and(m.kind <> 'restore' OR m.value = -used.value
                            AND m.quantity = -used.quantity)
              FROM medspa_credit c
              JOIN medspa_credit_move m ON m.credit_id = c.id
              LEFT JOIN medspa_credit_move used ON used.id = m.restored_move_id
             WHERE c.id = %s GROUP BY c.id
            """,
            [credit.id],
        )
        remaining, reserved, *checks = self.env.cr.fetchone()
        self.assertEqual((remaining, reserved), (model.remaining, model.reserved))
        self.assertEqual(set(checks), {True}, checks)
        self.assertTrue(0 <= model.reserved <= model.remaining)
