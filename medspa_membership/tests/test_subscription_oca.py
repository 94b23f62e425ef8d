# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import freeze_time, tagged

from .membership_common import MembershipCase


@tagged("post_install", "-at_install")
class TestSubscriptionOca(MembershipCase):
    """Subscriptions that are no memberships stay what OCA makes of them."""

    @freeze_time("2026-01-31 08:00:00")
    def _create_oca_subscription(self):
        template = self.env["sale.subscription.template"].create(
            {"name": "Magazine", "invoicing_mode": "invoice"}
        )
        product = self.env["product.template"].create(
            {
                "name": "Magazine",
                "type": "service",
                "list_price": 12,
                "taxes_id": False,
                "subscribable": True,
                "subscription_template_id": template.id,
            }
        )
        order = self.env["sale.order"].create(
            {
                "partner_id": self.patient.id,
                "order_line": [
                    Command.create({"product_id": product.product_variant_id.id})
                ],
            }
        )
        order.action_confirm()
        return order.subscription_ids

    def test_oca_bills_its_own(self):
        subscription = self._create_oca_subscription()
        self.assertFalse(subscription.is_membership)
        self.assertFalse(subscription.membership_state)
        self.assertTrue(subscription.in_progress)
        self.assertEqual(subscription.stage_type, "in_progress")
        self.assertEqual(subscription.recurring_next_date, date(2026, 2, 28))
        with freeze_time("2026-02-28 08:00:00"):
            self.env["sale.subscription"].cron_subscription_management()
        self.assertEqual(subscription.invoice_ids.mapped("amount_total"), [12])
        self.assertEqual(subscription.recurring_next_date, date(2026, 3, 28))
        subscription.close_subscription(self.reason.id)
        self.assertEqual(subscription.stage_type, "post")

    def test_the_clinic_bills_none_of_them(self):
        subscription = self._create_oca_subscription()
        self._bill("2026-02-28")
        self.assertFalse(subscription.invoice_ids)

    def test_ocas_job_and_buttons_keep_off_memberships(self):
        membership = self._join(on="2026-01-31")
        with freeze_time("2026-03-05 08:00:00"):
            self.env["sale.subscription"].cron_subscription_management()
        self.assertEqual(len(membership.period_ids), 1)
        self.assertEqual(membership.recurring_next_date, date(2026, 2, 28))
        self.assertEqual(membership.membership_state, "active")
        for button in ("manual_invoice", "action_pause", "close_subscription"):
            with self.assertRaises(AccessError):
                getattr(membership, button)()
