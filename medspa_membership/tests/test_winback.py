# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools.safe_eval import safe_eval

from .membership_http_common import to_text
from .test_membership_desk import DeskCase

BACK_ON = "2026-02-20 09:00:00"


class WinbackCase(DeskCase):
    """Paula joined on 31 January and left at once on 10 February."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.left = cls._join(on="2026-01-31")
        with freeze_time("2026-02-10 09:00:00"):
            cls.left._cancel(cls.reason, "now")

    def _find_left(self, on):
        """Return who stands on the desk's list on a day."""
        action = self.env.ref("medspa_membership.membership_action_left")
        with freeze_time(f"{on} 09:00:00"):
            Membership = self._as(self.receptionist)["sale.subscription"]
            return Membership.search(safe_eval(action.domain)).with_env(self.env)

    def _offer(self, memberships=None, user=None, on=BACK_ON, **vals):
        """Make an offer from the list, and let the letters go out."""
        memberships = memberships or self.left
        with freeze_time(on):
            action = self._as(user or self.receptionist, memberships).action_win_back()
            Wizard = self._as(user or self.receptionist)[action["res_model"]]
            form = Form(Wizard.with_context(**action["context"]))
            for name, value in vals.items():
                setattr(form, name, value)
            result = form.save().action_confirm()
        self._work(on)
        return self.env["medspa.winback.offer"].search(result["domain"])

    def _take(self, offer, on=BACK_ON):
        """Pay the quotation of an offer by card; return the new membership."""
        order = offer.order_id
        with freeze_time(on):
            tx = (
                self.env["payment.transaction"]
                .sudo()
                .create(
                    {
                        "provider_id": self.provider.id,
                        "payment_method_id": self.card.id,
                        "token_id": self.token.id,
                        "amount": order.amount_total,
                        "currency_id": order.currency_id.id,
                        "partner_id": order.partner_id.id,
                        "operation": "online_token",
                        "sale_order_ids": [Command.set(order.ids)],
                    }
                )
            )
            tx.sudo()._set_done()
            tx.sudo()._post_process()
        return order.membership_ids


