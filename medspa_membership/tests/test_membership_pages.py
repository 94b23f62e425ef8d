# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import re
from datetime import timedelta

from lxml.html import fromstring

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MockEmail

from ..models.credit.dates import format_day
from .membership_http_common import PIXEL, MemberPages


@tagged("post_install", "-at_install")
class TestMembershipPages(MockEmail, MemberPages):
    """A member reads how it stands and changes it. Numbers are worked by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.write(
            {
                "max_pause_days": 30,
                "family_limit": 1,
                "discount_ids": [(0, 0, {"applied_on": "all", "percent": 15})],
            }
        )
        cls.membership = cls._join()
        cls.today = cls.company._medspa_date()
        cls.url = f"/my/memberships/{cls.membership.id}"
        cls.big_plan = cls._publish(
            cls._create_plan(
                "Radiance", 199, [{"treatment_id": cls.peel.id, "quantity": 5}]
            )
        )
        cls.small_plan = cls._publish(
            cls._create_plan(
                "Basic", 49, [{"treatment_id": cls.peel.id, "quantity": 1}]
            )
        )

    def setUp(self):
        super().setUp()
        self.authenticate("paula", "paula")

    def _money(self, amount):
        return self.company.currency_id.format(amount).replace("\xa0", " ")

    def test_the_page_says_how_it_stands(self):
        text = self._read(self.url)
        self.assertIn(f"Next payment: {self._money(99)} on", text)
        self.assertIn("2 sessions", text)
        self.assertIn("15 % off everything", text)
        self.assertIn("4242", text)
        self.assertIn(self.membership.period_ids.invoice_id.name, text)
        self.assertIn("No minimum term.", text)
        self.assertIn("Glow", self._read("/my/memberships"))

    def test_my_care_shows_the_membership(self):
        text = self._read("/my/care")
        self.assertIn(f"Next payment: {self._money(99)} on", text)
        self.assertIn("Glow", text)

    def test_home_counts_memberships(self):
        self.assertEqual(
            self._rpc("/my/counters", counters=["medspa_membership_count"]),
            {"medspa_membership_count": 1},
        )

    def test_invoice_and_receipt_are_given_out(self):
        period = self.membership.period_ids
        tx = period.invoice_id.transaction_ids
        for url in (
            f"{self.url}/invoices/{period.id}",
            f"{self.url}/receipts/{period.id}/{tx.id}",
        ):
            response = self.url_open(url, allow_redirects=False)
            self.assertEqual(response.status_code, 200, url)
            self.assertIn("attachment", response.headers["Content-Disposition"])

    def test_a_paid_invoice_is_no_proforma(self):
        """Core calls it so until somebody sends it by hand, which here nobody does."""
        invoice = self.membership.period_ids.invoice_id
        self.assertFalse(invoice.invoice_pdf_report_id)
        self.assertIn(invoice.payment_state, ("in_payment", "paid"))
        reports = self.env["ir.actions.report"].with_context(proforma_invoice=True)
        content, _type = reports._render_qweb_html(
            "account.account_invoices", invoice.ids
        )
        self.assertIn(invoice.name, content.decode())
        self.assertNotIn("Proforma", content.decode())

    def test_a_signed_agreement_is_printed_on_demand(self):
        agreement = self.membership._get_agreement_to_sign()
        page = self._read(f"{self.url}/sign")
        self.assertIn("Glow membership", page)
        result = self._rpc(
            f"{self.url}/sign/{agreement.id}", name="Paula Patient", signature=PIXEL
        )
        self.assertIn("done=signed", result["redirect_url"])
        self.assertEqual(agreement.signed_by, "Paula Patient")
        self.assertFalse(agreement.attachment_id)
        response = self.url_open(f"{self.url}/agreements/{agreement.id}")
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.env.invalidate_all()
        self.assertEqual(agreement.attachment_id.raw, response.content)
        self.url_open(f"{self.url}/agreements/{agreement.id}")
        self.env.invalidate_all()
        self.assertEqual(len(agreement.attachment_id), 1)

    def test_an_empty_signature_is_refused(self):
        agreement = self.membership._get_agreement_to_sign()
        result = self._rpc(
            f"{self.url}/sign/{agreement.id}", name="Paula", signature=None
        )
        self.assertIn("sign in the field", result["error"])
        self.assertEqual(agreement.state, "to_sign")

    # === PAUSE === #

    def test_pause_and_resume(self):
        text = self._read(f"{self.url}/pause")
        self.assertIn("30 of 30 days in twelve months are left", text)
        end = self.today + timedelta(days=9)
        response = self._post(
            f"{self.url}/pause", start=str(self.today), end=str(end), reason="Travel"
        )
        self.assertEqual(response.status_code, 303)
        self.assertEqual(self.membership.membership_state, "paused")
        self.assertEqual(self.membership.pause_ids.days, 10)
        text = self._read(self.url)
        self.assertIn("It is paused until", text)
        # Ten days of pause move the payment by ten days.
        moved = self.membership.recurring_next_date + timedelta(days=10)
        self.assertIn(
            f"Next payment after it: $ 99.00 on {format_day(self.env, moved)}.", text
        )
        self._post(f"{self.url}/resume")
        self.assertEqual(
            self.membership.recurring_next_date, moved - timedelta(days=10)
        )
        self.assertEqual(self.membership.membership_state, "active")

    def test_forms_and_links_lead_to_the_membership(self):
        for page in ("", "/pause", "/change", "/cancel", "/withdraw"):
            text = self.url_open(f"{self.url}{page}").text
            for path in re.findall(r'<form[^>]*method="post"[^>]*>', text):
                action = re.search(r'action="([^"]*)"', path).group(1)
                self.assertTrue(action.startswith(f"{self.url}/"), (page, action))
            if page:
                self.assertIn(f'href="{self.url}"', text)

    def test_a_pause_that_is_too_long_loses_nothing_typed(self):
        end = self.today + timedelta(days=30)
        response = self._post(
            f"{self.url}/pause", start=str(self.today), end=str(end), reason="Travel"
        )
        self.assertEqual(response.status_code, 200)
        self.assertIn("this pause takes 31", response.text)
        self.assertIn('value="Travel"', response.text)
        self.assertIn(f'value="{end}"', response.text)
        self.assertFalse(self.membership.pause_ids)

    def test_a_planned_pause_is_taken_back(self):
        start = self.today + timedelta(days=5)
        self._post(f"{self.url}/pause", start=str(start), end=str(start))
        pause = self.membership.pause_ids
        self.assertEqual(pause.state, "planned")
        self._post(f"{self.url}/resume", pause=pause.id)
        self.assertEqual(pause.state, "cancelled")
        self.assertEqual(self.membership.membership_state, "active")

    # === PLAN === #

    def test_upgrade_for_the_amount_that_was_shown(self):
        text = self._read(f"{self.url}/change")
        self.assertIn("Radiance", text)
        self.assertIn("Basic", text)
        # Joined today: the whole period is left, 199 - 99 = 100.
        text = self._read(f"{self.url}/change?plan={self.big_plan.id}")
        self.assertIn(f"Change and pay {self._money(100)}", text)
        response = self._post(
            f"{self.url}/change", plan=self.big_plan.id, when="now", amount="1.00"
        )
        self.assertIn("Look at the change again", response.text)
        self.assertEqual(self.membership.template_id, self.plan)
        response = self._post(
            f"{self.url}/change", plan=self.big_plan.id, when="now", amount="100.0"
        )
        self.assertEqual(response.status_code, 303)
        self.assertEqual(self.membership.template_id, self.big_plan)
        self.assertEqual(
            self.membership.period_ids.filtered(lambda p: p.kind == "upgrade").amount,
            100,
        )
        self.assertTrue(self.membership._get_agreement_to_sign())
        self.assertIn("Please read and sign", self._read(self.url))

    def test_downgrade_waits_for_the_next_payment_and_can_be_left(self):
        text = self._read(f"{self.url}/change?plan={self.small_plan.id}&when=now")
        self.assertIn("Change the plan", text)
        url = f"{self.url}/change?plan={self.small_plan.id}&when=now"
        page = fromstring(self.url_open(url).text)
        form = page.xpath(
            "//button[contains(@class, 'o_medspa_confirm')]/ancestor::form"
        )
        # As the browser does: what is charged today is nothing, and that is said.
        self._post(f"{self.url}/change", **dict(form[0].form_values()))
        self.assertEqual(self.membership.next_template_id, self.small_plan)
        self.assertEqual(self.membership.template_id, self.plan)
        self.assertIn(f"Next payment: {self._money(49)} on", self._read(self.url))
        self._post(f"{self.url}/change", stay="1")
        self.assertFalse(self.membership.next_template_id)

    def test_downgrade_at_once_is_not_for_the_member_to_decide(self):
        """What the page never offers: a cheaper plan today, and money back."""
        today = self.company._medspa_date()
        change = self.membership._get_plan_change(self.small_plan, today, "now")
        self.assertLess(change["amount"], 0)
        for _time in range(2):
            response = self._post(
                f"{self.url}/change",
                plan=self.small_plan.id,
                when="now",
                amount=str(change["amount"]),
            )
            self.assertIn("begins with the next period", response.text)
        self.assertEqual(self.membership.template_id, self.plan)
        self.assertEqual(len(self.membership.period_ids), 1)
        self.assertFalse(self.membership.period_ids.invoice_id.reversal_move_ids)
        self.assertFalse(
            self.env["payment.transaction"].search_count([("operation", "=", "refund")])
        )

    def test_a_plan_that_is_not_on_sale_is_refused(self):
        self.big_plan.product_tmpl_id.is_published = False
        response = self._post(
            f"{self.url}/change", plan=self.big_plan.id, when="now", amount="100.0"
        )
        self.assertIn("Choose a plan that is on sale", response.text)
        self.assertEqual(self.membership.template_id, self.plan)

    # === END === #

    def test_cancel_and_take_it_back(self):
        reason = self.env.ref("medspa_membership.close_reason_else")
        end = self.membership._get_period_end(self.today)
        text = self._read(f"{self.url}/cancel")
        self.assertIn("Nothing more is charged", text)
        self.assertIn("Pause it instead", text)
        response = self._post(f"{self.url}/cancel", way="terms", end_date=str(end))
        self.assertIn("Please choose a reason", response.text)
        self.assertEqual(self.membership.membership_state, "active")
        response = self._post(
            f"{self.url}/cancel",
            way="terms",
            end_date=str(end),
            reason=reason.id,
            note="Moving away",
        )
        self.assertEqual(response.status_code, 303)
        self.assertEqual(self.membership.membership_state, "ending")
        self.assertEqual(self.membership.end_date, end)
        self.assertEqual(self.membership.cancel_note, "Moving away")
        self._run_jobs()
        self.assertEqual(len(self._get_mails(self.membership, "cancellation")), 1)
        self.assertIn("Take the cancellation back", self._read(self.url))
        self._post(f"{self.url}/keep")
        self.assertEqual(self.membership.membership_state, "active")
        self.assertFalse(self.membership.end_date)

    def test_dates_that_have_changed_are_shown_again(self):
        reason = self.env.ref("medspa_membership.close_reason_else")
        response = self._post(
            f"{self.url}/cancel", way="terms", end_date="2030-01-01", reason=reason.id
        )
        self.assertIn("The dates are others by now", response.text)
        self.assertFalse(self.membership.cancelled_on)

    def test_a_way_that_is_not_open_is_refused(self):
        reason = self.env.ref("medspa_membership.close_reason_else")
        for way in ("exit", "now", "withdraw", "x"):
            self._post(
                f"{self.url}/cancel",
                way=way,
                end_date=str(self.today),
                reason=reason.id,
            )
            self.assertFalse(self.membership.cancelled_on, way)

    def test_withdraw_within_the_days_of_the_law(self):
        self.assertIn("Withdraw from contract", self._read(self.url))
        text = self._read(f"{self.url}/withdraw")
        self.assertIn(f"You get back {self._money(99)}", text)
        response = self._post(f"{self.url}/withdraw", name=" ")
        self.assertIn("Please write your name", response.text)
        self.assertEqual(self.membership.membership_state, "active")
        self._post(f"{self.url}/withdraw", name="Paula Patient")
        self.assertEqual(self.membership.membership_state, "ended")
        self.assertEqual(self.membership.period_ids.state, "refunded")
        mail = self._get_mails(self.membership, "withdrawal")
        self.assertEqual(len(mail), 1)
        self.assertIn("Withdrawn by Paula Patient", mail.body_html)
        self.assertIn("Europe/Madrid", mail.body_html)
        self._run_jobs()
        self.assertFalse(self._get_mails(self.membership, "cancellation"))
        self.assertNotIn("Withdraw from contract", self._read(self.url))

    # === FAMILY === #

    def test_family_uses_what_is_granted(self):
        response = self._post(f"{self.url}/family", name="", email="x")
        self.assertIn("Write down the name", response.text)
        response = self._post(f"{self.url}/family", name="Pepe", email="no address")
        self.assertIn("is no e-mail address", response.text)
        self.assertIn('value="Pepe"', response.text)
        self._post(f"{self.url}/family", name="Pepe", email="pepe@example.com")
        person = self.membership.beneficiary_ids
        self.assertEqual(person.email, "pepe@example.com")
        self.assertTrue(person.user_ids)
        self.assertEqual(self.membership.credit_ids.beneficiary_ids, person)
        response = self._post(f"{self.url}/family", name="Pia")
        self.assertIn("as many as your plan allows", response.text)
        self._post(f"{self.url}/family", drop=person.id)
        self.assertFalse(self.membership.beneficiary_ids)
        self.assertFalse(self.membership.credit_ids.beneficiary_ids)

    def _share_with_oscar(self, name):
        with self.mock_mail_gateway():
            response = self._post(
                f"{self.url}/family", name=name, email="oscar@example.com"
            )
        self.assertEqual(response.status_code, 303)
        person = self.membership.beneficiary_ids
        self.assertNotEqual(person, self.other_patient, "he has not answered yet")
        self.assertEqual(len(person), 1)
        text = self._read(self.url)
        self.assertIn("oscar@example.com", text)
        self.assertNotIn(self.other_patient.name, text.replace(name, ""))
        self.assertEqual(self._new_mails[-1].email_to, "oscar@example.com")
        return person, re.search(
            r'href="[^"]*?(/membership/family/[\w=-]+)"', self._new_mails[-1].body_html
        )[1]

    def test_family_tells_nobody_who_is_known(self):
        """A known patient takes part when his mailbox has answered, and not before."""
        self.other_patient.write({"name": "Oscar Other", "email": "oscar@example.com"})
        for login in (self.other_user, None):
            if not login:
                self.other_user.action_archive()
            person, path = self._share_with_oscar("Oscar Other")
            self.assertFalse(person.user_ids, "no second account with his address")
            self._post(f"{self.url}/family", drop=person.id)
        find = self.env["res.partner"]._find_patient_by_email
        self.assertEqual(find("oscar@example.com"), self.other_patient)
        self.assertIn("taken back", self.url_open(path).text)

    def test_family_member_takes_part_by_mail(self):
        self.other_patient.write({"name": "Oscar Other", "email": "oscar@example.com"})
        person, path = self._share_with_oscar("oscar other")
        self.authenticate(None, None)
        self.assertIn("Yes, share it with me", self.url_open(path).text)
        self.env.invalidate_all()
        self.assertEqual(self.membership.beneficiary_ids, person)
        self.assertIn("You share the membership", self._post(path).text)
        self.env.invalidate_all()
        self.assertEqual(self.membership.beneficiary_ids, self.other_patient)
        self.assertEqual(self.membership.credit_ids.beneficiary_ids, self.other_patient)
        self.assertFalse(person.active)

    def test_family_changes_five_times_a_day(self):
        for number in range(6):
            response = self._post(f"{self.url}/family", name=f"Pepe {number}")
            self._post(f"{self.url}/family", drop=self.membership.beneficiary_ids.id)
        self.assertIn("changed often today", response.text)

    # === COST === #

    def test_many_periods_cost_the_same(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.url_open(self.url)
            return self.cr.sql_log_count - before

        count()
        few = count()
        self.env["medspa.membership.period"].sudo().create(
            [
                self.membership._prepare_period_vals(
                    self.membership._get_anchored_date(number), state="skipped"
                )
                for number in range(20, 40)
            ]
        )
        self.assertLessEqual(count(), few + 3)


@tagged("post_install", "-at_install")
class TestMembershipRoutes(MemberPages):
    """Every route, tried by an outsider and by another patient."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.write({"family_limit": 2, "max_pause_days": 0})
        cls.membership = cls._join()
        cls.membership._ask_to_sign()
        cls.big_plan = cls._publish(cls._create_plan("Radiance", 199))
        cls.url = f"/my/memberships/{cls.membership.id}"
        cls.period = cls.membership.period_ids
        cls.agreement = cls.membership.agreement_ids[:1]

    def _pages(self):
        tx = self.period.invoice_id.transaction_ids
        return [
            self.url,
            f"{self.url}/agreements/{self.agreement.id}",
            f"{self.url}/invoices/{self.period.id}",
            f"{self.url}/receipts/{self.period.id}/{tx.id}",
            f"{self.url}/sign",
            f"{self.url}/card",
            f"{self.url}/pause",
            f"{self.url}/change",
            f"{self.url}/change?plan={self.big_plan.id}",
            f"{self.url}/cancel",
            f"{self.url}/withdraw",
        ]

    def _changes(self):
        today = str(self.company._medspa_date())
        reason = self.env.ref("medspa_membership.close_reason_else").id
        end = str(self.membership._get_period_end(self.company._medspa_date()))
        return [
            ("pause", {"start": today, "end": today}),
            ("resume", {}),
            ("change", {"plan": self.big_plan.id, "when": "now", "amount": "100.0"}),
            ("change", {"stay": "1"}),
            ("cancel", {"way": "terms", "end_date": end, "reason": reason}),
            ("withdraw", {"name": "Oscar"}),
            ("keep", {}),
            ("family", {"name": "Oscar", "email": "o@example.com"}),
        ]

    def assertUntouched(self):
        self.env.invalidate_all()
        membership = self.membership
        self.assertEqual(membership.membership_state, "active")
        self.assertEqual(membership.template_id, self.plan)
        self.assertFalse(membership.cancelled_on)
        self.assertFalse(membership.pause_ids)
        self.assertFalse(membership.beneficiary_ids)
        self.assertEqual(len(membership.period_ids), 1)

    def test_outsider_is_asked_to_log_in(self):
        self.authenticate(None, None)
        for url in [*self._pages(), "/my/memberships"]:
            response = self.url_open(url, allow_redirects=False)
            self.assertEqual(response.status_code, 303, url)
            self.assertIn("/web/login", response.headers["Location"], url)
        for path, data in self._changes():
            response = self._post(f"{self.url}/{path}", **data)
            self.assertIn("/web/login", response.headers.get("Location", ""), path)
        self.assertUntouched()

    def test_another_patient_gets_nothing(self):
        self.authenticate("oscar", "oscar")
        for url in self._pages():
            response = self.url_open(url)
            for secret in (
                self.patient.name,
                "Glow",
                "4242",
                self.period.invoice_id.name,
            ):
                self.assertNotIn(secret, response.text, url)
            self.assertNotEqual(
                response.headers["Content-Type"], "application/pdf", url
            )
        for path, data in self._changes():
            response = self._post(f"{self.url}/{path}", **data)
            self.assertEqual(response.status_code, 303, path)
        result = self._rpc(
            f"{self.url}/sign/{self.agreement.id}", name="Oscar", signature="x"
        )
        self.assertIn("nothing to sign", result["error"])
        self.assertUntouched()
        self.assertNotIn("Glow", self._read("/my/memberships"))

    def test_papers_of_another_are_not_reached_by_ones_own_page(self):
        mine = self._join(self.big_plan, partner=self.other_patient)
        self.authenticate("oscar", "oscar")
        url = f"/my/memberships/{mine.id}"
        tx = self.period.invoice_id.transaction_ids
        for path in (
            f"agreements/{self.agreement.id}",
            f"invoices/{self.period.id}",
            f"receipts/{self.period.id}/{tx.id}",
            f"receipts/{mine.period_ids.id}/{tx.id}",
        ):
            response = self.url_open(f"{url}/{path}", allow_redirects=False)
            self.assertEqual(response.status_code, 303, path)

    def test_a_change_needs_the_token_of_the_form(self):
        self.authenticate("paula", "paula")
        for path, data in self._changes():
            with mute_logger("odoo.http"):
                response = self._post(f"{self.url}/{path}", csrf=False, **data)
            self.assertEqual(response.status_code, 400, path)
        self.assertUntouched()

    def test_rubbish_breaks_no_page(self):
        self.authenticate("paula", "paula")
        for path, data in (
            ("pause", {"start": "9999-99-99", "end": "x"}),
            ("pause", {"start": "1000-01-01"}),
            ("resume", {"pause": "x"}),
            ("change", {"plan": "x", "when": "y", "amount": "nan"}),
            ("change", {"plan": self.big_plan.id, "when": "now", "amount": "nan"}),
            ("cancel", {"way": "x", "reason": "x", "end_date": "x"}),
            ("family", {"drop": "x"}),
        ):
            response = self._post(f"{self.url}/{path}", **data)
            self.assertIn(response.status_code, (200, 303), path)
        self.assertUntouched()
        self.assertEqual(self.url_open("/my/memberships/999999").status_code, 200)
