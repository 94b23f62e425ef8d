"""A stranger joins each of the demo plans, and books with the first credit."""

from .harness import Journey, Person, money, same
from .scenes import (
    PAYS,
    choose_time,
    give_address,
    has_confirmation,
    pay,
    set_password,
    sign,
    total,
)

# Who joins each plan, and what its first credit is used for.
PLANS = {
    "Glow": ("Gala", "Classic facial"),
    "Radiance": ("Rocío", "Chemical peel, light"),
    "Signature": ("Silvia", "Biorevitalisation"),
}


def walk(journey: Journey) -> None:
    """Join each plan: one is plain, one has a joining fee, one a minimum term."""
    for plan, (name, treatment) in PLANS.items():
        person = join(journey, plan, name)
        _book(journey, person, plan, treatment)
        person.leave()
        journey.persons.remove(person)


def join(
    journey: Journey, plan: str, name: str, address: str = "", card: str = PAYS
) -> Person:
    """Let a stranger join a plan, with all sums compared; return them, logged in."""
    person = journey.person(address or f"{plan.lower()}@example.com")
    tile = f".o_medspa_plan:has(h2 a:text-is('{plan}'))"
    with journey.step(f"{plan}: read the plans"):
        person.open("/plans")
        price = person.sum(f"{tile} .o_medspa_plan_price strong")
        fee = 0.0
        if person.count(f"{tile} .o_medspa_plan_fee"):
            fee = person.sum(f"{tile} .o_medspa_plan_fee")
        due = price + fee
    with journey.step(f"{plan}: join"):
        person.go(f"{tile} .o_medspa_join")
        same(f"{plan}: the plans page and the cart at the address", due, total(person))
    with journey.step(f"{plan}: look into the cart"):
        person.open("/shop/cart")
        same(f"{plan}: the plans page and the cart", due, total(person))
    person.go_back()
    with journey.step(f"{plan}: give the address"):
        give_address(person, f"{name} Nueva")
        agreement = person.sees(".o_medspa_agreement_box")
        same(f"{plan}: the plans page and after the address", due, total(person))
        assert round(due, 2) in money(agreement), (
            f"the agreement does not name the {due:.2f} to pay now: {agreement[:400]}"
        )
    with journey.step(f"{plan}: sign"):
        sign(person)
        same(f"{plan}: the plans page and the payment", due, total(person))
    with journey.step(f"{plan}: pay"):
        asked = pay(person, card=card)
        same(f"{plan}: the plans page and the provider", due, asked)
        person.sees(".o_medspa_joined", "Your membership is active")
    with journey.step(f"{plan}: the welcome mail"):
        mail = person.gets(plan, late=True)
        assert any(name in text for text in (mail.text, mail.subject)), (
            f"the mail {mail.subject!r} does not name {name}"
        )
    with journey.step(f"{plan}: get in"):
        person.go(".o_medspa_book_first")
        set_password(person)
    with journey.step(f"{plan}: see the membership and its invoice"):
        person.open("/my/memberships")
        person.sees(".o_medspa_membership_card", plan)
        person.open("/my/invoices")
        person.go("table a[href*='/my/invoices/']")
        text = person.page.locator("body").inner_text()
        assert round(due, 2) in money(text), f"the invoice does not show {due:.2f}"
    return person


def _book(journey: Journey, person: Person, plan: str, treatment: str) -> None:
    with journey.step(f"{plan}: book with the first credit"):
        person.open("/my/memberships")
        person.go(".o_medspa_membership_card")
        person.go("a.o_medspa_book")
        person.go(f".o_medspa_treatment:has-text('{treatment}')")
        person.has_read()
        person.sees(".o_medspa_statement", "Included in your plan")
        moment = choose_time(person, days_ahead=1)
        person.go(".o_medspa_confirm")
        person.sees(".o_medspa_review", "Included in your plan")
        person.go(".o_medspa_review button[type=submit]")
        person.sees(".o_medspa_booked")
    with journey.step(f"{plan}: the confirmation of the visit", vital=False):
        has_confirmation(person, treatment, moment)
    with journey.step(f"{plan}: the credit is reserved"):
        person.open("/my/memberships")
        person.go(".o_medspa_membership_card")
        person.reads("booked")
