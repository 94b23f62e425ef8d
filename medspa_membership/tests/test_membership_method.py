# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import base64
import re
from datetime import datetime, timedelta

from odoo.tests import freeze_time, tagged
from odoo.tests.common import JsonRpcException
from odoo.tools import mute_logger
from odoo.tools.misc import hash_sign

from ..models.credit.dates import format_day
from .membership_http_common import MemberPages, to_text

JSONRPC = "odoo.http"


@tagged("post_install", "-at_install")
class TestMembershipMethod(MemberPages):
    """One step after a failed payment: another card, without a password."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.membership = cls._join()
        cls.bad_card = cls._create_token("error")
        cls.membership.sudo().payment_token_id = cls.bad_card
        cls.period = cls._fail_next_period()

    @classmethod
    def _fail_next_period(cls):
        """Bill the next period to a card that does not pay."""
        membership = cls.membership.with_context(queue_job__no_delay=True)
        period = membership._bill_now()
        if period.state == "open" and not period.first_failed_at:
            period._on_failure("new_method", "The card was declined.")
        return period

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)

    def _open(self, url=None):
        url = url or self.period._get_payment_url()
        return self.url_open(url)

    def test_the_mail_leads_there(self):
        mail = self._get_mails(self.period, "could not collect")
        self.assertIn("/membership/method/", mail[:1].body_html)

    def test_another_card_pays_and_is_kept(self):
        self.assertEqual(self.membership.membership_state, "past_due")
        response = self._open()
        self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")
        self.assertIn("99.00", response.text)
        self.assertNotIn(self.patient.name, response.text)
        self.assertNotIn("4242", response.text, "No saved card for who has a link only")
        tx = self._pay_on(response.text)
        self.assertEqual((tx.state, tx.operation), ("done", "online_direct"))
        self.assertEqual(tx.amount, 99)
        self.assertEqual(tx.partner_id, self.patient)
        self.assertEqual(self.period.state, "paid")
        self.assertEqual(self.membership.membership_state, "active")
        self.assertEqual(self.membership.payment_token_id, tx.token_id)
        self.assertEqual(tx.token_id.payment_details, "4321")
        self.assertEqual(len(self.period.credit_ids), 1)
        response = self._open()
        self.assertIn("Thank you, it is paid", response.text)
        self.assertNotIn("o_payment_form", response.text)

    def test_a_card_that_fails_says_so_and_can_be_tried_again(self):
        with mute_logger("odoo.addons.payment.models.payment_transaction"):
            tx = self._pay_on(self._open().text, state="error")
        self.assertEqual(tx.state, "error")
        page = self._open(f"{self.period._get_payment_url()}?back=1").text
        self.assertIn("o_medspa_error", page)
        tx = self._pay_on(page)
        self.assertEqual(self.period.state, "paid")
        self.assertEqual(self.membership.payment_token_id, tx.token_id)

    def test_after_a_soft_decline_the_member_chooses_a_day(self):
        """Six days until the policy suspends: five of them are open."""
        period = self.period
        period.sudo().write({"failure_kind": "soft", "is_stopped": False})
        url = period._get_payment_url()
        page = self._open().text
        today = self.company._medspa_date()
        days = re.findall(r'<option[^>]*value="(\d{4}-\d\d-\d\d)"', page)
        self.assertEqual(
            days, [str(today + timedelta(days=number)) for number in range(1, 6)]
        )
        path = "/" + url.split("/", 3)[-1]
        for day in (today, today + timedelta(days=6), "x", "9999-12-31"):
            self._post(f"{path}/later", day=str(day))
            self.assertFalse(period.retry_at, day)
        chosen = today + timedelta(days=4)
        for _tap in range(2):
            response = self._post(f"{path}/later", day=str(chosen))
            self.assertEqual(response.status_code, 303)
        self.assertEqual(period.retry_at, self._at(chosen, 9))
        self.assertGreater(period.next_step_at, period.retry_at)
        text = to_text(self._open().text)
        self.assertIn(f"again on {format_day(self.env, chosen)}", text)
        # Left alone until that day, and charged on it.
        self.membership.sudo().payment_token_id = self.token
        tries = len(period.transaction_ids)
        with freeze_time(self._at(chosen, 8)):
            period._take_step()
            self.assertEqual(len(period.transaction_ids), tries)
        self._run_cron("ir_cron_charge_missed", self._at(chosen, 9, 1))
        self.assertEqual(period.state, "paid")

    def test_no_day_heals_a_card_that_is_refused_for_good(self):
        self.period.sudo().write({"failure_kind": "new_method", "is_stopped": True})
        self.assertNotIn("o_medspa_pay_later", self._open().text)

    def test_a_pending_payment_is_not_made_twice(self):
        page = self._open().text
        self._pay_on(page, state="pending")
        self.assertIn("Your payment is on its way", self._open().text)
        with (
            self.assertRaisesRegex(JsonRpcException, "nothing to pay"),
            mute_logger(JSONRPC),
        ):
            self._pay_on(page)

    def test_what_is_paid_and_not_booked_yet_is_not_charged_again(self):
        """The new card is on file before the payment that brought it is booked."""
        good = self._create_token("done")
        tx = (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.card.id,
                    "token_id": good.id,
                    "amount": 99,
                    "currency_id": self.period.currency_id.id,
                    "partner_id": self.patient.id,
                    "operation": "online_direct",
                    "invoice_ids": [(6, 0, self.period.invoice_id.ids)],
                }
            )
        )
        tx._set_done()
        self.membership.sudo().payment_token_id = good
        self.period.sudo()._charge_period(manual=True)
        paid = self.period.sudo().transaction_ids.filtered(lambda t: t.state == "done")
        self.assertEqual(paid, tx)
        self.assertFalse(self.period._can_be_paid_online())

    def test_a_suspended_member_is_restored_at_once(self):
        self.membership._transition("suspended", "Not paid")
        credit = self.membership.credit_ids[:1]
        self.assertTrue(credit.is_frozen)
        self._pay_on(self._open().text)
        self.assertEqual(self.membership.membership_state, "active")
        self.assertFalse(credit.is_frozen)

    def test_forged_and_old_links_open_nothing(self):
        token = self.membership._get_method_token(self.period)
        raw = base64.urlsafe_b64decode(token + "===")
        other = self._join(partner=self.other_patient)
        forged = [
            token[:-2],
            token[1:],
            "x",
            "%00",
            hash_sign(self.env(su=True), "other", [self.membership.id, self.period.id]),
            base64.urlsafe_b64encode(
                raw[:41] + f"[{other.id}, {self.period.id}]".encode()
            ).decode(),
            base64.urlsafe_b64encode(b"\x01" + b"\xff" * 8 + raw[9:]).decode(),
        ]
        for bad in forged:
            response = self._open(f"/membership/method/{bad}")
            self.assertEqual(response.status_code, 404, bad)
            self.assertNotIn("Glow", response.text)
            with (
                self.assertRaisesRegex(JsonRpcException, "too old"),
                mute_logger(JSONRPC),
            ):
                self._rpc(f"/membership/method/{bad}/transaction", flow="direct")
        with freeze_time(datetime.now() + timedelta(days=22)):
            self.assertEqual(self._open(f"/membership/method/{token}").status_code, 404)

    def test_a_period_of_another_member_is_not_paid(self):
        other = self._join(partner=self.other_patient)
        token = other._get_method_token(self.period)
        page = self._open(f"/membership/method/{token}").text
        self.assertNotIn("99.00", page)
        self.assertNotIn("o_payment_form", page)

    def test_a_link_charges_no_saved_card(self):
        good = self._create_token("done")
        page = self._open().text
        with (
            self.assertRaisesRegex(JsonRpcException, "Choose a card"),
            mute_logger(JSONRPC),
        ):
            self._pay_on(page, flow="token", token_id=good.id, provider_id=None)
        self.assertEqual(self.period.state, "open")

    def test_a_provider_that_stores_nothing_is_refused(self):
        page = self._open().text
        self.provider.allow_tokenization = False
        with (
            self.assertRaisesRegex(JsonRpcException, "Choose a card"),
            mute_logger(JSONRPC),
        ):
            self._pay_on(page)

    def test_the_amount_is_the_clinics_not_the_visitors(self):
        tx = self._pay_on(self._open().text, amount=1.0)
        self.assertEqual(tx.amount, 99)

    def test_member_who_logs_in_uses_a_saved_card(self):
        good = self._create_token("done")
        self.authenticate("paula", "paula")
        response = self._open(f"/my/memberships/{self.membership.id}/card")
        form = self._get_form(response.text)
        self._rpc(
            form["transaction-route"],
            provider_id=self.provider.id,
            payment_method_id=None,
            token_id=good.id,
            amount=None,
            flow="token",
            tokenization_requested=False,
            landing_route=form["landing-route"],
            is_validation=False,
            access_token=form["access-token"],
        )
        self._rpc("/payment/status/poll")
        self.assertEqual(self.period.state, "paid")
        self.assertEqual(self.membership.payment_token_id, good)

    def test_another_patient_cannot_assign_a_card(self):
        token = self.membership._get_method_token()
        mine = self._create_token("done", self.other_patient)
        self.authenticate("oscar", "oscar")
        with self.assertRaisesRegex(JsonRpcException, "too old"), mute_logger(JSONRPC):
            self._rpc(f"/membership/method/{token}/assign", token_id=mine.id)
        self.authenticate("paula", "paula")
        with (
            self.assertRaisesRegex(JsonRpcException, "payment method of yours"),
            mute_logger(JSONRPC),
        ):
            self._rpc(f"/membership/method/{token}/assign", token_id=mine.id)
        self.assertEqual(self.membership.payment_token_id, self.bad_card)

    def test_the_page_of_the_invoice_keeps_the_card_too(self):
        """Core's own page names no invoice when it asks whether to keep the card."""
        invoice = self.period.invoice_id
        page = self.url_open(invoice.get_portal_url()).text
        self.assertNotIn("o_payment_tokenize_checkbox", page)
        tx = self._pay_on(page, amount=99.0)
        self.assertEqual(tx.token_id, self.membership.payment_token_id)
        self.assertEqual(self.period.state, "paid")
        self.assertEqual(self.membership.membership_state, "active")


