"""The pages of which ./medspa screenshots takes pictures.

A path is a text, or a function of the page and the address of the clinic that goes to
where the picture is taken (clicks, forms). Log-ins are those of the demo clinic.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Walk = Callable[[Any, str], None]


@dataclass(frozen=True)
class Page:
    """One page: a name for the file, who looks, where, and what must be there."""

    name: str
    login: str | None
    path: str | Walk
    wait: str = "body"


def _go(start: str, *clicks: str) -> Walk:
    """Return a walk that opens a page and clicks what the selectors name, in turn."""

    def walk(page: Any, base: str) -> None:
        page.goto(base + start)
        for selector in clicks:
            page.locator(selector).first.click()
            page.wait_for_load_state("load")

    return walk


def _open_booking(page: Any, base: str) -> None:
    """Open an appointment that is still to come; on a phone, the first of today."""
    if page.viewport_size["width"] < 600:
        page.goto(base + "/odoo/desk")
        page.locator(LINE).first.click()
    else:
        page.goto(base + "/odoo/appointments?view_type=list")
        page.locator(".o_data_row:has-text('Booked')").first.click()


COURSE = "a:has-text('Radiance: 5 light peels')"
LINE = ".o_data_row, .o_kanban_record:not(.o_kanban_ghost)"

PAGES = [
    # What a visitor sees
    Page("home", None, "/", "#wrapwrap"),
    Page("shop", None, "/shop", "#wrapwrap"),
    Page("course", None, _go("/shop", f".oe_product_cart {COURSE}"), "#add_to_cart"),
    # What a patient sees
    Page("my", "paula", "/my", "#wrapwrap"),
    Page("my-courses", "paula", "/my/courses", "#wrapwrap"),
    Page("my-course", "paula", _go("/my/courses", ".o_medspa_course_card")),
    Page(
        "book",
        "paula",
        _go("/my/courses", ".o_medspa_course_card", "a.o_medspa_book"),
        ".o_medspa_booking_form, .o_medspa_empty, .o_medspa_no_slots",
    ),
    Page("my-appointments", "paula", "/my/appointments", "#wrapwrap"),
    # What the clinic sees
    Page("desk", "rita", "/odoo/desk", LINE),
    Page("calendar", "rita", "/odoo/appointments", ".o_calendar_renderer"),
    Page("appointment", "rita", _open_booking, ".o_form_view"),
    Page("courses", "rita", "/odoo/courses", LINE),
    Page("course-sold", "rita", _go("/odoo/courses", LINE), ".o_form_view"),
    Page(
        "credits", "mara", "/odoo/action-medspa_membership.medspa_credit_action", LINE
    ),
    Page(
        "payment-events",
        "mara",
        "/odoo/payment-events",
        ".o_view_nocontent, .o_data_row",
    ),
    Page(
        "stripe-import",
        "mara",
        "/odoo/action-medspa_membership_stripe.medspa_stripe_import_action",
        ".o_form_view",
    ),
    Page("treatments", "mara", "/odoo/action-medspa_membership.treatment_action", LINE),
    Page(
        "course-on-sale",
        "mara",
        _go(
            "/odoo/action-medspa_membership.course_product_action",
            LINE,
            ".o_notebook .nav-link:has-text('Course')",
        ),
        ".o_form_view",
    ),
]