@tagged("post_install", "-at_install")
class TestWinback(WinbackCase):
    def test_the_list_shows_who_left_within_ninety_days(self):
        self.assertIn(self.left, self._find_left("2026-02-10"))
        # 10 February and 90 days: 11 May.
        self.assertIn(self.left, self._find_left("2026-05-11"))
        self.assertNotIn(self.left, self._find_left("2026-05-12"))

    def test_the_list_leaves_out_who_is_back(self):
        again = self._join(on="2026-02-15")
        self.assertTrue(self.left.is_back)
        self.assertFalse(again.is_back)
        self.assertNotIn(self.left, self._find_left("2026-02-20"))

    def test_a_member_of_another_clinic_is_not_back_here(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        running = self._join(self.other_plan, on="2026-02-15")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sale_subscription SET company_id = %s WHERE id = %s",
            [elsewhere.id, running.id],
        )
        self.env.invalidate_all()
        self.assertFalse(self.left.is_back)
        self.assertIn(self.left, self._find_left("2026-02-20"))

    def test_what_was_paid_in_all(self):
        self.assertEqual(self.left.total_paid, 99)
        self.left.period_ids._refund(40, "Goodwill")
        self.env.invalidate_all()
        self.assertEqual(self.left.total_paid, 59)

    def test_the_first_period_is_cheaper_and_the_next_is_not(self):
        offer = self._offer(percent=50)
        self.assertEqual(offer.order_id.state, "sent")
        self.assertEqual(offer.order_id.amount_total, 49.5)
        self.assertIn("99.00", offer.order_id._get_agreement())
        membership = self._take(offer)
        self.assertEqual(offer.state, "joined")
        self.assertEqual(membership.membership_state, "active")
        self.assertEqual(membership.price, 99)
        self.assertEqual(membership.period_ids.amount, 49.5)
        self._bill("2026-03-20")
        self._bill("2026-04-20")
        amounts = membership.period_ids.sorted("start_date").mapped("amount")
        self.assertEqual(amounts, [49.5, 99, 99])
        self.assertNotIn(self.left, self._find_left("2026-02-21"))

    def test_a_change_of_plan_does_not_take_the_discount_back(self):
        membership = self._take(self._offer(percent=50))
        # 20 February to 19 March: 28 days, 14 of them left on 6 March.
        change = membership._get_plan_change(self.other_plan, date(2026, 3, 6))
        self.assertEqual((change["days_left"], change["days_total"]), (14, 28))
        self.assertEqual(change["amount"], 30)

    def test_the_bonus_comes_once(self):
        offer = self._offer(kind="bonus", treatment_id=self.laser, quantity=2)
        self.assertEqual(offer.order_id.amount_total, 99)
        self.assertIn("2 × Laser", offer._get_label())
        membership = self._take(offer)
        with freeze_time(BACK_ON):
            membership._start(membership.sale_line_id)
            offer._redeem(membership)
        credit = self.env["medspa.credit"].search(
            [("partner_id", "=", self.patient.id), ("treatment_id", "=", self.laser.id)]
        )
        self.assertEqual(len(credit), 1)
        self.assertEqual((credit.available, credit.value_remaining), (2, 0))
        self.assertTrue(credit.is_complimentary)
        self.assertEqual(credit.expires_on, date(2026, 3, 19))

    def test_another_plan_is_offered(self):
        offer = self._offer(plan_id=self.other_plan, percent=100)
        self.assertEqual(offer.order_id.amount_total, 0)
        self.assertEqual(offer.plan_id, self.other_plan)

    def test_the_letter_goes_out_once_with_the_link(self):
        offer = self._offer(percent=50)
        mails = self.env["mail.mail"].search(
            [("model", "=", offer._name), ("res_id", "=", offer.id)]
        )
        self.assertEqual(len(mails), 1)
        text = to_text(mails.body_html)
        self.assertIn("50 % off the first payment", text)
        self.assertIn("March 6, 2026", text)
        self.assertIn(offer.order_id.access_token, mails.body_html)

    def test_who_has_no_address_is_named(self):
        self.patient.email = False
        with freeze_time(BACK_ON):
            action = self._as(self.receptionist, self.left).action_win_back()
            Wizard = self._as(self.receptionist)[action["res_model"]]
            form = Form(Wizard.with_context(**action["context"]))
        self.assertEqual(form.without_email, "Paula Patient")
        self.assertEqual(self._offer().state, "sent")

    def test_many_at_once(self):
        other = self._join(partner=self.other_patient, on="2026-01-31")
        with freeze_time("2026-02-10 09:00:00"):
            other._cancel(self.reason, "now")
        offers = self._offer(self.left | other)
        self.assertEqual(offers.partner_id, self.patient | self.other_patient)
        self.assertEqual(len(offers.order_id), 2)

    def test_no_second_offer_and_none_to_members(self):
        self._offer()
        with self.assertRaisesRegex(UserError, "waits already"):
            self._offer()
        member = self._join(partner=self.other_patient, on="2026-02-15")
        with self.assertRaisesRegex(UserError, "Oscar Other"):
            self._offer(member)

    def test_a_plan_that_is_not_sold_any_more(self):
        self.plan.action_archive()
        with self.assertRaisesRegex(UserError, "not on sale"):
            self._offer()

    def test_an_offer_ends_with_its_day(self):
        offer = self._offer(valid_until="2026-03-01")
        self._run_cron("ir_cron_expire_winback", "2026-03-01 22:30:00")
        self.assertEqual(offer.state, "sent", "Half past eleven at night in Madrid")
        self._run_cron("ir_cron_expire_winback", "2026-03-01 23:30:00")
        self.assertEqual(offer.state, "expired")
        self.assertEqual(offer.order_id.state, "cancel")
        self.assertTrue(self._offer(on="2026-03-03 09:00:00"))

    def test_who_comes_back_by_another_way_has_no_offer_left(self):
        offer = self._offer()
        self._join(self.other_plan, on="2026-02-21")
        self.assertEqual(offer.state, "expired")
        self.assertEqual(offer.order_id.state, "cancel")

    def test_roles(self):
        with self.assertRaises(AccessError):
            self._offer(user=self.practitioner_user)
        offer = self._as(self.manager, self._offer(user=self.manager))
        with self.assertRaises(AccessError):
            offer.percent = 100
        with self.assertRaises(AccessError):
            self._as(self.practitioner_user, offer).read(["state"])

    def test_another_clinic_sees_nothing(self):
        offer = self._offer()
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self.manager.write(
            {"company_ids": [Command.set(elsewhere.ids)], "company_id": elsewhere.id}
        )
        foreign = offer.with_user(self.manager).with_context(
            allowed_company_ids=elsewhere.ids
        )
        with self.assertRaises(AccessError):
            foreign.read(["state"])


