"""A visitor books a single treatment; another one pays a deposit."""

from datetime import datetime

from .harness import Journey, Person, same
from .scenes import book_as_visitor, choose_time, has_confirmation, pay


def walk(journey: Journey) -> None:
    """Book without money first, then with a deposit."""
    _without_deposit(journey)
    _with_deposit(journey)


def _book(journey: Journey, person: Person, name: str, treatment: str) -> datetime:
    with journey.step(f"{name}: choose {treatment}"):
        person.open("/book")
        person.go(f".o_medspa_treatment:has-text('{treatment}')")
    with journey.step(f"{name}: choose a time"):
        moment = choose_time(person, days_ahead=2)
        person.go(".o_medspa_confirm")
        person.sees(".o_medspa_review")
    with journey.step(f"{name}: say who comes"):
        book_as_visitor(person, name, ".o_medspa_confirm")
    return moment


def _answer_mail(person: Person) -> None:
    """Say by the link of the mail that it was oneself who booked."""
    mail = person.gets(link="confirm")
    person.has_read()
    person.follow(mail, "confirm")
    person.go("#wrap form button[type=submit]")


def _without_deposit(journey: Journey) -> None:
    nora = journey.person("nora@example.com")
    moment = _book(journey, nora, "Nora Nueva", "Classic facial")
    with journey.step("the time is held until the mail is answered"):
        nora.sees(".o_medspa_held", "mail")
        _answer_mail(nora)
        nora.sees(".o_medspa_booked")
    with journey.step("the confirmation comes", vital=False):
        has_confirmation(nora, "Classic facial", moment)


def _with_deposit(journey: Journey) -> None:
    dora = journey.person("dora@example.com")
    moment = _book(journey, dora, "Dora Deposito", "Lip filler")
    with journey.step("the deposit is asked for"):
        if dora.count(".o_medspa_held"):
            _answer_mail(dora)
        deposit = dora.sum(".o_medspa_deposit")
    with journey.step("the deposit is paid"):
        same("the deposit shown and asked for", deposit, pay(dora))
        dora.sees(".o_medspa_booked")
    with journey.step("the confirmation comes after the deposit", vital=False):
        has_confirmation(dora, "Lip filler", moment)
