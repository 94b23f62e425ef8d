# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Invoices created after one that is alike: field by field what core makes."""

from copy import deepcopy
from datetime import date
from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from .membership_common import MembershipCase

DAY = date(2026, 2, 28)
# What no two invoices share, and what tells of the order in which they were made.
OWN = {
    "id",
    "create_date",
    "write_date",
    "move_id",
    "move_name",
    "name",
    "payment_reference",
    "sequence_number",
    "access_token",
}


@tagged("post_install", "-at_install")
class TestMembershipInvoices(MembershipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_currency = cls.setup_other_currency("CHF")
        cls.tax = cls.company_data["default_tax_sale"]
        cls.product = cls.plan.product_tmpl_id.product_variant_id
        family = cls.env["res.partner"].create({"name": "Family", "is_company": True})
        receivable = cls.company_data["default_account_receivable"].copy()
        cls.patients = cls.env["res.partner"].create(
            [
                {"name": "Ada"},
                {"name": "Bea"},
                {"name": "Cleo", "property_account_receivable_id": receivable.id},
                {"name": "Dora", "parent_id": family.id},
            ]
        )

    def _prepare_vals_list(self, **line):
        """Return the values of an invoice for each of the patients."""
        return [
            {
                "move_type": "out_invoice",
                "partner_id": patient.id,
                "currency_id": self.company.currency_id.id,
                "invoice_date": DAY,
                "invoice_date_due": DAY,
                "invoice_payment_term_id": False,
                "invoice_origin": f"SUB{patient.id}",
                "invoice_user_id": self.env.uid,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "product_id": self.product.id,
                            "name": f"Glow of {patient.name}",
                            "quantity": 1,
                            "price_unit": 99,
                            "tax_ids": [Command.set(self.tax.ids)],
                            **line,
                        }
                    )
                ],
            }
            for patient in self.patients
        ]

    def _read_stored(self, record):
        """Return all that the database holds of a record and is not its own."""
        return {
            name: record[name].ids if field.relational else record[name]
            for name, field in record._fields.items()
            if field.store and name not in OWN and field.type != "one2many"
        }

    def assertAlike(self, vals_list, as_many=None, totals=None):
        """Assert that core makes the same of these values, as drafts and posted.

        :param int as_many: how many of them core has to compute
        :param totals: what they come to, where that needs a line of rounding
        """
        Move = self.env["account.move"]
        by_core = Move.create(deepcopy(vals_list))
        totals = totals or by_core.mapped("amount_total")
        for invoice, total in zip(by_core, totals, strict=True):
            invoice._add_rounding(total)
        computed = []
        create = type(Move).create

        def counted(records, vals_list):
            if not records.env.context.get("skip_invoice_sync"):
                computed.extend(vals_list)
            return create(records, vals_list)

        with patch.object(type(Move), "create", counted):
            alike = Move._create_alike(deepcopy(vals_list), totals)
        self.assertEqual(len(computed), as_many or len(vals_list))
        self.assertEqual(
            alike.mapped("invoice_origin"), [v["invoice_origin"] for v in vals_list]
        )
        self._assert_same(by_core, alike)
        by_core._post(soft=False)
        alike.with_context(medspa_complete=True)._post(soft=False)
        self._assert_same(by_core, alike)
        for invoice in by_core | alike:
            due = invoice.line_ids.filtered(
                lambda li: li.display_type == "payment_term"
            )
            self.assertEqual(due.name, invoice.payment_reference)
        return alike

    def _assert_same(self, expected_moves, moves):
        self.env.flush_all()
        self.env.invalidate_all()
        for expected, move in zip(expected_moves, moves, strict=True):
            self.assertEqual(self._read_stored(move), self._read_stored(expected))
            for line, expected_line in zip(
                move.line_ids.sorted(lambda li: (li.display_type, li.id)),
                expected.line_ids.sorted(lambda li: (li.display_type, li.id)),
                strict=True,
            ):
                values, wanted = map(self._read_stored, (line, expected_line))
                if line.display_type != "payment_term":
                    values["name"], wanted["name"] = line.name, expected_line.name
                self.assertEqual(values, wanted)

    def test_one_price_for_all(self):
        alike = self.assertAlike(self._prepare_vals_list(), as_many=1)
        self.assertEqual(
            alike.invoice_line_ids.mapped("name"),
            ["Glow of Ada", "Glow of Bea", "Glow of Cleo", "Glow of Dora"],
        )
        # 99 and 15 % of it.
        self.assertEqual(set(alike.mapped("amount_total")), {113.85})
        accounts = alike.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        ).account_id
        self.assertEqual(len(accounts), 2, "Cleo has an account of her own")

    def test_tax_in_the_price_and_a_discount(self):
        self.tax.price_include_override = "tax_included"
        vals_list = self._prepare_vals_list(discount=10)
        alike = self.assertAlike(vals_list, as_many=1)
        self.assertEqual(set(alike.mapped("amount_total")), {89.1})

    def test_a_cent_that_no_price_gives(self):
        vals_list = self._prepare_vals_list()
        alike = self.assertAlike(vals_list, as_many=2, totals=[113.86] * 3 + [113.85])
        self.assertEqual(alike.mapped("amount_total"), [113.86] * 3 + [113.85])
        # One invoice is computed for each total, and the cent is a line of it.
        rounding = alike.invoice_line_ids.filtered(lambda line: not line.product_id)
        self.assertEqual(rounding.mapped("price_total"), [0.01] * 3)
        self.assertEqual(set(rounding.mapped("name")), {"Rounding"})
        self.assertEqual(
            (alike.invoice_line_ids - rounding).mapped("name"),
            ["Glow of Ada", "Glow of Bea", "Glow of Cleo", "Glow of Dora"],
        )

    def test_no_tax(self):
        alike = self.assertAlike(self._prepare_vals_list(tax_ids=False), as_many=1)
        self.assertEqual(set(alike.mapped("amount_total")), {99})

    def test_a_price_in_another_currency(self):
        vals_list = self._prepare_vals_list()
        for vals in vals_list:
            vals["currency_id"] = self.other_currency.id
        alike = self.assertAlike(vals_list, as_many=1)
        self.assertEqual(set(alike.mapped("amount_total_in_currency_signed")), {113.85})

    def test_several_lines_and_a_fiscal_position(self):
        vals_list = self._prepare_vals_list()
        income = self.company_data["default_account_revenue"]
        position = self.env["account.fiscal.position"].create(
            {
                "name": "Abroad",
                "account_ids": [
                    Command.create(
                        {
                            "account_src_id": income.id,
                            "account_dest_id": income.copy().id,
                        }
                    )
                ],
            }
        )
        for vals in vals_list:
            vals["fiscal_position_id"] = position.id
            extra = dict(vals["invoice_line_ids"][0][2], name="Add-on", price_unit=7)
            vals["invoice_line_ids"].append(Command.create(extra))
        alike = self.assertAlike(vals_list, as_many=1)
        # 106 and 15 % of it.
        self.assertEqual(set(alike.mapped("amount_total")), {121.9})

    def test_those_with_another_price_or_date_are_another_kind(self):
        vals_list = self._prepare_vals_list()
        vals_list[1]["invoice_line_ids"][0][2]["price_unit"] = 79
        vals_list[3]["invoice_date"] = date(2026, 3, 1)
        alike = self.assertAlike(vals_list, as_many=3)
        self.assertEqual(alike.mapped("amount_untaxed"), [99, 79, 99, 99])

    def test_lines_that_core_computes_in_another_way_are_left_to_core(self):
        rounding = self.env["account.cash.rounding"].create(
            {
                "name": "Five cents",
                "rounding": 0.25,
                "strategy": "add_invoice_line",
                "profit_account_id": self.company_data["default_account_revenue"].id,
                "loss_account_id": self.company_data["default_account_expense"].id,
                "rounding_method": "UP",
            }
        )
        vals_list = self._prepare_vals_list()
        for vals in vals_list:
            vals["invoice_cash_rounding_id"] = rounding.id
        alike = self.assertAlike(vals_list)
        self.assertEqual(set(alike.mapped("amount_total")), {114})

    def test_the_members_of_a_day_are_billed_alike(self):
        members = self._join(on="2026-01-31")
        for patient in self.patients:
            members |= self._join(partner=patient, on="2026-01-31")
        self._bill("2026-02-28")
        invoices = members.period_ids.filtered(
            lambda period: period.start_date == DAY
        ).invoice_id
        self.assertEqual(len(invoices), 5)
        self.assertEqual(set(invoices.mapped("payment_state")), {"paid"})
        self.assertEqual(
            invoices.partner_id, members.partner_id, "Each has an invoice of her own"
        )
