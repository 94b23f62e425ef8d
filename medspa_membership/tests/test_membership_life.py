# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date

from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged

from .membership_common import MembershipCase


@tagged("post_install", "-at_install")
class TestMembershipPause(MembershipCase):
    def _pause(self, membership, day, *args, **kwargs):
        with freeze_time(f"{day} 08:00:00"):
            membership._pause(*args, **kwargs)

    def test_frozen_shift_moves_the_next_payment_by_the_days_paused(self):
        membership = self._join(on="2026-01-31")
        self._pause(
            membership, "2026-02-10", date(2026, 2, 10), date(2026, 3, 1), "Travel"
        )
        credit = membership.credit_ids
        self.assertEqual(membership.membership_state, "paused")
        self.assertTrue(credit.is_frozen)
        self._bill("2026-02-28")
        self.assertEqual(len(membership.period_ids), 1, "Nothing is billed in a pause")
        # 10 February to 1 March: 20 days.
        self._run_cron("ir_cron_membership_pauses", "2026-03-02 08:00:00")
        self.assertEqual(membership.membership_state, "active")
        self.assertEqual(membership.recurring_next_date, date(2026, 3, 20))
        self.assertFalse(credit.is_frozen)
        self.assertEqual(credit.expires_on, date(2026, 3, 19))
        self._bill("2026-03-20")
        self.assertEqual(membership.recurring_next_date, date(2026, 4, 20))

    def test_frozen_skip_leaves_periods_out_and_keeps_the_anchor(self):
        self.plan.pause_meaning = "frozen_skip"
        membership = self._join(on="2026-01-31")
        self._pause(membership, "2026-02-10", date(2026, 2, 10), date(2026, 4, 15))
        self._run_cron("ir_cron_membership_pauses", "2026-04-16 08:00:00")
        skipped = membership.period_ids.filtered(lambda p: p.state == "skipped")
        self.assertEqual(
            sorted(skipped.mapped("start_date")), [date(2026, 2, 28), date(2026, 3, 31)]
        )
        self.assertEqual(membership.recurring_next_date, date(2026, 4, 30))
        self._bill("2026-04-30")
        paid = membership.period_ids.filtered(lambda p: p.state == "paid")
        self.assertEqual(len(paid), 2)

    def test_usable_skip_leaves_credits_usable(self):
        self.plan.pause_meaning = "usable_skip"
        membership = self._join(on="2026-01-31")
        self._pause(membership, "2026-02-10", date(2026, 2, 10), date(2026, 3, 10))
        self.assertFalse(membership.credit_ids.is_frozen)
        self.assertTrue(membership._gives_rights(date(2026, 2, 20)))

    def test_a_late_job_resumes_on_the_day_that_was_meant(self):
        membership = self._join(on="2026-01-31")
        self._pause(membership, "2026-02-10", date(2026, 2, 10), date(2026, 2, 19))
        self._run_cron("ir_cron_membership_pauses", "2026-02-25 08:00:00")
        # Ten days paused, whenever the job came.
        self.assertEqual(membership.recurring_next_date, date(2026, 3, 10))

    def test_a_planned_pause_begins_by_itself(self):
        membership = self._join(on="2026-01-31")
        self._pause(membership, "2026-02-01", date(2026, 2, 10), date(2026, 2, 19))
        self.assertEqual(membership.membership_state, "active")
        self._run_cron("ir_cron_membership_pauses", "2026-02-10 08:00:00")
        self.assertEqual(membership.membership_state, "paused")

    def test_the_limit_counts_the_days_of_twelve_months(self):
        self.plan.max_pause_days = 30
        membership = self._join(on="2026-01-31")
        self._pause(membership, "2026-02-10", date(2026, 2, 10), date(2026, 3, 1))
        self._run_cron("ir_cron_membership_pauses", "2026-03-02 08:00:00")
        with freeze_time("2026-03-05 08:00:00"):
            with self.assertRaisesRegex(UserError, "10 are left"):
                membership._pause(date(2026, 3, 5), date(2026, 3, 15))
            membership._pause(date(2026, 3, 5), date(2026, 3, 14))

    def test_a_pause_costs_its_fee(self):
        self.plan.pause_fee = 15
        membership = self._join(on="2026-01-31")
        self._pause(membership, "2026-02-10", date(2026, 2, 10), date(2026, 2, 19))
        self._run_cron("ir_cron_charge_missed", "2026-02-10 08:05:00")
        fee = membership.period_ids.filtered(lambda p: p.kind == "fee")
        self.assertEqual((fee.amount, fee.state), (15, "paid"))
        self.assertEqual(fee.invoice_id.amount_total, 15)
        self.assertFalse(fee.credit_ids)

    def test_a_past_due_membership_is_not_paused(self):
        membership = self._join(on="2026-01-31")
        membership._set_payment_method(self._create_token("error"))
        self._bill("2026-02-28")
        with freeze_time("2026-03-01 08:00:00"), self.assertRaises(UserError):
            membership._pause(date(2026, 3, 2), date(2026, 3, 9))


