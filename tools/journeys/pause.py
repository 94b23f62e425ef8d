"""A member pauses, with the numbers first, and comes back."""

from datetime import timedelta

from .harness import Journey
from .join import join


def walk(journey: Journey) -> None:
    """Plan a pause, read what it means, see it on the page and in the mail."""
    paz = join(journey, "Glow", "Paz", "paz@example.com")
    first = journey.clock.now().date() + timedelta(days=3)
    last = first + timedelta(days=19)
    with journey.step("read what a pause means"):
        paz.open("/my/memberships")
        paz.go(".o_medspa_membership_card")
        paz.go(".o_medspa_pause")
        paz.fill("#pause_start", str(first))
        paz.fill("#pause_end", str(last))
    with journey.step("see the next payment before confirming", vital=False):
        if paz.count(".o_medspa_see_numbers"):
            paz.go(".o_medspa_see_numbers")
        paz.reads("next payment")
    with journey.step("pause"):
        paz.has_read()
        paz.go(".o_medspa_pause_form .o_medspa_confirm, .o_medspa_confirm")
        paz.sees(".o_medspa_done", "pause is planned")
        paz.sees(".o_medspa_planned")
    with journey.step("the page says when the next payment is", vital=False):
        paz.sees(".o_medspa_planned", "Next payment after it")
    journey.clock.go_to(journey.clock.now() + timedelta(days=4))
    with journey.step("a mail says on its day that it is paused"):
        mail = paz.gets("paused", seconds=120)
        assert "The last day of the pause is" in mail.text, mail.text[:300]
    with journey.step("it is paused on its day"):
        paz.open("/my/memberships")
        paz.sees(".o_medspa_membership_card", "Paused")
    with journey.step("come back earlier"):
        paz.go(".o_medspa_membership_card")
        paz.go(".o_medspa_resume")
        paz.sees(".o_medspa_done", "runs again")