@tagged("post_install", "-at_install")
class TestSavedCards(MemberPages):
    """Core's page of the saved cards, and a card of a membership that is removed."""

    def test_removing_the_card_of_a_membership_warns(self):
        membership = self._join()
        self.authenticate("paula", "paula")
        info = self._rpc(
            "/web/dataset/call_kw/payment.token/get_linked_records_info",
            model="payment.token",
            method="get_linked_records_info",
            args=[self.token.ids],
            kwargs={},
        )
        self.assertEqual(
            [(row["description"], row["name"], row["url"]) for row in info],
            [("Membership", "Glow", f"/my/memberships/{membership.id}")],
        )
        self._rpc("/payment/archive_token", token_id=self.token.id)
        self.assertFalse(self.token.active)
        text = self._read(f"/my/memberships/{membership.id}")
        self.assertIn("No card on file", text)

    def test_a_card_is_changed_from_the_page_of_the_membership(self):
        membership = self._join()
        self.authenticate("paula", "paula")
        response = self.url_open(f"/my/memberships/{membership.id}/card")
        self.assertIn("Nothing is charged today", " ".join(response.text.split()))
        tx = self._pay_on(response.text)
        self.assertEqual(tx.operation, "validation")
        self.assertEqual(membership.payment_token_id, tx.token_id)
        self.assertEqual(membership.membership_state, "active")
        self.assertEqual(len(membership.period_ids), 1)
        page = self.url_open(f"{response.url}?back=1").text
        self.assertIn("o_medspa_new_card", page)
        self.assertIn(tx.token_id.display_name, page)
        self.assertNotIn("o_payment_submit_button", page)

    def test_a_saved_card_is_assigned(self):
        membership = self._join()
        good = self._create_token("done")
        self.authenticate("paula", "paula")
        token = membership._get_method_token()
        self._rpc(
            f"/membership/method/{token}/assign", token_id=good.id, access_token=token
        )
        self.assertEqual(membership.payment_token_id, good)