@tagged("post_install", "-at_install")
class TestMembershipCancel(MembershipCase):
    def _cancel(self, membership, day, **kwargs):
        with freeze_time(f"{day} 08:00:00"):
            return membership._cancel(self.reason, **kwargs)

    def test_it_ends_with_the_period_that_the_notice_reaches(self):
        self.plan.notice_days = 30
        membership = self._join(on="2026-01-31")
        preview = self._cancel(membership, "2026-02-20")
        # 20 February and 30 days are 22 March, in the period 28 February to 30 March.
        self.assertEqual(membership.end_date, date(2026, 3, 30))
        self.assertEqual(preview["dates"], [date(2026, 2, 28)])
        self.assertEqual(preview["obligation"], 99)
        self.assertEqual(membership.membership_state, "ending")
        self._bill("2026-04-15")
        self.assertEqual(self._starts(membership), ["2026-01-31", "2026-02-28"])
        self._run_cron("ir_cron_end_memberships", "2026-03-30 20:00:00")
        self.assertEqual(membership.membership_state, "ending")
        self._run_cron("ir_cron_end_memberships", "2026-03-31 08:00:00")
        self.assertEqual(membership.membership_state, "ended")
        self.assertEqual(membership.stage_id.type, "post")

    def test_the_minimum_term_is_kept(self):
        self.plan.write({"minimum_periods": 6, "exit_rule": "percent"})
        self.plan.exit_percent = 50
        membership = self._join(on="2026-01-31")
        self.assertEqual(membership.min_term_end, date(2026, 7, 30))
        with freeze_time("2026-03-01 08:00:00"):
            today = date(2026, 3, 1)
            by_terms = membership._get_cancellation(today)
            early = membership._get_cancellation(today, "exit")
        self.assertEqual(by_terms["end_date"], date(2026, 7, 30))
        # Billed so far: 31 January. Due: 28 Feb, 31 Mar, 30 Apr, 31 May, 30 Jun.
        self.assertEqual(len(by_terms["dates"]), 5)
        self.assertEqual(by_terms["obligation"], 495)
        self.assertEqual(early["end_date"], date(2026, 3, 30))
        # Half of the four periods that are not paid any more: 4 x 99 / 2.
        self.assertEqual(early["exit_fee"], 198)

    def test_the_exit_fee_is_charged_once(self):
        self.plan.write({"minimum_periods": 6, "exit_rule": "fixed", "exit_fee": 120})
        membership = self._join(on="2026-01-31")
        self._bill("2026-02-28")
        self._cancel(membership, "2026-03-20", way="exit")
        self._run_cron("ir_cron_charge_missed", "2026-03-20 08:05:00")
        fee = membership.period_ids.filtered(lambda p: p.kind == "fee")
        self.assertEqual((fee.amount, fee.state), (120, "paid"))
        self.assertEqual(membership.end_date, date(2026, 3, 30))

    def test_withdrawal_gives_back_what_was_not_used(self):
        membership = self._join(on="2026-01-31")
        with freeze_time("2026-02-03 08:00:00"):
            event = self._create_appointment("2026-02-03 09:00:00")
            event.action_done()
            self.assertEqual(event.credit_id.membership_id, membership)
            preview = membership._get_cancellation(date(2026, 2, 3), "withdraw")
        self.assertEqual(preview["refund"], 0, "One peel at 120 is more than 99")
        self.peel.list_price = 60
        self._cancel(membership, "2026-02-04", way="withdraw")
        self.assertEqual(membership.membership_state, "ended")
        notes = membership.period_ids.refund_move_ids
        self.assertEqual(notes.amount_total, 39)
        self.assertEqual(membership.credit_ids.remaining, 0)
        self.assertEqual(membership.credit_ids.used, 1)

    def test_withdrawal_ends_after_its_days(self):
        membership = self._join(on="2026-01-31")
        self.assertTrue(membership._can_withdraw(date(2026, 2, 14)))
        self.assertFalse(membership._can_withdraw(date(2026, 2, 15)))
        with freeze_time("2026-02-15 08:00:00"), self.assertRaises(UserError):
            membership._cancel(self.reason, way="withdraw")

    def test_credits_live_on_as_the_terms_say(self):
        self.plan.credit_life_days = 30
        membership = self._join(on="2026-01-31")
        self._cancel(membership, "2026-02-20")
        self._run_cron("ir_cron_end_memberships", "2026-02-28 08:00:00")
        self.assertEqual(membership.membership_state, "ended")
        self.assertEqual(membership.credit_ids.expires_on, date(2026, 3, 29))

    def test_a_cancellation_is_taken_back(self):
        membership = self._join(on="2026-01-31")
        self._cancel(membership, "2026-02-20")
        self.assertFalse(membership.recurring_next_date)
        with freeze_time("2026-02-25 08:00:00"):
            membership._keep()
        self.assertEqual(membership.membership_state, "active")
        self.assertEqual(membership.recurring_next_date, date(2026, 2, 28))
        self.assertFalse(membership.end_date)

    def test_members_of_a_past_day_are_told_by_the_periods(self):
        membership = self._join(on="2026-01-31")
        other = self._join(partner=self.other_patient, on="2026-02-15")
        self._cancel(membership, "2026-02-20", way="now")
        Period = self.env["medspa.membership.period"]
        for day, expected in (
            ((2026, 1, 30), membership.browse()),
            ((2026, 2, 1), membership),
            ((2026, 2, 20), membership | other),
            ((2026, 2, 21), other),
        ):
            found = Period._get_members_on(self.company, date(*day))
            self.assertEqual(found & (membership | other), expected)

    def test_past_due_and_cancelled_is_dunned_and_not_billed(self):
        membership = self._join(on="2026-01-31")
        membership._set_payment_method(self._create_token("error"))
        self._bill("2026-02-28")
        self._cancel(membership, "2026-03-01")
        self.assertEqual(membership.membership_state, "past_due")
        self.assertEqual(membership.end_date, date(2026, 3, 30))
        self._run_cron("ir_cron_dun", "2026-03-02 09:00:00")
        self.assertEqual(max(membership.period_ids.mapped("attempt_count")), 2)
        self._bill("2026-03-31")
        self.assertEqual(len(membership.period_ids), 2)


