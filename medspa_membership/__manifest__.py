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
    "external_dependencies": {"python": ["vobject"]},
    "pre_init_hook": "pre_init_hook",
    "data": [
        # Groups come first: access lines and views name them.
        "security/medspa_membership_groups.xml",
        "security/credit/ir.model.access.csv",
        "security/appointment/ir.model.access.csv",
        "security/course/ir.model.access.csv",
        "security/medspa_membership_rules.xml",
        "data/ir_sequence_data.xml",
        "data/ir_cron_data.xml",
        "data/mail_template_data.xml",
        "views/website/website_sale_templates.xml",
        "views/portal/portal_templates.xml",
        "views/portal/booking_templates.xml",
        "views/credit/medspa_credit_views.xml",
        "views/treatment/product_template_views.xml",
        "views/treatment/resource_resource_views.xml",
        "views/appointment/calendar_event_views.xml",
        "views/appointment/medspa_visit_views.xml",
        "views/appointment/res_config_settings_views.xml",
        "views/course/medspa_course_views.xml",
        "views/course/product_template_views.xml",
        "views/till/sale_order_views.xml",
        "views/till/res_partner_views.xml",
        # Menus come last: they name actions of every layer.
        "views/medspa_membership_menus.xml",
    ],
    "assets": {
        "web.assets_frontend": [
            "medspa_membership/static/src/interactions/**/*",
        ],
    },
}
