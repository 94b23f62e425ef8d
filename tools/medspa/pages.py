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


def _open_review(page: Any, base: str) -> None:
    """Choose a treatment and the first free time, as a visitor does."""
    page.goto(base + "/book")
    page.locator(".o_medspa_treatment").first.click()
    page.wait_for_load_state("load")
    page.locator(".o_medspa_booking_form label.btn").first.click()
    page.locator(".o_medspa_confirm").click()
    page.wait_for_load_state("load")


def _open_held(page: Any, base: str) -> None:
    """Book as a visitor: the time is held until the address is confirmed."""
    _open_review(page, base)
    page.fill("#medspa_name", "Wilhelmina Featherstonehaugh-Cholmondeley")
    page.fill("#medspa_email", "wilhelmina@example.com")
    page.fill("#medspa_phone", "600 000 111")
    page.locator(".o_medspa_confirm").click()
    page.wait_for_load_state("load")


def _ask_for_link(page: Any, base: str) -> None:
    page.goto(base + "/my/login-link")
    page.fill("#medspa_login_email", "nobody@example.com")
    page.locator(".o_medspa_login_link button").click()
    page.wait_for_load_state("load")


def _open_dialog(button: str) -> Walk:
    """Return a walk to a dialog of an active membership; on a phone, to its form."""

    def walk(page: Any, base: str) -> None:
        page.goto(base + "/odoo/memberships")
        page.locator(ACTIVE).first.click()
        if page.viewport_size["width"] >= 600:
            page.locator(f".o_form_statusbar button:has-text('{button}')").click()
            page.wait_for_selector(".modal .o_form_view")

    return walk


def _join(page: Any, base: str) -> None:
    """Join the first plan as a guest, up to the agreement."""
    page.goto(base + "/plans")
    page.locator(".o_medspa_join").first.click()
    page.wait_for_load_state("load")
    if (fold := page.locator(".o_medspa_address > summary:visible")).count():
        fold.click()
    for name, value in GUEST.items():
        page.locator(f"form.address_autoformat [name='{name}']").fill(value)
    page.locator("select[name='country_id']").select_option(label="Spain")
    page.locator("a[name='website_sale_main_button']:visible").first.click()
    page.wait_for_load_state("load")


def _fill_cart(page: Any, base: str) -> None:
    """Put a course into the cart, and look at the cart."""
    page.goto(base + "/shop")
    page.locator(f".oe_product_cart {COURSE}").first.click()
    page.wait_for_load_state("load")
    page.wait_for_load_state("networkidle")
    with page.expect_response("**/shop/cart/add*"):
        page.locator("#add_to_cart").first.click()
    page.goto(base + "/shop/cart")


GUEST = {
    "name": "Greta Guest",
    "email": "greta@example.com",
    "phone": "+34600111222",
    "street": "Calle Mayor 1",
    "city": "Madrid",
    "zip": "28013",
}
MEMBERSHIP = ("/my/memberships", ".o_medspa_membership_card")
COURSE = "a:has-text('Radiance: 5 light peels')"
ROW = ".o_data_row td[name=reason], .o_kanban_record:not(.o_kanban_ghost)"
LINE = ".o_data_row, .o_kanban_record:not(.o_kanban_ghost)"
ACTIVE = f":is({LINE}):has-text('Active')"

