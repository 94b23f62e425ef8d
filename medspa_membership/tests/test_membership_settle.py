# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Sequences of changes, computed by hand: what is invoiced is what was agreed."""

from datetime import date

from psycopg2.errors import RestrictViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from .membership_common import MembershipCase


class SettleCase(MembershipCase):
    def _change(self, membership, plan, day, when="now"):
        """Change the plan on a day; return what was shown, charged or given back."""
        with freeze_time(f"{day} 08:00:00"):
            today = date.fromisoformat(day)
            change = membership._get_plan_change(plan, today, when)
            membership._change_plan(plan, when, change["amount"])
        self._run_cron("ir_cron_charge_missed", f"{day} 10:00:00")
        return change["amount"]

    def _get_net(self, membership):
        """Return what stands invoiced of a membership, credit notes off."""
        periods = membership.period_ids.filtered(lambda p: p.kind != "fee")
        moves = periods.invoice_ids | periods.invoice_ids.reversal_move_ids
        moves |= periods.refund_move_ids
        return sum(move.amount_total_signed for move in moves if move.state == "posted")

    def _get_money(self, membership):
        """Return what the member has paid, what came back off."""
        periods = membership.period_ids
        txs = membership.transaction_ids | periods.invoice_ids.transaction_ids
        txs |= txs.child_transaction_ids
        return round(sum(tx.amount for tx in txs if tx.state == "done"), 2)

    def _get_left(self, membership):
        left = {}
        for credit in membership.credit_ids:
            left[credit.treatment_id] = (
                left.get(credit.treatment_id, 0) + credit.available
            )
        return left


