# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from dateutil.relativedelta import relativedelta

from odoo.tests import tagged

from .membership_http_common import MemberPages
from .test_membership_desk import DeskCase


@tagged("post_install", "-at_install")
class TestMembershipDeskTours(DeskCase, MemberPages):
    """What the clinic does with memberships, in a browser and on the day of today."""

    browser_size = "1280x800"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.company._medspa_date()
        cls.patient.name = "Paula Patient"
        cls.membership = cls._join(on=str(cls.today - relativedelta(days=40)))

    def test_an_offer_to_come_back(self):
        self.membership._cancel(self.reason, "now")
        self.start_tour(
            "/odoo/left-members", "medspa_desk_winback", login="rec", timeout=120
        )
        offer = self.membership.winback_offer_ids
        self.assertEqual((offer.state, offer.percent), ("sent", 50))
        self.assertEqual(offer.order_id.amount_total, 49.5)

    def test_a_price_campaign_and_its_answer(self):
        self.start_tour(
            "/odoo/price-campaigns",
            "medspa_manager_price_campaign",
            login="boss",
            timeout=120,
        )
        line = self.env["medspa.price.campaign.line"].search(
            [("membership_id", "=", self.membership.id)]
        )
        self.assertEqual((line.campaign_id.state, line.state), ("sent", "waiting"))
        self.assertIn("Our products cost more", line.campaign_id.notice_text)
        url = line._get_answer_url().split("/", 3)[-1]
        self.start_tour(f"/{url}", "medspa_member_price_answer", timeout=60)
        self.assertEqual(line.state, "accepted")

    def test_past_due_and_charged_again(self):
        self.membership._set_payment_method(self._create_token("error"))
        self._bill(str(self.today))
        self.membership._set_payment_method(self.token)
        period = self.membership.period_ids.filtered(lambda p: p.state == "open")
        self.assertEqual(self.membership.membership_state, "past_due")
        self.start_tour(
            "/odoo/past-due", "medspa_desk_past_due", login="rec", timeout=120
        )
        with self.enter_registry_test_mode():
            self._run_jobs()
        self.env.invalidate_all()
        self.assertEqual(period.state, "paid")
        self.assertEqual(self.membership.membership_state, "active")
