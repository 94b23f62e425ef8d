# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
{
    "name": "Clinic Courses and Memberships with Promotions and Gift Cards",
    "summary": "Member prices and promotions: together, or the better of the two.",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "website": "https://github.com/medspa/medspa",
    "author": "medspa",
    "license": "AGPL-3",
    "depends": ["medspa_membership", "sale_loyalty"],
    "auto_install": True,
    "data": ["views/website_sale_templates.xml"],
}