@tagged("post_install", "-at_install")
class TestMembershipSettle(SettleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        peel = {"treatment_id": cls.peel.id, "quantity": 2}
        cls.dear = cls._create_plan("Dear", 149, [{**peel, "quantity": 4}])
        cls.cheap = cls._create_plan("Cheap", 49, [{**peel, "quantity": 1}])
        cls.yearly = cls._create_plan(
            "Yearly", 1000, [{**peel, "quantity": 24}], recurring_rule_type="years"
        )
        cls.yearly_dear = cls._create_plan(
            "Yearly, dear", 1500, recurring_rule_type="years"
        )

    def test_down_and_up_again(self):
        """April has 30 days; 15 of them are left on the 16th."""
        membership = self._join(self.dear, on="2026-04-01")
        self.assertEqual(self._change(membership, self.plan, "2026-04-16"), -25)
        self.assertEqual(self._change(membership, self.dear, "2026-04-16"), 25)
        self.assertEqual(self._get_net(membership), 149)
        self.assertEqual(self._get_money(membership), 149)
        self.assertEqual(self._get_left(membership), {self.peel: 4})

    def test_down_twice(self):
        membership = self._join(self.dear, on="2026-04-01")
        self.assertEqual(self._change(membership, self.plan, "2026-04-16"), -25)
        self.assertEqual(self._change(membership, self.cheap, "2026-04-21"), -16.67)
        self.assertAlmostEqual(self._get_net(membership), 107.33)
        self.assertEqual(self._get_money(membership), 107.33)

    def test_another_rhythm_with_the_renewal(self):
        membership = self._join(on="2026-10-01")
        self._bill("2026-11-01")
        with freeze_time("2026-11-10 08:00:00"):
            membership._change_plan(self.yearly, "renewal")
        self._bill("2026-12-01")
        self.assertEqual(membership.recurring_next_date, date(2027, 12, 1))
        last = membership.period_ids.sorted("start_date")[-1]
        self.assertEqual(
            (last.amount, last.start_date, last.end_date),
            (1000, date(2026, 12, 1), date(2027, 11, 30)),
        )
        self.assertEqual(membership.anchor_date, date(2026, 12, 1))

    def test_another_rhythm_and_a_dearer_plan_of_it(self):
        membership = self._join(on="2026-05-01")
        # 11 of 31 days stay: 35.13 of 99.
        self.assertEqual(self._change(membership, self.yearly, "2026-05-12"), 936.13)
        self.assertEqual(membership.recurring_next_date, date(2027, 5, 12))
        self.assertEqual(
            self._change(membership, self.yearly_dear, "2026-05-20"), 489.04
        )
        self.assertAlmostEqual(self._get_net(membership), 35.13 + 1489.04)
        self.assertEqual(self._get_money(membership), 1524.17)
        self.assertEqual(membership.membership_state, "active")

    def test_another_rhythm_and_back(self):
        membership = self._join(on="2026-05-01")
        self._change(membership, self.yearly, "2026-05-12")
        self.assertEqual(self._change(membership, self.plan, "2026-05-20"), -879.08)
        self.assertEqual(membership.recurring_next_date, date(2026, 6, 20))
        # 35.13 for 11 days, 21.92 for 8 of a year, 99 for a month.
        self.assertAlmostEqual(self._get_net(membership), 156.05)
        self.assertEqual(self._get_money(membership), 156.05)
        states = {
            str(p.start_date): (str(p.end_date), p.state)
            for p in membership.period_ids.filtered(lambda p: p.kind == "regular")
        }
        self.assertEqual(
            states,
            {
                "2026-05-01": ("2026-05-11", "paid"),
                "2026-05-12": ("2026-05-19", "paid"),
                "2026-05-20": ("2026-06-19", "paid"),
            },
        )
        self._bill("2026-06-20")
        self.assertEqual(membership.recurring_next_date, date(2026, 7, 20))

    def test_another_rhythm_on_the_first_day(self):
        membership = self._join(on="2026-05-01")
        self.assertEqual(self._change(membership, self.yearly, "2026-05-01"), 901)
        self.assertEqual(self._get_net(membership), 1000)
        self.assertEqual(self._get_left(membership), {self.peel: 24})
        self.assertEqual(
            membership._get_current_period(date(2026, 5, 1)).end_date,
            date(2027, 4, 30),
        )

    def test_what_was_used_counts_in_the_new_rhythm(self):
        membership = self._join(on="2026-05-01")
        with freeze_time("2026-05-01 08:00:00"):
            self._create_appointment("2026-05-01 09:00:00").action_done()
            self._create_appointment("2026-05-01 11:00:00").action_done()
        weekly = self._create_plan("Weekly", 30, recurring_rule_type="weeks")
        for plan in (weekly, self.plan, weekly, self.plan):
            self._change(membership, plan, "2026-05-01")
        # Two peels are agreed for this month, and both are used.
        self.assertEqual(self._get_left(membership), {self.peel: 0})
        self.assertEqual(self._get_net(membership), 99)
        self._bill("2026-06-01")
        self.assertEqual(self._get_left(membership), {self.peel: 2})

    def test_up_and_down_three_times(self):
        membership = self._join(on="2026-04-01")
        for _round in range(3):
            self.assertEqual(self._change(membership, self.dear, "2026-04-16"), 25)
            self.assertEqual(self._get_left(membership), {self.peel: 3})
            self.assertEqual(self._change(membership, self.plan, "2026-04-16"), -25)
        self.assertEqual(self._get_net(membership), 99)
        self.assertEqual(self._get_money(membership), 99)
        self.assertEqual(self._get_left(membership), {self.peel: 2})
        granted = sum(membership.credit_ids.mapped("granted"))
        taken = sum(
            m.quantity for m in membership.credit_ids.move_ids if m.kind == "refund"
        )
        self.assertEqual(granted + taken, 2)

    def test_a_plan_edited_later_changes_nothing_that_was_sold(self):
        membership = self._join(self.yearly, on="2026-05-01")
        self.yearly.write(
            {
                "recurring_rule_type": "months",
                "recurring_rule_boundary": "limited",
                "recurring_rule_count": 3,
            }
        )
        self._bill("2026-08-15")
        self.assertEqual(self._starts(membership), ["2026-05-01"])
        self.assertEqual(membership.recurring_next_date, date(2027, 5, 1))
        self.assertEqual(membership.period_label, "a year")
        self._bill("2027-05-01")
        self.assertEqual(membership.recurring_next_date, date(2028, 5, 1))
        self.assertFalse(membership.end_date)

    def test_what_was_given_back_by_hand_is_not_charged_again(self):
        membership = self._join(on="2026-04-01")
        with freeze_time("2026-04-10 08:00:00"):
            membership.period_ids._refund(30, "A bad day")
        self.assertEqual(self._change(membership, self.dear, "2026-04-16"), 25)
        self.assertEqual(self._get_net(membership), 94)

    def test_a_credit_note_of_the_accountant_is_not_charged_again(self):
        membership = self._join(on="2026-04-01")
        self._bill("2026-05-01")
        period = membership.period_ids.sorted("start_date")[-1]
        with freeze_time("2026-05-02 08:00:00"):
            note = period.invoice_id._reverse_moves([{"ref": "Goodwill"}])
            note.invoice_line_ids.price_unit = 20
            note.action_post()
        # May has 31 days; 16 are left on the 16th: 50 x 16 / 31.
        self.assertEqual(self._change(membership, self.dear, "2026-05-16"), 25.81)

    def test_a_period_billed_ahead_changes_too(self):
        membership = self._join(on="2026-04-01")
        with freeze_time("2026-04-10 08:00:00"):
            membership._bill_now()
        self._run_cron("ir_cron_charge_missed", "2026-04-10 12:00:00")
        self.assertEqual(self._change(membership, self.dear, "2026-04-16"), 75)
        self.assertEqual(self._get_net(membership), 25 + 149 + 99)

    def test_a_payment_on_its_way_is_waited_for(self):
        membership = self._join(on="2026-04-01")
        membership._set_payment_method(self._create_token("pending"))
        self._change(membership, self.dear, "2026-04-16")
        with freeze_time("2026-04-17 08:00:00"), self.assertRaises(UserError):
            membership._get_plan_change(self.plan, date(2026, 4, 17), "now")

    def test_what_was_not_paid_is_owed_no_more(self):
        membership = self._join(on="2026-04-01")
        membership._set_payment_method(self._create_token("error"))
        self._change(membership, self.dear, "2026-04-16")
        part = membership.period_ids.filtered(lambda p: p.kind == "upgrade")
        self.assertEqual(part.state, "open")
        # Past due members settle first; once it is, the way down owes nothing.
        with freeze_time("2026-04-17 08:00:00"):
            membership._transition("active")
        self.assertEqual(self._change(membership, self.plan, "2026-04-16"), -25)
        self.assertEqual(part.invoice_id.amount_residual, 0)
        self.assertEqual(self._get_net(membership), 99)
        self.assertEqual(self._get_money(membership), 99)


@tagged("post_install", "-at_install")
class TestMembershipSegments(SettleCase):
    def test_what_was_agreed_is_final(self):
        membership = self._join(on="2026-04-01")
        segment = membership.segment_ids
        self.assertEqual((segment.kind, segment.price), ("terms", 99))
        with self.assertRaises(UserError):
            segment.sudo().write({"price": 1})
        with self.assertRaises(UserError):
            segment.sudo().unlink()
        with self.assertRaises(AccessError):
            self.env["medspa.membership.segment"].with_user(self.manager).create({})
        for query in (
            "UPDATE medspa_membership_segment SET price = 1 WHERE id = %s",
            "DELETE FROM medspa_membership_segment WHERE id = %s",
        ):
            with (
                self.assertRaises(RestrictViolation),
                mute_logger("odoo.sql_db"),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(query, [segment.id])

    def test_what_members_had_on_a_day_of_the_past(self):
        dear = self._create_plan("Dear", 149)
        membership = self._join(on="2026-04-01")
        self._change(membership, dear, "2026-04-16")
        with freeze_time("2026-04-20 08:00:00"):
            membership._pause(date(2026, 4, 20), date(2026, 4, 24))
        self._run_cron("ir_cron_membership_pauses", "2026-04-25 08:00:00")
        with freeze_time("2026-04-28 08:00:00"):
            membership._cancel(self.reason, way="now")
        Segment = self.env["medspa.membership.segment"]
        for day, plan, price in (
            ("2026-03-31", None, 0),
            ("2026-04-01", self.plan, 99),
            ("2026-04-15", self.plan, 99),
            ("2026-04-16", dear, 149),
            ("2026-04-20", None, 0),
            ("2026-04-25", dear, 149),
            ("2026-04-28", dear, 149),
            ("2026-04-29", None, 0),
        ):
            found = Segment._get_terms_on(self.company, date.fromisoformat(day))
            found = found.filtered(lambda s: s.membership_id == membership)
            self.assertEqual(found.template_id, plan or dear.browse(), day)
            self.assertEqual(sum(found.mapped("price")), price, day)

    def test_members_of_before_get_theirs_from_what_was_billed(self):
        membership = self._join(on="2026-01-31")
        for day in ("2026-02-28", "2026-03-31"):
            self._bill(day)
        expected = membership._get_timeline()
        self.env.cr.execute(
            "ALTER TABLE medspa_membership_segment DISABLE TRIGGER USER;"
            "DELETE FROM medspa_membership_segment WHERE membership_id = %s;"
            "ALTER TABLE medspa_membership_segment ENABLE TRIGGER USER",
            [membership.id],
        )
        self.env.invalidate_all()
        with freeze_time("2026-04-02 08:00:00"):
            timeline = membership._get_timeline()
        self.assertEqual(timeline.anchor, expected.anchor)
        self.assertEqual(len(timeline.terms), 1)
        self.assertEqual(timeline.terms[0].price, 99)
        self.assertFalse(timeline.adjusted)


@tagged("post_install", "-at_install")
class TestMembershipMoney(SettleCase):
    """Money and dates around the changes: taxes, pauses, ends, faults of our own."""

    def _pause(self, membership, day, *args):
        with freeze_time(f"{day} 08:00:00"):
            return membership._pause(*(date.fromisoformat(arg) for arg in args))

    def _cancel(self, membership, day):
        with freeze_time(f"{day} 08:00:00"):
            membership._cancel(self.reason)

    def test_another_rate_of_a_tax_on_top_is_charged_by_its_rules(self):
        tax = self.env["account.tax"].create(
            {"name": "On top", "amount": 10, "price_include_override": "tax_excluded"}
        )
        plan = self._create_plan("Taxed", 100)
        plan.product_tmpl_id.taxes_id = tax
        membership = self._join(plan, on="2026-04-01")
        self.assertEqual(membership.price, 110)
        tax.amount = 21
        self.assertEqual(membership.price, 121, "Shown before it is charged")
        self._bill("2026-05-01")
        period = membership.period_ids.sorted("start_date")[-1]
        invoice = period.invoice_id
        self.assertEqual(len(invoice.invoice_line_ids), 1, "No line of rounding")
        self.assertEqual((invoice.amount_untaxed, invoice.amount_total), (100, 121))
        self.assertEqual((period.amount, period.state), (121, "paid"))
        self.assertEqual(
            membership.segment_ids.filtered(lambda s: s.kind == "terms").mapped(
                "price"
            ),
            [110, 121],
        )

    def test_a_pause_planned_for_the_billing_day_is_not_billed(self):
        for first, second in (
            ("ir_cron_bill_periods", "ir_cron_membership_pauses"),
            ("ir_cron_membership_pauses", "ir_cron_bill_periods"),
        ):
            patient = self.env["res.partner"].create({"name": first})
            membership = self._join(partner=patient, on="2026-04-01")
            self._pause(membership, "2026-04-10", "2026-05-01", "2026-05-10")
            self._run_cron(first, "2026-05-01 08:00:00")
            self._run_cron(second, "2026-05-01 09:00:00")
            self.assertEqual(len(membership.period_ids), 1, first)
            self.assertEqual(membership.membership_state, "paused", first)
            self._run_cron("ir_cron_membership_pauses", "2026-05-11 08:00:00")
            self._bill("2026-05-11")
            self.assertEqual(
                self._starts(membership), ["2026-04-01", "2026-05-11"], first
            )

    def test_what_began_before_the_pause_is_billed(self):
        membership = self._join(on="2026-04-01")
        self._pause(membership, "2026-04-10", "2026-05-03", "2026-05-10")
        # The clinic's server was down for days.
        self._run_cron("ir_cron_membership_pauses", "2026-05-04 08:00:00")
        self.assertEqual(self._starts(membership), ["2026-04-01", "2026-05-01"])
        self.assertEqual(membership.membership_state, "paused")

    def test_three_payments_are_three_paid_periods_whatever_is_paused(self):
        for meaning, end in (
            ("frozen_shift", date(2026, 7, 10)),
            ("frozen_skip", date(2026, 7, 31)),
        ):
            plan = self._create_plan(
                f"Three {meaning}",
                99,
                recurring_rule_boundary="limited",
                recurring_rule_count=3,
                pause_meaning=meaning,
            )
            patient = self.env["res.partner"].create({"name": meaning})
            membership = self._join(plan, partner=patient, on="2026-04-01")
            self.assertEqual(membership.end_date, date(2026, 6, 30))
            self._bill("2026-05-01")
            self._pause(membership, "2026-05-25", "2026-05-25", "2026-06-03")
            self._run_cron("ir_cron_membership_pauses", "2026-06-04 08:00:00")
            self.assertEqual(membership.end_date, end, meaning)
            for day in ("2026-06-04", "2026-06-11", "2026-07-01", "2026-08-01"):
                self._bill(day)
            paid = membership.period_ids.filtered(lambda p: p.state == "paid")
            self.assertEqual(len(paid), 3, meaning)
            self._run_cron("ir_cron_end_memberships", f"{end} 08:00:00")
            self.assertEqual(membership.membership_state, "active")

    def test_paid_days_are_kept_paused_and_cancelled(self):
        """Paid to 30 April; ten days paused: to 10 May, in either order."""
        for order in ("pause first", "cancel first"):
            patient = self.env["res.partner"].create({"name": order})
            membership = self._join(partner=patient, on="2026-04-01")
            if order == "cancel first":
                self._cancel(membership, "2026-04-05")
            self._pause(membership, "2026-04-25", "2026-04-25", "2026-05-04")
            if order == "pause first":
                self._cancel(membership, "2026-04-26")
            # In the pause nothing ends.
            self._run_cron("ir_cron_end_memberships", "2026-05-02 08:00:00")
            self.assertEqual(membership.membership_state, "paused", order)
            self._run_cron("ir_cron_membership_pauses", "2026-05-05 08:00:00")
            self.assertEqual(membership.end_date, date(2026, 5, 10), order)
            self.assertEqual(membership.credit_ids.expires_on, date(2026, 5, 10))
            self._bill("2026-05-05")
            self._run_cron("ir_cron_end_memberships", "2026-05-10 08:00:00")
            self.assertEqual(membership.membership_state, "ending", order)
            self._run_cron("ir_cron_end_memberships", "2026-05-11 08:00:00")
            self.assertEqual(membership.membership_state, "ended", order)
            self.assertEqual(len(membership.period_ids), 1)

    def test_kept_after_a_pause_it_goes_on_where_it_was(self):
        membership = self._join(on="2026-04-01")
        self._cancel(membership, "2026-04-05")
        self._pause(membership, "2026-04-25", "2026-04-25", "2026-05-04")
        self._run_cron("ir_cron_membership_pauses", "2026-05-05 08:00:00")
        with freeze_time("2026-05-06 08:00:00"):
            membership._keep()
        self.assertEqual(membership.recurring_next_date, date(2026, 5, 11))
        self._bill("2026-05-11")
        self.assertEqual(membership.recurring_next_date, date(2026, 6, 11))

    def test_what_is_on_its_way_is_not_forgiven(self):
        self.plan.arrears_rule = "forgive"
        membership = self._join(on="2026-04-01")
        membership._set_payment_method(self._create_token("pending"))
        self._bill("2026-05-01")
        self._bill("2026-06-01")
        may, june = membership.period_ids.sorted("start_date")[1:]
        self.assertEqual((may.state, june.state), ("open", "open"))
        with freeze_time("2026-06-02 08:00:00"):
            tx = may.sudo().transaction_ids
            tx._set_done()
            tx._post_process()
            # The other one fails: it is the last, and is dunned.
            june.sudo().transaction_ids._set_error("Declined")
            june.sudo().transaction_ids._post_process()
        self.assertEqual(may.state, "paid")
        self.assertEqual(sum(may.credit_ids.mapped("granted")), 2)
        self.assertEqual((june.state, bool(june.first_failed_at)), ("open", True))

    def test_what_fails_after_a_later_period_is_forgiven_then(self):
        self.plan.arrears_rule = "forgive"
        membership = self._join(on="2026-04-01")
        membership._set_payment_method(self._create_token("pending"))
        self._bill("2026-05-01")
        self._bill("2026-06-01")
        may, june = membership.period_ids.sorted("start_date")[1:]
        with freeze_time("2026-06-02 08:00:00"):
            may.sudo().transaction_ids._set_error("Declined")
            may.sudo().transaction_ids._post_process()
        self.assertEqual((may.state, june.state), ("forgiven", "open"))
        self.assertEqual(membership.membership_state, "active")

    def test_a_fault_of_our_own_blames_no_member_and_is_charged_when_mended(self):
        membership = self._join(on="2026-04-01")
        other = self._join(partner=self.other_patient, on="2026-04-01")
        self.provider.state = "disabled"
        self.assertFalse(self.token.active)
        self._bill("2026-05-01")
        activities = self.env["mail.activity"].search(
            [("res_model", "=", "sale.subscription"), ("summary", "ilike", "our side")]
        )
        self.assertEqual(len(activities), 1, "The staff are told once")
        for member in membership | other:
            period = member.period_ids.sorted("start_date")[-1]
            self.assertEqual((period.state, period.is_stopped), ("open", False))
            self.assertFalse(period.first_failed_at)
            self.assertEqual(member.membership_state, "active")
        with freeze_time("2026-05-02 08:00:00"):
            self.provider.state = "test"
        self.assertTrue(self.token.active, "Cards live again")
        self._run_cron("ir_cron_charge_missed", "2026-05-02 08:05:00")
        for member in membership | other:
            period = member.period_ids.sorted("start_date")[-1]
            self.assertEqual((period.state, period.failure_kind), ("paid", False))

    def test_a_card_put_away_by_hand_stays_away(self):
        self.token.active = False
        other = self._create_token("done")
        self.provider.state = "disabled"
        other.active = False
        self.provider.state = "test"
        self.assertFalse(self.token.active or other.active)

    def test_a_wrong_key_stops_no_card(self):
        membership = self._join(on="2026-04-01")
        membership._set_payment_method(self._create_token("pending"))
        self._bill("2026-05-01")
        period = membership.period_ids.sorted("start_date")[-1]
        with freeze_time("2026-05-01 09:00:00"):
            tx = period.sudo().transaction_ids
            tx.decline_kind = "config"
            tx._set_error("Invalid API key")
            tx._post_process()
        self.assertEqual((period.state, period.is_stopped), ("open", False))
        self.assertEqual(membership.membership_state, "active")
        membership.payment_token_id.demo_simulated_state = "done"
        with freeze_time("2026-05-01 10:00:00"):
            self.provider.write({"code": "demo"})
        self._run_cron("ir_cron_charge_missed", "2026-05-01 10:05:00")
        self.assertEqual(period.state, "paid")

    def test_a_refund_at_the_provider_is_credited(self):
        membership = self._join(on="2026-04-01")
        self._bill("2026-05-01")
        period = membership.period_ids.sorted("start_date")[-1]
        tx = period.sudo().transaction_ids
        with freeze_time("2026-05-02 08:00:00"):
            refund = tx._create_child_transaction(99, is_refund=True)
            refund._set_done()
            refund._post_process()
        self.assertEqual(period.state, "refunded")
        self.assertEqual(period.credit_ids.remaining, 0)
        notes = period.refund_move_ids
        self.assertEqual(notes.amount_total, 99)
        self.assertEqual(notes.amount_residual, 0, "Settled by what went back")
        self.assertIn(
            "Refunded at the payment provider",
            membership.activity_ids.mapped("summary"),
        )
        refund._post_process()
        self.assertEqual(len(period.refund_move_ids), 1)

    def test_days_of_grace_charge_no_more_than_the_policy(self):
        self.plan.grace_days = 10
        membership = self._join(on="2026-01-31")
        membership._set_payment_method(self._create_token("error"))
        self._bill("2026-02-28")
        period = membership.period_ids.sorted("start_date")[-1]
        for day in ("03-01", "03-03", "03-06", "03-08"):
            self._run_cron("ir_cron_dun", f"2026-{day} 09:00:00")
        steps = membership.dunning_policy_id.step_ids
        tries = 1 + len(steps.filtered("retries"))
        self.assertEqual(period.attempt_count, tries)
        self.assertEqual(membership.membership_state, "past_due")
        self._run_cron("ir_cron_dun", "2026-03-10 09:00:00")
        self.assertEqual(membership.membership_state, "suspended")
        self.assertEqual(period.attempt_count, tries)

    def test_the_card_of_a_relative_is_stored(self):
        company = self.env["res.partner"].create(
            {"name": "The firm of both", "is_company": True}
        )
        (self.patient | self.other_patient).parent_id = company
        membership = self._join(on="2026-04-01")
        membership._set_payment_method(self._create_token("error"))
        self._bill("2026-05-01")
        self.assertEqual(membership.membership_state, "past_due")
        token = self._create_token("done", self.other_patient)
        self.assertNotEqual(membership.payment_token_id, token)
        own = self._create_token("done")
        self.assertEqual(membership.payment_token_id, own)
