# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import re
import threading
from datetime import datetime, timedelta

from werkzeug.test import Client

from odoo import Command, fields, http
from odoo.exceptions import UserError
from odoo.tests import HttpCase, freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MockEmail

from .common import TODAY, ClinicCase, ClinicData
from .test_credit_concurrency import RealTransactionsCase

CONFIRM = re.compile(r'href="[^"]*?(/book/confirm/[\w=-]+)"')
VISITOR = {"name": "Vera Visitor", "email": "vera@example.com", "phone": "600 000 999"}


class OpenBookingCase(ClinicData, MockEmail, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_clinic()
        cls.company.booking_lead_minutes = 0
        cls.env["website"].search([], limit=1).company_id = cls.company
        cls.user = cls._create_portal_user(cls.patient, "paula")
        cls.other_user = cls._create_portal_user(cls.other_patient, "oscar")
        cls.patient.write({"name": "Paula Patient", "email": "paula@example.com"})
        cls.other_patient.write({"name": "Oscar Other", "email": "oscar@example.com"})
        cls.day = cls._next_working_day(3)
        cls.start = cls._at(cls.day, 11)
        cls.url = f"/book/{cls.env['ir.http']._slug(cls.peel)}"

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)

    def _value(self, start=None):
        return (start or self.start).strftime("%Y-%m-%dT%H:%M")

    def _review(self, start=None, url=None, **kwargs):
        query = "".join(f"&{key}={value}" for key, value in kwargs.items())
        return self.url_open(
            f"{url or self.url}/review?start={self._value(start)}{query}"
        )

    def _post(self, url, **data):
        data["csrf_token"] = http.Request.csrf_token(self)
        return self.url_open(url, data=data, allow_redirects=False)

    def _book(self, start=None, url=None, agreed=None, visitor=None, **data):
        """Confirm the review page as it is shown, and return the answer."""
        visitor = VISITOR if visitor is None else visitor
        if agreed is None:
            page = self._review(start, url).text
            agreed = re.search(r'name="agreed" value="([^"]+)"', page)[1]
        data = {"start": self._value(start), "agreed": agreed, **visitor, **data}
        with self.mock_mail_gateway():
            response = self._post(f"{url or self.url}/confirm", **data)
        self.env.invalidate_all()
        return response

    def _appointments(self):
        self.env.invalidate_all()
        return self.env["calendar.event"].search([("treatment_id", "!=", False)])

    def _get_confirm_path(self):
        return CONFIRM.search(self._new_mails[-1].body_html)[1]

    def _run(self, cron):
        with self.enter_registry_test_mode():
            self.env.ref(f"medspa_membership.{cron}").method_direct_trigger()
        self.env.invalidate_all()

    def _text(self, response):
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.text))


