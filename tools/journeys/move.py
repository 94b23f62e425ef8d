"""A patient moves and cancels; who waits is offered the freed time and takes it."""

from .harness import Journey, Person
from .scenes import book_as_visitor, choose_time, has_confirmation

TREATMENT = "Chemical peel, medium"


def walk(journey: Journey) -> None:
    """Book, wait in line, move, cancel, take what became free."""
    milo, moment = _book(journey)
    wanda = _wait(journey)
    with journey.step("move the appointment"):
        milo.has_read()
        milo.open("/my/appointments")
        milo.go(f".o_medspa_appointment:has-text('{TREATMENT}')")
        milo.go("a.o_medspa_move")
        later = choose_time(milo, days_ahead=4)
        milo.go(".o_medspa_confirm")
        milo.sees(".o_medspa_moved")
        assert later != moment
    with journey.step("the new time is confirmed by mail", milo, vital=False):
        has_confirmation(milo, TREATMENT, later)
    with journey.step("cancel", milo):
        milo.has_read()
        wanda.has_read()
        milo.tap("button.o_medspa_cancel")
        milo.go(".o_medspa_cancel_confirm")
        milo.reads("cancelled")
    with journey.step("the cancellation is confirmed by mail", milo, vital=False):
        milo.gets("cancel")
    with journey.step("who waits is offered the freed time", wanda):
        mail = wanda.gets(link="time|see|take|choose|book")
        wanda.follow(mail, "time|see|take|choose|book")
        wanda.has_read()
        wanda.sees(".o_medspa_accept")
    with journey.step("and takes it", wanda):
        wanda.go(".o_medspa_accept")
        wanda.reads("booked")
    with journey.step("which is confirmed", wanda, vital=False):
        mail = wanda.gets(text=TREATMENT)
        assert any(name.endswith(".ics") for name in mail.attachments)


def _book(journey: Journey):
    milo = journey.person("paula@example.com", login="paula")
    with journey.step("book a visit"):
        milo.open("/book")
        milo.go(f".o_medspa_treatment:has-text('{TREATMENT}')")
        moment = choose_time(milo, days_ahead=3)
        milo.go(".o_medspa_confirm")
        milo.go(".o_medspa_review button[type=submit]")
        milo.reads("booked|deposit")
    return milo, moment


def _wait(journey: Journey) -> Person:
    wanda = journey.person("wanda@example.com")
    with journey.step("another one gets in line"):
        wanda.open("/book")
        wanda.go(f".o_medspa_treatment:has-text('{TREATMENT}')")
        wanda.go(".o_medspa_waiting_link a")
        for part in ("in_morning", "in_afternoon", "in_evening"):
            wanda.find(f"#medspa_{part}").first.check()
        book_as_visitor(wanda, "Wanda Waiting", ".o_medspa_join")
        wanda.sees(".o_medspa_joined")
    with journey.step("and confirms it by mail"):
        mail = wanda.gets(link="list|line|confirm", late=True)
        wanda.has_read()
        wanda.follow(mail, "list|line|confirm")
        wanda.go(".o_medspa_join_confirm button")
        wanda.sees(".o_medspa_joined", "You are on the list")
    return wanda
