# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import datetime

from odoo import Command
from odoo.tests import freeze_time, tagged

from .membership_http_common import MemberPages
from .price_common import PriceCase

START = datetime(2026, 2, 4, 10, 0)


class BookingPriceCase(PriceCase):
    """Peel 120, and Glow with 15 % off everything; one patient is in it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._publish_plan(cls.plan)
        cls.stranger = cls.other_patient

    @classmethod
    def _publish_plan(cls, plan):
        plan.product_tmpl_id.is_published = True
        return plan

    @classmethod
    def _create_tax(cls, amount, included):
        return cls.env["account.tax"].create(
            {
                "name": f"{amount} % {included}, of the test",
                "amount": amount,
                "type_tax_use": "sale",
                "price_include_override": f"tax_{included}",
                "company_id": cls.company.id,
            }
        )

    def _state(self, patient, treatment=None):
        return (
            (treatment or self.peel)
            .sudo()
            ._get_booking_statement(patient, START, self.company)
        )


@tagged("post_install", "-at_install")
@freeze_time("2026-02-02 08:00:00")
class TestBookingPrice(BookingPriceCase):
    """What a session costs, and would cost as a member, is said before booking."""

    def test_who_is_no_member_reads_the_member_price(self):
        self.company.write({"deposit_kind": "amount", "deposit_value": 30})
        public = self.env.ref("base.public_partner")
        for patient in (self.stranger, public):
            statement = self._state(patient)
            self.assertEqual((statement["price"], statement["own_price"]), (120, 120))
            self.assertEqual(statement["member_price"], 102)
            self.assertEqual(statement["plan"], self.plan)
            self.assertEqual(statement["deposit"], 30)

    def test_the_plan_in_which_it_costs_least_is_named(self):
        best = self._publish_plan(self._create_plan("Radiance", 49, benefits=[]))
        self._add_discounts(
            best,
            {"applied_on": "product", "product_tmpl_id": self.peel.id, "percent": 30},
        )
        peel = self._state(self.stranger)
        self.assertEqual((peel["plan"], peel["member_price"]), (best, 84))
        laser = self._state(self.stranger, self.laser)
        self.assertEqual((laser["plan"], laser["member_price"]), (self.plan, 64))
        best.product_tmpl_id.is_published = False
        peel = self._state(self.stranger)
        self.assertEqual((peel["plan"], peel["member_price"]), (self.plan, 102))

    def test_without_a_plan_that_saves_nothing_is_said(self):
        self.plan.discount_ids.unlink()
        statement = self._state(self.stranger)
        self.assertFalse(statement["plan"])
        self.assertEqual(statement["member_price"], 120)

    def test_a_member_reads_the_own_price_and_no_offer(self):
        membership = self._join(on="2026-02-02")
        statement = self._state(self.patient, self.laser)
        self.assertEqual((statement["price"], statement["own_price"]), (80, 64))
        self.assertTrue(statement["has_own_price"])
        self.assertFalse(statement["plan"])
        membership._transition("past_due", "No money")
        membership._transition("suspended", "No money")
        statement = self._state(self.patient, self.laser)
        self.assertEqual(statement["own_price"], 80)
        self.assertFalse(statement["plan"], "who is suspended need not join again")

    def test_it_is_what_the_till_takes_to_the_cent(self):
        """Odd prices, taxes on top and inside, a tax that is mapped to another."""
        self.peel.list_price = 119.99
        plain = self.env.ref("base.es")
        abroad = self.env["account.fiscal.position"].create(
            {
                "name": "Islands",
                "company_id": self.company.id,
                "auto_apply": True,
                "country_id": self.env.ref("base.pt").id,
            }
        )
        for number, included in enumerate(("included", "excluded")):
            tax = self._create_tax(21, included)
            self._create_tax(7, included).write(
                {
                    "fiscal_position_ids": [Command.link(abroad.id)],
                    "original_tax_ids": [Command.link(tax.id)],
                }
            )
            self.peel.taxes_id = tax
            for country in (plain, self.env.ref("base.pt")):
                stranger, member = self.env["res.partner"].create(
                    [
                        {"name": f"{name} {number}", "country_id": country.id}
                        for name in ("Stranger", "Member")
                    ]
                )
                statement = self._state(stranger)
                self._join(partner=member, on="2026-02-02")
                # The benefit of the plan is used up: the next one is paid.
                member.membership_ids.credit_ids._expire()
                case = f"{included}, {country.name}"
                for patient, names in (
                    (stranger, ("own_price", "total_included")),
                    (member, ("member_price", "total_included")),
                ):
                    order = self._order(self.peel, partner=patient)
                    self.assertEqual(
                        round(statement[names[0]], 6), order.amount_total, case
                    )
                    self.assertEqual(
                        round(statement["untaxed"][names[0]], 6),
                        order.amount_untaxed,
                        case,
                    )
                own = self._state(member)
                self.assertEqual(own["own_price"], statement["member_price"], case)


@tagged("post_install", "-at_install")
class TestBookingPricePages(BookingPriceCase, MemberPages):
    def setUp(self):
        super().setUp()
        self.company.write({"deposit_kind": "amount", "deposit_value": 30})
        self.slug = self.env["ir.http"]._slug(self.peel)
        start = self._at(self._next_working_day(3), 11)
        self.review = f"/book/{self.slug}/review?start={start:%Y-%m-%dT%H:%M}"

    def _read_statement(self, url):
        text = self._read(url)
        return text.replace(self.euro.symbol, "").replace("  ", " ")

    def test_visitor_reads_all_three_before_booking(self):
        self.authenticate(None, None)
        for url in (f"/book/{self.slug}", self.review):
            text = self._read_statement(url)
            self.assertRegex(
                text,
                r"120\.00 ?, member price 102\.00 in Glow ?, deposit 30\.00 by card",
                url,
            )

    def test_a_site_without_tax_says_so(self):
        self.peel.taxes_id = self._create_tax(21, "excluded")
        self.website.show_line_subtotals_tax_selection = "tax_excluded"
        self.authenticate(None, None)
        text = self._read_statement(self.review)
        self.assertRegex(text, r"120\.00 plus tax ?, member price 102\.00 in Glow")
        self.assertRegex(self._read_statement("/book"), r"Peel 45 minutes · 120\.00")
        self.website.show_line_subtotals_tax_selection = "tax_included"
        text = self._read_statement(self.review)
        self.assertRegex(text, r"145\.20 ?, member price 123\.42 in Glow")
        self.assertNotIn("plus tax", text)
        self.assertRegex(self._read_statement("/book"), r"Peel 45 minutes · 145\.20")

    def test_member_reads_what_pays(self):
        self._join()
        self.authenticate("paula", "paula")
        text = self._read_statement(self.review)
        self.assertIn("Included in your plan: 1 of 2", text)
        self.assertNotIn("deposit", text)
        self.patient.membership_ids.credit_ids._expire()
        text = self._read_statement(self.review)
        self.assertRegex(text, r"120\.00 ?, member price 102\.00 ?, deposit 30\.00")
        self.assertNotIn("in Glow", text)
        self._create_course()
        self.assertIn("Uses 1 of 5 sessions", self._read_statement(self.review))
