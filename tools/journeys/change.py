"""A member takes a bigger plan at once, a smaller one later, and adds a relative."""

from .harness import Journey, Person, money, same
from .join import join
from .scenes import set_password, sign_here


def walk(journey: Journey) -> None:
    """Upgrade, add a family member, downgrade."""
    cleo = join(journey, "Glow", "Cleo", "cleo@example.com")
    with journey.step("the numbers of the bigger plan"):
        _open_change(cleo, "Signature")
        charged = cleo.sum(".o_medspa_numbers .o_medspa_amount")
        assert charged > 0, "a bigger plan costs nothing today"
    with journey.step("upgrade"):
        cleo.has_read()
        cleo.go(".o_medspa_confirm")
        cleo.sees(".o_medspa_done")
        if cleo.count(".o_medspa_to_sign a"):
            cleo.go(".o_medspa_to_sign a")
            sign_here(cleo)
    with journey.step("what was said is what was charged"):
        cleo.open("/my/memberships")
        cleo.go(".o_medspa_membership_card")
        cleo.sees("h1", "Signature")
        words = cleo.sees(".o_medspa_period")
        same("the numbers and the payment", charged, money(words)[0])
    with journey.step("the change is confirmed by mail", vital=False):
        cleo.gets(text="Signature")
    fidel = journey.person("fidel@example.com")
    with journey.step("a relative is added", cleo):
        cleo.fill("#family_name", "Fidel Familiar")
        cleo.fill("#family_email", fidel.email)
        cleo.go(".o_medspa_add_person button[type=submit]")
        cleo.sees(".o_medspa_done", "family")
    with journey.step("and is invited by mail", fidel, vital=False):
        mail = fidel.gets(link="Open my page")
        fidel.follow(mail, "Open my page")
        set_password(fidel)
        fidel.open("/my/memberships")
        fidel.reads("Signature")
    with journey.step("the numbers of the smaller plan", cleo):
        _open_change(cleo, "Radiance")
        same("a smaller plan is charged later", 0, cleo.sum(".o_medspa_amount"))
    with journey.step("downgrade", cleo):
        cleo.has_read()
        cleo.go(".o_medspa_confirm")
        cleo.sees(".o_medspa_planned, .o_medspa_done", "Radiance")


def _open_change(person: Person, plan: str) -> None:
    person.open("/my/memberships")
    person.go(".o_medspa_membership_card")
    person.go(".o_medspa_change")
    card = f".o_medspa_plan:has(h2:has-text('{plan}'))"
    person.go(f"{card} .o_medspa_see_numbers")
    person.sees(".o_medspa_numbers")
