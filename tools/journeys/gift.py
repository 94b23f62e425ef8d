"""A gift certificate is bought, its mail arrives, its code pays for a course."""

import re

from .harness import Journey, same
from .scenes import give_address, pay, put_into_cart, set_password, total

# The code of a certificate, as core makes it.
CODE = r"\b044[0-9a-f]?-[0-9a-f]{4}-[0-9a-f]{4}"
COURSE = "Radiance: 5 light peels"


def walk(journey: Journey) -> None:
    """Buy 50 for somebody, who pays a part of a course with it."""
    gina = journey.person("gina@example.com")
    with journey.step("find the certificate"):
        gina.open("/shop")
        price = put_into_cart(gina, "Gift certificate")
        gina.sees("#cart_products, .o_cart_products, #wrap")
        same("the certificate and the cart", price, total(gina))
    with journey.step("pay for it"):
        gina.go("a[name='website_sale_main_button']")
        give_address(gina, "Gina Gifts")
        same("the certificate and the provider", price, pay(gina))
    with journey.step("its mail arrives"):
        mail = gina.gets(text=CODE, late=True)
        code = re.search(CODE, mail.text)
        assert code
        assert "€" in mail.text or "EUR" in mail.text, mail.text[:300]
        assert "$" not in mail.text, mail.text[:300]
    rafa = journey.person("rafa@example.com")
    with journey.step("the code pays for a course"):
        rafa.open("/shop")
        course = put_into_cart(rafa, COURSE)
        rafa.fill("input[name='promo']", code[0])
        rafa.go("form[name='coupon_code'] [type=submit], form[name='coupon_code'] a")
        same("the course less the certificate", course - price, total(rafa))
    with journey.step("and the rest is paid by card"):
        rafa.go("a[name='website_sale_main_button']")
        give_address(rafa, "Rafa Receives")
        same("the rest and the provider", course - price, pay(rafa))
        rafa.sees(".o_medspa_bought", "Your course is active")
    with journey.step("get in", rafa):
        rafa.go(".o_medspa_book_first")
        set_password(rafa)
