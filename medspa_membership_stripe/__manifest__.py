# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
{
    "name": "Clinic Memberships by Stripe",
    "summary": "Declines, disputes, renewed cards and the move of an account to Odoo.",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "website": "https://github.com/medspa/medspa",
    "author": "medspa",
    "license": "AGPL-3",
    "depends": ["medspa_membership", "payment_stripe"],
    "external_dependencies": {"python": ["stripe"]},
    "auto_install": True,
    "data": [
        "security/ir.model.access.csv",
        "security/medspa_membership_stripe_rules.xml",
        "views/payment_provider_views.xml",
        "wizards/medspa_stripe_import_views.xml",
    ],
}
