# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
{
    "name": "Clinic Courses and Memberships in the Point of Sale",
    "summary": "Member prices at the till, and sessions that pay there.",
    "version": "19.0.1.0.0",
    "category": "Sales/Point of Sale",
    "website": "https://github.com/medspa/medspa",
    "author": "medspa",
    "license": "AGPL-3",
    "depends": ["medspa_membership", "point_of_sale"],
    "auto_install": True,
    "data": [
        "report/report_saledetails.xml",
        "views/pos_order_views.xml",
    ],
    "assets": {
        "point_of_sale._assets_pos": [
            "medspa_membership_pos/static/src/**/*",
        ],
        "web.assets_tests": [
            "medspa_membership_pos/static/tests/tours/**/*",
        ],
        "web.assets_unit_tests": [
            "medspa_membership_pos/static/tests/unit/**/*",
        ],
    },
}
