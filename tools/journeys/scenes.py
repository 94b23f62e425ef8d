"""What several journeys do alike: buy, sign, pay, choose a time, come to the visit."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from .clock import ZONE
from .harness import TIMEOUT, Person, money
from .mail import Mail

MAIN_BUTTON = (
    "a[name='website_sale_main_button'], button[name='website_sale_main_button']"
)
PAY = "button[name='o_payment_submit_button']"
CARD = "input[name='customer_input']"
# Cards of the demo clinic: one that pays, one that does so only the first time.
PAYS, PAYS_ONCE = "4242424242424242", "4000000000000341"
SLOT = ".o_medspa_booking_form label.btn"


def give_address(person: Person, name: str) -> None:
    """Fill in what the checkout asks for, and only what it shows."""
    values = {
        "name": name,
        "email": person.email,
        "phone": "+34 600 111 222",
        "street": "Calle Mayor 1",
        "city": "Madrid",
        "zip": "28013",
    }
    person.sees("form.address_autoformat input[name='name']")
    for key, value in values.items():
        field = f"form.address_autoformat [name='{key}']"
        if person.count(field):
            person.fill(field, value)
    country = "select[name='country_id']"
    if person.count(country):
        person.choose(country, "Spain")
    person.go(MAIN_BUTTON)


def put_into_cart(person: Person, product: str) -> float:
    """Put a product of the shop into the cart, look at it; return the price shown."""
    person.go(f".oe_product_cart a:has-text('{product}')")
    price = person.sum("[name='product_price_container'], .product_price")
    person.tap("#add_to_cart")
    person.page.wait_for_function(
        "document.querySelector('.my_cart_quantity')?.textContent.trim() > 0"
    )
    person.open("/shop/cart")
    return price


def book_as_visitor(person: Person, name: str, button: str) -> None:
    """Say who one is, as a visitor without an account."""
    person.fill("#medspa_name", name)
    person.fill("#medspa_email", person.email)
    person.fill("#medspa_phone", "+34 600 333 444")
    person.go(button)


def sign_here(person: Person) -> None:
    """Sign in the box of any page, with the name that stands there."""
    person.sees(".o_web_sign_signature, canvas")
    button = person.find("#wrap form button[type=submit], .o_portal_sign_submit").first
    expect(button).to_be_enabled(timeout=60_000)
    person.go(button)


def save_card(person: Person, card: str) -> None:
    """Give another card, without paying anything now."""
    person.sees(PAY)
    _choose_new_card(person)
    person.fill(CARD, card)
    person.go(PAY)
    person.page.wait_for_url(lambda url: "/payment/status" not in url)
    person.ready()


def _choose_new_card(person: Person) -> None:
    """Come to the field of a card, past the cards that are on file."""
    others = person.page.get_by_text("Choose another method").locator("visible=true")
    if not person.count(CARD) and others.count():
        person.tap(others)
    if not person.count(CARD):
        radio = (
            "input[name='o_payment_radio'][data-payment-option-type='payment_method']"
        )
        person.tap(f"{radio}[data-provider-code='demo']")


def sign(person: Person) -> None:
    """Sign the agreement with the name that stands there."""
    person.sees(".o_medspa_sign canvas, .o_medspa_sign .o_web_sign_signature")
    button = person.find(".o_medspa_sign button[type=submit]").first
    expect(button).to_be_enabled(timeout=60_000)
    person.go(button)
    person.page.wait_for_url("**/shop/payment**")


def pay(person: Person, outcome: str = "", card: str = PAYS) -> float:
    """Pay by a new card of the demo provider; return what the provider is asked for."""
    person.sees(PAY)
    _choose_new_card(person)
    person.fill(CARD, card)
    if outcome:
        person.choose("#simulated_payment_state", outcome)
    with person.page.expect_response(re.compile(r"/transaction(/|$|\?)")) as answer:
        person.tap(PAY)
    asked = answer.value.json().get("result") or {}
    person.page.wait_for_url(
        re.compile(r"/(confirmation|my/|book/held|payment/status)")
    )
    # The first papers of a fresh clinic are printed meanwhile.
    person.page.wait_for_url(
        lambda url: "/payment/status" not in url, timeout=3 * TIMEOUT
    )
    person.ready()
    return float(asked.get("amount") or 0)


def set_password(person: Person, password: str = "Salvia-and-Alba-14") -> None:
    """Choose the first password, where the way leads past it."""
    if person.count("input[name='confirm_password']"):
        person.fill("input[name='password']", password)
        person.fill("input[name='confirm_password']", password)
        person.go(".oe_signup_form button[type='submit']")


def choose_time(person: Person, *, days_ahead: int = 0) -> datetime:
    """Choose the first free time, some days from now on; return the moment."""
    if person.count(".o_medspa_next_free"):
        person.go(".o_medspa_next_free")
    earliest = person.journey.clock.now().date() + timedelta(days=days_ahead)
    for _week in range(6):
        for day in person.find("a.o_medspa_day").all():
            address = day.get_attribute("href") or ""
            if address[-10:] >= str(earliest):
                if "btn-primary" not in (day.get_attribute("class") or "").split():
                    person.go(day)
                label = person.find(SLOT).first
                value = (label.get_attribute("for") or "").removeprefix("slot_")
                person.tap(label)
                return _moment(value)
        person.go(".o_medspa_following")
    raise AssertionError(f"there is no free time from {earliest} on")


def has_confirmation(person: Person, treatment: str, moment: datetime) -> Mail:
    """Make sure that a visit is confirmed by mail, with all that it must have."""
    mail = person.gets(text=time_words(moment))
    address = "Calle de la Salvia 14"
    for words in (treatment, f"{moment:%B}", str(moment.day), address, "cancel it"):
        assert words in mail.text, f"the mail {mail.subject!r} does not say {words!r}"
    assert any(name.endswith(".ics") for name in mail.attachments), (
        f"the mail {mail.subject!r} has no .ics"
    )
    return mail


def time_words(moment: datetime) -> str:
    """Return a regular expression of a time of day, whatever the language writes."""
    return rf"\b({moment:%H:%M}|0?{moment.hour % 12 or 12}:{moment:%M}\s[AP]M)"


def _moment(value: str) -> datetime:
    """Read the value of a free time: a moment in UTC."""
    digits = re.sub(r"\D", "", value)
    if len(digits) < 12:
        return datetime.fromtimestamp(int(digits), ZONE)
    moment = datetime.strptime(digits[:12], "%Y%m%d%H%M")
    return moment.replace(tzinfo=UTC).astimezone(ZONE)


def total(person: Person) -> float:
    """Return the sum of the order that the checkout shows."""
    row = person.page.locator("tr[name='o_order_total'] td:last-child strong")
    row.first.wait_for(state="attached")
    texts = row.all_text_contents()
    assert len(set(texts)) == 1, f"the checkout shows several totals: {texts}"
    return money(texts[0])[-1]
