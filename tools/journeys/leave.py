"""A member cancels, changes their mind, cancels again."""

import re
from datetime import datetime

from .harness import Journey
from .join import join


def walk(journey: Journey) -> None:
    """Read the last day and what is due until then; cancel; it is confirmed."""
    lea = join(journey, "Radiance", "Lea", "lea@example.com")
    with journey.step("read what leaving means"):
        _open_cancel(lea)
        facts = lea.sees(".o_medspa_cancel_facts")
        last_day = re.search(r"last day is ([^.]+)\.", facts)
        assert last_day, f"the last day is not told: {facts}"
    with journey.step("the reasons are those of a patient", vital=False):
        reasons = lea.sees("select[name=reason]")
        assert "subscription" not in reasons.lower(), reasons
    with journey.step("cancel"):
        lea.has_read()
        lea.find("select[name=reason]").first.select_option(index=1)
        lea.go(".o_medspa_confirm")
        lea.sees(".o_medspa_done", "cancellation is confirmed")
    with journey.step("the cancellation is confirmed by mail", vital=False):
        mail = lea.gets("cancel")
        day = datetime.strptime(last_day[1].strip(), "%b %d, %Y")
        words = f"{day:%A, %B} {day.day}, {day.year}"
        assert words in mail.text, f"the mail does not name {words}: {mail.text[:300]}"
    with journey.step("stay after all"):
        lea.go(".o_medspa_keep")
        lea.sees(".o_medspa_done", "goes on")
    with journey.step("cancel again"):
        _open_cancel(lea)
        lea.find("select[name=reason]").first.select_option(index=1)
        lea.go(".o_medspa_confirm")
        lea.sees(".o_medspa_done", "cancellation is confirmed")


def _open_cancel(lea) -> None:
    lea.open("/my/memberships")
    lea.go(".o_medspa_membership_card")
    lea.go("a.o_medspa_cancel")