@tagged("post_install", "-at_install")
class TestMembershipChange(MembershipCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.big = cls._create_plan(
            "Radiance",
            179,
            [
                {"treatment_id": cls.peel.id, "quantity": 4},
                {"treatment_id": cls.laser.id, "quantity": 1},
            ],
        )

    def test_upgrade_charges_the_days_that_are_left(self):
        membership = self._join(on="2026-01-31")
        # 28 days from 31 January to 27 February; 14 of them from 14 February on.
        with freeze_time("2026-02-14 08:00:00"):
            change = membership._get_plan_change(self.big, date(2026, 2, 14))
            self.assertEqual((change["days_left"], change["days_total"]), (14, 28))
            # (179 - 99) x 14 / 28
            self.assertEqual(change["amount"], 40)
            # Two peels more x 1/2 is one; one laser x 1/2 rounds up to one.
            self.assertEqual(
                {b.treatment_id: q for b, q in change["grants"].items()},
                {self.peel: 1, self.laser: 1},
            )
            period = membership._change_plan(self.big, amount=40)
        self._run_cron("ir_cron_charge_missed", "2026-02-14 08:05:00")
        self.assertEqual(
            (period.kind, period.state, period.amount), ("upgrade", "paid", 40)
        )
        self.assertEqual(period.invoice_id.amount_total, 40)
        peels = membership.credit_ids.filtered(lambda c: c.treatment_id == self.peel)
        self.assertEqual(sum(peels.mapped("available")), 3)
        self.assertEqual(
            set(membership.credit_ids.mapped("expires_on")), {date(2026, 2, 27)}
        )
        self.assertEqual(membership.template_id, self.big)
        self.assertEqual(membership.recurring_next_date, date(2026, 2, 28))
        self._bill("2026-02-28")
        latest = membership.period_ids.sorted("start_date")[-1]
        self.assertEqual(latest.amount, 179)
        self.assertEqual(sum(latest.credit_ids.mapped("granted")), 5)

    def test_the_amount_shown_is_the_amount_charged(self):
        membership = self._join(on="2026-01-31")
        with freeze_time("2026-02-15 08:00:00"), self.assertRaises(UserError):
            membership._change_plan(self.big, amount=40)

    def test_downgrade_waits_for_the_next_period(self):
        membership = self._join(self.big, on="2026-01-31")
        with freeze_time("2026-02-14 08:00:00"):
            change = membership._get_plan_change(self.plan, date(2026, 2, 14))
            self.assertEqual((change["when"], change["amount"]), ("renewal", 0))
            membership._change_plan(self.plan)
        self.assertEqual(membership.template_id, self.big)
        self._bill("2026-02-28")
        self.assertEqual(membership.template_id, self.plan)
        latest = membership.period_ids.sorted("start_date")[-1]
        self.assertEqual((latest.amount, latest.template_id), (99, self.plan))

    def test_downgrade_at_once_gives_back(self):
        membership = self._join(self.big, on="2026-01-31")
        with freeze_time("2026-02-14 08:00:00"):
            change = membership._get_plan_change(self.plan, date(2026, 2, 14), "now")
            self.assertEqual(change["amount"], -40)
            membership._change_plan(self.plan, "now", amount=-40)
        self.assertEqual(membership.period_ids.refund_move_ids.amount_total, 40)
        left = {c.treatment_id: c.available for c in membership.credit_ids}
        # Two of four peels for half of the period: one goes. The laser rounds up.
        self.assertEqual(left, {self.peel: 3, self.laser: 0})

    def test_no_credit_for_a_period_that_was_not_paid(self):
        membership = self._join(on="2026-01-31")
        membership._set_payment_method(self._create_token("error"))
        self._bill("2026-02-28")
        with freeze_time("2026-03-02 08:00:00"), self.assertRaises(UserError):
            membership._get_plan_change(self.big, date(2026, 3, 2))

    def test_another_rhythm_starts_a_new_period_today(self):
        yearly = self._create_plan("Yearly", 999, recurring_rule_type="years")
        membership = self._join(on="2026-01-31")
        with freeze_time("2026-02-14 08:00:00"):
            change = membership._get_plan_change(yearly, date(2026, 2, 14))
            # 999 less half of the 99 that are paid.
            self.assertEqual(change["amount"], 949.5)
            membership._change_plan(yearly, amount=949.5)
        self.assertEqual(membership.recurring_next_date, date(2027, 2, 14))


@tagged("post_install", "-at_install")
class TestMembershipCredits(MembershipCase):
    def test_rollover_lives_for_further_periods_and_no_longer(self):
        self.plan.benefit_ids.write({"rollover": "periods", "rollover_periods": 1})
        membership = self._join(on="2026-01-31")
        self._bill("2026-02-28")
        self.assertEqual(
            sorted(membership.credit_ids.mapped("expires_on")),
            [date(2026, 3, 30), date(2026, 4, 29)],
        )

    def test_a_cap_drops_the_oldest(self):
        self.plan.benefit_ids.write({"rollover": "cap", "rollover_cap": 3})
        membership = self._join(on="2026-01-31")
        self._bill("2026-02-28")
        first, second = membership.credit_ids.sorted("id")
        self.assertEqual((first.remaining, second.remaining), (1, 2))
        self.assertEqual(first.move_ids[0].kind, "expire")

    def test_birthday_and_welcome_gifts(self):
        self.patient.medspa_birthdate = date(1984, 2, 29)
        self.peel.categ_id = self.env["product.category"].create({"name": "Skin"})
        plan = self._create_plan(
            "Gifts",
            50,
            [
                {"treatment_id": self.peel.id},
                {
                    "treatment_id": self.laser.id,
                    "frequency": "birthday",
                    "is_complimentary": True,
                },
                {
                    "coverage": "category",
                    "categ_id": self.peel.categ_id.id,
                    "unit": "money",
                    "quantity": 40,
                    "frequency": "once",
                },
            ],
        )
        membership = self._join(plan, on="2026-01-31")
        # 29 February is the 28th in 2026, in the second period.
        self.assertFalse(
            membership.credit_ids.filtered(lambda c: c.treatment_id == self.laser)
        )
        self._bill("2026-02-28")
        self._bill("2026-03-31")
        gift = membership.credit_ids.filtered(lambda c: c.treatment_id == self.laser)
        self.assertEqual(len(gift), 1)
        self.assertEqual(gift.period_id.start_date, date(2026, 2, 28))
        self.assertEqual(gift.value, 0)
        money = membership.credit_ids.filtered(lambda c: c.unit == "money")
        self.assertEqual(money.granted, 40)

    def test_money_taken_back_holds_what_it_gave(self):
        membership = self._join(on="2026-01-31")
        self._bill("2026-02-28")
        period = membership.period_ids.sorted("start_date")[-1]
        credit = period.credit_ids
        payment = period.transaction_ids.payment_id
        with freeze_time("2026-03-05 08:00:00"):
            payment.move_id.line_ids.remove_move_reconcile()
        self.assertEqual(period.state, "open")
        self.assertEqual(membership.membership_state, "past_due")
        self.assertEqual((credit.remaining, credit.held, credit.available), (2, 2, 0))
        with freeze_time("2026-03-06 08:00:00"):
            lines = (payment.move_id | period.invoice_id).line_ids.filtered(
                lambda line: line.account_id == payment.destination_account_id
            )
            lines.reconcile()
        self.assertEqual(period.state, "paid")
        self.assertEqual((credit.held, credit.available), (0, 2))
        self.assertEqual(membership.membership_state, "active")
        self.assertEqual(len(period.credit_ids), 1, "Granted once")

    def test_forgive_charges_one_period_and_grants_one(self):
        self.plan.arrears_rule = "forgive"
        membership = self._join(on="2026-01-31")
        membership._set_payment_method(self._create_token("error"))
        self._bill("2026-02-28")
        membership._set_payment_method(self.token)
        # The queue has not run yet; the next period comes first.
        self.env["queue.job"].sudo().search([]).unlink()
        self._bill("2026-03-31")
        states = {str(p.start_date): p.state for p in membership.period_ids}
        self.assertEqual(
            states,
            {"2026-01-31": "paid", "2026-02-28": "forgiven", "2026-03-31": "paid"},
        )
        self.assertEqual(membership.membership_state, "active")
        self.assertEqual(len(membership.credit_ids), 2)
        forgiven = membership.period_ids.filtered(lambda p: p.state == "forgiven")
        self.assertEqual(forgiven.invoice_id.amount_residual, 0)