@tagged("post_install", "-at_install")
class TestOpenBooking(OpenBookingCase):
    # === WITHOUT AN ACCOUNT === #

    def test_visitor_books_and_confirms_by_mail(self):
        response = self._book()
        self.assertEqual(response.status_code, 303)
        event = self._appointments()
        self.assertRecordValues(
            event,
            [
                {
                    "appointment_status": "booked",
                    "start": self.start,
                    "is_booked_online": True,
                    "credit_id": False,
                }
            ],
        )
        self.assertTrue(event.held_until)
        self.assertEqual(event.patient_id.name, "Vera Visitor")
        self.assertEqual(self._new_mails[-1].email_to, "vera@example.com")
        page = self.url_open(response.headers["Location"])
        self.assertIn("Look into your mail", page.text)
        ics = self.url_open(response.headers["Location"] + "/appointment.ics")
        self.assertNotIn("VEVENT", ics.text, "nothing is booked yet")
        path = self._get_confirm_path()
        self.assertIn("Yes, book it", self.url_open(path).text)
        self.env.invalidate_all()
        self.assertTrue(
            event.held_until, "a link that is only fetched confirms nothing"
        )
        response = self._post(path)
        self.env.invalidate_all()
        self.assertFalse(event.held_until)
        self.assertIn(f"/my/appointments/{event.id}", response.headers["Location"])
        page = self.url_open(response.headers["Location"])
        self.assertIn("Your appointment is booked.", page.text)
        self.assertTrue(event.patient_id.user_ids._is_portal())
        self.assertFalse(event.patient_id.is_unconfirmed_visitor)

    def test_confirm_link_lets_in_once(self):
        self._book()
        path = self._get_confirm_path()
        self._post(path)
        self.authenticate(None, None)
        response = self._post(path)
        self.assertIn("/book/held/", response.headers["Location"])
        ics = self.url_open(response.headers["Location"] + "/appointment.ics")
        self.assertIn("SUMMARY:Peel at", ics.text)
        self.assertNotIn("Vera", ics.text)
        page = self.url_open("/my/appointments", allow_redirects=False)
        self.assertIn("/web/login", page.headers["Location"])

    def test_unconfirmed_time_is_free_again(self):
        self._book()
        event, visitor = self._appointments(), self._appointments().patient_id
        with freeze_time(event.held_until - timedelta(seconds=1)):
            self._run("ir_cron_release_holds")
            self.assertEqual(event.appointment_status, "booked")
        with freeze_time(event.held_until):
            self._run("ir_cron_release_holds")
        self.assertEqual(event.appointment_status, "cancelled")
        self.assertFalse(event.occupancy_ids)
        self.assertFalse(visitor.active, "who was never heard of again is put away")
        response = self._post(self._get_confirm_path())
        self.assertIn("not held any more", self._text(response))
        self.assertEqual(event.appointment_status, "cancelled")

    def test_visitor_with_a_patient_s_address_is_somebody_else(self):
        """Somebody types Paula's address: no name, no credit, no hint, no file."""
        credit = self._create_credit(4)
        response = self._book(visitor={**VISITOR, "email": "Paula@Example.com"})
        page = self.url_open(response.headers["Location"])
        self.assertNotIn("Paula", page.text)
        self.assertNotIn("sessions", self._text(page).split("Look into")[1][:400])
        self.assertBalances(credit, 4, 0)
        event, visitor = self._appointments(), self._appointments().patient_id
        self.assertEqual(visitor.name, "Vera Visitor")
        self.assertTrue(visitor.is_unconfirmed_visitor)
        with freeze_time(event.held_until):
            self._run("ir_cron_release_holds")
        self.assertFalse(visitor.active)
        self.assertTrue(self.patient.active)

    def test_patient_who_answers_from_her_mailbox_is_herself(self):
        credit = self._create_credit(4)
        self._book(
            visitor={**VISITOR, "name": "paula  PATIENT", "email": "paula@example.com"}
        )
        event, visitor = self._appointments(), self._appointments().patient_id
        self.assertNotEqual(visitor, self.patient)
        self.assertBalances(credit, 4, 0)
        response = self._post(self._get_confirm_path())
        self.assertIn(f"/my/appointments/{event.id}", response.headers["Location"])
        self.env.invalidate_all()
        self.assertEqual((event.patient_id, event.credit_id), (self.patient, credit))
        self.assertBalances(credit, 4, 1)
        self.assertFalse(visitor.active, "nothing is left of the visitor")
        self.assertEqual(event.name, "Paula Patient · Peel")

    def test_shared_mailbox_is_two_people(self):
        """Her daughter books with Paula's address: it is not Paula who comes."""
        credit = self._create_credit(4)
        self._book(visitor={**VISITOR, "email": "paula@example.com"})
        event = self._appointments()
        response = self._post(self._get_confirm_path())
        self.assertIn("/book/held/", response.headers["Location"], "nobody's log-in")
        self.env.invalidate_all()
        self.assertFalse(event.held_until)
        self.assertEqual(event.patient_id.name, "Vera Visitor")
        self.assertFalse(event.credit_id)
        self.assertBalances(credit, 4, 0)
        find = self.env["res.partner"]._find_patient_by_email
        self.assertEqual(find("paula@example.com"), self.patient)

    def test_same_answer_whether_the_address_is_known(self):
        answers = set()
        for hour, email in ((11, "paula@example.com"), (13, "nobody@example.com")):
            start = self._at(self.day, hour)
            response = self._book(start, visitor={**VISITOR, "email": email})
            text = self._text(self.url_open(response.headers["Location"]))
            text = text[text.index("Look into") : text.index("Where")]
            # The page names the address that was typed.
            text = text.replace(email, "")
            answers.add(re.sub(r"\d+:\d\d [AP]M", "", text))
        self.assertEqual(len(answers), 1)

    def test_programs_hold_nothing(self):
        response = self._book(website_url="http://spam.example")
        self.assertEqual(response.status_code, 200)
        self.assertIn("Look into your mail", response.text)
        self.assertFalse(self._appointments())

    def test_network_holds_ten_times_an_hour(self):
        with freeze_time(datetime.combine(self.day, datetime.min.time())):
            for number in range(10):
                start = self._at(self.day, 9) + timedelta(minutes=45 * number)
                visitor = {**VISITOR, "email": f"v{number}@example.com"}
                self.assertEqual(self._book(start, visitor=visitor).status_code, 303)
            start = self._at(self._next_working_day(7), 10)
            response = self._book(start, visitor={**VISITOR, "email": "x@example.com"})
            self.assertIn("Too many times are held", response.text)
            self.assertEqual(len(self._appointments()), 10)

    def test_one_address_holds_two_times_a_day_and_three_in_all(self):
        self.company.write({"max_day_bookings": 2, "max_open_bookings": 3})
        hours = (9, 11, 13)
        starts = [self._at(self.day, hour) for hour in hours]
        starts += [self._at(self._next_working_day(8), hour) for hour in hours]
        said = [self._book(start).text for start in starts[:4]]
        self.assertIn("2 visits are booked on this day already", said[2])
        self.assertEqual(len(self._appointments()), 3)
        # The pace of one address is another limit, of this hour.
        with freeze_time(fields.Datetime.now() + timedelta(hours=2)):
            self.assertIn("3 visits are booked already", self._book(starts[4]).text)
            other = {**VISITOR, "email": "other@example.com"}
            self.assertEqual(self._book(starts[4], visitor=other).status_code, 303)

    def test_patient_books_three_unpaid_visits_and_sessions_beside_them(self):
        self.authenticate("paula", "paula")
        days = [self._next_working_day(number) for number in (3, 10, 17, 24)]
        for day in days[:3]:
            self.assertEqual(self._book(self._at(day, 11), visitor={}).status_code, 303)
        refused = self._book(self._at(days[3], 11), visitor={})
        self.assertIn("3 visits are booked already", refused.text)
        self._create_credit(1)
        response = self._book(self._at(days[3], 11), visitor={})
        self.assertEqual(response.status_code, 303, "a session pays for it")
        self.company.max_open_bookings = 0
        response = self._book(self._at(days[3], 13), visitor={})
        self.assertEqual(response.status_code, 303, "zero is no limit")

    def test_what_is_missing_is_said_and_nothing_lost(self):
        for field, text in (
            ("name", "your name"),
            ("phone", "phone number"),
            ("email", "check your e-mail"),
        ):
            response = self._book(visitor={**VISITOR, field: " "})
            self.assertIn(text, response.text)
            self.assertIn("600 000 999" if field != "phone" else "Vera", response.text)
        self.assertFalse(self._appointments())
        self.assertFalse(
            self.env["res.partner"].search([("name", "=", "Vera Visitor")])
        )

    def test_control_characters_are_refused(self):
        """No header of a mail is written by a name, and no text breaks the page."""
        for field, text in (
            ("name", "Vera\x00"),
            ("name", "Vera\r\nBcc: all@example.com"),
            ("phone", "600\x00999"),
            ("email", "vera@example.com\r\nBcc: all@example.com"),
            ("email", "ve\x00ra@example.com"),
        ):
            response = self._book(visitor={**VISITOR, field: text})
            self.assertEqual(response.status_code, 200, text)
            self.assertIn("in one line", response.text)
        self.assertFalse(self._appointments())
        for email in ("vera@example.com\r\nBcc: x@example.com", "ve\x00ra@example.com"):
            response = self._post("/my/login-link", email=email)
            self.assertEqual(response.status_code, 200)
        self.assertFalse(self.env["medspa.login.link"].search([]))

    def test_pages_have_their_headers(self):
        for path in (self.url, "/book", "/plans", "/my/login-link"):
            headers = self.url_open(path).headers
            self.assertIn(headers["X-Frame-Options"], ("SAMEORIGIN", "DENY"))
            self.assertIn("frame-ancestors", headers["Content-Security-Policy"])
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertIn("Referrer-Policy", headers)

    def test_letters_are_no_phone(self):
        response = self._book(visitor={**VISITOR, "phone": "abc"})
        self.assertIn("abc is no phone number", response.text)
        self.assertFalse(self._appointments())

    def test_the_mail_names_its_address_and_can_be_sent_again(self):
        response = self._book()
        token = response.headers["Location"].rsplit("/", 1)[-1]
        url = f"book/held/{token}"
        page = self.url_open(f"/{url}").text
        self.assertIn("vera@example.com", page)
        self.assertIn(f'action="/{url}/again"', page)
        with self.mock_mail_gateway():
            for _time in range(5):
                response = self._post(f"/{url}/again")
                self.assertEqual(response.status_code, 303)
        # Four within an hour, the first included.
        self.assertEqual(self._new_mails.mapped("email_to"), ["vera@example.com"] * 3)

    # === LOGGED IN === #

    def test_patient_books_with_a_session(self):
        credit = self._create_credit(4)
        self.authenticate("paula", "paula")
        page = self.url_open(f"{self.url}?day={self.day}")
        self.assertIn("Uses 1 of 4 sessions", self._text(page))
        self.assertIn("Uses 1 of 4 sessions", self._text(self._review()))
        response = self._book(visitor={})
        event = self._appointments()
        self.assertIn(
            f"/my/appointments/{event.id}?booked=1", response.headers["Location"]
        )
        self.assertEqual((event.patient_id, event.credit_id), (self.patient, credit))
        self.assertFalse(event.held_until)
        self.assertBalances(credit, 4, 1)

    def test_price_is_said_before_and_checked_after(self):
        self.authenticate("paula", "paula")
        self.assertIn("$ 120.00, paid at the clinic", self._text(self._review()))
        page = self._review().text
        agreed = re.search(r'name="agreed" value="([^"]+)"', page)[1]
        self.peel.list_price = 150
        response = self._book(agreed=agreed, visitor={})
        self.assertIn("What it costs has changed meanwhile", response.text)
        self.assertIn("$ 150.00", self._text(response))
        self.assertFalse(self._appointments())

    def test_used_up_session_is_not_promised(self):
        credit = self._create_credit(1)
        self.authenticate("paula", "paula")
        agreed = f"credit-{credit.id}"
        self._create_appointment(self._at(self.day, 15))
        response = self._book(agreed=agreed, visitor={})
        self.assertIn("What it costs has changed meanwhile", response.text)
        self.assertEqual(len(self._appointments()), 1)

    def test_time_that_was_taken_shows_other_times(self):
        self._create_appointment(self.start, practitioner_id=self.petra.id)
        self._create_appointment(
            self.start,
            practitioner_id=self.pablo.id,
            patient_id=self.other_patient.id,
        )
        self.assertIn("has just been taken", self._review().text)
        response = self._book(agreed="price-120.000-0.000")
        self.assertIn("cannot be booked any more", self._text(response))
        self.assertEqual(len(self._appointments()), 2)

    def test_times_nobody_offers_are_refused(self):
        last = self.company._medspa_date() + timedelta(days=200)
        for start in (
            self.start + timedelta(minutes=7),
            self._at(self.day, 3),
            self._at(last, 11),
            fields.Datetime.now() - timedelta(days=1),
        ):
            response = self._book(start, agreed="price-120.000-0.000")
            self.assertEqual(response.status_code, 200)
        for text in ("", "now", "9999-99-99T99:99", "2026-02-02"):
            response = self._post(
                f"{self.url}/confirm",
                start=text,
                agreed="price-120.000-0.000",
                **VISITOR,
            )
            self.assertEqual(response.status_code, 200)
        self.assertFalse(self._appointments())

    def test_only_what_is_on_sale_is_booked(self):
        slug = self.env["ir.http"]._slug
        self.laser.is_published = False
        for product in (self.laser, self.peel_course):
            for suffix in ("", f"/review?start={self._value()}"):
                response = self.url_open(
                    f"/book/{slug(product)}{suffix}", allow_redirects=True
                )
                self.assertNotIn("o_medspa_confirm", response.text)
            self._post(
                f"/book/{slug(product)}/confirm", start=self._value(), agreed="x"
            )
        self.assertFalse(self._appointments())
        page = self.url_open("/book")
        self.assertIn("Peel", page.text)
        self.assertNotIn("Laser", self._text(page))

    # === MEMBERS === #

    def _make_members(self, *partners):
        Partner = self.env.registry["res.partner"]
        self.patch(
            Partner, "_is_member", lambda partner, on_date, company: partner in partners
        )

    def test_members_only(self):
        self.peel.is_members_only = True
        self._make_members(self.patient)
        for login, is_shown in (("paula", True), ("oscar", False), (None, False)):
            self.authenticate(login, login)
            page = self.url_open(f"{self.url}?day={self.day}")
            self.assertEqual("o_medspa_confirm" in page.text, is_shown, login)
            self._book(
                agreed="price-120.000-0.000", visitor=VISITOR if not login else {}
            )
        self.assertEqual(self._appointments().patient_id, self.patient)

    def test_members_book_earlier(self):
        self.company.write({"booking_horizon_days": 10, "member_horizon_days": 30})
        self._make_members(self.patient)
        start = self._at(self._next_working_day(20), 11)
        for login in ("oscar", "paula"):
            self.authenticate(login, login)
            self._book(start, agreed="price-120.000-0.000", visitor={})
        self.assertEqual(self._appointments().patient_id, self.patient)

    # === OTHERS === #

    def test_pages_of_a_booking_open_for_its_token_only(self):
        self._book()
        event = self._appointments()
        path = self._get_confirm_path()
        token = path.rpartition("/")[2]
        page_token = event._get_page_token()
        forged = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
        self.authenticate("oscar", "oscar")
        for url in (
            f"/book/held/{forged}",
            f"/book/held/{token}",
            f"/book/confirm/{page_token}",
            f"/book/confirm/{forged}",
            "/book/confirm/x",
            f"/book/held/{event.id}",
        ):
            page = self.url_open(url)
            self.assertIn("not held any more", self._text(page), url)
            self.assertNotIn("Vera", page.text)
        for url in (f"/book/confirm/{forged}", f"/book/confirm/{page_token}"):
            self._post(url)
        self.env.invalidate_all()
        self.assertTrue(event.held_until)

    def test_desk_confirms_for_who_calls(self):
        self._book()
        event = self._appointments()
        event.with_user(self.receptionist).action_confirm_hold()
        self.assertFalse(event.held_until)
        with freeze_time(self.start + timedelta(minutes=1)):
            self._run("ir_cron_release_holds")
        self.assertEqual(event.appointment_status, "booked")

    def test_second_company_s_treatments_are_not_booked_here(self):
        other = self.env["res.company"].create({"name": "Other clinic"})
        self.laser.company_id = other
        page = self.url_open(f"/book/{self.env['ir.http']._slug(self.laser)}")
        self.assertNotIn("o_medspa_confirm", page.text)


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestBookingStatement(ClinicCase):
    """What is said to cost, with numbers worked by hand."""

    def _state(self, patient=None, treatment=None, start="2026-02-04 10:00:00"):
        return (treatment or self.peel)._get_booking_statement(
            patient or self.patient, fields.Datetime.to_datetime(start), self.company
        )

    def test_price_alone(self):
        statement = self._state()
        self.assertEqual(statement["kind"], "price")
        self.assertEqual((statement["price"], statement["own_price"]), (120, 120))
        self.assertFalse(statement["has_own_price"])
        self.assertEqual(statement["deposit"], 0)

    def test_own_price_follows_the_pricelist_of_the_patient(self):
        self.patient.property_product_pricelist = self.env["product.pricelist"].create(
            {
                "name": "Members",
                "item_ids": [
                    Command.create(
                        {
                            "applied_on": "3_global",
                            "compute_price": "percentage",
                            "percent_price": 15,
                        }
                    )
                ],
            }
        )
        statement = self._state()
        self.assertEqual((statement["price"], statement["own_price"]), (120, 102))
        self.assertTrue(statement["has_own_price"])

    def test_prices_are_with_tax(self):
        self.peel.taxes_id = self.env["account.tax"].create(
            {
                "name": "21 %",
                "amount": 21,
                "price_include_override": "tax_excluded",
                "country_id": self.company.account_fiscal_country_id.id,
                "tax_group_id": self.env["account.tax.group"].create({"name": "T"}).id,
            }
        )
        self.company.write({"deposit_kind": "percent", "deposit_value": 25})
        statement = self._state()
        self.assertEqual(statement["own_price"], 145.2)
        self.assertEqual(statement["deposit"], 36.3)

    def test_deposits(self):
        for company, treatment, deposit in (
            ((False, 0), ("company", 0), 0),
            (("amount", 30), ("company", 0), 30),
            (("amount", 30), ("none", 0), 0),
            (("amount", 30), ("percent", 50), 60),
            (("percent", 33), ("company", 0), 39.6),
            ((False, 0), ("amount", 20), 20),
            (("amount", 500), ("company", 0), 120),
        ):
            self.company.write(
                {"deposit_kind": company[0], "deposit_value": company[1]}
            )
            self.peel.write(
                {"deposit_rule": treatment[0], "deposit_value": treatment[1]}
            )
            self.assertEqual(self._state()["deposit"], deposit, (company, treatment))

    def test_no_deposit_when_a_credit_covers_it(self):
        self.company.write({"deposit_kind": "amount", "deposit_value": 30})
        credit = self._create_credit(4)
        statement = self._state()
        self.assertEqual((statement["kind"], statement["credit"]), ("credit", credit))
        self.assertEqual(statement["available"], 4)
        self.assertEqual(statement["deposit"], 0)
        self.assertEqual(self._state(self.other_patient)["deposit"], 30)

    def test_credit_pays_on_the_days_on_which_it_is_valid(self):
        self._create_credit(1, expires_on="2026-02-03")
        self.assertEqual(self._state()["kind"], "price")
        self.assertEqual(self._state(start="2026-02-03 22:59:00")["kind"], "credit")
        self.assertEqual(self._state(start="2026-02-03 23:00:00")["kind"], "price")

    def test_pace_of_a_course_leaves_the_price(self):
        self._create_course()
        self._create_appointment("2026-02-03 10:00:00")
        self.assertEqual(self._state()["kind"], "price")
        self.assertEqual(self._state(start="2026-02-10 10:00:00")["kind"], "credit")

    def test_statement_is_what_the_booking_does(self):
        """Whatever is said, the appointment has it: same credit, or none."""
        self._create_credit(1, expires_on="2026-02-04")
        course = self._create_course()
        for start in (
            "2026-02-04 10:00:00",
            "2026-02-04 12:00:00",
            "2026-02-16 10:00:00",
        ):
            said = self._state(start=start)["credit"]
            self.assertEqual(self._create_appointment(start).credit_id, said)
        self.assertEqual(course.reserved_sessions, 2)

    def test_units_have_a_price_each(self):
        self.peel.is_unit_based = True
        self._create_credit(50, unit="unit")
        self.company.write({"deposit_kind": "percent", "deposit_value": 25})
        statement = self._state()
        self.assertEqual(statement["kind"], "price")
        self.assertTrue(statement["is_unit_based"])
        self.assertEqual(statement["deposit"], 0)


