# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command

from odoo.addons.medspa_membership.tests.common import ClinicData
from odoo.addons.point_of_sale.tests.test_frontend import TestPointOfSaleHttpCommon


class PosTourCase(ClinicData, TestPointOfSaleHttpCommon):
    """A till in Chromium, a member with a credit of two sessions, and a cashier."""

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
        cls.membership = cls._join_plan(cls.plan)
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

    @classmethod
    def _join_plan(cls, plan):
        """Return an active membership of the patient."""
        memberships = cls.env["sale.subscription"].sudo()
        membership = memberships.create(
            {
                **memberships._prepare_membership_vals(
                    plan,
                    cls.patient,
                    cls.company,
                    cls.public_list,
                    {
                        "product_id": plan.product_tmpl_id.product_variant_id.id,
                        "name": plan.name,
                        "product_uom_qty": 1,
                        "price_unit": 99,
                    },
                ),
                "anchor_date": "2026-01-01",
            }
        )
        membership._transition("active")
        return membership
