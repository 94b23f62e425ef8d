# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What can go wrong between the clinic, its database and the bank, done to members."""

from datetime import timedelta
from functools import partial
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged
from odoo.tools import mute_logger

from .membership_fault_common import MembershipFaultCase

DECLINED = "4000000000009995"
LOST = "4000000000009987"
QUIET = (
    "odoo.addons.payment.models.payment_provider",
    "odoo.addons.medspa_membership.models.billing.sale_subscription",
)


@tagged("post_install", "-at_install")
class TestMembershipFaults(MembershipFaultCase):
    # === F11, F13, F20: THE SAME RUN TWICE === #

    def test_two_billing_runs_at_once_bill_once(self):
        member_ids = self._create_members(6)
        results = self._run_together(*[self._bill_in] * 3, pause=0.2)
        self.assertFalse([r for r in results if isinstance(r, Exception)])
        self._work()
        self.assertBooksAgree(member_ids)

    def test_the_same_run_again_does_nothing(self):
        member_ids = self._create_members(3)
        self._bill()
        self._work()
        self._bill()
        self.assertEqual(self._work(), 0)
        self.assertBooksAgree(member_ids)

    def test_workers_side_by_side_charge_once(self):
        member_ids = self._create_members(30)
        self.stripe.delay = 0.02
        self.addCleanup(setattr, self.stripe, "delay", 0)
        self._bill()
        with self._transaction() as env:
            # The same charges once more, as a queue that is slow may have them.
            self._read_periods(env, member_ids).with_context(again=1)._enqueue_charges(
                manual=True
            )
        self._work_together(4)
        self._work()
        self._resolve()
        self.assertBooksAgree(member_ids)

    # === TWO REQUESTS OF ONE MEMBER === #

    def test_two_pauses_at_once_keep_the_limit(self):
        (member_id,) = self._create_members(1)
        with self._transaction() as env:
            env["sale.subscription"].browse(member_id).max_pause_days = 30

        def pause(first, env):
            start = self.day + timedelta(days=first)
            env["sale.subscription"].browse(member_id)._pause(
                start, start + timedelta(days=19)
            )

        results = self._run_together(
            partial(pause, 0), partial(pause, 40), partial(pause, 80), pause=0.2
        )
        done, refused, others = self._split(results)
        self.assertFalse(others)
        self.assertEqual((len(done), len(refused)), (1, 2))
        with self._transaction() as env:
            member = env["sale.subscription"].browse(member_id)
            self.assertEqual(member.pause_ids.mapped("days"), [20])

    def test_two_family_members_at_once_keep_the_limit(self):
        (member_id,) = self._create_members(1)
        with self._transaction() as env:
            env["sale.subscription"].browse(member_id).family_limit = 1

        def add(name, env):
            member = env["sale.subscription"].browse(member_id)
            member._add_family_member(name)

        results = self._run_together(
            partial(add, "Ana"), partial(add, "Ben"), partial(add, "Cleo"), pause=0.2
        )
        done, refused, others = self._split(results)
        self.assertFalse(others)
        self.assertEqual((len(done), len(refused)), (1, 2))
        with self._transaction() as env:
            member = env["sale.subscription"].browse(member_id)
            self.assertEqual(len(member.beneficiary_ids), 1)

    # === F1, F36: KILLED IN MID-RUN === #

    def _count_charges(self):
        return sum(len(amounts) for amounts in self.stripe.get_charged().values())

    def test_killed_between_charge_and_record(self):
        member_ids = self._create_members(3)
        charged_before = self._count_charges()
        self._bill()
        with self._transaction() as env:
            period_ids = self._read_periods(env, member_ids).ids
        self._kill(
            f"""
            def process(tx, *args, **kwargs):
                calls.append(tx)
                if len(calls) == 2:
                    hang()
                return original(tx, *args, **kwargs)

            original = registry["payment.transaction"]._process
            patch.object(registry["payment.transaction"], "_process", process).start()
            env["medspa.membership.period"].browse({period_ids})._charge()
            """,
            "killed after the charge",
        )
        self.assertEqual(self._count_charges() - charged_before, 2)
        # The queue starts the job again; the second one waits for its answer.
        self._work()
        self.assertEqual(self._count_charges() - charged_before, 3)
        self._resolve()
        self.assertBooksAgree(member_ids)

    def test_killed_in_mid_billing(self):
        member_ids = self._create_members(7)
        self._kill(
            f"""
            from odoo.addons.medspa_membership.models.billing import sale_subscription

            def bill(batch, *args):
                calls.append(batch)
                res = original(batch, *args)
                if len(calls) == 2:
                    batch.env.flush_all()
                    hang()
                return res

            original = registry["sale.subscription"]._bill_batch
            patch.object(sale_subscription, "BILLING_BATCH", 3).start()
            patch.object(registry["sale.subscription"], "_bill_batch", bill).start()
            env["sale.subscription"]._bill_company(
                env.company, date.fromisoformat("{self.day}")
            )
            """,
            "killed in the second batch",
        )
        with self._transaction() as env:
            periods = self._read_periods(env, member_ids)
            self.assertEqual(len(periods), 3, "What was committed stays")
            jobs = env["queue.job"].search([("state", "=", "pending")])
            self.assertTrue(jobs, "and its charges are queued with it")
        self._bill()
        self._work()
        self.assertBooksAgree(member_ids)

    # === F2, F23: NO ANSWER === #

    def test_a_lost_answer_is_no_failure(self):
        member_ids = self._create_members(1)
        self.stripe.fail_next("POST", "payment_intents", "lost_answer")
        self._bill()
        with mute_logger(*QUIET):
            self._work()
        with self._transaction() as env:
            member = env["sale.subscription"].browse(member_ids)
            period = self._read_periods(env, member_ids)
            self.assertEqual(period.transaction_ids.mapped("state"), ["pending"])
            self.assertFalse(period.first_failed_at, "Nobody is told of a failure")
            self.assertEqual(member.membership_state, "active")
            # Whatever asks for it meanwhile charges nothing.
            period._enqueue_charges(manual=True)
        self._work()
        self._resolve()
        self.assertBooksAgree(member_ids)

    def test_a_server_error_after_the_charge_is_no_failure(self):
        member_ids = self._create_members(1)
        self.stripe.fail_next("POST", "payment_intents", "error_after")
        self._bill()
        with mute_logger(*QUIET):
            self._work()
            # The key keeps even the 500: the books are asked in the end.
            self.stripe.forget_keys()
            with self._transaction() as env:
                tx = self._read_periods(env, member_ids).transaction_ids
                tx.charged_at = fields.Datetime.now() - timedelta(days=2)
            self._resolve()
        self.assertBooksAgree(member_ids)

    # === F16: ONE BAD MEMBER === #

    def test_one_broken_member_among_five_hundred(self):
        member_ids = self._create_members(500)
        with self._transaction() as env:
            broken = env["sale.subscription"].browse(member_ids[250])
            broken.journal_id = env["account.journal"].search(
                [("type", "=", "purchase"), ("company_id", "=", env.company.id)],
                limit=1,
            )
        with mute_logger(*QUIET):
            self._bill()
        others = [m for m in member_ids if m != member_ids[250]]
        with self._transaction() as env:
            broken = env["sale.subscription"].browse(member_ids[250])
            self.assertTrue(broken.billing_error)
            self.assertFalse(self._read_periods(env, broken.ids))
            self.assertEqual(len(self._read_periods(env, others)), 499)
            broken.journal_id = False
        # The next day it is billed like the others.
        with self._transaction() as env:
            company, tomorrow = env.company, self.day + timedelta(days=1)
            env["sale.subscription"]._bill_company(company, tomorrow)
            self.assertEqual(len(self._read_periods(env, member_ids)), 500)

    # === F24, F25, F26: WHILE A RETRY WAITS === #

    def _fail_first(self, number=DECLINED):
        member_ids = self._create_members(1, number)
        self._bill()
        with mute_logger(*QUIET):
            self._work()
        with self._transaction() as env:
            period = self._read_periods(env, member_ids)
            self.assertEqual(period.state, "open")
            self.assertTrue(period.first_failed_at)
        return member_ids

    def test_card_replaced_in_mid_dunning(self):
        member_ids = self._fail_first()
        with self._transaction() as env:
            member = env["sale.subscription"].browse(member_ids)
            period = self._read_periods(env, member_ids)
            # The step is due at the very moment when the member saves another card.
            period.next_step_at = fields.Datetime.now() - timedelta(minutes=1)
            env["medspa.membership.period"]._cron_dun()
            self._create_token(env, member.partner_id)
            self.assertEqual(member.payment_token_id.payment_details, "4242")
        with mute_logger(*QUIET):
            self._work_together(3)
            self._work()
            self._resolve()
        self.assertBooksAgree(member_ids)
        with self._transaction() as env:
            member = env["sale.subscription"].browse(member_ids)
            self.assertEqual(member.membership_state, "active")

    def test_a_hard_decline_is_not_asked_again(self):
        member_ids = self._fail_first(LOST)
        with self._transaction() as env:
            period = self._read_periods(env, member_ids)
            self.assertEqual(period.failure_kind, "new_method")
            self.assertNotIn("lost", period.failure_reason.lower())
            period.next_step_at = fields.Datetime.now() - timedelta(minutes=1)
            env["medspa.membership.period"]._cron_dun()
        asked = len(self.stripe.requests)
        self._work()
        self.assertEqual(len(self.stripe.requests), asked)
        with self._transaction() as env:
            period = self._read_periods(env, member_ids)
            self.assertTrue(period.dunning_step_id, "The step was taken all the same")

    def test_card_archived_between_schedule_and_run(self):
        member_ids = self._create_members(1)
        self._bill()
        with self._transaction() as env:
            env["sale.subscription"].browse(member_ids).payment_token_id.active = False
        self._work()
        with self._transaction() as env:
            period = self._read_periods(env, member_ids)
            self.assertEqual((period.state, period.attempt_count), ("open", 0))
            self.assertEqual(period.failure_kind, "new_method")
            mails = env["mail.mail"].search([("model", "=", period._name)])
            self.assertIn(period.id, mails.mapped("res_id"))
        self.assertBooksAgree(member_ids, paid=0, open_count=1)

    def test_paid_by_hand_while_a_retry_is_queued(self):
        member_ids = self._create_members(1)
        self._bill()
        with self._transaction() as env:
            invoice = self._read_periods(env, member_ids).invoice_id
            env["account.payment.register"].with_context(
                active_model="account.move", active_ids=invoice.ids
            ).create({})._create_payments()
        asked = len(self.stripe.requests)
        self._work()
        self.assertEqual(len(self.stripe.requests), asked, "The bank is not asked")
        with self._transaction() as env:
            period = self._read_periods(env, member_ids)
            self.assertEqual(period.state, "paid")
            self.assertEqual(period.credit_ids.granted, 2)

    # === F12: THE LOCK IS NOT OBTAINED === #

    def test_a_locked_period_is_charged_an_hour_later(self):
        member_ids = self._create_members(1)
        self._bill()
        asked = len(self.stripe.requests)
        with self._transaction() as env:
            period = self._read_periods(env, member_ids)
            env.cr.execute(
                "SELECT id FROM medspa_membership_period WHERE id = %s FOR UPDATE",
                [period.id],
            )
            # Another connection works meanwhile, and does not wait for ours.
            self._work()
        self.assertEqual(len(self.stripe.requests), asked)
        with self._transaction() as env:
            period = self._read_periods(env, member_ids)
            self.assertEqual((period.state, period.attempt_count), ("open", 0))
            env["medspa.membership.period"]._cron_charge_missed()
        self.assertEqual(self._work(), 0, "The hour is not over")
        with self._transaction() as env:
            period = self._read_periods(env, member_ids)
            env.cr.execute(
                "UPDATE medspa_membership_period"
                " SET write_date = write_date - interval '61 minutes' WHERE id = %s",
                [period.id],
            )
        for _cron in range(2):
            with self._transaction() as env:
                env["medspa.membership.period"]._cron_charge_missed()
        self._work()
        self.assertBooksAgree(member_ids)

    # === F37: A COPY OF THE DATABASE === #

    def test_a_neutralised_copy_charges_nobody(self):
        member_ids = self._create_members(1)
        with self._transaction() as env:
            # By SQL: the ORM archives the cards of a provider whose state changes.
            env.cr.execute(
                "UPDATE payment_provider SET state = 'enabled' WHERE id = %s",
                [self.provider_id],
            )
        self.addCleanup(self._switch_on)
        self._bill()
        with self._transaction() as env:
            for query in get_neutralization_queries(("payment", "payment_stripe")):
                env.cr.execute(query)
        asked = len(self.stripe.requests)
        with mute_logger(*QUIET):
            self._work()
        self.assertEqual(len(self.stripe.requests), asked, "The bank is not asked")
        with self._transaction() as env:
            period = self._read_periods(env, member_ids)
            self.assertEqual((period.state, period.failure_kind), ("open", "config"))
        self.assertBooksAgree(member_ids, paid=0, open_count=1)

    def _switch_on(self):
        with self._transaction() as env:
            provider = env["payment.provider"].browse(self.provider_id)
            provider.write(self._get_provider_vals())

    # === F27, F28: MONEY THAT GOES AWAY === #

    def test_refund_after_the_credits_were_used(self):
        """Of two peels one was used: the other is taken back, all money given back."""
        member_ids = self._create_members(1)
        self._bill()
        self._work()
        with self._transaction() as env:
            period = self._read_periods(env, member_ids)
            period.credit_ids._redeem(1, self.day)
            wizard = env["medspa.membership.refund"].create(
                {
                    "membership_id": member_ids[0],
                    "period_id": period.id,
                    "reason": "Goodwill",
                }
            )
            self.assertEqual((wizard.amount, wizard.by_card), (99, True))
            self.assertIn("1", wizard.credit_label)
            wizard.action_confirm()
        self._resolve()
        self._work()
        with self._transaction() as env:
            period = self._read_periods(env, member_ids)
            credit = period.credit_ids
            self.assertEqual(period.state, "refunded")
            self.assertEqual((credit.used, credit.available), (1, 0))
            self.assertEqual(period.refund_move_ids.mapped("amount_total"), [99])
            refunds = period.refund_move_ids.transaction_ids
            self.assertEqual(refunds.mapped("amount"), [-99])
            self.assertEqual(refunds.mapped("state"), ["done"])
            self.assertEqual(period.refund_move_ids.amount_residual, 0)
            with self.assertRaises(UserError):
                period._refund(1, "Once more")

    def test_dispute_after_the_credits_were_used(self):
        member_ids = self._create_members(1)
        self._bill()
        self._work()
        with self._transaction() as env:
            period = self._read_periods(env, member_ids)
            period.credit_ids._redeem(1, self.day)
            period.transaction_ids._take_back("Disputed by the patient", "dispute")
        with self._transaction() as env:
            member = env["sale.subscription"].browse(member_ids)
            period = self._read_periods(env, member_ids)
            credit = period.credit_ids
            self.assertEqual((period.state, period.is_stopped), ("open", True))
            self.assertEqual(member.membership_state, "past_due")
            self.assertEqual((credit.used, credit.held, credit.available), (1, 1, 0))
            self.assertTrue(member.activity_ids, "Staff know what was used")
            period.next_step_at = fields.Datetime.now() - timedelta(minutes=1)
            env["medspa.membership.period"]._cron_dun()
        asked = len(self.stripe.requests)
        self._work()
        self.assertEqual(len(self.stripe.requests), asked, "A dispute is not retried")
        with self._transaction() as env:
            tx = self._read_periods(env, member_ids).transaction_ids
            tx._give_back("The dispute was won")
        with self._transaction() as env:
            period = self._read_periods(env, member_ids)
            credit = period.credit_ids
            self.assertEqual(period.state, "paid")
            self.assertEqual((credit.used, credit.held, credit.available), (1, 0, 1))
            member = env["sale.subscription"].browse(member_ids)
            self.assertEqual(member.membership_state, "active")

    # === F39, F40 === #

    def test_a_mail_that_fails_rolls_nothing_back(self):
        member_ids = self._create_members(1, DECLINED)
        self._bill()
        Template = self.registry["mail.template"]

        def fail(template, *args, **kwargs):
            raise ValueError("The mail server is away")

        with (
            patch.object(Template, "send_mail", fail),
            mute_logger(
                *QUIET,
                "odoo.addons.medspa_membership.models.billing.payment_transaction_charge",
                "odoo.addons.medspa_membership.models.billing."
                "medspa_membership_period_charge",
            ),
        ):
            self._work()
        with self._transaction() as env:
            period = self._read_periods(env, member_ids)
            self.assertEqual(period.transaction_ids.mapped("state"), ["error"])
        self._resolve()
        with self._transaction() as env:
            period = self._read_periods(env, member_ids)
            self.assertTrue(period.first_failed_at, "The news is taken in later")
        self.assertBooksAgree(member_ids, paid=0, open_count=1)