@tagged("post_install", "-at_install")
class TestBookAtOnce(RealTransactionsCase):
    """Many visitors want one time, by HTTP, at the same moment: one gets it."""

    @classmethod
    def _create_data(cls, env):
        res = super()._create_data(env)
        env["product.template"].browse(cls.peel_id).write(
            {
                "is_published": True,
                "taxes_id": [Command.clear()],
                "practitioner_ids": [Command.set([cls.practitioner_id])],
                "room_ids": [Command.set([cls.room_id])],
            }
        )
        company = env["website"].search([], limit=1).company_id
        peel = env["product.template"].browse(cls.peel_id).with_company(company)
        now = fields.Datetime.now()
        slots = peel._get_free_slots(
            now + timedelta(days=3), now + timedelta(days=12), company=company
        )
        cls.start = slots[0]["start"].strftime("%Y-%m-%dT%H:%M")
        cls.url = f"/book/{env['ir.http']._slug(peel)}"
        return res

    def _visit(self, number, barrier, answers):
        client = Client(http.root)
        options = {
            "base_url": "http://localhost",
            "environ_base": {"REMOTE_ADDR": f"10.0.0.{number}"},
        }
        page = client.get(f"{self.url}/review?start={self.start}", **options)
        page = page.get_data(as_text=True)
        data = {
            name: re.search(rf'name="{name}" value="([^"]*)"', page)[1]
            for name in ("csrf_token", "agreed", "start")
        }
        data |= {
            "name": f"Visitor {number}",
            "email": f"visitor.{number}@at-once.example.com",
            "phone": "600 000 000",
        }
        barrier.wait(60)
        response = client.post(f"{self.url}/confirm", data=data, **options)
        answers.append(response.status_code)

    def test_one_time_for_many_visitors(self):
        answers = []
        barrier = threading.Barrier(5)
        threads = [
            threading.Thread(target=self._visit, args=(number, barrier, answers))
            for number in range(5)
        ]
        with mute_logger("odoo.sql_db", "odoo.service.model", "odoo.http"):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(120)
        self.assertEqual(sorted(answers), [200] * 4 + [303])
        with self._transaction() as env:
            held = env["calendar.event"].search([("treatment_id", "=", self.peel_id)])
            self.assertEqual(len(held), 1)
            self.assertEqual(len(held.occupancy_ids), 2)
            visitors = env["res.partner"].search_count(
                [("email", "like", "at-once.example.com")]
            )
            self.assertEqual(visitors, 1, "who got no time leaves no trace")


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestMove(ClinicCase):
    """The patient moves an appointment: the reservation goes with it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.course = cls._create_course()
        cls.credit = cls.course.credit_ids
        cls.day = fields.Date.to_date("2026-02-05")
        cls.event = cls.course.line_ids._book(cls._at(cls.day, 11), cls.petra)

    def test_move_keeps_the_reservation(self):
        moves = self.credit.move_ids
        start = self._at(self.day, 13)
        self.event._move_by_patient(start)
        self.assertEqual(self.event.start, start)
        self.assertEqual(self.event.stop, start + timedelta(minutes=45))
        self.assertEqual(self.event.practitioner_id, self.petra)
        self.assertEqual(self.credit.move_ids, moves, "nothing was given back or taken")
        self.assertBalances(self.credit, 5, 1)
        self.assertEqual(set(self.event.occupancy_ids.mapped("start")), {start})

    def test_own_time_is_no_obstacle(self):
        """A quarter of an hour later meets only the appointment itself."""
        start = self._at(self.day, 11, 15)
        self.event._move_by_patient(start, self.petra)
        self.assertEqual(self.event.start, start)

    def test_own_pace_is_no_obstacle_but_that_of_others_is(self):
        self.course.line_ids._book(self._at(self.day + timedelta(days=7), 11))
        allowed = self.event._get_movable_days(
            {self.day + timedelta(days=n) for n in (-1, 0, 1, 6, 8, 13, 14)}
        )
        self.assertEqual(allowed, {self.day + timedelta(days=n) for n in (-1, 0, 14)})
        with self.assertRaisesRegex(UserError, "cannot be booked any more"):
            self.event._move_by_patient(self._at(self.day + timedelta(days=1), 11))

    def test_credit_has_to_be_valid_on_the_new_day(self):
        self.credit._set_validity(self.day + timedelta(days=1))
        days = {self.day + timedelta(days=n) for n in (1, 2)}
        self.assertEqual(
            self.event._get_movable_days(days), {self.day + timedelta(days=1)}
        )

    def test_taken_time_is_refused(self):
        start = self._at(self.day, 13)
        for practitioner in (self.petra, self.pablo):
            self._create_appointment(
                start,
                practitioner_id=practitioner.id,
                patient_id=self.other_patient.id,
            )
        with self.assertRaisesRegex(UserError, "cannot be booked any more"):
            self.event._move_by_patient(start)
        self.assertEqual(self.event.start, self._at(self.day, 11))

    def test_late_move_is_refused(self):
        """Thursday 11:00, 24 hours: until Wednesday 11:00 on the clinic's clock."""
        with freeze_time("2026-02-04 10:00:00"):
            self.assertTrue(self.event._can_patient_move())
        with freeze_time("2026-02-04 10:00:01"):
            self.assertFalse(self.event._can_patient_move())
            with self.assertRaisesRegex(UserError, "is over"):
                self.event._move_by_patient(self._at(self.day, 13))

    def test_clock_change_keeps_the_hour(self):
        """29 March 2026: from 11:00 in winter (UTC+1) to 11:00 in summer (UTC+2)."""
        event = self._create_appointment("2026-03-27 10:00:00", is_paid_apart=True)
        event._move_by_patient(self._at(fields.Date.to_date("2026-03-30"), 11))
        self.assertEqual(event.start, datetime(2026, 3, 30, 9, 0))


