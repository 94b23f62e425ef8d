# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date
from unittest.mock import patch

import requests

from odoo import Command
from odoo.tests import Form, freeze_time, tagged

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

from .common import ClinicData


@tagged("post_install", "-at_install")
class TestInstalments(ClinicData, AccountTestInvoicingCommon):
    """A course of 450.00 in parts: 180.00 now, 135.00 after 30 and after 60 days."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(user=cls.env.ref("base.user_admin"))
        cls.env.user.write(
            {
                "company_ids": [Command.link(cls.company_data["company"].id)],
                "company_id": cls.company_data["company"].id,
            }
        )
        cls.env = cls.env(
            context={
                **cls.env.context,
                "allowed_company_ids": cls.company_data["company"].ids,
            }
        )
        cls._set_up_clinic()
        cls.peel_course.allows_instalments = True
        cls.term = cls.env["account.payment.term"].create(
            {
                "name": "Three parts",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": share, "nb_days": days}
                    )
                    for share, days in ((40, 0), (30, 30), (30, 60))
                ],
            }
        )
        cls.provider = cls.env["payment.provider"].sudo().search(
            [("code", "=", "demo"), ("company_id", "=", cls.company.id)]
        ) or cls.env.ref("payment.payment_provider_demo").sudo().copy(
            {"company_id": cls.company.id}
        )
        cls.provider.write(
            {"state": "test", "journal_id": cls.company_data["default_journal_bank"].id}
        )
        cls.method_line = cls.provider.journal_id.inbound_payment_method_line_ids
        cls.token = cls._create_token("done")

    @classmethod
    def _create_token(cls, outcome):
        return (
            cls.env["payment.token"]
            .sudo()
            .create(
                {
                    "provider_id": cls.provider.id,
                    "payment_method_id": cls.env.ref("payment.payment_method_card").id
                    if cls.env.ref("payment.payment_method_card", False)
                    else cls.provider.payment_method_ids[:1].id,
                    "partner_id": cls.patient.id,
                    "provider_ref": f"card that is {outcome}",
                    "payment_details": "4242",
                    "demo_simulated_state": outcome,
                }
            )
        )

    def _sell(self, token=None):
        """Sell at the desk in parts, the first one paid now."""
        with Form(
            self.env["medspa.course.sale"].with_context(
                default_partner_id=self.patient.id
            )
        ) as form:
            form.product_tmpl_id = self.peel_course
            form.payment = "parts"
            form.payment_term_id = self.term
            form.token_id = token or self.token
        action = form.save().action_confirm()
        return self.env["medspa.course"].browse(action["res_id"])

    def _run(self, day):
        with freeze_time(day), self.enter_registry_test_mode():
            for cron in ("resolve_unknown", "charge_instalments"):
                self.env.ref(
                    f"medspa_membership.ir_cron_{cron}"
                ).method_direct_trigger()
        self.env.invalidate_all()

    def _charges(self, course):
        return (
            self.env["payment.transaction"]
            .sudo()
            .search(
                [("invoice_ids", "in", course.sale_order_id.invoice_ids.ids)],
                order="id",
            )
        )

    @freeze_time("2026-01-31 09:00:00")
    def test_first_part_gives_its_share_of_sessions(self):
        course = self._sell()
        self.assertEqual(course.state, "active")
        # 40 % of five sessions: two.
        self.assertEqual(course.credit_ids.available, 2)
        self.assertEqual(course.credit_ids.held, 3)
        self.assertBalances(course.credit_ids, 5, 0)

    @freeze_time("2026-01-31 09:00:00")
    def test_last_part_takes_the_rounding(self):
        self.peel_course.list_price = 100.01
        course = self._sell()
        parts = course.sale_order_id.invoice_ids.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        ).sorted("date_maturity")
        self.assertEqual(parts.mapped("amount_currency"), [40.0, 30.0, 30.01])
        self.assertEqual(
            parts.mapped("date_maturity"),
            [date(2026, 1, 31), date(2026, 3, 2), date(2026, 4, 1)],
        )

    @freeze_time("2026-01-31 09:00:00")
    def test_parts_are_charged_when_due_and_release_sessions(self):
        course = self._sell()
        self._run("2026-03-01 20:00:00")
        self.assertFalse(self._charges(course), "Not due before 2 March")
        self._run("2026-03-02 08:00:00")
        charge = self._charges(course)
        self.assertEqual((charge.amount, charge.state), (135, "done"))
        # 315 of 450 are 70 %, of five sessions 3.5: three whole ones.
        self.assertEqual(course.credit_ids.available, 3)
        self._run("2026-03-02 09:00:00")
        self.assertEqual(len(self._charges(course)), 1, "A second run charges nothing")
        self._run("2026-04-20 08:00:00")
        self.assertEqual(self._charges(course).mapped("amount"), [135, 135])
        self.assertEqual(course.credit_ids.available, 5)
        self.assertEqual(course.sale_order_id.invoice_ids.amount_residual, 0)

    @freeze_time("2026-01-31 09:00:00")
    def test_downtime_is_caught_up_once_a_part(self):
        course = self._sell()
        self._run("2026-05-01 08:00:00")
        self.assertEqual(self._charges(course).mapped("amount"), [135, 135])
        self.assertEqual(course.credit_ids.available, 5)

    @freeze_time("2026-01-31 09:00:00")
    def test_a_missed_part_holds_the_rest(self):
        course = self._sell(self._create_token("error"))
        self._run("2026-03-02 08:00:00")
        self.assertEqual(self._charges(course).mapped("state"), ["error"])
        self.assertEqual(course.credit_ids.available, 2)
        self.assertTrue(course.activity_ids)
        self._run("2026-03-03 08:00:00")
        self.assertEqual(len(self._charges(course)), 1, "Too early to try again")
        self._run("2026-03-06 08:00:00")
        self._run("2026-03-10 08:00:00")
        self._run("2026-03-20 08:00:00")
        charges = self._charges(course)
        self.assertEqual(len(charges), 3, "Tried three times, then left to people")
        self.assertEqual(len(set(charges.mapped("reference"))), 3)

    @freeze_time("2026-01-31 09:00:00")
    def test_unknown_outcome_is_not_charged_again(self):
        course = self._sell()
        Transaction = type(self.env["payment.transaction"])

        def time_out(tx):
            tx.is_outcome_unknown = True
            tx.sudo()._set_error("Could not establish the connection")

        with patch.object(Transaction, "_send_payment_request", time_out):
            self._run("2026-03-02 08:00:00")
            self._run("2026-03-02 09:00:00")
            self._run("2026-03-09 08:00:00")
        charge = self._charges(course)
        self.assertEqual((len(charge), charge.state), (1, "pending"))
        self.assertTrue(charge.is_outcome_unknown)
        self.assertFalse(course.activity_ids, "Nobody is told of a failure")

    @freeze_time("2026-01-31 09:00:00")
    def test_unknown_outcome_is_asked_again_with_the_same_reference(self):
        course = self._sell()
        Transaction = type(self.env["payment.transaction"])

        def time_out(tx):
            tx.is_outcome_unknown = True
            tx.sudo()._set_error("Could not establish the connection")

        with patch.object(Transaction, "_send_payment_request", time_out):
            self._run("2026-03-02 08:00:00")
        charge = self._charges(course)
        self._run("2026-03-02 09:00:00")
        self.assertEqual(self._charges(course), charge)
        self.assertEqual(charge.state, "done")
        self.assertEqual(course.credit_ids.available, 3)

    @freeze_time("2026-01-31 09:00:00")
    def test_an_archived_card_is_reported_once(self):
        course = self._sell()
        self.token.active = False
        self._run("2026-03-02 08:00:00")
        self.assertEqual(len(course.activity_ids), 1)
        messages = course.sale_order_id.invoice_ids.message_ids
        self._run("2026-03-02 09:00:00")
        self._run("2026-03-09 09:00:00")
        self.assertEqual(len(course.activity_ids), 1)
        self.assertEqual(course.sale_order_id.invoice_ids.message_ids, messages)
        self.assertFalse(self._charges(course))

    def test_which_errors_leave_the_outcome_open(self):
        leaves_open = self.env["payment.transaction"]._leaves_outcome_open
        response = requests.Response()
        response.status_code = 402
        declined = requests.exceptions.HTTPError(response=response)
        self.assertFalse(leaves_open(declined))
        response = requests.Response()
        response.status_code = 500
        self.assertTrue(leaves_open(requests.exceptions.HTTPError(response=response)))
        for status in (409, 429, 503):
            response = requests.Response()
            response.status_code = status
            error = requests.exceptions.HTTPError(response=response)
            self.assertTrue(leaves_open(error), status)
        self.assertTrue(leaves_open(requests.exceptions.ReadTimeout()))
        self.assertTrue(leaves_open(requests.exceptions.ConnectionError()))
        self.assertFalse(leaves_open(None))

    @freeze_time("2026-01-31 09:00:00")
    def test_refund_sets_off_what_is_not_paid(self):
        course = self._sell()
        refund = course._get_refund()
        # 450 for five unused sessions, 270 of it was never paid.
        self.assertEqual((refund["credit"], refund["amount"]), (450, 180))
        credit_note = course._refund(180, "Moved away")
        self.assertEqual(credit_note.amount_total, 450)
        self.assertEqual(credit_note.amount_residual, 180)
        self.assertEqual(course.sale_order_id.invoice_ids.amount_residual, 0)
        self._run("2026-05-01 08:00:00")
        self.assertFalse(self._charges(course), "A cancelled course is not charged")
