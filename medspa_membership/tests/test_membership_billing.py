# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date

from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .membership_common import MembershipCase


@tagged("post_install", "-at_install")
class TestMembershipBilling(MembershipCase):
    def test_joining_pays_the_first_period_and_gives_its_credits(self):
        membership = self._join(on="2026-01-31")
        self.assertEqual(membership.membership_state, "active")
        self.assertEqual(membership.recurring_next_date, date(2026, 2, 28))
        self.assertEqual(membership.payment_token_id, self.token)
        period = membership.period_ids
        self.assertEqual(
            (period.start_date, period.end_date, period.state, period.amount),
            (date(2026, 1, 31), date(2026, 2, 27), "paid", 99),
        )
        self.assertEqual(period.invoice_id.amount_total, 99)
        self.assertEqual(period.invoice_id.payment_state, "paid")
        credit = membership.credit_ids
        self.assertEqual(credit.expires_on, date(2026, 2, 27))
        self.assertBalances(credit, 2, 0)
        self.assertEqual(membership.stage_id.type, "in_progress")
        self.assertFalse(membership.in_progress, "OCA's job keeps away")

    def test_the_anchor_never_drifts(self):
        membership = self._join(on="2026-01-31")
        for day in ("2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"):
            self._bill(day)
        self.assertEqual(
            self._starts(membership),
            ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"],
        )
        self.assertEqual(set(membership.period_ids.mapped("state")), {"paid"})
        self.assertEqual(membership.recurring_next_date, date(2026, 6, 30))

    def test_a_leap_day_keeps_its_anchor(self):
        plan = self._create_plan("Yearly", 900, recurring_rule_type="years")
        membership = self._join(plan, on="2028-02-29")
        self.assertEqual(membership.recurring_next_date, date(2029, 2, 28))
        self._bill("2029-02-28")
        self._bill("2030-02-28")
        self._bill("2031-02-28")
        self.assertEqual(membership.recurring_next_date, date(2032, 2, 29))

    def test_each_day_is_billed_once(self):
        membership = self._join(on="2026-01-31")
        self._bill("2026-02-27 20:00:00")
        self.assertEqual(len(membership.period_ids), 1, "Still the 27th in Madrid")
        self._bill("2026-02-27 23:30:00")
        self.assertEqual(len(membership.period_ids), 2, "The 28th has begun there")
        self._bill("2026-02-28 10:00:00")
        self.assertEqual(len(membership.period_ids), 2)
        self.assertEqual(membership.transaction_ids.mapped("amount"), [99, 99])

    def _assert_billed_between(self, membership, before, after):
        """Nothing is billed at the first moment in UTC, a period at the second."""
        count = len(membership.period_ids)
        self._bill(before)
        self.assertEqual(len(membership.period_ids), count, before)
        self._bill(after)
        self.assertEqual(len(membership.period_ids), count + 1, after)
        period = membership.period_ids.sorted("start_date")[-1]
        self.assertEqual((period.state, period.amount), ("paid", 99))
        self.assertEqual(period.invoice_id.invoice_date, period.start_date)
        return period.start_date

    def test_on_the_days_when_the_clocks_change(self):
        """Madrid's clocks change on 29 March and 25 October, 2026, at night."""
        membership = self._join(on="2026-02-25")
        self._bill("2026-03-25")
        other = self._join(partner=self.other_patient, on="2026-01-29")
        self._bill("2026-02-28")
        day = self._assert_billed_between(
            other, "2026-03-28 22:59:00", "2026-03-28 23:01:00"
        )
        self.assertEqual(day, date(2026, 3, 29))
        self._bill("2026-09-25")
        day = self._assert_billed_between(
            membership, "2026-10-24 21:59:00", "2026-10-24 22:01:00"
        )
        self.assertEqual(day, date(2026, 10, 25))

    def test_on_the_last_night_of_the_year(self):
        membership = self._join(on="2026-12-01")
        day = self._assert_billed_between(
            membership, "2026-12-31 22:59:00", "2026-12-31 23:01:00"
        )
        self.assertEqual(day, date(2027, 1, 1))

    def test_by_the_clock_of_a_clinic_elsewhere(self):
        """New York's clocks change on 8 March 2026: midnight is still at 5 in UTC."""
        self.company.resource_calendar_id.tz = "America/New_York"
        membership = self._join(on="2026-02-08")
        day = self._assert_billed_between(
            membership, "2026-03-08 04:59:00", "2026-03-08 05:01:00"
        )
        self.assertEqual(day, date(2026, 3, 8))
        # And on the 8th of April at 4.
        self._assert_billed_between(
            membership, "2026-04-08 03:59:00", "2026-04-08 04:01:00"
        )

    def test_downtime_is_caught_up_period_by_period(self):
        membership = self._join(on="2026-01-31")
        self._bill("2026-05-02")
        self.assertEqual(
            self._starts(membership),
            ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"],
        )
        self.assertEqual(set(membership.period_ids.mapped("state")), {"paid"})
        self.assertEqual(len(membership.credit_ids), 4)

    def test_a_trial_and_a_joining_fee(self):
        plan = self._create_plan(
            "Trial", 99, trial_days=14, trial_price=10, joining_fee=25
        )
        membership = self._join(plan, on="2026-01-31")
        self.assertEqual(membership.sale_order_id.amount_total, 35)
        trial = membership.period_ids
        self.assertEqual(
            (trial.kind, trial.end_date, trial.amount),
            ("trial", date(2026, 2, 13), 10),
        )
        self.assertEqual(membership.price, 99)
        self._bill("2026-02-14")
        self.assertEqual(self._starts(membership), ["2026-02-14"])
        self.assertEqual(membership.recurring_next_date, date(2026, 3, 14))

    def test_a_declined_card_makes_past_due_then_suspended_then_restored(self):
        membership = self._join(on="2026-01-31")
        bad = self._create_token("error")
        membership._set_payment_method(bad)
        self._bill("2026-02-28")
        period = membership.period_ids.sorted("start_date")[-1]
        self.assertEqual((period.state, period.attempt_count), ("open", 1))
        self.assertEqual(membership.membership_state, "past_due")
        self.assertFalse(period.credit_ids, "Credits arrive with the money")
        for moment in ("2026-03-01 09:00:00", "2026-03-03 09:00:00"):
            self._run_cron("ir_cron_dun", moment)
        self.assertEqual(period.attempt_count, 3)
        self.assertEqual(membership.membership_state, "past_due")
        self._run_cron("ir_cron_dun", "2026-03-06 09:00:00")
        self.assertEqual(membership.membership_state, "suspended")
        self.assertEqual(period.attempt_count, 4)
        self._bill("2026-03-31")
        self.assertEqual(len(membership.period_ids), 2, "Suspended: nothing is billed")
        with freeze_time("2026-04-02 09:00:00"):
            membership._set_payment_method(self.token)
        self._run_cron("ir_cron_dun", "2026-04-02 09:01:00")
        self.assertEqual(period.state, "paid")
        self.assertEqual(membership.membership_state, "active")
        self._bill("2026-04-02 10:00:00")
        self.assertEqual(
            self._starts(membership), ["2026-01-31", "2026-02-28", "2026-03-31"]
        )

    def test_an_outcome_after_the_last_step_still_suspends(self):
        membership = self._join(on="2026-01-31")
        membership._set_payment_method(self._create_token("error"))
        self._bill("2026-02-28")
        period = membership.period_ids.sorted("start_date")[-1]
        period.sudo().dunning_step_id = membership.dunning_policy_id.step_ids[1]
        period.sudo().next_step_at = "2026-03-06 08:00:00"
        membership.sudo().payment_token_id = self._create_token("pending")
        self._run_cron("ir_cron_dun", "2026-03-06 09:00:00")
        tx = period.transaction_ids.sorted("id")[-1]
        self.assertEqual(tx.state, "pending")
        self.assertEqual(membership.membership_state, "past_due")
        with freeze_time("2026-03-07 09:00:00"):
            tx.sudo()._set_error("Declined after all")
            tx.sudo()._post_process()
        self.assertEqual(membership.membership_state, "suspended")

    def test_an_invoice_credited_by_hand_is_owed_no_more(self):
        membership = self._join(on="2026-01-31")
        membership._set_payment_method(self._create_token("error"))
        self._bill("2026-02-28")
        period = membership.period_ids.sorted("start_date")[-1]
        with freeze_time("2026-03-02 09:00:00"):
            period.invoice_id._reverse_moves(cancel=True)
        self.assertEqual(period.state, "forgiven")
        self.assertEqual(membership.membership_state, "active")

    def test_one_broken_member_stops_no_other(self):
        membership = self._join(on="2026-01-31")
        broken = self._join(partner=self.other_patient, on="2026-01-31")
        broken.sudo().journal_id = self.company_data["default_journal_purchase"]
        with mute_logger(
            "odoo.addons.medspa_membership.models.billing.sale_subscription"
        ):
            self._bill("2026-02-28")
        self.assertEqual(len(membership.period_ids), 2)
        self.assertEqual(len(broken.period_ids), 1)
        self.assertTrue(broken.billing_error)
        self.assertEqual(len(broken.activity_ids), 1)
