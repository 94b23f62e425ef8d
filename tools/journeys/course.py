"""A stranger buys a course, books, comes, and reads what is left."""

from datetime import timedelta

from .harness import DESK, Journey, same
from .scenes import (
    choose_time,
    give_address,
    has_confirmation,
    pay,
    put_into_cart,
    set_password,
    total,
)

COURSE = "Radiance: 5 light peels"


def walk(journey: Journey) -> None:
    """Buy as a guest, get in by the mail, book, come, see what is left."""
    vera = journey.person("vera@example.com")
    with journey.step("put the course into the cart"):
        vera.open("/shop")
        price = put_into_cart(vera, COURSE)
        same("the course's page and the cart", price, total(vera))
    with journey.step("go to the checkout"):
        vera.go("a[name='website_sale_main_button']")
    with journey.step("give the address"):
        give_address(vera, "Vera Visitante")
        same("the course's page and the payment", price, total(vera))
    with journey.step("pay"):
        same("the course's page and the provider", price, pay(vera))
        vera.sees(".o_medspa_bought", "Your course is active")
    with journey.step("get in by the link of the mail", vital=False):
        mail = vera.gets(link="book|password|account")
        vera.follow(mail, "book|password|account")
        set_password(vera)
        assert "/web/login" not in vera.where(), "the link leads to the log-in"
    if "/web/login" in vera.where():
        with journey.step("get in by the page after the payment"):
            vera.open("/shop/confirmation")
            vera.go(".o_medspa_book_first")
            set_password(vera)
    with journey.step("one purchase has sent one mail", vital=False):
        subjects = [mail.subject for mail in journey.own_mails]
        assert len(subjects) == 1, f"there came {subjects}"
    with journey.step("book the first session"):
        vera.open("/my/courses")
        vera.go(".o_medspa_course_card")
        vera.go("a.o_medspa_book")
        vera.has_read()
        moment = choose_time(vera, days_ahead=1)
        vera.go(".o_medspa_confirm")
        vera.sees(".o_medspa_booked")
    with journey.step("the confirmation has all, and what is left", vital=False):
        mail = has_confirmation(vera, "Chemical peel, light", moment)
        assert "4 sessions left" in mail.text, f"{mail.subject!r}: {mail.text[:400]}"
    journey.clock.go_to(moment - timedelta(minutes=10))
    with journey.step("the desk checks in"):
        rita = journey.person(size=DESK, login="rita")
        rita.open("/odoo/desk")
        row = ".o_data_row:has-text('Vera Visitante')"
        rita.tap(f"{row} button[name='action_arrive']")
        rita.sees(row, "Arrived")
    journey.clock.go_to(moment + timedelta(minutes=40))
    with journey.step("the desk says that it is done"):
        vera.has_read()
        rita.open("/odoo/desk")
        rita.tap(f"{row} button[name='action_done']")
        rita.sees(row, "Done")
    with journey.step("the page says what is left", vera):
        vera.open("/my/courses")
        vera.sees(f".o_medspa_course_card:has-text('{COURSE}')", "4 of 5")
