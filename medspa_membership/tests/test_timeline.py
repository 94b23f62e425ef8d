# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What is due by what was agreed, computed by hand and by random lives."""

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..models.membership.timeline import (
    Grant,
    Pause,
    Terms,
    Timeline,
    Trial,
    get_periods,
)

EXAMPLES = 300


def money(text):
    return Fraction(text)


def terms(day, price, unit="months", length=1, peels=0, restarts=False):
    grants = (Grant("peel", Fraction(peels)),) if peels else ()
    return Terms(day, money(price), unit, length, grants, day if restarts else None)


def joined(day, price, **kwargs):
    return Timeline(anchor=day, terms=(terms(day, price, **kwargs),))


@tagged("post_install", "-at_install")
class TestTimeline(BaseCase):
    def assertDue(self, timeline, until, *expected):
        """Compare starts (as strings) and sums with the periods up to a day."""
        found = get_periods(timeline, until).values()
        self.assertEqual([(str(p.start), p.amount) for p in found], list(expected))

    def _total(self, timeline, until):
        return sum(p.amount for p in get_periods(timeline, until).values())

    def test_months_are_counted_from_the_anchor(self):
        self.assertDue(
            joined(date(2028, 1, 31), "99"),
            date(2028, 4, 30),
            ("2028-01-31", 99),
            ("2028-02-29", 99),
            ("2028-03-31", 99),
            ("2028-04-30", 99),
        )

    def test_a_leap_day_comes_back(self):
        starts = list(
            get_periods(
                joined(date(2028, 2, 29), "900", unit="years"), date(2032, 12, 1)
            )
        )
        self.assertEqual(
            [str(day) for day in starts],
            ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"],
        )

    def test_down_and_up_again_on_one_day(self):
        """April has 30 days, 15 of them from the 16th on."""
        day = date(2026, 4, 16)
        start = joined(date(2026, 4, 1), "149")
        down = start.with_terms(terms(day, "99"))
        self.assertEqual(self._total(down, day), 124)
        back = down.with_terms(terms(day, "149"))
        self.assertEqual(self._total(back, day), 149)

    def test_down_twice(self):
        """149 for 15 days, 99 for 5, 49 for 10: 107.33, and 16.67 less than 124."""
        once = joined(date(2026, 4, 1), "149").with_terms(
            terms(date(2026, 4, 16), "99")
        )
        twice = once.with_terms(terms(date(2026, 4, 21), "49"))
        day = date(2026, 4, 21)
        self.assertEqual(self._total(twice, day), money("107.33"))
        self.assertEqual(
            self._total(twice, day) - self._total(once, day), money("-16.67")
        )

    def test_another_rhythm_with_the_renewal(self):
        start = joined(date(2026, 1, 1), "99")
        yearly = start.with_terms(
            terms(date(2026, 12, 1), "900", unit="years", restarts=True)
        )
        found = get_periods(yearly, date(2027, 12, 1))
        self.assertEqual(list(found)[-2:], [date(2026, 12, 1), date(2027, 12, 1)])
        self.assertEqual(found[date(2026, 11, 1)].amount, 99)
        self.assertEqual(found[date(2026, 12, 1)].amount, 900)

    def test_another_rhythm_today_and_a_dearer_one(self):
        """Of May 11 of 31 days stay: 35.13. 1000 for 8 of 365 days, 1500 for 357."""
        start = joined(date(2026, 5, 1), "99")
        yearly = start.with_terms(
            terms(date(2026, 5, 12), "1000", unit="years", restarts=True)
        )
        day = date(2026, 5, 20)
        self.assertDue(
            yearly, day, ("2026-05-01", money("35.13")), ("2026-05-12", 1000)
        )
        dearer = yearly.with_terms(terms(day, "1500", unit="years"))
        self.assertEqual(
            self._total(dearer, day) - self._total(yearly, day), money("489.04")
        )
        # Back to months: 21.92 for eight days of the year, and a month.
        back = yearly.with_terms(terms(day, "99", restarts=True))
        self.assertEqual(
            self._total(back, day) - self._total(yearly, day), money("-879.08")
        )
        self.assertEqual(
            list(get_periods(back, date(2026, 6, 20))),
            [date(2026, 5, 1), date(2026, 5, 12), day, date(2026, 6, 20)],
        )

    def test_another_rhythm_on_the_first_day_leaves_nothing_of_the_old_one(self):
        start = joined(date(2026, 5, 1), "99")
        yearly = start.with_terms(
            terms(date(2026, 5, 1), "1000", unit="years", restarts=True)
        )
        self.assertDue(yearly, date(2026, 6, 1), ("2026-05-01", 1000))

    def test_up_and_down_three_times_is_nothing(self):
        day = date(2026, 4, 16)
        timeline = start = joined(date(2026, 4, 1), "99", peels=2)
        for _round in range(3):
            timeline = timeline.with_terms(terms(day, "179", peels=4))
            self.assertEqual(get_periods(timeline, day)[start.anchor].amount, 139)
            self.assertEqual(
                get_periods(timeline, day)[start.anchor].grants, {"peel": 3}
            )
            timeline = timeline.with_terms(terms(day, "99", peels=2))
        self.assertEqual(get_periods(timeline, day), get_periods(start, day))

    def test_half_a_session_more_or_less_is_a_whole_one(self):
        day = date(2026, 4, 16)
        up = joined(date(2026, 4, 1), "99").with_terms(terms(day, "99", peels=1))
        self.assertEqual(get_periods(up, day)[up.anchor].grants, {"peel": 1})
        down = joined(date(2026, 4, 1), "99", peels=1).with_terms(terms(day, "99"))
        self.assertEqual(get_periods(down, day)[up.anchor].grants, {"peel": 0})

    def test_a_later_word_takes_the_place_of_an_earlier_one(self):
        start = joined(date(2026, 4, 1), "99")
        # Billed ahead with a new price, and another plan agreed before its day.
        ahead = start.with_terms(terms(date(2026, 5, 1), "109"))
        other = ahead.with_terms(terms(date(2026, 4, 16), "149"))
        self.assertDue(
            other, date(2026, 5, 1), ("2026-04-01", 124), ("2026-05-01", 149)
        )

    def test_a_pause_moves_what_follows_and_counts_no_days(self):
        """From 31 January; 10 February to 1 March are 20 days."""
        pause = Pause(date(2026, 2, 10), date(2026, 3, 1))
        start = joined(date(2026, 1, 31), "99")
        paused = Timeline(start.anchor, start.terms, pauses=(pause,))
        found = get_periods(paused, date(2026, 4, 20))
        self.assertEqual(
            list(found), [date(2026, 1, 31), date(2026, 3, 20), date(2026, 4, 20)]
        )
        self.assertEqual(found[date(2026, 1, 31)].end, date(2026, 3, 19))
        # 10 of 28 days were over when it began; 5 more on 7 March, so 13 are left.
        changed = paused.with_terms(terms(date(2026, 3, 7), "199"))
        self.assertEqual(
            get_periods(changed, date(2026, 3, 7))[start.anchor].amount,
            money("145.43"),
        )

    def test_a_pause_on_the_billing_day_moves_it(self):
        start = joined(date(2026, 1, 1), "99")
        pause = Pause(date(2026, 2, 1), date(2026, 2, 10))
        paused = Timeline(start.anchor, start.terms, pauses=(pause,))
        self.assertDue(paused, date(2026, 2, 10), ("2026-01-01", 99))
        self.assertEqual(
            list(get_periods(paused, date(2026, 3, 11))),
            [date(2026, 1, 1), date(2026, 2, 11), date(2026, 3, 11)],
        )

    def test_a_pause_on_the_billing_day_after_it_was_billed(self):
        start = joined(date(2026, 1, 1), "99")
        pause = Pause(date(2026, 2, 1), date(2026, 2, 10), inside=True)
        paused = Timeline(start.anchor, start.terms, pauses=(pause,))
        self.assertEqual(
            list(get_periods(paused, date(2026, 3, 11))),
            [date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 11)],
        )

    def test_a_pause_that_skips_keeps_the_days(self):
        start = joined(date(2026, 1, 31), "99")
        pause = Pause(date(2026, 2, 10), date(2026, 4, 15), shifts=False)
        paused = Timeline(start.anchor, start.terms, pauses=(pause,))
        self.assertDue(
            paused,
            date(2026, 4, 30),
            ("2026-01-31", 99),
            ("2026-02-28", 0),
            ("2026-03-31", 0),
            ("2026-04-30", 99),
        )

    def test_nothing_is_due_while_nobody_resumes(self):
        start = joined(date(2026, 1, 31), "99")
        paused = Timeline(start.anchor, start.terms, pauses=(Pause(date(2026, 2, 10)),))
        self.assertDue(paused, date(2027, 1, 1), ("2026-01-31", 99))

    def test_a_trial_comes_first_and_an_end_last(self):
        timeline = Timeline(
            anchor=date(2026, 2, 14),
            terms=(terms(date(2026, 1, 31), "99"),),
            trial=Trial(date(2026, 1, 31), money("10")),
            end=date(2026, 4, 13),
        )
        self.assertDue(
            timeline,
            date(2026, 12, 31),
            ("2026-01-31", 10),
            ("2026-02-14", 99),
            ("2026-03-14", 99),
        )

    def test_no_currency_has_parts_of_its_smallest_coin(self):
        start = joined(date(2026, 4, 1), "14900")
        yen = Timeline(start.anchor, start.terms, rounding=Fraction(1))
        third = yen.with_terms(terms(date(2026, 4, 11), "10000"))
        self.assertEqual(self._total(third, date(2026, 4, 11)), 11633)
        dinar = Timeline(start.anchor, start.terms, rounding=Fraction(1, 1000))
        third = dinar.with_terms(terms(date(2026, 4, 11), "10000"))
        self.assertEqual(self._total(third, date(2026, 4, 11)), money("11633.333"))


