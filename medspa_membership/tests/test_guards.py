# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import freeze_time, new_test_user, tagged

from .common import TODAY
from .membership_common import MembershipCase
from .membership_http_common import PIXEL


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestGuards(MembershipCase):
    """What belongs to a guarded document is guarded with it, whoever asks."""

    def _as(self, user, records):
        """Return records as a request of a user finds them: with an empty cache."""
        self.env.flush_all()
        self.env.invalidate_all()
        return records.with_env(self.env(user=user, su=False, context={}))

    def _refused(self, act, *args, error=AccessError, **kwargs):
        """Assert that a request is refused, and leave nothing of it."""
        with self.assertRaises(error), self.env.cr.savepoint():
            act(*args, **kwargs)
        self.env.invalidate_all()

    # === WHAT A MEMBERSHIP COSTS === #

    def test_price_of_a_membership_is_not_written(self):
        membership = self._join()
        line = membership.sale_subscription_line_ids
        line_sudo = line.sudo()
        for user in (self.receptionist, self.manager):
            line = self._as(user, line)
            for vals in ({"price_unit": 1}, {"discount": 99}, {"product_uom_qty": 0}):
                with self.subTest(user=user.login, vals=vals):
                    self._refused(line.write, vals)
            self._refused(line.unlink)
            self._refused(line.copy)
            self._refused(
                line.create,
                {
                    "sale_subscription_id": membership.id,
                    "product_id": line_sudo.product_id.id,
                    "price_unit": -98,
                },
            )
            self._refused(
                line.sale_subscription_id.write,
                {
                    "sale_subscription_line_ids": [
                        Command.update(line.id, {"price_unit": 1})
                    ]
                },
            )
        self.assertEqual(membership.price, 99)

    def test_line_of_another_subscription_is_not_moved_into_a_membership(self):
        membership = self._join()
        other = (
            self.env["sale.subscription"]
            .sudo()
            .create(
                {
                    "partner_id": self.other_patient.id,
                    "template_id": self.env["sale.subscription.template"]
                    .create({"name": "Magazine", "is_plan": False})
                    .id,
                    "pricelist_id": membership.pricelist_id.id,
                }
            )
        )
        env = self._as(self.receptionist, other).env
        line = env["sale.subscription.line"].create(
            {
                "sale_subscription_id": other.id,
                "product_id": self.peel.product_variant_id.id,
                "price_unit": -98,
            }
        )
        self._refused(line.write, {"sale_subscription_id": membership.id})

    def test_invoices_name_no_period_by_hand(self):
        membership = self._join()
        period = membership.period_ids[:1]
        invoice = self.env["account.move"].create(
            {"move_type": "out_invoice", "partner_id": self.patient.id}
        )
        for name in ("membership_period_id", "refunded_period_id"):
            self._refused(self._as(self.receptionist, invoice).write, {name: period.id})
        env = self._as(self.receptionist, invoice).env
        made = (
            env["account.move"]
            .with_context(default_membership_period_id=period.id)
            .create({"move_type": "out_invoice", "partner_id": self.patient.id})
        )
        self.assertFalse(made.membership_period_id)

    # === WHAT WAS SIGNED === #

    def test_agreements_are_not_forged(self):
        order = self._order_plan()
        script = "<script>alert(1)</script>"
        for user in (self.receptionist, self.manager):
            order = self._as(user, order)
            for vals in (
                {"signed_agreement": script},
                {"signed_agreement_key": order.sudo()._get_agreement_key()},
                {"signed_by": "Paula Patient"},
                {"signed_on": TODAY},
                {"signature": PIXEL},
            ):
                with self.subTest(user=user.login, vals=vals):
                    self._refused(order.write, vals)
                    self._refused(order.create, {"partner_id": self.patient.id, **vals})
            made = order.with_context(
                default_signed_agreement=script,
                default_signed_agreement_key="x",
                default_signed_by="Paula Patient",
                default_signature=PIXEL,
            ).create({"partner_id": self.patient.id})
            self.assertFalse(made.signed_agreement)
            self.assertFalse(made.signed_agreement_key)
            self.assertFalse(made.signed_by)
            self.assertFalse(made.signature)

    def test_signature_stays_with_its_order(self):
        order = self._order_plan()
        order.sudo().write(
            {"signature": PIXEL, "signed_by": "Paula", "signed_on": TODAY}
        )
        file_sudo = (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "sale.order"),
                    ("res_field", "=", "signature"),
                    ("res_id", "=", order.id),
                ]
            )
        )
        self.assertEqual(len(file_sudo), 1)
        file = self._as(self.receptionist, file_sudo)
        self._refused(file.write, {"raw": b"another"})
        self._refused(file.unlink)
        order.sudo().action_confirm()
        self._refused(self._as(self.receptionist, order).write, {"signature": False})
        self.assertTrue(order.signature)

    def test_quotation_is_signed_again(self):
        """Core's own button takes the signature from what is a quotation again."""
        order = self._order_plan()
        order.sudo().write(
            {"signature": PIXEL, "signed_by": "Paula", "signed_on": TODAY}
        )
        order = self._as(self.receptionist, order)
        order._action_cancel()
        order.action_draft()
        self.assertFalse(order.signature)

    def test_agreement_on_file_is_not_replaced(self):
        membership = self._join()
        agreement_sudo = membership.sudo().agreement_ids[:1]
        if agreement_sudo.state != "signed":
            agreement_sudo._sign("Paula Patient", PIXEL)
        agreement_sudo.attachment_id = self.env["ir.attachment"].create(
            {
                "name": "Agreement.pdf",
                "raw": b"signed",
                "res_model": membership._name,
                "res_id": membership.id,
            }
        )
        file = self._as(self.receptionist, agreement_sudo.attachment_id)
        self._refused(file.write, {"raw": b"another"})
        self._refused(file.unlink)
        self.assertEqual(agreement_sudo.attachment_id.raw, b"signed")

    def test_agreement_takes_nothing_from_the_context(self):
        membership = self._join().sudo()
        membership.agreement_ids.state = "replaced"
        membership.agreement_ids.flush_recordset()
        waiting = membership.with_context(
            default_state="signed",
            default_signed_by="Paula Patient",
            default_signed_on=TODAY,
        )._ask_to_sign()
        self.assertEqual(waiting.state, "to_sign")
        self.assertFalse(waiting.signed_by)

    # === WHAT WAS NOTED === #

    def test_history_is_kept(self):
        membership = self._join()
        course = self._create_course()
        for document in (membership, course):
            document = document.sudo()
            noted = document.message_post(body="Cancelled by the member")
            own = self._as(self.receptionist, document).message_post(body="Called")
            for user in (self.receptionist, self.manager):
                message = self._as(user, noted)
                for vals in (
                    {"body": "Extended by the desk"},
                    {"author_id": user.partner_id.id},
                    {"date": "2020-01-01 00:00:00"},
                    {"res_id": 0},
                ):
                    with self.subTest(document=document, user=user.login, vals=vals):
                        self._refused(message.write, vals)
                self._refused(message.unlink)
            self.assertIn("Cancelled", noted.body)
            # People correct their own words, and take no words away.
            self._as(self.receptionist, own).write({"body": "Called twice"})
            self._refused(self._as(self.receptionist, own).unlink)
            self._refused(self._as(self.manager, own).write, {"body": "Never called"})

    # === WHAT FOLLOWS FROM A BOOKING === #

    def test_nobody_writes_what_follows_from_a_booking(self):
        event = self._create_appointment("2026-02-02 09:00:00")
        other = self._create_appointment(
            "2026-02-02 11:00:00", patient_id=self.other_patient.id
        )
        line = other.sudo()._sell(1)
        self.assertEqual(other.sale_line_id, line)
        benefit = self._join().benefit_ids[:1]
        for user in (self.receptionist, self.practitioner_user, self.manager):
            event = self._as(user, event)
            for vals in (
                {"sale_line_id": line.id},
                {"deposit_amount": 99},
                {"held_until": TODAY},
                {"is_booked_online": True},
                {"loss_outcome": "free_pass"},
                {"ahead_benefit_id": benefit.id},
                {"ahead_date": "2026-03-01"},
                {"ahead_membership_id": benefit.membership_id.id},
            ):
                with self.subTest(user=user.login, vals=vals):
                    self._refused(event.write, vals)
        made = event.with_context(
            default_sale_line_id=line.id, default_deposit_amount=99
        ).create(
            {
                "patient_id": self.other_patient.id,
                "treatment_id": self.peel.id,
                "practitioner_id": self.pablo.id,
                "start": "2026-02-02 13:00:00",
            }
        )
        self.assertFalse(made.sale_line_id)
        self.assertFalse(made.deposit_amount)
        # What causes it still works, as the desk does it.
        made = self._as(self.receptionist, made)
        made.action_charge()
        self.assertTrue(made.sale_line_id)

    # === CARDS === #

    def test_instalments_are_charged_to_the_customer_only(self):
        self.peel_course.allows_instalments = True
        term = self.env["account.payment.term"].create(
            {
                "name": "Two parts",
                "line_ids": [
                    Command.create(
                        {"value": "percent", "value_amount": 50, "nb_days": days}
                    )
                    for days in (0, 30)
                ],
            }
        )
        stranger = self._create_token("done", self.other_patient)
        env = self._as(self.receptionist, stranger).env
        vals = {
            "partner_id": self.patient.id,
            "payment_term_id": term.id,
            "order_line": [
                Command.create({"product_id": self.peel_course.product_variant_id.id})
            ],
        }
        Order = env["sale.order"]
        self._refused(
            Order.create,
            {**vals, "instalment_token_id": stranger.id},
            error=ValidationError,
        )
        order = Order.create({**vals, "instalment_token_id": self.token.id})
        self._refused(
            order.write, {"instalment_token_id": stranger.id}, error=ValidationError
        )
        self._refused(
            order.write, {"partner_id": self.other_patient.id}, error=ValidationError
        )
        self.assertEqual(order.instalment_token_id.id, self.token.id)
        # A course that does not allow them is not paid in parts.
        self.peel_course.allows_instalments = False
        self._refused(
            Order.create,
            {**vals, "instalment_token_id": self.token.id},
            error=ValidationError,
        )

    # === THE LEDGER === #

    def test_ledger_takes_nothing_from_the_context(self):
        credit = self._create_credit(granted=3)
        long_ago = fields.Datetime.to_datetime("2020-01-01 00:00:00")
        context = {
            "default_moved_at": long_ago,
            "medspa_moment": long_ago,
            "default_reason": "Forged",
            "default_is_complimentary": True,
            "default_is_frozen": True,
            "default_held": 1,
        }
        event = (
            self._as(self.receptionist, self.env["calendar.event"])
            .with_context(**context)
            .create(
                {
                    "patient_id": self.patient.id,
                    "treatment_id": self.peel.id,
                    "practitioner_id": self.petra.id,
                    "start": "2026-02-02 07:00:00",
                }
            )
        )
        event.action_done()
        moves = credit.move_ids.filtered(lambda move: move.kind != "grant")
        self.assertTrue(moves)
        for move in moves:
            self.assertEqual(move.moved_at, fields.Datetime.to_datetime(TODAY))
            self.assertFalse(move.reason)
        made = (
            self.env["medspa.credit"]
            .with_context(**context)
            ._grant(
                [
                    {
                        "company_id": self.company.id,
                        "partner_id": self.patient.id,
                        "treatment_id": self.peel.id,
                        "granted": 1,
                    }
                ]
            )
        )
        self.assertFalse(made.is_complimentary)
        self.assertFalse(made.is_frozen)
        self.assertEqual(made.move_ids.moved_at, fields.Datetime.to_datetime(TODAY))

    def test_what_became_of_a_charge_is_not_written_by_hand(self):
        tx = (
            self.env["payment.transaction"]
            .sudo()
            .create(
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.card.id,
                    "amount": 99,
                    "currency_id": self.company.currency_id.id,
                    "partner_id": self.patient.id,
                    "sale_order_ids": self._order_plan().ids,
                }
            )
        )
        stranger = self._create_token("done", self.other_patient)
        for user in (self.receptionist, self.manager):
            for vals in (
                {"state": "done"},
                {"amount": 1},
                {"token_id": stranger.id},
                {"partner_id": self.other_patient.id},
                {"taken_back_at": TODAY},
                {"membership_period_id": False},
                {"is_post_processed": True},
            ):
                with self.subTest(user=user.login, vals=vals):
                    self._refused(self._as(user, tx).write, vals)
            self._refused(
                self._as(user, tx).create,
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.card.id,
                    "amount": 99,
                    "currency_id": self.company.currency_id.id,
                    "partner_id": self.patient.id,
                    "state": "done",
                },
            )
        self.assertEqual(tx.state, "draft")

    def test_seller_copies_templates_of_subscriptions(self):
        seller = new_test_user(
            self.env,
            login="seller",
            groups="sales_team.group_sale_salesman",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        template = self.env["sale.subscription.template"].create(
            {"name": "Magazine", "is_plan": False}
        )
        self.assertTrue(self._as(seller, template).copy())
        plan = self._as(self.manager, self.plan).copy()
        self.assertEqual(plan.benefit_ids.mapped("quantity"), [2])
        self.assertEqual(plan.benefit_ids.template_id, plan)
        self.assertEqual(len(self.plan.benefit_ids), 1)

    def test_nothing_of_the_server_takes_its_state_from_the_context(self):
        self._refused(
            self._as(self.receptionist, self.env["sale.subscription"])
            .with_context(default_membership_state="active")
            .create,
            {"partner_id": self.patient.id, "template_id": self.plan.id},
        )
        tx = (
            self.env["payment.transaction"]
            .sudo()
            .with_context(default_state="done")
            .create(
                {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.card.id,
                    "amount": 99,
                    "currency_id": self.company.currency_id.id,
                    "partner_id": self.patient.id,
                }
            )
        )
        self.assertEqual(tx.state, "draft")
        course = self.env["medspa.course"].sudo().with_context(default_state="active")
        vals = course._prepare_course_vals(
            self.peel_course,
            self.patient,
            self.company,
            450,
            self.company.currency_id,
            450,
        )
        self.assertEqual(course.create(vals).state, "draft")
        with self.assertRaises(UserError):
            self._create_credit().move_ids.write({"moved_at": TODAY})