@tagged("post_install", "-at_install")
class TestRenewalNotice(DeskCase):
    """Two weeks before a term ends, once for each end."""

    def _remind(self, *days):
        for day in days:
            self._run_cron("ir_cron_renewal_notices", f"{day} 08:00:00")

    def _letters(self, membership):
        return (
            self.env["mail.mail"]
            .search(
                [("model", "=", membership._name), ("res_id", "=", membership.id)],
                order="id",
            )
            .filtered(lambda mail: "term ends soon" in (mail.subject or ""))
        )

    def _join_plan(self, **vals):
        plan = self._create_plan("Bound", 99, renewal_notice_days=14, **vals)
        return self._join(plan, on="2026-01-31")

    def test_minimum_term(self):
        membership = self._join_plan(minimum_periods=3)
        self.assertEqual(membership.min_term_end, date(2026, 4, 29))
        self._remind("2026-04-14")
        self.assertFalse(self._letters(membership))
        self._remind("2026-04-15", "2026-04-16", "2026-04-29", "2026-04-30")
        letter = self._letters(membership)
        self.assertEqual(len(letter), 1)
        text = to_text(letter.body_html)
        for words in ("Wednesday, April 29, 2026", "99.00", "a month"):
            self.assertIn(words, text)

    def test_a_missed_day_is_caught_up(self):
        membership = self._join_plan(minimum_periods=3)
        self._remind("2026-04-20")
        self.assertEqual(len(self._letters(membership)), 1)

    def test_a_term_that_ends_by_itself(self):
        membership = self._join_plan(
            recurring_rule_boundary="limited", recurring_rule_count=2
        )
        self._remind("2026-03-16", "2026-03-17")
        letter = self._letters(membership)
        self.assertIn("ends by itself", to_text(letter.body_html))
        self.assertEqual(membership.renewal_notified_for, date(2026, 3, 30))

    def test_each_year(self):
        membership = self._join_plan(recurring_rule_type="years")
        self._remind("2027-01-15")
        self.assertFalse(self._letters(membership))
        self._remind("2027-01-16", "2027-01-30")
        self.assertEqual(len(self._letters(membership)), 1)
        self._bill("2027-01-31")
        self._remind("2027-01-31", "2028-01-15")
        self.assertEqual(len(self._letters(membership)), 1)
        self._remind("2028-01-16")
        self.assertEqual(len(self._letters(membership)), 2)

    def test_months_without_a_term_renew_unannounced(self):
        membership = self._join_plan()
        self._remind("2026-02-20")
        self.assertFalse(self._letters(membership))

    def test_who_leaves_is_not_reminded(self):
        membership = self._join_plan(minimum_periods=3)
        with freeze_time("2026-04-01 09:00:00"):
            membership._cancel(self.reason)
        self._remind("2026-04-20")
        self.assertFalse(self._letters(membership))
