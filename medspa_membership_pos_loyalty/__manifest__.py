# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
{
    "name": "Clinic Memberships and Promotions in the Point of Sale",
    "summary": "Member prices and promotions at the till: together, or the better.",
    "version": "19.0.1.0.0",
    "category": "Sales/Point of Sale",
    "website": "https://github.com/medspa/medspa",
    "author": "medspa",
    "license": "AGPL-3",
    "depends": [
        "medspa_membership_loyalty",
        "medspa_membership_pos",
        "pos_loyalty",
    ],
    "auto_install": True,
    "assets": {
        "point_of_sale._assets_pos": [
            "medspa_membership_pos_loyalty/static/src/**/*",
        ],
        "web.assets_tests": [
            "medspa_membership_pos_loyalty/static/tests/tours/**/*",
        ],
        "web.assets_unit_tests": [
            "medspa_membership_pos_loyalty/static/tests/unit/**/*",
        ],
    },
}