PRICES = st.sampled_from(("0", "49", "99", "149", "33.33", "1000", "1500"))
RHYTHMS = st.sampled_from(
    (("months", 1), ("months", 3), ("years", 1), ("weeks", 2), ("days", 10))
)
CHANGES = st.lists(
    st.tuples(st.integers(0, 400), PRICES, st.none() | RHYTHMS, st.integers(0, 4)),
    max_size=8,
)
PAUSES = st.lists(
    st.tuples(st.integers(1, 400), st.integers(1, 60), st.booleans()), max_size=3
)
STARTS = st.dates(date(2027, 1, 1), date(2028, 12, 31))


@tagged("post_install", "-at_install")
class TestTimelineProperties(BaseCase):
    """Random agreements: periods never overlap, and no way round mints anything."""

    @staticmethod
    def _build(start, changes, pauses):
        timeline = joined(start, "99", peels=2)
        rhythm = ("months", 1)
        for offset, price, other, peels in sorted(changes, key=lambda c: c[0]):
            day = start + timedelta(days=offset)
            other = other or rhythm
            timeline = timeline.with_terms(
                terms(day, price, *other, peels=peels, restarts=other != rhythm)
            )
            rhythm = other
        rows, last = [], 0
        for offset, days, shifts in sorted(pauses):
            if offset > last:
                begin = start + timedelta(days=offset)
                rows.append(Pause(begin, begin + timedelta(days=days - 1), shifts))
                last = offset + days
        return Timeline(timeline.anchor, timeline.terms, pauses=tuple(rows))

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(STARTS, CHANGES, PAUSES)
    def test_periods_follow_each_other(self, start, changes, pauses):
        timeline = self._build(start, changes, pauses)
        periods = list(get_periods(timeline, start + timedelta(days=500)).values())
        highest = max(t.price for t in timeline.terms)
        for period in periods:
            self.assertLessEqual(period.start, period.end)
            self.assertTrue(0 <= period.amount <= highest)
            self.assertTrue(all(0 <= q <= 4 for q in period.grants.values()))
            if period.is_cut:
                self.assertIn(period.end + timedelta(days=1), timeline.get_restarts())
        for before, after in pairwise(periods):
            self.assertLess(before.end, after.start)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(STARTS, CHANGES, st.integers(0, 400), PRICES, st.integers(0, 4))
    def test_there_and_back_on_a_day_is_nothing(
        self, start, changes, offset, price, peels
    ):
        # What was agreed before that day: a later word takes the place of all others.
        timeline = self._build(start, [c for c in changes if c[0] <= offset], [])
        day = start + timedelta(days=offset)
        present = timeline.get_terms_on(day)
        until = start + timedelta(days=500)
        there = timeline.with_terms(terms(day, price, *present.rhythm, peels=peels))
        back = there.with_terms(
            Terms(day, present.price, *present.rhythm, present.grants)
        )
        self.assertEqual(
            [
                (p.start, p.amount, {k: q for k, q in p.grants.items() if q})
                for p in get_periods(back, until).values()
            ],
            [
                (p.start, p.amount, {k: q for k, q in p.grants.items() if q})
                for p in get_periods(timeline, until).values()
            ],
        )

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(STARTS, CHANGES, PAUSES, st.integers(1, 499))
    def test_what_is_due_does_not_depend_on_when_it_is_asked(
        self, start, changes, pauses, offset
    ):
        timeline = self._build(start, changes, pauses)
        until = start + timedelta(days=500)
        day = start + timedelta(days=offset)
        whole = get_periods(timeline, until)
        part = get_periods(timeline, day)
        self.assertEqual(part, {s: p for s, p in whole.items() if s <= day})
