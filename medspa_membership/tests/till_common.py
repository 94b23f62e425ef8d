# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command

from .price_common import PriceCase

# What each basket comes to, with tax, worked by hand. Peel 120, laser 80, serum 33.33;
# members pay 102, 64 and 28.33 (28.3305). The tax of 21 % is in the price or on top of
# it; one euro is two dollars, and 56.661 are 56.66 of them.
BASKETS = {
    "one peel": [("peel", 1)],
    "2 peels, 3 lasers": [("peel", 2), ("laser", 3)],
    "3 serums": [("serum", 3)],
}
TOTALS = {
    # (currency, tax): {basket: (regular, member)}
    ("own", "included"): {
        "one peel": (120.00, 102.00),
        "2 peels, 3 lasers": (480.00, 396.00),
        "3 serums": (99.99, 84.99),
    },
    ("own", "excluded"): {
        "one peel": (145.20, 123.42),
        "2 peels, 3 lasers": (580.80, 479.16),
        "3 serums": (120.99, 102.84),
    },
    ("other", "included"): {
        "one peel": (240.00, 204.00),
        "2 peels, 3 lasers": (960.00, 792.00),
        "3 serums": (199.98, 169.98),
    },
    ("other", "excluded"): {
        "one peel": (290.40, 246.84),
        "2 peels, 3 lasers": (1161.60, 958.32),
        "3 serums": (241.98, 205.68),
    },
}


class TillCase(PriceCase):
    """The same baskets for a member, two who were one, and a stranger."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.serum = cls.env["product.template"].create(
            {
                "name": "Serum",
                "type": "consu",
                "list_price": 33.33,
                "taxes_id": [Command.clear()],
                "is_published": True,
            }
        )
        cls.other_list = cls._create_pricelist(
            "Other currency", currency_id=cls.dollar.id
        )
        cls.taxes = {
            mode: cls.env["account.tax"].create(
                {
                    "name": f"21 % {mode}",
                    "amount": 21,
                    "type_tax_use": "sale",
                    "price_include_override": f"tax_{mode}",
                    "company_id": cls.company.id,
                }
            )
            for mode in ("included", "excluded")
        }
        country = cls.company.account_fiscal_country_id
        cls.people = {
            name: cls.env["res.partner"].create(
                {
                    "name": name.title(),
                    "email": f"{name}@example.com",
                    "country_id": country.id,
                }
            )
            for name in ("member", "suspended", "lapsed", "stranger")
        }
        for name in ("member", "suspended", "lapsed"):
            cls._join(partner=cls.people[name])
        cls.people["suspended"].membership_ids._transition("suspended")
        cls.people["lapsed"].membership_ids._transition("ended")

    def _each_row(self):
        """Yield (person, currency, tax, basket name, lines, total) for every row.

        The clinic is set up for the row: taxes of the products, pricelist of the
        patient.
        """
        products = self.peel | self.laser | self.serum
        for (currency, tax), totals in TOTALS.items():
            products.taxes_id = self.taxes[tax]
            own = self.other_list if currency == "other" else False
            for name, partner in self.people.items():
                partner.specific_property_product_pricelist = own
                for basket, (regular, member) in totals.items():
                    lines = [
                        (getattr(self, product), quantity)
                        for product, quantity in BASKETS[basket]
                    ]
                    total = member if name == "member" else regular
                    with self.subTest(
                        person=name, currency=currency, tax=tax, basket=basket
                    ):
                        yield partner, currency, lines, total
