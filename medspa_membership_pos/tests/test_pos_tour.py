# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.medspa_membership.tests.common import ClinicData
from odoo.addons.point_of_sale.tests.test_frontend import TestPointOfSaleHttpCommon


@tagged("post_install", "-at_install")
class TestPosTour(ClinicData, TestPointOfSaleHttpCommon):
    """A cashier in Chromium sells to a member and takes a session off."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.env.user.group_ids += cls.env.ref(
            "medspa_membership.group_medspa_manager"
        ) + cls.env.ref("sales_team.group_sale_manager")
        cls.env["product.pricelist"].search([]).active = False
        cls.peel = cls._create_treatment(
            "Peel", list_price=120, available_in_pos=True, duration_minutes=45
        )
        cls.serum = cls._create_treatment(
            "Serum facial", list_price=33.33, available_in_pos=True
        )
        cls.patient = cls.env["res.partner"].create({"name": "Paula Patient"})
        cls.plan = cls.env["sale.subscription.template"].create(
            {
                "name": "Glow",
                "is_plan": True,
                "price": 99,
                "discount_ids": [Command.create({"applied_on": "all", "percent": 15})],
            }
        )
        cls.env["product.pricelist"].search([]).active = False
        cls.public_list = cls.env["product.pricelist"].create(
            {"name": "Public", "company_id": cls.company.id, "sequence": 1}
        )
        memberships = cls.env["sale.subscription"].sudo()
        cls.membership = memberships.create(
            {
                **memberships._prepare_membership_vals(
                    cls.plan,
                    cls.patient,
                    cls.company,
                    cls.public_list,
                    {
                        "product_id": cls.plan.product_tmpl_id.product_variant_id.id,
                        "name": "Glow",
                        "product_uom_qty": 1,
                        "price_unit": 99,
                    },
                ),
                "anchor_date": "2026-01-01",
            }
        )
        cls.membership._transition("active")
        cls.credit = cls._create_credit(2)
        cls.main_pos_config.write(
            {
                "use_pricelist": True,
                "available_pricelist_ids": [Command.set(cls.public_list.ids)],
                "pricelist_id": cls.public_list.id,
            }
        )
        cls.pos_user.group_ids |= cls.env.ref(
            "medspa_membership.group_medspa_receptionist"
        )

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
