# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import html
import re
from urllib.parse import parse_qs, urlsplit

from odoo import Command, http
from odoo.tests import HttpCase, tagged

from odoo.addons.payment.tests.http_common import PaymentHttpCommon
from odoo.addons.website_sale.tests.common import MockRequest

from .common import ClinicData


def to_text(page):
    text = re.sub(r"<[^>]+>", " ", page)
    return re.sub(r"\s+", " ", html.unescape(text)).replace("\xa0", " ")


@tagged("post_install", "-at_install")
class TestShopPages(ClinicData, HttpCase):
    """What visitors of the shop read of a course. Numbers are worked by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_clinic()
        cls.website = cls.env["website"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls.symbol = cls.website.currency_id.symbol
        cls.peel_course.step_ids.advised_days = 14
        cls.tax = cls.env["account.tax"].create(
            {
                "name": "21%",
                "amount": 21,
                "amount_type": "percent",
                "type_tax_use": "sale",
                "price_include_override": "tax_excluded",
                "company_id": cls.company.id,
            }
        )

    def _page(self, product=None):
        product = product or self.peel_course
        self.env.registry.clear_cache()
        response = self.url_open(product.website_url)
        self.assertEqual(response.status_code, 200)
        return response.text

    def _amounts(self, page):
        """Return price per session, saving and price one by one, as shown."""
        return [
            "".join(re.findall(r"[\d.,]+", self._part(page, name))[:1])
            for name in ("session_price", "saving", "single_price")
        ]

    def _part(self, page, name):
        found = re.search(
            rf'class="o_medspa_{name}\b.*?</(span|del)>\s', page, re.DOTALL
        )
        return to_text(found.group(0).split(">", 1)[1]) if found else ""

    def _set_taxes(self, display):
        (self.peel | self.peel_course).taxes_id = self.tax
        self.website.show_line_subtotals_tax_selection = display

    def test_course_says_what_is_in_it(self):
        text = to_text(self._page())
        self.assertIn("5 × Peel 45 minutes each", text)
        self.assertIn("At least 7 days between sessions, 14 advised", text)
        self.assertIn("Valid for 365 days from the purchase", text)
        # Five sessions, seven days apart: four times seven.
        self.assertIn("Finished at the earliest 28 days after the first session", text)

    def test_course_without_limits_says_so(self):
        course = self._create_course_product(
            "Free pace", 200, [(self.laser, 3, 0)], validity_days=0
        )
        text = to_text(self._page(course))
        self.assertIn("No time limit", text)
        self.assertNotIn("Finished at the earliest", text)
        self.assertNotIn("between sessions", text)

    def test_validity_from_the_first_visit(self):
        self.peel_course.validity_from = "first_visit"
        self.assertIn("365 days from the first visit", to_text(self._page()))

    def test_price_per_session_and_saving(self):
        # 450 / 5 = 90; one by one 5 * 120 = 600; 600 - 450 = 150, a quarter.
        page = self._page()
        self.assertEqual(self._amounts(page), ["90.00", "150.00", "600.00"])
        self.assertIn("(25%)", to_text(page))

    def test_taxes_excluded(self):
        self._set_taxes("tax_excluded")
        self.assertEqual(self._amounts(self._page()), ["90.00", "150.00", "600.00"])

    def test_taxes_included(self):
        self._set_taxes("tax_included")
        # 450 * 1.21 = 544.50, / 5 = 108.90; 600 * 1.21 = 726; 726 - 544.50 = 181.50.
        self.assertEqual(self._amounts(self._page()), ["108.90", "181.50", "726.00"])

    def test_taxes_of_course_and_treatment_differ(self):
        self.peel.taxes_id = self.tax
        self.website.show_line_subtotals_tax_selection = "tax_included"
        # The course bears none: 450 / 5 = 90; 600 * 1.21 = 726; 726 - 450 = 276.
        self.assertEqual(self._amounts(self._page()), ["90.00", "276.00", "726.00"])

    def _use_pricelist(self, items, currency=None):
        self.env["product.pricelist"].search([]).active = False
        self.env["res.config.settings"].create(
            {"group_product_pricelist": True}
        ).execute()
        return self.env["product.pricelist"].create(
            {
                "name": "Shop",
                "currency_id": (currency or self.company.currency_id).id,
                "website_id": self.website.id,
                "selectable": True,
                "sequence": 1,
                "item_ids": [Command.create(vals) for vals in items],
            }
        )

    def test_pricelist_discount_of_the_course(self):
        self._use_pricelist(
            [
                {
                    "applied_on": "1_product",
                    "product_tmpl_id": self.peel_course.id,
                    "compute_price": "percentage",
                    "percent_price": 10,
                }
            ]
        )
        # 450 - 10 % = 405, / 5 = 81; the peel costs 120 still: 600 - 405 = 195.
        self.assertEqual(self._amounts(self._page()), ["81.00", "195.00", "600.00"])

    def test_pricelist_discount_of_everything(self):
        self._use_pricelist([{"compute_price": "percentage", "percent_price": 50}])
        # 225 / 5 = 45; 5 * 60 = 300; 300 - 225 = 75.
        self.assertEqual(self._amounts(self._page()), ["45.00", "75.00", "300.00"])

    def test_other_currency(self):
        currency = self.env["res.currency"].create(
            {"name": "QQQ", "symbol": "Q", "rounding": 1.0, "position": "after"}
        )
        self.env["res.currency.rate"].create(
            {
                "name": "2020-01-01",
                "rate": 110.0,
                "currency_id": currency.id,
                "company_id": self.company.id,
            }
        )
        self._use_pricelist([], currency)
        # 450 * 110 = 49500, / 5 = 9900; 600 * 110 = 66000; 66000 - 49500 = 16500.
        page = self._page()
        self.assertEqual(self._amounts(page), ["9,900", "16,500", "66,000"])
        self.assertIn("9,900 Q", to_text(page))

    def test_no_saving_is_not_called_one(self):
        self.peel_course.list_price = 700
        page = self._page()
        self.assertNotIn("o_medspa_saving", page)
        self.assertNotIn("Bought one by one", page)

    def test_free_sessions_count(self):
        self.peel_course.step_ids.free_sessions = 1
        page = self._page()
        # 450 / 6 = 75; 6 * 120 = 720; 720 - 450 = 270.
        self.assertEqual(self._amounts(page), ["75.00", "270.00", "720.00"])
        self.assertIn("and 1 free", to_text(page))

    def test_combo_says_each_treatment(self):
        combo = self._create_course_product(
            "Combo", 300, [(self.peel, 2, 7), (self.laser, 1, 14)]
        )
        text = to_text(self._page(combo))
        self.assertIn("2 × Peel", text)
        self.assertIn("1 × Laser 30 minutes each", text)
        self.assertIn("At least 14 days after the session before", text)
        # 300 / 3 = 100; 2 * 120 + 80 = 320; saving 20.
        self.assertEqual(
            self._amounts(self._page(combo)), ["100.00", "20.00", "320.00"]
        )
        self.assertIn("per session on average", text)

    def test_course_has_no_quantity_and_a_treatment_does(self):
        self.assertNotIn('name="add_qty"', self._page())
        page = self._page(self.peel)
        self.assertIn('name="add_qty"', page)
        self.assertIn("45 minutes", to_text(page))

    def test_unpublished_treatments_do_not_break_the_page(self):
        self.peel.is_published = False
        self.assertIn("5 × Peel", to_text(self._page()))

    def test_tiles(self):
        text = to_text(self.url_open("/shop").text)
        self.assertIn(f"5 sessions · {self.symbol} 90.00 per session", text)
        self.assertIn("30 minutes", text)

    def test_grid_costs_the_same_for_many_courses(self):
        def count(courses):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            for course in courses:
                course._get_shop_tile(450)
            return self.cr.sql_log_count - before

        courses = self.peel_course
        for number in range(9):
            courses |= self._create_course_product(
                f"Course {number}", 300, [(self.peel, 2, 7)]
            )
        count(courses)
        self.assertLessEqual(count(courses), count(self.peel_course) + 1)

    def test_prices_come_from_the_request(self):
        """The figures a theme or a snippet may use, without the page."""
        with MockRequest(self.website.env, website=self.website):
            figures = self.peel_course._get_shop_course(self.website, 450)
        self.assertEqual(figures["saving"], 150)
        self.assertEqual(figures["saving_percent"], 25)
        self.assertTrue(figures["has_saving"])


@tagged("post_install", "-at_install")
class TestShopPurchase(ClinicData, PaymentHttpCommon):
    """A visitor buys a course in the shop and reaches it in the portal."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_clinic()
        cls.env.registry.clear_cache()
        cls.env["payment.provider"].search(
            [("id", "!=", cls.dummy_provider.id)]
        ).state = "disabled"
        cls.country = cls.env.ref("base.es")
        # The journal in which core books what the provider says was paid.
        journal = cls.env["account.journal"].search(
            [("type", "=", "bank"), ("company_id", "=", cls.company.id)], limit=1
        )
        method = cls.env.ref("account.account_payment_method_manual_in")
        cls.env["account.payment.method.line"].create(
            {
                "name": "Dummy",
                "journal_id": journal.id,
                "payment_method_id": method.id,
                "payment_provider_id": cls.dummy_provider.id,
            }
        )

    def setUp(self):
        self.enable_post_process_patcher = False
        super().setUp()

    def _csrf(self):
        return http.Request.csrf_token(self)

    def _fill_cart(self):
        self.make_jsonrpc_request(
            "/shop/cart/add",
            {
                "product_template_id": self.peel_course.id,
                "product_id": self.peel_course.product_variant_id.id,
                "quantity": 1,
            },
        )

    def _give_address(self, email):
        self.url_open(
            "/shop/address/submit",
            data={
                "csrf_token": self._csrf(),
                "name": "Greta Guest",
                "email": email,
                "phone": "+34600111222",
                "street": "Calle Mayor 1",
                "city": "Madrid",
                "zip": "28001",
                "country_id": self.country.id,
                "address_type": "billing",
                "use_delivery_as_billing": "true",
            },
        )

    def _pay(self, state="done"):
        """Go through core's payment page; the provider then says how it went."""
        page = self.url_open("/shop/checkout?try_skip_step=true").text
        context = {
            key: html.unescape(re.search(rf'data-{key}="([^"]*)"', page).group(1))
            for key in ("transaction-route", "access-token", "landing-route")
        }
        values = self.make_jsonrpc_request(
            context["transaction-route"],
            {
                "provider_id": self.dummy_provider.id,
                "payment_method_id": self.pm_unknown.id,
                "token_id": None,
                "flow": "direct",
                "tokenization_requested": False,
                "landing_route": context["landing-route"],
                "access_token": context["access-token"],
                "csrf_token": self._csrf(),
            },
        )
        tx = self.env["payment.transaction"].search(
            [("reference", "=", values["reference"])]
        )
        if state == "done":
            tx.sudo()._set_done()
            tx.sudo()._post_process()
        else:
            tx.sudo()._set_pending()
            tx.sudo()._post_process()
        return tx.sale_order_ids

    def _confirmation(self):
        self.url_open("/shop/payment/validate")
        return self.url_open("/shop/confirmation").text

    def _buy(self, email="greta@example.com", state="done"):
        self.authenticate(None, None)
        self._fill_cart()
        self._give_address(email)
        order = self._pay(state)
        return order, self._confirmation()

    def _get_book_link(self, page):
        found = re.search(r'o_medspa_book_first[^>]*?href="([^"]+)"', page, re.DOTALL)
        return html.unescape(found.group(1)) if found else None

    def test_guest_pays_and_chooses_a_password(self):
        order, page = self._buy()
        course = order.course_ids
        self.assertEqual(course.state, "active")
        self.assertEqual(course.price, 450)
        self.assertEqual(course.remaining_sessions, 5)
        self.assertIn("Your course is active", page)
        user = order.partner_id.user_ids
        self.assertEqual(user.login, "greta@example.com")
        self.assertTrue(user._is_portal())
        link = self._get_book_link(page)
        self.assertTrue(link.startswith("/web/signup?"))
        query = {key: value[0] for key, value in parse_qs(urlsplit(link).query).items()}
        self.assertEqual(query["redirect"], f"/my/courses/{course.id}")
        response = self.url_open(
            link,
            data={
                "csrf_token": self._csrf(),
                "login": "greta@example.com",
                "name": "Greta Guest",
                "password": "a long secret 1",
                "confirm_password": "a long secret 1",
                "token": query["token"],
                "redirect": query["redirect"],
            },
        )
        self.assertTrue(response.url.endswith(f"/my/courses/{course.id}"))
        self.assertIn("Book a session", response.text)

    def test_cart_offers_one_course_and_nothing_that_is_grey(self):
        self.authenticate(None, None)
        self._fill_cart()
        page = self.url_open("/shop/cart").text
        self.assertIn("5 peels", page)
        self.assertIn('data-medspa-fixed="1"', page)
        self.assertNotIn("oi-minus", page)
        self.assertNotIn("Quick reorder", page)

    def test_link_of_the_guest_is_used_once(self):
        """Once the patient has logged in, the page of the order opens no account."""
        order, page = self._buy()
        self.assertIn("token=", self._get_book_link(page))
        self.env["res.users.log"].with_user(order.partner_id.user_ids).sudo().create({})
        self.env.invalidate_all()
        page = self.url_open("/shop/confirmation").text
        self.assertEqual(
            self._get_book_link(page), f"/my/courses/{order.course_ids.id}"
        )

    def test_one_mail_says_what_was_bought_and_lets_the_buyer_in(self):
        before = self.env["mail.mail"].search([])
        order, _page = self._buy()
        mails = (self.env["mail.mail"].search([]) - before).filtered(
            lambda mail: order.partner_id in mail.recipient_ids
        )
        self.assertEqual(mails.mapped("model"), ["medspa.course"])
        self.assertIn("5 peels", mails.body_html)
        self.assertIn("/web/signup?", mails.body_html)

    def test_patient_who_forgot_to_log_in_gets_the_course(self):
        user = self._create_portal_user(self.patient, "paula@example.com")
        users = self.env["res.users"].search_count([])
        order, page = self._buy("Paula@Example.com")
        self.assertEqual(order.course_ids.partner_id, self.patient)
        self.assertNotEqual(order.partner_id, self.patient)
        # Whoever bought it is not let into the account of the patient.
        self.assertEqual(
            self._get_book_link(page), f"/my/courses/{order.course_ids.id}"
        )
        self.assertEqual(self.env["res.users"].search_count([]), users)
        self.assertFalse(user.login_date)

    def test_patient_who_is_logged_in_books_at_once(self):
        self._create_portal_user(self.patient, "paula")
        self.patient.write(
            {
                "street": "Calle Mayor 1",
                "city": "Madrid",
                "zip": "28001",
                "phone": "+34600111222",
                "country_id": self.country.id,
            }
        )
        self.authenticate("paula", "paula")
        self._fill_cart()
        order = self._pay()
        page = self._confirmation()
        self.assertEqual(order.course_ids.partner_id, self.patient)
        link = self._get_book_link(page)
        self.assertEqual(link, f"/my/courses/{order.course_ids.id}")
        self.assertIn("Book a session", self.url_open(link).text)

    def test_pending_payment_waits(self):
        order, page = self._buy(state="pending")
        self.assertFalse(order.course_ids.filtered(lambda c: c.state == "active"))
        self.assertFalse(order.partner_id.user_ids)
        self.assertIsNone(self._get_book_link(page))
        self.assertIn("as soon as the payment has arrived", to_text(page))

    def test_stranger_sees_no_confirmation(self):
        order, _page = self._buy()
        self.authenticate(None, None)
        page = self.url_open("/shop/confirmation").text
        self.assertNotIn("o_medspa_bought", page)
        self.assertNotIn(order.name, page)
