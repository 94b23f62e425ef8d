# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date, datetime

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, tagged

from odoo.addons.mail.tests.common import MockEmail

from .membership_http_common import MemberPages, to_text
from .test_membership_desk import DeskCase

TOLD_ON = "2026-02-10 09:00:00"


class PriceCase(MockEmail, DeskCase):
    """A member of 31 January; five percent more from 15 March on, told on 10 February.

    The first period from then on begins on 31 March.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.membership = cls._join(on="2026-01-31")

    def _prepare(self, on=TOLD_ON, plans=None, user=None, **vals):
        """Fill in the form as a manager does, and list the members."""
        values = {
            "name": "Prices of 2026",
            "percent": 5,
            "effective_date": "2026-03-15",
            **vals,
        }
        with freeze_time(on):
            env = self._as(user or self.manager)
            form = Form(env["medspa.price.campaign"])
            for plan in plans or self.plan:
                form.plan_ids.add(plan)
            for name, value in values.items():
                setattr(form, name, value)
            campaign = form.save()
            campaign.action_prepare()
        return campaign

    def _announce(self, on=TOLD_ON, **vals):
        """Announce a campaign and let the letters go out; return its first line."""
        campaign = self._prepare(on, **vals)
        with freeze_time(on):
            campaign.action_send()
        self._work(on)
        self._deliver(on)
        return self._line(campaign)

    def _deliver(self, on=TOLD_ON):
        """Let the queue hand the letters over to the mail server."""
        with freeze_time(on), self.mock_mail_gateway():
            self.env["mail.mail"].sudo().process_email_queue()
        self.env.invalidate_all()

    def _line(self, campaign, membership=None):
        membership = membership or self.membership
        lines = self.env["medspa.price.campaign.line"].search(
            [("campaign_id", "=", campaign.id), ("membership_id", "=", membership.id)]
        )
        return lines

    def _answer(self, line, accepts, on="2026-02-20 09:00:00", user=None):
        line = self._as(user or self.receptionist, line)
        with freeze_time(on):
            line.action_accept() if accepts else line.action_refuse()

    def _billed(self, *days):
        """Bill on days; return the amounts of all regular periods, in order."""
        for day in days:
            self._bill(day)
        return self.membership.period_ids.sorted("start_date").mapped("amount")

    def _letters(self, line):
        return self.env["mail.mail"].search(
            [("model", "=", line._name), ("res_id", "=", line.id)]
        )


@tagged("post_install", "-at_install")
class TestPriceCampaign(PriceCase):
    # === NOTICE === #

    def test_who_was_not_reached_is_not_told_and_pays_the_old_price(self):
        self.patient.email = "paula at example.com"
        line = self._announce()
        self.assertFalse(line.notified_at)
        self.assertTrue(line.notice_failure)
        self.assertEqual(line.campaign_id.unreached_count, 1)
        self.assertEqual(self._billed("2026-02-28", "2026-03-31"), [99, 99, 99])
        with freeze_time("2026-04-01 09:00:00"):
            self._as(self.manager, line).action_mark_told()
        self.assertEqual(line.campaign_id.unreached_count, 0)

    def test_a_letter_that_comes_back_has_told_nobody(self):
        line = self._announce()
        self.assertTrue(line.notified_at)
        self.patient._message_receive_bounce(self.patient.email, self.patient)
        self.assertFalse(line.notified_at)
        self.assertIn("came back", line.notice_failure)
        self.assertEqual(line.state, "waiting")
        self.assertEqual(self._billed("2026-02-28", "2026-03-31"), [99, 99, 99])

    def test_told_is_when_the_mail_server_has_it_and_not_before(self):
        campaign = self._prepare()
        with freeze_time(TOLD_ON):
            campaign.action_send()
        self._work(TOLD_ON)
        line = self._line(campaign)
        self.assertFalse(line.notified_at)
        self.assertEqual(len(self._letters(line)), 1)
        self._deliver("2026-02-10 09:05:00")
        self.assertEqual(line.notified_at, datetime(2026, 2, 10, 9, 5))

    def test_the_notice_names_both_prices_the_day_and_a_link(self):
        line = self._announce(notice_text="<p>Rents go up.</p>")
        mail = self._letters(line)
        self.assertEqual(len(mail), 1)
        text = to_text(mail.body_html)
        for words in ("Rents go up.", "103.95", "99.00", "March 15, 2026"):
            self.assertIn(words, text)
        self.assertIn(line._get_answer_url(), mail.body_html)
        self.assertEqual(line.notified_at, datetime(2026, 2, 10, 9))
        with freeze_time("2026-02-11 09:00:00"):
            line._enqueue_notices()
        self._work("2026-02-11 09:00:00")
        self.assertEqual(len(self._letters(line)), 1, "Told once")

    def test_who_says_nothing_pays_it_from_its_day_on(self):
        line = self._announce()
        self.assertEqual(self._billed("2026-02-28"), [99, 99])
        self.assertEqual(line.state, "waiting")
        self.assertEqual(self._billed("2026-03-31"), [99, 99, 103.95])
        self.assertEqual(line.state, "applied")
        latest = self.membership.period_ids.sorted("start_date")[-1]
        self.assertEqual(latest.invoice_id.amount_total, 103.95)
        self.assertEqual(latest.state, "paid")
        self.assertEqual(self._billed("2026-04-30"), [99, 99, 103.95, 103.95])

    def test_an_announcement_keeps_its_notice(self):
        # 10 February and 30 days: 12 March.
        campaign = self._prepare(effective_date="2026-03-11")
        with freeze_time(TOLD_ON), self.assertRaisesRegex(UserError, "03/12/2026"):
            campaign.action_send()
        self.assertEqual(campaign.state, "draft")
        campaign.effective_date = "2026-03-12"
        with freeze_time(TOLD_ON):
            campaign.action_send()
        self.assertEqual(campaign.state, "sent")

    def test_who_was_not_told_pays_the_old_price(self):
        self.patient.email = False
        line = self._announce()
        self.assertEqual(self._billed("2026-02-28", "2026-03-31"), [99] * 3)
        self.assertEqual((line.state, line.campaign_id.unreached_count), ("waiting", 1))
        with freeze_time("2026-04-10 09:00:00"):
            self._as(self.receptionist, line).action_mark_told()
        # 10 April and 30 days: not on 30 April, but on 31 May.
        self.assertEqual(line.effective_date, date(2026, 5, 10))
        self.assertEqual(
            self._billed("2026-04-30", "2026-05-31"), [99, 99, 99, 99, 103.95]
        )

    def test_what_was_announced_is_not_changed(self):
        campaign = self._announce().campaign_id
        with self.assertRaises(UserError):
            campaign.percent = 10
        with self.assertRaises(UserError):
            campaign.unlink()
        with self.assertRaises(UserError), freeze_time(TOLD_ON):
            campaign.action_send()
        with self.assertRaises(UserError):
            campaign.action_prepare()

    def test_a_percentage_changes_the_price(self):
        for percent in (0, -100, 101):
            with self.assertRaises(ValidationError):
                self._prepare(percent=percent)

    # === ANSWERS === #

    def test_consent_is_asked_for(self):
        line = self._announce(mode="consent")
        self.assertEqual(self._billed("2026-02-28", "2026-03-31"), [99] * 3)
        self.assertEqual(line.state, "kept")

    def test_consent_is_given_at_the_desk(self):
        line = self._announce(mode="consent")
        self._answer(line, True)
        self.assertEqual(line.state, "accepted")
        self.assertEqual(line.answer_user_id, self.receptionist)
        self.assertEqual(line.answered_at, datetime(2026, 2, 20, 9))
        self.assertIn("Agreed to", self.membership.message_ids[0].body)
        self.assertEqual(self._billed("2026-02-28", "2026-03-31"), [99, 99, 103.95])

    def test_who_refuses_keeps_the_old_price(self):
        line = self._announce()
        self._answer(line, False)
        self.assertEqual(self._billed("2026-02-28", "2026-03-31"), [99] * 3)
        self.assertEqual(line.state, "kept")
        self.assertEqual(line.campaign_id.refused_count, 1)
        with self.assertRaises(UserError):
            self._answer(line, True, "2026-04-01 09:00:00")

    def test_an_answer_can_change_until_the_day(self):
        line = self._announce()
        self._answer(line, False)
        self._answer(line, True, "2026-02-21 09:00:00")
        self.assertEqual(self._billed("2026-02-28", "2026-03-31")[-1], 103.95)

    def test_who_refuses_leaves_before_the_new_price(self):
        line = self._announce(refusal_rule="end")
        self._answer(line, False)
        self.assertEqual(self.membership.membership_state, "ending")
        self.assertEqual(self.membership.end_date, date(2026, 3, 30))
        self.assertEqual(
            self.membership.close_reason_id,
            self.env.ref("medspa_membership.close_reason_price"),
        )
        self.assertEqual(self._billed("2026-02-28", "2026-03-31"), [99, 99])
        self._run_cron("ir_cron_end_memberships", "2026-03-31 08:00:00")
        self.assertEqual(self.membership.membership_state, "ended")
        self.assertEqual(line.state, "refused")

    def test_a_refusal_ends_no_later_than_a_cancellation(self):
        line = self._announce(refusal_rule="end")
        with freeze_time("2026-02-12 09:00:00"):
            self.membership._cancel(self.reason)
        self.assertEqual(self.membership.end_date, date(2026, 2, 27))
        self._answer(line, False)
        self.assertEqual(self.membership.end_date, date(2026, 2, 27))
        self.assertEqual(self.membership.close_reason_id, self.reason)

    def test_who_stays_after_all_pays_the_new_price(self):
        line = self._announce(refusal_rule="end")
        self._answer(line, False)
        with freeze_time("2026-02-25 09:00:00"):
            self.membership._keep()
        self.assertEqual(line.state, "waiting")
        self.assertEqual(self._billed("2026-02-28", "2026-03-31"), [99, 99, 103.95])

    def test_a_new_price_opens_the_term(self):
        plan = self._create_plan("Bound", 99, minimum_periods=12)
        membership = self._join(plan, partner=self.other_patient, on="2026-01-31")
        campaign = self._prepare(plans=plan, refusal_rule="end", locks_term=False)
        with freeze_time(TOLD_ON):
            campaign.action_send()
        self._work(TOLD_ON)
        with freeze_time("2026-02-20 09:00:00"):
            action = self._as(self.receptionist, membership).action_cancel_membership()
            wizard = self._as(self.receptionist)[action["res_model"]].browse(
                action["res_id"]
            )
            ways = {way.way: way for way in wizard.way_ids}
            self.assertIn("price", ways)
            wizard.write({"way_id": ways["price"].id, "reason_id": self.reason.id})
            wizard.action_confirm()
        self.assertEqual(membership.end_date, date(2026, 3, 30))

    # === WHO === #

    def test_who_is_left_out_and_why(self):
        bound = self._create_plan("Bound", 99, minimum_periods=12)
        elsewhere = self._join(bound, partner=self.other_patient, on="2026-01-31")
        campaign = self._prepare(plans=self.plan | bound)
        line = self._line(campaign, elsewhere)
        self.assertEqual(line.state, "excluded")
        self.assertIn("01/30/2027", line.exclude_reason)
        self.assertEqual(self._line(campaign).state, "draft")
        elsewhere._set_paid_elsewhere("Barter")
        campaign.locks_term = False
        with freeze_time(TOLD_ON):
            campaign.action_prepare()
        self.assertEqual(
            self._line(campaign, elsewhere).exclude_reason, "Paid elsewhere"
        )
        with freeze_time("2026-02-09 09:00:00"):
            self.membership._cancel(self.reason)
        with freeze_time(TOLD_ON):
            campaign.action_prepare()
            self.assertEqual(self._line(campaign).exclude_reason, "Leaves already")
            with self.assertRaises(UserError):
                campaign.action_send()

    def test_left_out_by_hand(self):
        campaign = self._prepare()
        line = self._line(campaign)
        Wizard = self._as(self.manager)["medspa.price.campaign.exclude"]
        form = Form(Wizard.with_context(active_ids=line.ids))
        form.reason = "Promised for life"
        form.save().action_confirm()
        with freeze_time(TOLD_ON):
            campaign.action_prepare()
        self.assertEqual(self._line(campaign), line)
        self.assertEqual(line.exclude_reason, "Promised for life")
        self.assertEqual(line.state, "excluded")
        with self.assertRaises(UserError):
            self._answer(line, True)

    def test_another_plan_has_its_own_price(self):
        line = self._announce(plans=self.plan | self.other_plan)
        with freeze_time("2026-02-20 09:00:00"):
            self.membership._change_plan(self.other_plan, "renewal")
        self.assertEqual(self._billed("2026-02-28", "2026-03-31"), [99, 159, 159])
        self.assertEqual(line.state, "replaced")

    def test_who_has_left_is_out_of_it(self):
        line = self._announce()
        with freeze_time("2026-02-20 09:00:00"):
            self.membership._cancel(self.reason, "now")
        self.assertEqual(line.state, "replaced")

    # === PRICES === #

    def test_of_two_prices_in_one_period_the_later_wins(self):
        later = self._announce(
            change_kind="amount", new_price=110, effective_date="2026-03-20"
        )
        earlier = self._announce()
        self.assertEqual(self._billed("2026-02-28", "2026-03-31"), [99, 99, 110])
        self.assertEqual((later.state, earlier.state), ("applied", "replaced"))

    def test_an_earlier_price_never_comes_after_a_later_one(self):
        self.patient.email = False
        earlier = self._announce()
        later = self._announce(
            change_kind="amount", new_price=110, effective_date="2026-03-20"
        )
        self._answer(later, True)
        self.assertEqual(self._billed("2026-02-28", "2026-03-31"), [99, 99, 110])
        with freeze_time("2026-04-01 09:00:00"):
            earlier.action_mark_told()
        self.assertEqual(self._billed("2026-04-30", "2026-05-31")[-2:], [110, 110])
        self.assertEqual(earlier.state, "replaced")

    def test_a_refused_price_leaves_the_earlier_one(self):
        self._announce()
        later = self._announce(
            change_kind="amount", new_price=110, effective_date="2026-03-20"
        )
        self._answer(later, False)
        self.assertEqual(self._billed("2026-02-28", "2026-03-31"), [99, 99, 103.95])

    def test_the_price_with_tax_is_charged_to_the_cent(self):
        # 100 less 21 % tax is 82.6446: 82.64 and its tax would come to 99.99.
        tax = self.env["account.tax"].create({"name": "VAT", "amount": 21})
        plan = self._create_plan("Taxed", 80)
        plan.product_tmpl_id.taxes_id = tax
        self.membership = self._join(plan, partner=self.other_patient, on="2026-01-31")
        self.assertEqual(self.membership.price, 96.8)
        self._announce(plans=plan, change_kind="amount", new_price=100)
        self.assertEqual(self._billed("2026-02-28", "2026-03-31"), [96.8, 96.8, 100])
        latest = self.membership.period_ids.sorted("start_date")[-1]
        self.assertEqual(latest.invoice_id.amount_total, 100)
        self.assertEqual(latest.state, "paid")

    def test_called_off_changes_nothing(self):
        line = self._announce()
        self._as(self.manager, line.campaign_id).action_cancel()
        self.assertEqual(self._billed("2026-02-28", "2026-03-31"), [99] * 3)
        self.assertEqual(line.state, "replaced")

    def test_billing_looks_for_new_prices_once_for_all(self):
        self._announce()
        others = self.env["sale.subscription"]
        for number in range(5):
            partner = self.env["res.partner"].create({"name": f"Member {number}"})
            others |= self._join(partner=partner, on="2026-01-31")
        self.env.invalidate_all()
        others.mapped("next_template_id")
        with self.assertQueryCount(1):
            others._apply_planned_changes(date(2026, 2, 28))

    # === ROLES === #

    def test_a_receptionist_notes_answers_and_no_more(self):
        line = self._as(self.receptionist, self._announce())
        with self.assertRaises(AccessError):
            line.new_price = 1
        with self.assertRaises(AccessError):
            line.campaign_id.action_cancel()
        with self.assertRaises(AccessError):
            self._prepare(user=self.receptionist)
        with self.assertRaises(AccessError):
            line.read(["access_token"])
        self._answer(line, True, user=self.receptionist)
        self.assertEqual(line.state, "accepted")

    def test_a_practitioner_sees_nothing(self):
        line = self._as(self.practitioner_user, self._announce())
        with self.assertRaises(AccessError):
            line.read(["state"])
        with self.assertRaises(AccessError):
            line.action_refuse()

    def test_another_clinic_sees_nothing(self):
        line = self._announce()
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self.receptionist.write(
            {
                "company_ids": [Command.set(elsewhere.ids)],
                "company_id": elsewhere.id,
            }
        )
        foreign = line.with_user(self.receptionist).with_context(
            allowed_company_ids=elsewhere.ids
        )
        with self.assertRaises(AccessError):
            foreign.read(["state"])
        with self.assertRaises(AccessError):
            foreign.action_accept()
        self.assertEqual(line.state, "waiting")


@tagged("post_install", "-at_install")
class TestPriceLink(PriceCase, MemberPages):
    def setUp(self):
        super().setUp()
        self.authenticate(None, None)
        self.line = self._announce()
        self.url = self.line._get_answer_url().split("/membership/", 1)[1]
        self.url = f"/membership/{self.url}"

    def test_looking_changes_nothing(self):
        page = self._read(self.url)
        for words in ("103.95", "99.00", "I agree", "I refuse"):
            self.assertIn(words, page)
        self.assertEqual(self.line.state, "waiting")

    def test_agreed_by_the_link_and_refused_afterwards(self):
        response = self._post(self.url, answer="accept")
        self.assertEqual(response.status_code, 303)
        self.assertEqual(self.line.state, "accepted")
        self.assertFalse(self.line.answer_user_id)
        page = self._read(self.url)
        self.assertIn("You have agreed", page)
        self.assertNotIn("I agree", page)
        self._post(self.url, answer="refuse")
        self.assertEqual(self.line.state, "refused")
        self.assertIn("Your price stays as it is", self._read(self.url))

    def test_no_answer_is_none(self):
        self.assertEqual(self._post(self.url, answer="maybe").status_code, 200)
        self.assertEqual(self.line.state, "waiting")

    def test_other_links_open_nothing(self):
        other = self._line(self._prepare(name="Other", effective_date="2026-05-01"))
        foreign = other._get_answer_url().rsplit("/", 1)[1]
        base = self.url.rsplit("/", 1)[0]
        for url in (
            f"{self.url}x",
            f"{self.url[:-1]}",
            f"{base}/é",
            f"{base}/{foreign}",
            self.url.replace(f"/{self.line.id}/", "/0/"),
            f"/membership/price/{other.id}/{foreign}",
        ):
            self.assertEqual(self.url_open(url).status_code, 404, url)
            self.assertEqual(self._post(url, answer="accept").status_code, 404, url)
        self.assertEqual((self.line.state, other.state), ("waiting", "draft"))

    def test_a_campaign_that_was_called_off_opens_nothing(self):
        self.line.campaign_id.action_cancel()
        self.assertEqual(self.url_open(self.url).status_code, 404)
        self.assertEqual(self._post(self.url, answer="accept").status_code, 404)

    def test_too_late(self):
        self._billed("2026-02-28", "2026-03-31")
        page = self._read(self.url)
        self.assertIn("The new price applies.", page)
        self.assertNotIn("I refuse", page)
        response = self._post(self.url, answer="refuse")
        self.assertIn("too late", to_text(response.text))
        self.assertEqual(self.line.state, "applied")

    def test_who_refuses_leaves_and_cannot_refuse_twice(self):
        campaign = self.line.campaign_id
        campaign.action_cancel()
        self.line = self._announce(name="Leave", refusal_rule="end")
        url = "/membership/" + self.line._get_answer_url().split("/membership/")[1]
        self._run_cron("ir_cron_bill_periods", "2026-02-28 08:00:00")
        with freeze_time("2026-03-01 09:00:00"):
            response = self._post(url, answer="refuse")
            self.assertEqual(response.status_code, 303)
            self.assertEqual(self.membership.end_date, date(2026, 3, 30))
            second = self._post(url, answer="refuse")
            self.assertIn("given already", to_text(second.text))
            self.assertEqual(self._post(url, answer="accept").status_code, 200)
        self.assertEqual(self.line.state, "refused")
