# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.tests import HttpCase, tagged

from .tour_common import PosTourCase


@tagged("post_install", "-at_install")
class TestPosTour(PosTourCase):
    """A cashier in Chromium sells to a member and takes a session off."""

    def test_a_member_pays_a_session_by_credit_and_the_rest_at_member_price(self):
        self.main_pos_config.with_user(self.pos_user).open_ui()
        self.start_tour(
            f"/pos/ui/{self.main_pos_config.id}",
            "medspa_membership_pos.sell_to_member",
            login="pos_user",
        )
        order = self.env["pos.order"].search(
            [("partner_id", "=", self.patient.id)], limit=1
        )
        self.assertEqual(order.state, "paid")
        # Three serums at 28.33; the peel is paid by its session.
        self.assertAlmostEqual(order.amount_total, 84.99)
        self.env.invalidate_all()
        self.assertEqual(self.credit.remaining, 1)


@tagged("post_install", "-at_install")
class TestPosUnits(HttpCase):
    def test_the_tills_own_tests(self):
        """Run the unit tests of the till's code in the browser."""
        self.browser_js(
            "/web/tests?headless&loglevel=2&preset=desktop&timeout=15000"
            "&filter=%40medspa_membership_pos",
            "",
            "",
            login="admin",
            timeout=600,
            success_signal="[HOOT] Test suite succeeded",
        )
