"""A member changes the card, and sees which one pays from now on."""

from .harness import Journey
from .join import join
from .scenes import save_card

NEW_CARD = "5555555555554444"


def walk(journey: Journey) -> None:
    """Join with one card, change to another."""
    carla = join(journey, "Glow", "Carla", "carla@example.com")
    with journey.step("look at the card"):
        carla.open("/my/memberships")
        carla.go(".o_medspa_membership_card")
        carla.sees(".o_medspa_method", "4242")
    with journey.step("change it"):
        carla.has_read()
        carla.go(".o_medspa_change_card")
        save_card(carla, NEW_CARD)
    with journey.step("the new one is confirmed"):
        carla.reads("card is on file|new card|4444")
    with journey.step("and is the one that pays"):
        carla.open("/my/memberships")
        carla.go(".o_medspa_membership_card")
        carla.sees(".o_medspa_method", "4444")
    with journey.step("no card is shown by its whole number", vital=False):
        words = carla.sees(".o_medspa_method")
        assert NEW_CARD not in words, f"the page shows {words!r}"
