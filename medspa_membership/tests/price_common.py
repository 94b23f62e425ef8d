# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command

from .membership_common import MembershipCase


class PriceCase(MembershipCase):
    """A clinic with a public pricelist, one in dollars, and a plan with discounts.

    Peel 120, laser 80. Members of "Glow" have 15 % off everything and 20 % off the
    laser. One euro is two dollars.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.company.currency_id
        cls.dollar = cls._set_up_dollar()
        cls.env["product.pricelist"].search([]).active = False
        cls.public_list = cls._create_pricelist("Public", sequence=1)
        cls._add_discounts(
            cls.plan,
            {"applied_on": "all", "percent": 15},
            {
                "applied_on": "product",
                "product_tmpl_id": cls.laser.id,
                "percent": 20,
            },
        )
        cls.public_list.active = True
        cls.env["product.pricelist"].search(
            [("id", "!=", cls.public_list.id)]
        ).active = False

    @classmethod
    def _set_up_dollar(cls):
        """Two units of the other currency for one of the clinic's, whatever it is."""
        code = "USD" if cls.company.currency_id.name != "USD" else "EUR"
        dollar = cls.env["res.currency"].with_context(active_test=False)
        dollar = dollar.search([("name", "=", code)])
        dollar.active = True
        cls.env["res.currency.rate"].search(
            [("currency_id", "=", dollar.id), ("company_id", "=", cls.company.id)]
        ).unlink()
        cls.env["res.currency.rate"].create(
            {
                "currency_id": dollar.id,
                "company_id": cls.company.id,
                "name": "2020-01-01",
                "rate": 2.0,
            }
        )
        return dollar

    @classmethod
    def _create_pricelist(cls, name, items=(), **vals):
        return cls.env["product.pricelist"].create(
            {
                "name": name,
                "company_id": cls.company.id,
                "currency_id": cls.euro.id,
                "selectable": True,
                "website_id": False,
                "item_ids": [Command.create(item) for item in items],
                **vals,
            }
        )

    @classmethod
    def _add_discounts(cls, plan, *rows):
        plan.write({"discount_ids": [Command.create(row) for row in rows]})

    @classmethod
    def _order(cls, *products, partner=None, **vals):
        """Return a quotation over one of each product; (product, quantity) for more."""
        pairs = [p if isinstance(p, tuple) else (p, 1) for p in products]
        return cls.env["sale.order"].create(
            {
                "partner_id": (partner or cls.patient).id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": product.product_variant_id.id,
                            "product_uom_qty": quantity,
                        }
                    )
                    for product, quantity in pairs
                ],
                **vals,
            }
        )

    def _price(self, product, partner=None, quantity=1.0):
        """Return what the lookup says a patient pays for a product."""
        pricelist = (partner or self.patient).property_product_pricelist
        return pricelist._get_product_price(product, quantity)
