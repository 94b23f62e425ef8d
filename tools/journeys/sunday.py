"""The clinic is opened on any day, at any hour: no first look is an empty page."""

from datetime import datetime, timedelta

from .harness import DESK, Journey, Person, until

# How far from one look to the next: every weekday and very different hours.
STEPS = [timedelta(hours=27), timedelta(hours=20), timedelta(hours=33)]


def walk(journey: Journey) -> None:
    """Look at today's list and at free times on each day of a week."""
    rita = journey.person(size=DESK, login="rita")
    visitor = journey.person()
    first = journey.clock.now()
    number = 0
    while journey.clock.now() - first < timedelta(days=7):
        _look(journey, rita, visitor)
        journey.clock.go_to(journey.clock.now() + STEPS[number % len(STEPS)])
        number += 1
        if not number % 2:
            _log_in_again(rita)
    _to_sunday(journey, 21)
    _log_in_again(rita)
    _look(journey, rita, visitor)


def _look(journey: Journey, rita: Person, visitor: Person) -> None:
    when = f"{journey.clock.now():%A %H:%M}"
    with journey.step(f"{when}: people of today", rita, vital=False):

        def somebody_is_there() -> bool:
            rita.open("/odoo/desk")
            rita.sees(".o_list_view")
            return bool(rita.count(".o_data_row"))

        until(somebody_is_there, "somebody in today's list", 90)
    with journey.step(f"{when}: free times", visitor, vital=False):
        visitor.open("/book")
        visitor.go(".o_medspa_treatment:has-text('LED light facial')")
        visitor.sees(".o_medspa_day, .o_medspa_next_free")


def _log_in_again(rita: Person) -> None:
    rita.open("/odoo/desk")
    if rita.count("input[name=login]"):
        rita.log_in("rita")


def _to_sunday(journey: Journey, hour: int) -> None:
    day: datetime = journey.clock.now()
    day += timedelta(days=(6 - day.weekday()) % 7 or 7)
    journey.clock.go_to(day.replace(hour=hour, minute=30))
