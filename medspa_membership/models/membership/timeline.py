# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What a membership owes and gives: a pure function of what was agreed.

A timeline goes in, the periods that should exist come out, with what each costs and
grants. Nothing here reads a database, a clock or an invoice: whoever bills compares the
outcome with what was billed and makes the difference. So every way that leads to the
same agreement ends with the same sums.

Days are counted, the first included; sums are exact until they are rounded half up,
once, at the end.
"""

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction

from dateutil.relativedelta import relativedelta

ONE_DAY = timedelta(days=1)
HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Grant:
    """What a whole period gives of one thing.

    :param key: of the thing: what covers the same has the same key
    :param quantity: of a whole period
    :param rounding: the smallest quantity that is given
    """

    key: Hashable
    quantity: Fraction
    rounding: Fraction = Fraction(1)


@dataclass(frozen=True)
class Terms:
    """What a period costs and gives from a day on.

    :param start: the first day
    :param price: of a whole period, with tax
    :param unit: "days", "weeks", "months" or "years"
    :param length: so many units are a period
    :param anchor: set where a new count begins: a period starts on `start`, and the
        next ones are counted from the anchor
    """

    start: date
    price: Fraction
    unit: str = "months"
    length: int = 1
    grants: tuple[Grant, ...] = ()
    anchor: date | None = None

    @property
    def rhythm(self):
        return self.unit, self.length


@dataclass(frozen=True)
class Pause:
    """Days that do not count.

    :param end: the last day; None as long as nobody has resumed
    :param shifts: the periods move by these days; otherwise those that start in the
        pause are left out
    :param inside: agreed when the period that starts on its first day was billed: it
        begins in that one, which keeps its start
    """

    start: date
    end: date | None = None
    shifts: bool = True
    inside: bool = False

    def takes(self, start):
        """Tell whether a period would start in the pause."""
        if start < self.start or (self.inside and start == self.start):
            return False
        return self.end is None or start <= self.end

    def begins_in(self, start):
        """Tell whether the pause begins after a period has."""
        return start < self.start or (self.inside and start == self.start)


@dataclass(frozen=True)
class Trial:
    """What comes before the first regular period, from a day up to the anchor."""

    start: date
    price: Fraction
    grants: tuple[Grant, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """All that was agreed, as it stands.

    :param anchor: the first regular period starts here
    :param terms: in the order in which they were agreed
    :param end: no period starts after this day
    :param skipped: starts of periods that are left out
    :param adjusted: what periods cost more or less than by their terms, by start
    :param given: what periods give more or less than by their terms, by start and key
    """

    anchor: date
    terms: tuple[Terms, ...]
    trial: Trial | None = None
    pauses: tuple[Pause, ...] = ()
    end: date | None = None
    skipped: frozenset[date] = frozenset()
    adjusted: dict[date, Fraction] = field(default_factory=dict)
    given: dict[date, dict[Hashable, Fraction]] = field(default_factory=dict)
    rounding: Fraction = Fraction(1, 100)

    def with_terms(self, terms):
        """Return the timeline with terms agreed on top."""
        return replace(self, terms=(*self.terms, terms))

    def get_terms_on(self, day):
        """Return the terms that are in force on a day, the first ones before all.

        What was agreed later counts, also where an earlier word was for a later day.
        """
        known = [terms for terms in self.terms if terms.start <= day]
        if not known:
            return min(self.terms, key=lambda terms: terms.start)
        return known[-1]

    def get_restarts(self):
        """Return the days on which a new count begins, with its anchor."""
        restarts, earliest = {}, date.max
        for terms in reversed(self.terms):
            if terms.anchor is not None and terms.start <= earliest:
                restarts.setdefault(terms.start, terms.anchor)
            earliest = min(earliest, terms.start)
        return restarts


@dataclass(frozen=True)
class Period:
    """A period that should exist.

    :param end: its last day, moved by pauses, or the day before it is replaced
    :param days: that a whole one has; those of pauses are none of them
    :param amount: what it costs in all, rounded
    :param grants: what it gives in all, by key
    :param is_cut: replaced by another one before its days were over
    """

    start: date
    end: date
    days: int
    amount: Fraction
    grants: dict
    is_trial: bool = False
    is_skipped: bool = False
    is_cut: bool = False


def round_half_up(value, step):
    """Round to a multiple of a step; what lies in the middle goes away from zero."""
    rounded = math.floor(Fraction(abs(value)) / step + HALF) * step
    return rounded if value >= 0 else -rounded


def get_date(anchor, unit, length, count):
    """Return the day that is so many periods from an anchor: 31 January has a
    successor at the end of February, and 31 March after that."""
    return anchor + relativedelta(**{unit: length * count})


def count_until(anchor, unit, length, day):
    """Return the number of the last period from an anchor that starts up to a day."""
    elapsed = relativedelta(day, anchor)
    count = {
        "days": (day - anchor).days // length,
        "weeks": (day - anchor).days // (7 * length),
        "months": (elapsed.years * 12 + elapsed.months) // length,
        "years": elapsed.years // length,
    }[unit]
    # relativedelta knows nothing of anchors at the end of a month.
    while get_date(anchor, unit, length, count + 1) <= day:
        count += 1
    while get_date(anchor, unit, length, count) > day:
        count -= 1
    return count


def get_start_after(anchor, unit, length, day):
    """Return the first start of a period after a day."""
    return get_date(anchor, unit, length, count_until(anchor, unit, length, day) + 1)


def iter_periods(timeline: Timeline, until: date) -> Iterator[Period]:
    """Yield the periods that start up to a day, as they are agreed.

    :param until: the last day on which a period may start
    """
    anchor, cursor = timeline.anchor, timeline.anchor
    restarts = timeline.get_restarts()
    shifts = [pause for pause in timeline.pauses if pause.shifts]
    if timeline.trial and timeline.trial.start <= until:
        trial = _get_trial(timeline, shifts)
        yield trial
        if trial.end + ONE_DAY != cursor:
            anchor = cursor = trial.end + ONE_DAY
    while cursor <= until and not (timeline.end and cursor > timeline.end):
        if pause := next((pause for pause in shifts if pause.takes(cursor)), None):
            if pause.end is None:
                return
            anchor = cursor = pause.end + ONE_DAY
            continue
        anchor = restarts.get(cursor, anchor)
        terms = timeline.get_terms_on(cursor)
        following = get_start_after(anchor, *terms.rhythm, cursor)
        days = (following - cursor).days
        end = _get_moved_end(cursor, following - ONE_DAY, shifts)
        cuts = [day for day in restarts if cursor < day <= end]
        yield _get_period(timeline, shifts, cursor, min(cuts, default=None), end, days)
        if cuts:
            cursor = min(cuts)
            continue
        cursor = end + ONE_DAY
        if cursor != following:
            anchor = cursor


def get_days_left(timeline: Timeline, period: Period, day: date) -> int:
    """Return the days of a period that are left on a day, which is one of them."""
    shifts = [pause for pause in timeline.pauses if pause.shifts]
    return period.days - _count_days(period.start, day, shifts)


def get_periods(timeline: Timeline, until: date) -> dict[date, Period]:
    """Return the periods that start up to a day, by their start."""
    return {period.start: period for period in iter_periods(timeline, until)}


def _get_trial(timeline, shifts):
    trial = timeline.trial
    end = _get_moved_end(trial.start, timeline.anchor - ONE_DAY, shifts)
    return Period(
        start=trial.start,
        end=end,
        days=(timeline.anchor - trial.start).days,
        amount=_adjust(timeline, trial.start, trial.price),
        grants={grant.key: grant.quantity for grant in trial.grants},
        is_trial=True,
    )


def _adjust(timeline, start, amount):
    """Return the sum of a period as it was agreed: nobody is owed for having it."""
    rounded = round_half_up(amount, timeline.rounding)
    return max(rounded + timeline.adjusted.get(start, 0), Fraction(0))


def _get_moved_end(start, end, shifts):
    """Return the last day of a period, moved by the pauses that begin in it."""
    for pause in sorted(shifts, key=lambda pause: pause.start):
        if pause.begins_in(start) and pause.start <= end:
            if pause.end is None:
                return date.max - ONE_DAY
            end += pause.end - pause.start + ONE_DAY
    return end


def _count_days(start, before, shifts):
    """Return the days from one up to another that are none of a pause."""
    paused = sum(
        max((min(pause.end + ONE_DAY, before) - max(pause.start, start)).days, 0)
        for pause in shifts
        if pause.end is not None and pause.begins_in(start)
    )
    return (before - start).days - paused


def _get_period(timeline, shifts, start, cut, end, days):
    """Return the period from a day on, with each part at the terms of its days."""
    last = cut - ONE_DAY if cut else end
    is_skipped = start in timeline.skipped or any(
        pause.takes(start) for pause in timeline.pauses if not pause.shifts
    )
    changes = sorted({t.start for t in timeline.terms if start < t.start <= last})
    steps = [start, *changes]
    # Shares of the whole; what follows a cut has no terms in this period.
    counted = [_count_days(start, day, shifts) for day in changes]
    counted = [0, *counted, _count_days(start, cut, shifts) if cut else days]
    parts = [
        (timeline.get_terms_on(day), Fraction(after - before, days))
        for day, before, after in zip(steps, counted, counted[1:], strict=False)
    ]
    amount = sum((terms.price * share for terms, share in parts), Fraction(0))
    return Period(
        start=start,
        end=last,
        days=days,
        amount=_adjust(timeline, start, 0 if is_skipped else amount),
        grants={} if is_skipped else _get_grants(timeline, start, parts),
        is_skipped=is_skipped,
        is_cut=bool(cut),
    )


def _get_grants(timeline, start, parts):
    """Return what a period gives of each thing.

    It begins with a whole one of its first terms. What other terms, or an early end,
    make of it is prorated and rounded half up: half a session more is one, and so is
    half a session less.
    """
    rest = 1 - sum(share for _terms, share in parts)
    rounding, begun, changed = {}, {}, {}
    for index, (terms, _share) in enumerate(parts):
        for grant in terms.grants:
            rounding.setdefault(grant.key, grant.rounding)
            if not index:
                begun[grant.key] = begun.get(grant.key, 0) + grant.quantity
    for key in rounding:
        first = begun.get(key, Fraction(0))
        changed[key] = -first * rest + sum(
            (sum(g.quantity for g in terms.grants if g.key == key) - first) * share
            for terms, share in parts
        )
    more = timeline.given.get(start, {})
    grants = {}
    for key in {**rounding, **more}:
        step = rounding.get(key, Fraction(1))
        change = round_half_up(changed.get(key, Fraction(0)), step)
        quantity = begun.get(key, Fraction(0)) + change + more.get(key, 0)
        grants[key] = max(quantity, Fraction(0))
    return grants