PAGES = [
    # What a visitor sees
    Page("home", None, "/", "#wrapwrap"),
    Page("blocks", None, "/prices", ".o_carousel_product_card"),
    Page("shop", None, "/shop", "#wrapwrap"),
    Page("course", None, _go("/shop", f".oe_product_cart {COURSE}"), "#add_to_cart"),
    Page("cart", None, _fill_cart, ".o_medspa_member_offer"),
    Page("login", None, "/web/login?redirect=/my", ".o_medspa_login_link"),
    Page("login-link-asked", None, _ask_for_link, ".o_medspa_link_asked"),
    Page("login-link-gone", None, "/my/login/too-old", ".o_medspa_link_gone"),
    Page("treatments-to-book", None, "/book", ".o_medspa_treatment"),
    Page(
        "book-times",
        None,
        _go("/book", ".o_medspa_treatment"),
        ".o_medspa_booking_form, .o_medspa_no_slots",
    ),
    Page("book-review", None, _open_review, ".o_medspa_review"),
    Page("book-held", None, _open_held, ".o_medspa_held"),
    Page("book-gone", None, "/book/held/too-old", ".o_medspa_gone"),
    Page(
        "waiting-join",
        None,
        _go("/book", ".o_medspa_treatment", ".o_medspa_waiting_link a"),
        ".o_medspa_waiting_form",
    ),
    Page("plans", None, "/plans", ".o_medspa_plan"),
    Page("plan", None, _go("/plans", ".o_medspa_plan h2 a"), ".o_medspa_join"),
    Page("agreement", None, _join, ".o_medspa_agreement_box"),
    # What a patient sees
    Page("my", "paula", "/my", "#wrapwrap"),
    Page("cart-member", "paula", _fill_cart, "#cart_products"),
    Page("my-courses", "paula", "/my/courses", "#wrapwrap"),
    Page("my-course", "paula", _go("/my/courses", ".o_medspa_course_card")),
    Page(
        "book",
        "paula",
        _go("/my/courses", ".o_medspa_course_card", "a.o_medspa_book"),
        ".o_medspa_booking_form, .o_medspa_empty, .o_medspa_no_slots",
    ),
    Page("my-appointments", "paula", "/my/appointments", "#wrapwrap"),
    Page("my-care", "paula", "/my/care", ".o_medspa_care"),
    Page(
        "my-appointment",
        "paula",
        _go("/my/appointments", ".o_medspa_appointment"),
        "#wrapwrap",
    ),
    Page(
        "my-appointment-move",
        "paula",
        _go("/my/appointments", ".o_medspa_appointment", "a.o_medspa_move"),
        ".o_medspa_move_from",
    ),
    Page(
        "book-review-patient",
        "paula",
        _open_review,
        ".o_medspa_review",
    ),
    Page("my-messages", "paula", "/my/messages", ".o_medspa_messages"),
    Page("my-memberships", "paula", "/my/memberships", ".o_medspa_membership_card"),
    Page("my-membership", "paula", _go(*MEMBERSHIP), ".o_medspa_status"),
    Page(
        "membership-pause",
        "paula",
        _go(*MEMBERSHIP, ".o_medspa_pause"),
        ".o_medspa_pause_form",
    ),
    Page(
        "membership-change",
        "paula",
        _go(*MEMBERSHIP, ".o_medspa_change", ".o_medspa_see_numbers"),
        ".o_medspa_numbers",
    ),
    Page(
        "membership-cancel",
        "paula",
        _go(*MEMBERSHIP, ".o_medspa_cancel"),
        ".o_medspa_cancel_form",
    ),
    Page(
        "membership-card",
        "paula",
        _go(*MEMBERSHIP, ".o_medspa_change_card"),
        ".o_medspa_method_page",
    ),
    # What the clinic sees
    Page("desk", "rita", "/odoo/desk", LINE),
    Page("morning-list", "rita", "/odoo/morning-list", LINE),
    Page("message-text", "rita", _go("/odoo/morning-list", ROW), ".modal .o_form_view"),
    Page("calendar", "rita", "/odoo/appointments", ".o_calendar_renderer"),
    Page("appointment", "rita", _open_booking, ".o_form_view"),
    Page("waiting-list", "rita", "/odoo/waiting-list", ".o_list_view, .o_kanban_view"),
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
    Page("memberships", "rita", "/odoo/memberships", LINE),
    Page("membership", "rita", _go("/odoo/memberships", LINE), ".o_form_view"),
    *(
        Page(f"membership-{name}-desk", who, _open_dialog(button), ".o_form_view")
        for name, who, button in (
            ("change", "rita", "Change plan"),
            ("pause", "rita", "Pause"),
            ("cancel", "rita", "Cancel membership"),
            ("refund", "mara", "Refund"),
        )
    ),
    Page("past-due", "rita", "/odoo/past-due", LINE),
    Page("payment-of-period", "rita", _go("/odoo/past-due", LINE), ".o_form_view"),
    Page("left-members", "rita", "/odoo/left-members", f"{LINE}, .o_view_nocontent"),
    Page("plans-on-sale", "mara", "/odoo/plans", LINE),
    Page("plan-on-sale", "mara", _go("/odoo/plans", LINE), ".o_form_view"),
    Page(
        "price-campaign",
        "mara",
        _go("/odoo/price-campaigns", ".o_list_button_add, .o-kanban-button-new"),
        ".o_form_view",
    ),
    Page("failed-payments", "mara", _go("/odoo/dunning", LINE), ".o_form_view"),
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
    Page("message-rules", "mara", "/odoo/message-rules", LINE),
    Page("message-rule", "mara", _go("/odoo/message-rules", LINE), ".o_form_view"),
]
