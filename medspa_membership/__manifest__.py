# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
{
    "name": "Clinic Courses and Memberships",
    "summary": "Sell courses of treatments, book them, and take each session off once.",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "website": "https://github.com/medspa/medspa",
    "author": "medspa",
    "license": "AGPL-3",
    "application": True,
    "depends": [
        "account_payment",
        "calendar",
        "portal",
        "resource",
        "sale_management",
        "subscription_oca",
        "website_sale",
    ],
    "pre_init_hook": "pre_init_hook",
    "data": [
        # Groups come first: access lines and views name them.
        "security/medspa_membership_groups.xml",
        "security/credit/ir.model.access.csv",
        "security/appointment/ir.model.access.csv",
        "security/course/ir.model.access.csv",
        "security/wizards/ir.model.access.csv",
        "security/medspa_membership_rules.xml",
        "data/ir_sequence_data.xml",
        "data/ir_cron_data.xml",
        "data/mail_template_data.xml",
        "wizards/medspa_appointment_loss_views.xml",
        "wizards/medspa_course_wizard_views.xml",
    ],
}
