"""A renewal is declined, and the member settles it by the link of the mail."""

from datetime import timedelta

from .harness import Journey, same
from .join import join
from .scenes import PAYS_ONCE, pay

# What the plan costs a month.
GLOW = 49


def walk(journey: Journey) -> None:
    """Join with a card that pays once, come to the renewal, pay by another card."""
    flor = join(journey, "Glow", "Flor", "flor@example.com", card=PAYS_ONCE)
    joined = journey.clock.now()
    flor.has_read()
    month_later = (joined.replace(day=1) + timedelta(days=32)).replace(
        day=min(joined.day, 28), hour=10
    )
    journey.clock.go_to(month_later + timedelta(days=3))
    with journey.step("the mail tells of the decline"):
        mail = flor.gets(link="pay|card|settle", seconds=120)
    with journey.step("its link leads to the payment"):
        flor.follow(mail, "pay|card|settle")
        due = flor.sum(".o_medspa_amount")
        same("the price and what is due", GLOW, due)
    with journey.step("pay by another card"):
        flor.has_read()
        same("what is due and what the provider is asked for", due, pay(flor))
        flor.reads("it is paid|up to date|thank you")
    with journey.step("the receipt comes", vital=False):
        flor.gets("paid|receipt|thank|invoice|payment")
    with journey.step("no letter says that it could not be collected", vital=False):
        journey.clock.go_to(journey.clock.now() + timedelta(days=2))
        box = journey.clinic.mailbox
        old = flor.letters
        box.wait_quiet(flor.email, "could not|declined|did not go through", old)
    with journey.step("the membership is up to date"):
        flor.open("/my/memberships")
        flor.sees(".o_medspa_membership_card", "Active")
