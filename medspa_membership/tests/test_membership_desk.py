# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date, datetime

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, freeze_time, tagged
from odoo.tools import mute_logger

from .membership_common import MembershipCase

PERIOD_FORM = "medspa_membership.medspa_membership_period_view_form"


class DeskCase(MembershipCase):
    """The desk opens views and dialogs as its own users, on a frozen day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_plan = cls._create_plan(
            "Radiance", 159, [{"treatment_id": cls.peel.id, "quantity": 4}]
        )

    def _as(self, user, record=None):
        """Return a record, or the environment, as a user of the clinic sees it."""
        env = self.env(
            user=user, context={"allowed_company_ids": self.company.ids, "tz": user.tz}
        )
        return env if record is None else record.with_env(env)

    def _dialog(self, user, model, **context):
        """Open a dialog as a button with this context does."""
        Model = self._as(user)[model].with_context(
            **{f"default_{name}": value for name, value in context.items()}
        )
        return Form(Model)

    def _work(self, moment):
        """Run what is queued, at a moment in UTC."""
        with freeze_time(moment), self.enter_registry_test_mode():
            self._run_jobs()
        self.env.invalidate_all()

    def _fail(self, on="2026-02-28"):
        """Return a membership whose payment of that day was declined."""
        membership = self._join(on="2026-01-31")
        membership._set_payment_method(self._create_token("error"))
        self._bill(on)
        return membership


@tagged("post_install", "-at_install")
class TestPlanForm(DeskCase):
    def _plan_form(self, plan=None, user=None):
        env = self._as(user or self.manager)
        Plan = env["sale.subscription.template"].with_context(default_is_plan=True)
        record = Plan.browse(plan.id) if plan else Plan
        return Form(record, view="medspa_membership.plan_view_form")

    def test_a_manager_makes_a_plan(self):
        with self._plan_form() as form:
            form.name = "Signature"
            form.price = 179
            form.joining_fee = 50
            form.minimum_periods = 3
            form.notice_days = 30
            with form.benefit_ids.new() as benefit:
                benefit.quantity = 1
                benefit.treatment_id = self.laser
            with form.discount_ids.new() as discount:
                discount.applied_on = "all"
                discount.percent = 10
            self.assertIn("Minimum term: 3 payments", form.term_preview)
            self.assertIn("587.00", form.term_preview)
            self.assertEqual(form.term_total, 587)
        plan = form.record
        self.assertTrue(plan.is_plan)
        product = plan.product_tmpl_id
        self.assertEqual(
            (product.name, product.list_price, product.service_tracking),
            ("Signature", 179, "medspa_plan"),
        )
        self.assertFalse(plan.is_plan_published)
        plan.action_publish()
        self.assertTrue(product.is_published)
        self.assertEqual(product.action_open_plan()["res_id"], plan.id)

    def test_a_benefit_names_what_it_covers(self):
        form = self._plan_form()
        form.name = "Empty"
        with self.assertRaises(AssertionError), form.benefit_ids.new() as benefit:
            benefit.quantity = 1

    def test_a_term_longer_than_the_plan_is_refused(self):
        form = self._plan_form()
        form.name = "Short"
        form.recurring_rule_boundary = "limited"
        form.recurring_rule_count = 3
        form.minimum_periods = 6
        with self.assertRaises(ValidationError):
            form.save()

    def test_the_product_follows_name_and_archive(self):
        with self._plan_form(self.plan) as form:
            form.name = "Glow plus"
        self.assertEqual(self.plan.product_tmpl_id.name, "Glow plus")
        self.plan.action_archive()
        self.assertFalse(self.plan.product_tmpl_id.active)

    def test_members_get_the_discounts_of_the_plan_by_a_button(self):
        membership = self._join(on="2026-01-31")
        form = self._plan_form(self.plan)
        self.assertEqual(form.other_discount_count, 0)
        with form.discount_ids.new() as discount:
            discount.applied_on = "all"
            discount.percent = 10
        form.save()
        self.env.invalidate_all()
        self.assertEqual(self.plan.other_discount_count, 1)
        with self.assertRaises(AccessError):
            self._as(self.receptionist, self.plan).action_apply_discounts()
        self._as(self.manager, self.plan).action_apply_discounts()
        self.assertEqual(membership.discount_set_id.line_ids.percent, 10)
        self.env.invalidate_all()
        self.assertEqual(self.plan.other_discount_count, 0)

    def test_a_receptionist_reads_plans_and_changes_none(self):
        plan = self._as(self.receptionist, self.plan)
        self.assertEqual(plan.get_formview_id(), self._ref("plan_view_form"))
        with self.assertRaises(AccessError):
            plan.price = 1
        with self.assertRaises(AccessError):
            plan.name = "Mine"
        with self.assertRaises(AccessError):
            plan.env["sale.subscription.template"].create(
                {"name": "Mine", "is_plan": True}
            )
        with self.assertRaises(AccessError):
            plan.action_ask_to_sign()

    def _ref(self, name):
        return self.env.ref(f"medspa_membership.{name}").id

    def test_members_are_asked_to_sign_a_changed_agreement(self):
        membership = self._join(on="2026-01-31")
        self.assertEqual(self.plan.unsigned_count, 0)
        with self._plan_form(self.plan) as form:
            form.agreement = "<p>House rules</p>"
        self.env.invalidate_all()
        self.assertEqual(self.plan.unsigned_count, 1)
        self._as(self.manager, self.plan).action_ask_to_sign()
        waiting = membership._get_agreement_to_sign()
        self.assertIn("House rules", waiting.body)
        self.assertTrue(membership.is_signature_due)
        self.env.invalidate_all()
        self.assertEqual(self.plan.unsigned_count, 0)
        found = self.env["sale.subscription"].search([("is_signature_due", "=", True)])
        self.assertIn(membership, found)
        self._work("2026-02-02 09:00:00")
        mail = self.env["mail.mail"].search(
            [("model", "=", waiting._name), ("res_id", "=", waiting.id)]
        )
        self.assertEqual(len(mail), 1)
        self.assertIn("/my/memberships/", mail.body_html)


@tagged("post_install", "-at_install")
class TestMembershipForm(DeskCase):
    def _open(self, user, membership):
        return Form(
            self._as(user, membership), view="medspa_membership.membership_view_form"
        )

    @freeze_time("2026-02-02 08:00:00")
    def test_every_role_opens_it(self):
        membership = self._join(on="2026-01-31")
        for user in (self.receptionist, self.practitioner_user, self.manager):
            form = self._open(user, membership)
            self.assertEqual(form.credit_summary, "Peel: 2 sessions")
            self.assertEqual(form.term_label, "No minimum term")
        action = self._as(self.receptionist, membership).get_formview_action()
        view = self.env.ref("medspa_membership.membership_view_form")
        self.assertEqual(action["views"], [(view.id, "form")])

    def test_past_due_says_why_and_what_comes_next(self):
        membership = self._fail()
        with freeze_time("2026-02-28 09:00:00"):
            form = self._open(self.receptionist, membership)
            self.assertEqual(form.membership_state, "past_due")
            self.assertEqual(form.amount_due, 99)
            self.assertEqual(form.next_step_label, "charge again, write to the member")
            self.assertTrue(form.next_step_at)
            self.assertTrue(form.failed_since)

    def test_nobody_edits_it_by_hand(self):
        membership = self._join(on="2026-01-31")
        for user in (self.receptionist, self.manager):
            with self.assertRaises(AccessError):
                self._as(user, membership).write({"price": 1})

    def test_practitioners_change_nothing(self):
        membership = self._as(self.practitioner_user, self._join(on="2026-01-31"))
        for name in ("action_bill_now", "action_keep", "action_cancel_membership"):
            with self.assertRaises(AccessError):
                getattr(membership, name)()
        with self.assertRaises(AccessError):
            membership.period_ids.action_charge_again()

    def test_the_desk_charges_again_and_sends_the_link(self):
        membership = self._fail()
        period = membership.failed_period_id
        desk = self._as(self.receptionist, membership)
        with freeze_time("2026-02-28 10:00:00"):
            desk.action_send_payment_link()
            self.assertIn(self.patient.email, membership.message_ids[:1].body)
            desk.action_charge_again()
        self._work("2026-02-28 10:01:00")
        self.assertEqual((period.attempt_count, period.auto_attempt_count), (2, 1))
        self.assertEqual(len(desk.transaction_ids), 3)
        with freeze_time("2026-02-28 11:00:00"):
            self._dialog(
                self.receptionist,
                "medspa.membership.method",
                membership_id=membership.id,
            )
            membership._set_payment_method(self.token)
        self._work("2026-02-28 11:01:00")
        self.assertEqual(membership.membership_state, "active")
        self.assertEqual(membership.amount_due, 0)
        with self.assertRaises(UserError):
            desk.action_charge_again()

    def test_the_filter_finds_who_has_no_card(self):
        membership = self._join(on="2026-01-31")
        Membership = self._as(self.receptionist)["sale.subscription"]
        domain = [("has_no_method", "=", True)]
        self.assertNotIn(membership, Membership.search(domain))
        self.token.active = False
        self.assertIn(membership, Membership.search(domain))
        self.assertTrue(self._as(self.receptionist, membership).has_no_method)

    def test_past_due_list_as_the_desk_reads_it(self):
        membership = self._fail()
        Period = self._as(self.receptionist)["medspa.membership.period"]
        action = self.env.ref("medspa_membership.past_due_action")
        period = Period.search(
            [("state", "=", "open"), ("first_failed_at", "!=", False)]
        )
        self.assertEqual(period.membership_id, membership)
        spec = {
            name: {}
            for name in (
                "amount_due",
                "failure_reason",
                "failure_label",
                "last_step_label",
                "next_step_label",
                "membership_state",
            )
        }
        row = period.web_read(spec)[0]
        self.assertEqual(row["amount_due"], 99)
        self.assertEqual(row["failure_label"], "No money, or no reason given")
        self.assertFalse(row["last_step_label"])
        self.assertEqual(action.res_model, "medspa.membership.period")

    def test_a_list_of_many_costs_the_queries_of_few(self):
        spec = {
            name: {}
            for name in (
                "template_id",
                "recurring_next_date",
                "price",
                "membership_state",
                "amount_due",
                "next_step_label",
                "credit_summary",
                "is_signature_due",
            )
        }
        members = self._join(on="2026-01-31")
        for number in range(5):
            partner = self.env["res.partner"].create({"name": f"Patient {number}"})
            members |= self._join(partner=partner, on="2026-01-31")

        def count(memberships):
            self.env.flush_all()
            self.env.invalidate_all()
            desk = self._as(self.receptionist, memberships)
            desk.env.invalidate_all()
            before = self.env.cr.sql_log_count
            desk.web_read(spec)
            return self.env.cr.sql_log_count - before

        count(members)
        self.assertEqual(count(members[:2]), count(members))


@tagged("post_install", "-at_install")
class TestMembershipDialogs(DeskCase):
    def test_pause_shows_days_and_what_moves(self):
        self.plan.write({"max_pause_days": 30, "pause_fee": 15})
        membership = self._join(on="2026-01-31")
        with freeze_time("2026-02-02 09:00:00"):
            form = self._dialog(
                self.receptionist,
                "medspa.membership.pause.wizard",
                membership_id=membership.id,
            )
            self.assertEqual(form.start_date, date(2026, 2, 2))
            self.assertEqual(form.days_left, 30)
            form.end_date = date(2026, 2, 11)
            self.assertEqual(form.days, 10)
            self.assertIn("03/10/2026", form.outcome)
            form.reason = "Travel"
            form.save().action_confirm()
            self.assertEqual(membership.membership_state, "paused")
            self.assertEqual(
                membership.period_ids.filtered(lambda p: p.kind == "fee").amount, 15
            )
        with freeze_time("2026-02-05 09:00:00"):
            self._as(self.receptionist, membership).action_resume_membership()
        self.assertEqual(membership.membership_state, "active")
        self.assertEqual(membership.recurring_next_date, date(2026, 3, 3))

    def test_cancel_shows_the_open_ways_with_their_numbers(self):
        self.plan.write(
            {
                "minimum_periods": 3,
                "exit_rule": "percent",
                "exit_percent": 50,
                "credit_life_days": 10,
            }
        )
        membership = self._join(on="2026-01-31")
        with freeze_time("2026-02-02 09:00:00"):
            action = self._as(self.receptionist, membership).action_cancel_membership()
            wizard = self._as(self.receptionist)[action["res_model"]].browse(
                action["res_id"]
            )
            self.assertEqual(
                wizard.way_ids.mapped("way"), ["terms", "withdraw", "exit"]
            )
            terms, withdraw, leave = wizard.way_ids
            # Two more payments, 28 February and 31 March: 198 in all.
            self.assertEqual(
                (terms.end_date, terms.payment_count, terms.obligation),
                (date(2026, 4, 29), 2, 198),
            )
            self.assertEqual(
                (withdraw.end_date, withdraw.refund), (date(2026, 2, 2), 99)
            )
            self.assertEqual((leave.end_date, leave.exit_fee), (date(2026, 2, 27), 99))
            form = Form(wizard)
            form.way_id = leave
            self.assertEqual(form.exit_fee, 99)
            self.assertEqual(form.credits_until, date(2026, 3, 9))
            with self.assertRaises(AssertionError):
                form.save()
            form.reason_id = self.reason
            form.note = "Moves to Lisbon"
            form.save().action_confirm()
        self.assertEqual(membership.membership_state, "ending")
        self.assertEqual(membership.cancel_note, "Moves to Lisbon")
        self.assertEqual(membership.close_reason_id, self.reason)
        self.assertEqual(
            membership.period_ids.filtered(lambda p: p.kind == "fee").amount, 99
        )
        with freeze_time("2026-02-03 09:00:00"):
            self._as(self.receptionist, membership).action_keep()
        self.assertEqual(membership.membership_state, "active")

    def test_only_a_manager_ends_it_at_once(self):
        membership = self._join(on="2026-01-31")
        with freeze_time("2026-02-20 09:00:00"):
            action = self._as(self.manager, membership).action_cancel_membership()
            wizard = self._as(self.manager)[action["res_model"]].browse(
                action["res_id"]
            )
            self.assertEqual(wizard.way_ids.mapped("way"), ["terms", "now"])
            wizard.write({"way_id": wizard.way_ids[-1].id, "reason_id": self.reason.id})
            with self.assertRaises(UserError):
                self._as(self.receptionist, wizard.sudo()).sudo(False).action_confirm()
            wizard.action_confirm()
        self.assertEqual(membership.membership_state, "ended")

    def test_numbers_that_changed_are_not_confirmed(self):
        membership = self._join(on="2026-01-31")
        with freeze_time("2026-02-27 09:00:00"):
            action = self._as(self.receptionist, membership).action_cancel_membership()
            wizard = self._as(self.receptionist)[action["res_model"]].browse(
                action["res_id"]
            )
            wizard.reason_id = self.reason
        with freeze_time("2026-02-28 09:00:00"), self.assertRaises(UserError):
            wizard.action_confirm()
        self.assertEqual(membership.membership_state, "active")

    def test_upgrade_is_previewed_and_charged(self):
        membership = self._join(on="2026-02-01")
        with freeze_time("2026-02-15 09:00:00"):
            form = self._dialog(
                self.receptionist,
                "medspa.membership.change",
                membership_id=membership.id,
            )
            form.plan_id = self.other_plan
            # 14 of 28 days are left: half of 159 - 99, and half of two more peels.
            self.assertEqual(form.when, "now")
            self.assertEqual((form.days_left, form.days_total), (14, 28))
            self.assertEqual((form.amount_charged, form.amount_back), (30, 0))
            self.assertEqual(form.grants_label, "1 × Peel")
            form.when = "renewal"
            self.assertEqual(form.amount_charged, 0)
            self.assertEqual(form.effective_date, date(2026, 3, 1))
            form.when = "now"
            form.save().action_confirm()
        self._work("2026-02-15 09:01:00")
        self.assertEqual(membership.template_id, self.other_plan)
        upgrade = membership.period_ids.filtered(lambda p: p.kind == "upgrade")
        self.assertEqual((upgrade.amount, upgrade.state), (30, "paid"))
        self.assertEqual(sum(membership.credit_ids.mapped("granted")), 3)

    def test_a_downgrade_waits_and_can_be_taken_back(self):
        membership = self._join(self.other_plan, on="2026-02-01")
        with freeze_time("2026-02-15 09:00:00"):
            form = self._dialog(
                self.receptionist,
                "medspa.membership.change",
                membership_id=membership.id,
            )
            form.plan_id = self.plan
            self.assertEqual(form.when, "renewal")
            form.save().action_confirm()
            self.assertEqual(membership.next_template_id, self.plan)
            self._as(self.receptionist, membership).action_drop_planned_change()
            self.assertFalse(membership.next_template_id)

    def test_a_downgrade_at_once_gives_back(self):
        membership = self._join(self.other_plan, on="2026-02-01")
        with freeze_time("2026-02-15 09:00:00"):
            form = self._dialog(
                self.receptionist,
                "medspa.membership.change",
                membership_id=membership.id,
            )
            form.plan_id = self.plan
            form.when = "now"
            self.assertEqual(form.amount_back, 30)
            form.save().action_confirm()
        note = membership.period_ids.refund_move_ids
        self.assertEqual(note.amount_total, 30)

    def test_what_stands_in_the_way_of_a_change_is_said(self):
        membership = self._fail()
        form = self._dialog(
            self.receptionist, "medspa.membership.change", membership_id=membership.id
        )
        form.plan_id = self.other_plan
        self.assertIn("cannot be changed now", form.obstacle)

    def test_skip_and_bill_now(self):
        membership = self._join(on="2026-01-31")
        with freeze_time("2026-02-02 09:00:00"):
            form = self._dialog(
                self.receptionist, "medspa.membership.skip", membership_id=membership.id
            )
            form.reason = "Clinic closed"
            form.save().action_confirm()
            self.assertEqual(membership.recurring_next_date, date(2026, 3, 31))
            self._as(self.receptionist, membership).action_bill_now()
        self._work("2026-02-02 09:01:00")
        last = membership.period_ids.sorted("start_date")[-1]
        self.assertEqual((last.start_date, last.state), (date(2026, 3, 31), "paid"))

    def test_a_period_is_paid_elsewhere_by_the_manager_only(self):
        membership = self._fail()
        period = membership.failed_period_id
        with self.assertRaises(AccessError):
            self._as(self.receptionist)["medspa.membership.elsewhere"].create(
                {"period_id": period.id, "reason": "Cash", "scope": "period"}
            )
        with freeze_time("2026-03-01 09:00:00"):
            form = self._dialog(
                self.manager,
                "medspa.membership.elsewhere",
                period_id=period.id,
                scope="period",
            )
            self.assertEqual(form.membership_id, membership)
            form.reason = "Paid by her company"
            form.save().action_confirm()
        self.assertEqual((period.state, period.is_paid_elsewhere), ("paid", True))
        self.assertEqual(period.invoice_id.payment_state, "reversed")
        self.assertEqual(membership.membership_state, "active")
        self.assertEqual(sum(period.credit_ids.mapped("granted")), 2)

    def test_another_stored_card(self):
        membership = self._join(on="2026-01-31")
        other = self._create_token("done")
        foreign = self._create_token("done", self.other_patient)
        form = self._dialog(
            self.receptionist, "medspa.membership.method", membership_id=membership.id
        )
        form.token_id = foreign
        wizard = form.save()
        with self.assertRaises(UserError):
            wizard.action_confirm()
        wizard.token_id = other
        wizard.action_confirm()
        self.assertEqual(membership.payment_token_id, other)

    def test_family_reaches_what_is_granted_already(self):
        self.plan.family_limit = 1
        membership = self._join(on="2026-01-31")
        third = self.env["res.partner"].create({"name": "Third"})
        form = self._dialog(
            self.receptionist, "medspa.membership.family", membership_id=membership.id
        )
        form.member_ids.add(self.other_patient)
        form.member_ids.add(third)
        wizard = form.save()
        with self.assertRaises(UserError):
            wizard.action_confirm()
        wizard.member_ids -= third
        wizard.action_confirm()
        self.assertEqual(membership.beneficiary_ids, self.other_patient)
        self.assertEqual(membership.credit_ids.beneficiary_ids, self.other_patient)

    def test_a_manager_refunds_a_period(self):
        membership = self._join(on="2026-01-31")
        self.provider.support_refund = "partial"
        with freeze_time("2026-02-02 09:00:00"):
            form = self._dialog(
                self.manager,
                "medspa.membership.refund",
                period_id=membership.period_ids.id,
            )
            self.assertEqual((form.amount_paid, form.amount), (99, 99))
            self.assertEqual(form.credit_label, "Peel: 2 sessions left of 2 sessions")
            form.amount = 40
            form.by_card = False
            form.reason = "Goodwill"
            action = form.save().action_confirm()
        note = self.env["account.move"].browse(action["res_id"])
        self.assertEqual((note.move_type, note.amount_total), ("out_refund", 40))
        self.assertEqual(membership.credit_ids.remaining, 0)

    def test_an_add_on_is_charged_to_the_card(self):
        self.plan.addon_product_ids = self.peel_course
        membership = self._join(on="2026-01-31")
        with freeze_time("2026-02-02 09:00:00"):
            form = self._dialog(
                self.receptionist,
                "medspa.membership.addon",
                membership_id=membership.id,
            )
            form.product_tmpl_id = self.peel_course
            self.assertEqual(form.price, 450)
            action = form.save().action_confirm()
        course = self.env["medspa.course"].browse(action["res_id"])
        self.assertEqual(course.state, "draft", "Nothing is paid yet")
        self._work("2026-02-02 09:01:00")
        self.assertEqual(course.state, "active")
        tx = course.sale_line_id.order_id.transaction_ids
        self.assertEqual((tx.amount, tx.state, tx.token_id), (450, "done", self.token))


@tagged("post_install", "-at_install")
@freeze_time("2026-02-02 09:00:00")
class TestEnrol(DeskCase):
    SIGNATURE = (
        b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
        b"awAAAABJRU5ErkJggg=="
    )

    def _enrol(self, user=None, **values):
        form = self._dialog(
            user or self.receptionist,
            "medspa.membership.enrol",
            partner_id=self.patient.id,
        )
        form.plan_id = self.plan
        for name, value in values.items():
            setattr(form, name, value)
        wizard = form.save()
        return wizard, wizard.action_confirm()

    def _sign(self, order):
        """Sign as the portal does: with nobody's rights but the link's."""
        order_sudo = order.with_user(self.env.ref("base.public_user")).sudo()
        order_sudo.write(
            {
                "signed_by": "Paula",
                "signed_on": datetime(2026, 2, 2, 9),
                "signature": self.SIGNATURE,
            }
        )
        if not order_sudo._has_to_be_paid():
            order_sudo._validate_order()

    def test_by_link(self):
        wizard, action = self._enrol()
        order = wizard.order_id
        self.assertEqual(action["res_id"], wizard.id)
        self.assertIn(f"/my/orders/{order.id}", wizard.link)
        self.assertEqual(order.state, "sent")
        self.assertTrue(order._has_to_be_signed() and order._has_to_be_paid())
        mail = self.env["mail.mail"].search(
            [("model", "=", "sale.order"), ("res_id", "=", order.id)]
        )
        self.assertIn(f"/my/orders/{order.id}", mail.body_html)

    def test_on_this_screen(self):
        _wizard, action = self._enrol(signing="screen")
        self.assertEqual(action["type"], "ir.actions.act_url")
        self.assertIn("access_token=", action["url"])

    def test_the_card_on_file_is_charged_when_it_is_signed(self):
        wizard, _action = self._enrol(payment="card")
        self.assertEqual(wizard.token_id, self.token)
        order = wizard.order_id
        self.assertFalse(order._has_to_be_paid(), "The page asks for no money")
        self.assertFalse(order.membership_ids)
        self._sign(order)
        membership = order.membership_ids
        self.assertEqual(membership.membership_state, "pending")
        self._work("2026-02-02 09:01:00")
        self.assertEqual(membership.membership_state, "active")
        self.assertEqual(membership.payment_token_id, self.token)
        self.assertEqual(membership.agreement_ids.state, "signed")
        self.assertEqual(order.transaction_ids.mapped("amount"), [99])

    def test_a_card_that_does_not_pay_begins_nothing(self):
        self.token.active = False
        bad = self._create_token("error")
        wizard, _action = self._enrol(payment="card")
        self.assertEqual(wizard.token_id, bad)
        order = wizard.order_id
        self._sign(order)
        self._work("2026-02-02 09:01:00")
        self.assertEqual(order.membership_ids.membership_state, "pending")
        self.assertFalse(order.membership_ids.credit_ids)
        self.assertEqual(len(order.activity_ids), 1)
        order.sudo().stored_token_id = self._create_token("done")
        self._as(self.receptionist, order).action_charge_on_file()
        self._work("2026-02-02 09:02:00")
        self.assertEqual(order.membership_ids.membership_state, "active")

    def test_paid_elsewhere_is_a_managers_word(self):
        with self.assertRaises(AccessError):
            self._enrol(payment="elsewhere", elsewhere_reason="Company")
        wizard, _action = self._enrol(
            user=self.manager, payment="elsewhere", elsewhere_reason="Company"
        )
        order = wizard.order_id
        self._sign(order)
        membership = order.membership_ids
        self.assertEqual(membership.membership_state, "active")
        self.assertTrue(membership.is_paid_elsewhere)
        self.assertFalse(order.invoice_ids)
        self.assertNotEqual(order.invoice_status, "to invoice")
        self.assertEqual(sum(membership.credit_ids.mapped("granted")), 2)

    def test_who_is_a_member_is_not_enrolled_twice(self):
        self._join(on="2026-01-31")
        with self.assertRaises(UserError):
            self._enrol()

    def test_a_card_of_somebody_else_is_refused(self):
        foreign = self._create_token("done", self.other_patient)
        with self.assertRaises(ValidationError):
            self._as(self.receptionist)["sale.order"].create(
                {"partner_id": self.patient.id, "stored_token_id": foreign.id}
            )


@tagged("post_install", "-at_install")
class TestMembershipLetters(DeskCase):
    def _letters(self, membership):
        """Return the subjects written to the member, the oldest first."""
        mails = self.env["mail.mail"].search(
            [
                ("model", "in", (membership._name, "medspa.membership.period")),
                ("recipient_ids", "in", membership.partner_id.ids),
            ],
            order="id",
        )
        return [mail.subject for mail in mails]

    def test_a_life_in_letters(self):
        membership = self._join(on="2026-01-31")
        self._work("2026-01-31 08:01:00")
        self.assertEqual(self._letters(membership), ["Welcome: Glow"])
        self._bill("2026-02-28")
        self.assertEqual(self._letters(membership)[-1], "Receipt: Glow")
        with freeze_time("2026-03-01 09:00:00"):
            membership._pause(date(2026, 3, 1), date(2026, 3, 5))
        self._run_cron("ir_cron_membership_pauses", "2026-03-06 09:00:00")
        with freeze_time("2026-03-07 09:00:00"):
            membership._cancel(self.reason)
        self._run_cron("ir_cron_end_memberships", "2026-04-08 09:00:00")
        # The queue may take those of one moment in any order.
        self.assertCountEqual(
            self._letters(membership)[2:],
            [
                "Paused: Glow",
                "Welcome back: Glow",
                "Your cancellation of Glow",
                "Glow has ended",
            ],
        )

    def test_suspended_and_restored(self):
        membership = self._fail()
        for moment in ("2026-03-01", "2026-03-03", "2026-03-06"):
            self._run_cron("ir_cron_dun", f"{moment} 09:00:00")
        self.assertEqual(membership.membership_state, "suspended")
        with freeze_time("2026-03-07 09:00:00"):
            membership._set_payment_method(self.token)
        self._work("2026-03-07 09:01:00")
        letters = self._letters(membership)
        self.assertEqual(letters.count("Your membership waits for a payment"), 1)
        self.assertEqual(letters.count("All settled: Glow"), 1)

    def test_the_end_of_the_term_is_announced_once(self):
        self.plan.write({"minimum_periods": 3, "renewal_notice_days": 14})
        membership = self._join(on="2026-01-31")
        self.assertEqual(membership.min_term_end, date(2026, 4, 29))
        subject = "Glow: your term ends soon"
        for day, expected in (("14", 0), ("15", 1), ("16", 1), ("29", 1)):
            self._run_cron("ir_cron_renewal_notices", f"2026-04-{day} 09:00:00")
            self.assertEqual(self._letters(membership).count(subject), expected, day)
        self.assertEqual(membership.renewal_notified_for, date(2026, 4, 29))

    def test_nobody_without_address_is_written_to(self):
        self.patient.email = False
        membership = self._join(on="2026-01-31")
        self._work("2026-01-31 08:01:00")
        self.assertEqual(self._letters(membership), [])
        with self.assertRaises(UserError), mute_logger("odoo.sql_db"):
            self._fail_period(membership).action_send_payment_link()

    def _fail_period(self, membership):
        membership._set_payment_method(self._create_token("error"))
        self._bill("2026-02-28")
        return self._as(self.receptionist, membership.failed_period_id)


@tagged("post_install", "-at_install")
class TestMembershipOnOtherForms(DeskCase):
    @freeze_time("2026-02-02 08:00:00")
    def test_the_patients_form_shows_the_membership(self):
        membership = self._join(on="2026-01-31")
        form = Form(self._as(self.receptionist, self.patient))
        self.assertEqual(form.membership_count, 1)
        self.assertEqual(
            self._as(self.receptionist, self.patient).open_membership_ids, membership
        )
        self.assertFalse(self.patient.subscription_count)

    @freeze_time("2026-02-02 08:00:00")
    def test_the_appointment_says_what_is_left_and_when_cover_stops(self):
        membership = self._join(on="2026-01-31")
        event = self._create_appointment("2026-02-03 09:00:00")
        view = "medspa_membership.calendar_event_view_form_appointment"
        form = Form(self._as(self.practitioner_user, event), view=view)
        self.assertEqual(form.membership_summary, "Glow · Peel: 1 session")
        self.assertFalse(form.is_cover_stopped)
        membership._transition("suspended", "Not paid")
        event.invalidate_recordset()
        form = Form(self._as(self.practitioner_user, event), view=view)
        self.assertTrue(form.is_cover_stopped)
        self.assertEqual(form.membership_summary, "Glow · suspended · nothing left")
        Event = self._as(self.receptionist)["calendar.event"]
        self.assertIn(event, Event.search([("is_cover_stopped", "=", True)]))

    def test_oca_lists_show_no_memberships(self):
        membership = self._join(on="2026-01-31")
        action = self.env.ref("subscription_oca.sale_subscription_action")
        found = self.env["sale.subscription"].search(
            [("is_membership", "=", False), ("id", "=", membership.id)]
        )
        self.assertEqual(action.domain, "[('is_membership', '=', False)]")
        self.assertFalse(found)
        domain = self.patient.action_view_subscription_ids()["domain"]
        self.assertNotIn(membership, self.env["sale.subscription"].search(domain))

    def test_a_policy_is_edited_inline(self):
        policy = self.env.ref("medspa_membership.dunning_policy_default")
        with (
            Form(self._as(self.manager, policy)) as form,
            form.step_ids.new() as step,
        ):
            step.hours = 12
        self.assertEqual(policy.step_ids.sorted("hours")[:1].hours, 12)
        with (
            self.assertRaises(ValidationError),
            Form(self._as(self.manager, policy)) as form,
            form.step_ids.edit(0) as step,
        ):
            step.suspends = True
        with self.assertRaises(AccessError):
            self._as(self.receptionist, policy).write(
                {"step_ids": [Command.create({"hours": 200})]}
            )