@tagged("post_install", "-at_install")
class TestMoveRoutes(OpenBookingCase):
    def test_patient_moves_what_the_page_offers(self):
        self._create_credit(2)
        event = self._create_appointment(self.start)
        self.authenticate("paula", "paula")
        self.assertIn(
            "Choose another time", self.url_open(f"/my/appointments/{event.id}").text
        )
        page = self.url_open(f"/my/appointments/{event.id}/move?day={self.day}")
        self.assertIn("Your session moves with the appointment", page.text)
        wanted = self._at(self.day, 15)
        self.assertIn(f'value="{self._value(wanted)}"', page.text)
        self.assertNotIn(f'value="{self._value()}"', page.text)
        response = self._post(
            f"/my/appointments/{event.id}/move/confirm", start=self._value(wanted)
        )
        self.assertIn("moved=1", response.headers["Location"])
        self.env.invalidate_all()
        self.assertEqual(event.start, wanted)

    def test_others_move_nothing(self):
        event = self._create_appointment(self.start)
        for login in ("oscar", None):
            self.authenticate(login, login)
            for url in (f"/my/appointments/{event.id}/move",):
                page = self.url_open(url)
                self.assertNotIn("o_medspa_move_from", page.text)
                self.assertNotIn("Petra", page.text)
            self._post(
                f"/my/appointments/{event.id}/move/confirm",
                start=self._value(self._at(self.day, 15)),
            )
            self.env.invalidate_all()
            self.assertEqual(event.start, self.start)
