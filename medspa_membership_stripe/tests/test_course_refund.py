# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import freeze_time, tagged
from odoo.tools import mute_logger

from odoo.addons.medspa_membership.tests.common import TODAY
from odoo.addons.medspa_membership.tests.course_common import CourseDeskCase
from odoo.addons.medspa_membership.tests.stripe_common import StripeMixin
from odoo.addons.medspa_membership.tests.test_course_refund import CourseRefundCase


@freeze_time(TODAY)
@tagged("post_install", "-at_install")
class TestRefundByStripe(StripeMixin, CourseRefundCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._start_stripe()
        cls.provider = cls.env.ref("payment.payment_provider_stripe")
        cls.provider.write({**cls._get_provider_vals(), "journal_id": cls.bank.id})
        cls.card = cls.env.ref("payment.payment_method_card")

    def _sell_by_card(self, quantity=1):
        order = self._create_order(quantity=quantity)
        with self.stripe.lock:
            intent = self.stripe._route(
                "POST",
                "payment_intents",
                {"amount": 45000 * quantity, "currency": order.currency_id.name},
            )
        self._confirm_intent(intent)
        tx = self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.card.id,
                "reference": f"{order.name}-1",
                "provider_reference": intent["id"],
                "amount": 450 * quantity,
                "currency_id": order.currency_id.id,
                "partner_id": self.patient.id,
                "operation": "online_direct",
                "sale_order_ids": [Command.set(order.ids)],
            }
        )
        tx.sudo()._set_done()
        tx.sudo()._post_process()
        return order.course_ids

    def _confirm_intent(self, intent):
        status, _intent = StripeMixin._confirm(self, intent["id"])
        self.assertEqual(status, 200)

    def _refund_by_card(self, course):
        return CourseDeskCase._confirm(
            self, "medspa_course_refund_wizard", course, reason="x", method="card"
        )

    def _get_refunds(self):
        return [o for o in self.stripe.objects.values() if o["object"] == "refund"]

    def test_refund(self):
        course = self._sell_by_card()
        self._use(course, 2)
        count = len(self._get_refunds())
        self._refund_by_card(course)
        self.assertEqual(course.state, "cancelled")
        self.assertEqual(course.refund_move_id.amount_residual, 0)
        self.assertEqual([r["amount"] for r in self._get_refunds()[count:]], [27000])

    def assertNothingChanged(self, course):
        self.env.invalidate_all()
        self.assertEqual(course.state, "active")
        self.assertBalances(course.credit_ids, 5, 0)
        self.assertFalse(course.refund_move_id)

    def test_refused_refund_changes_nothing(self):
        course = self._sell_by_card()
        tx = course.sale_order_id.transaction_ids
        # Given back in Stripe's own dashboard already.
        with self.stripe.lock:
            self.stripe._route(
                "POST", "refunds", {"payment_intent": tx.provider_reference}
            )
        with (
            mute_logger("odoo.addons.payment.models.payment_provider"),
            self.assertRaisesRegex(UserError, "nothing was changed"),
            self.env.cr.savepoint(),
        ):
            self._refund_by_card(course)
        self.assertNothingChanged(course)

    def _resolve(self):
        with (
            freeze_time("2026-02-02 08:30:00"),
            self.enter_registry_test_mode(),
        ):
            self.env.ref(
                "medspa_membership.ir_cron_resolve_unknown"
            ).method_direct_trigger()

    def _check_is_given_once(self, fault):
        """The provider gave it back, nobody heard: it is asked for again by itself."""
        course = self._sell_by_card()
        count = len(self._get_refunds())
        self.stripe.fail_next("POST", "refunds", fault)
        with mute_logger("odoo.addons.payment.models.payment_provider"):
            self._refund_by_card(course)
        refund = course.sale_order_id.transaction_ids.child_transaction_ids
        self.assertEqual((refund.state, refund.is_outcome_unknown), ("pending", True))
        self.assertEqual(course.refund_move_id.amount_residual, 450)
        with mute_logger("odoo.addons.payment.models.payment_provider"):
            self._resolve()
        self.assertEqual((refund.state, refund.is_outcome_unknown), ("done", False))
        self.assertEqual(course.state, "cancelled")
        self.assertEqual(course.refund_move_id.amount_residual, 0)
        self.assertEqual(len(self._get_refunds()), count + 1)

    def test_lost_answer_is_not_refunded_twice(self):
        self._check_is_given_once("lost_answer")

    def test_error_after_the_refund_is_not_refunded_twice(self):
        """Stripe repeats its error under one key: its list of refunds tells."""
        self._check_is_given_once("error_after")

    def test_refund_that_was_never_made_is_made_once(self):
        self._check_is_given_once("error")

    def test_two_refunds_of_one_payment_are_two(self):
        first, second = self._sell_by_card(quantity=2)
        count = len(self._get_refunds())
        self._refund_by_card(first)
        self._refund_by_card(second)
        self.assertEqual(len(self._get_refunds()), count + 2)
