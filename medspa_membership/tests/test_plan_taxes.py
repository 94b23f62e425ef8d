# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import re

from odoo import Command
from odoo.tests import tagged

from .membership_http_common import to_text
from .test_membership_join import JoinCase


@tagged("post_install", "-at_install")
class TestPlanTaxes(JoinCase):
    """What is sold with a plan takes its taxes, and every page says the same cent.

    The product of the joining fee keeps the tax that was the default on some day, and
    the fiscal position of the customer takes that one away.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.write({"joining_fee": 25, "minimum_periods": 6})
        cls.old_tax = cls._create_tax(15, "tax_included")
        cls.fee = cls.env.ref("medspa_membership.product_joining_fee")
        cls.fee.taxes_id = cls.old_tax
        cls.abroad = cls.env["account.fiscal.position"].create(
            {
                "name": "Everybody",
                "company_id": cls.company.id,
                "auto_apply": True,
                "sequence": -1,
            }
        )
        no_tax = cls._create_tax(0, "tax_excluded")
        no_tax.write(
            {
                "original_tax_ids": [Command.set(cls.old_tax.ids)],
                "fiscal_position_ids": [Command.set(cls.abroad.ids)],
            }
        )

    @classmethod
    def _create_tax(cls, amount, included):
        return cls.env["account.tax"].create(
            {
                "name": f"{amount} % {included}",
                "amount": amount,
                "type_tax_use": "sale",
                "price_include_override": included,
                "company_id": cls.company.id,
                "country_id": cls.company.account_fiscal_country_id.id,
            }
        )

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)

    def _tax_plan(self, included):
        self.plan.product_tmpl_id.taxes_id = self._create_tax(21, included)
        self.website.show_line_subtotals_tax_selection = "tax_included"

    def _numbers(self, page, name):
        found = re.search(rf"o_medspa_{name}\b.*?</(?:p|li)>", page, re.DOTALL)
        return re.findall(r"\d[\d,]*\.\d\d", to_text(found.group(0).split(">", 1)[1]))

    def _assert_all_say(self, price, fee, first, in_all):
        """Join, and compare each page with sums that were worked by hand."""
        self.env.registry.clear_cache()
        page = self.url_open("/plans").text
        self.assertEqual(self._numbers(page, "plan_price"), [f"{price:.2f}"])
        self.assertEqual(self._numbers(page, "plan_fee"), [f"{fee:.2f}"])
        self.assertEqual(self._numbers(page, "plan_first"), [f"{first:.2f}"])
        self.assertEqual(self._numbers(page, "plan_commitment"), [f"{in_all:.2f}"])
        self._join_online()
        order = self._cart()
        self.assertAlmostEqual(order.amount_total, first)
        self._give_address()
        response = self.url_open("/shop/checkout?try_skip_step=true")
        self.assertTrue(response.url.endswith("/shop/agreement"), response.url)
        self.env.invalidate_all()
        self.assertEqual(order.fiscal_position_id, self.abroad)
        text = to_text(response.text).replace("$ ", "")
        self.assertIn(f"{first:.2f} on joining", text)
        self.assertIn(f"6 payments, {in_all:.2f} in all", text)
        self._sign()
        tx = self._pay_on(self.url_open("/shop/payment").text)
        self.assertAlmostEqual(tx.amount, first)
        invoice = order.invoice_ids
        self.assertAlmostEqual(invoice.amount_total, first)
        self.assertFalse(invoice.amount_residual)
        taxes = invoice.invoice_line_ids.tax_ids
        self.assertEqual(taxes, self.plan.product_tmpl_id.taxes_id)
        self.assertAlmostEqual(order.membership_ids.price, price)

    def test_included(self):
        self._tax_plan("tax_included")
        # 99 + 25; 25 + 6 * 99
        self._assert_all_say(99, 25, 124, 619)

    def test_on_top(self):
        self._tax_plan("tax_excluded")
        # 99 * 1.21 = 119.79; 25 * 1.21 = 30.25; 30.25 + 6 * 119.79 = 748.99
        self._assert_all_say(119.79, 30.25, 150.04, 748.99)

    def test_on_top_rounded_in_the_sum(self):
        self._tax_plan("tax_excluded")
        self.company.tax_calculation_rounding_method = "round_globally"
        self.plan.write({"price": 99.03, "joining_fee": 24.03})
        # 99.03 * 0.21 = 20.7963 and 24.03 * 0.21 = 5.0463: one by one 20.80 and 5.05,
        # together 25.8426, that is 25.84 on 123.06.
        self._assert_all_say(119.83, 29.08, 148.90, 148.90 + 5 * 119.83)

    def test_shop_that_shows_prices_without_tax(self):
        self._tax_plan("tax_excluded")
        self.website.show_line_subtotals_tax_selection = "tax_excluded"
        page = self.url_open("/plans").text
        self.assertEqual(self._numbers(page, "plan_price"), ["99.00"])
        self.assertEqual(self._numbers(page, "plan_tax"), ["119.79"])
        self.assertEqual(self._numbers(page, "plan_first"), ["150.04"])
        self.assertEqual(self._numbers(page, "plan_commitment"), ["748.99"])

    def test_trial(self):
        self._tax_plan("tax_excluded")
        self.plan.write({"trial_days": 14, "trial_price": 10})
        # 10 and 25 with tax are 12.10 and 30.25.
        page = self.url_open("/plans").text
        self.assertEqual(self._numbers(page, "plan_first"), ["42.35"])
        # The term begins after the trial: 42.35 + 6 * 119.79
        self.assertEqual(self._numbers(page, "plan_commitment"), ["761.09"])
        self._join_online()
        self.assertAlmostEqual(self._cart().amount_total, 42.35)

    def test_the_desk_reads_what_is_charged(self):
        self._tax_plan("tax_excluded")
        self.assertAlmostEqual(self.plan.term_total, 748.99)
        wizard = self.env["medspa.membership.enrol"].create(
            {"partner_id": self.patient.id, "plan_id": self.plan.id}
        )
        self.assertAlmostEqual(wizard.price, 119.79)
        self.assertAlmostEqual(wizard.first_amount, 150.04)
        self.assertIn("748.99 in all", wizard.term_preview.replace("\xa0", " "))
        wizard.action_confirm()
        self.assertAlmostEqual(wizard.order_id.amount_total, 150.04)

    def test_fees_of_pausing_and_leaving_are_what_was_said(self):
        self._tax_plan("tax_excluded")
        self.plan.write({"pause_fee": 9.99, "exit_rule": "fixed", "exit_fee": 50})
        membership = self._join()
        today = self.company._medspa_date()
        membership._pause(today, None, "Away")
        membership._resume()
        membership._cancel(self.reason, "exit")
        fees = membership.period_ids.filtered(lambda p: p.kind == "fee")
        self.assertEqual(
            fees.sorted("id").invoice_id.mapped("amount_total"), [9.99, 50]
        )
        self.assertEqual(
            fees.invoice_id.invoice_line_ids.filtered("product_id").tax_ids,
            self.plan.product_tmpl_id.taxes_id,
        )


@tagged("post_install", "-at_install")
class TestDeskSellsOnce(JoinCase):
    """A second click on a dialog of the desk finds what the first has made."""

    def _orders(self):
        return self.env["sale.order"].search_count(
            [("partner_id", "=", self.patient.id)]
        )

    def test_join(self):
        for signing in ("link", "screen"):
            wizard = self.env["medspa.membership.enrol"].create(
                {
                    "partner_id": self.patient.id,
                    "plan_id": self.plan.id,
                    "signing": signing,
                }
            )
            before = self._orders()
            first = wizard.action_confirm()
            self.assertEqual(wizard.action_confirm(), first)
            self.assertEqual(self._orders(), before + 1)
            self.assertEqual(bool(first.get("close")), signing == "screen")

    def test_course(self):
        wizard = self.env["medspa.course.sale"].create(
            {
                "partner_id": self.patient.id,
                "product_tmpl_id": self.peel_course.id,
                "payment": "link",
            }
        )
        before = self._orders()
        first = wizard.action_confirm()
        self.assertEqual(wizard.action_confirm(), first)
        self.assertEqual(self._orders(), before + 1)
