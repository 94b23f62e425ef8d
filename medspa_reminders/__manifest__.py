# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
{
    "name": "Clinic Reminders",
    "summary": "The right message to the right patient, once; the desk presses send.",
    "version": "19.0.1.1.0",
    "category": "Sales/Sales",
    "website": "https://github.com/medspa/medspa",
    "author": "medspa",
    "license": "AGPL-3",
    "depends": ["link_tracker", "mail", "medspa_membership", "sms"],
    "data": [
        "security/ir.model.access.csv",
        "security/medspa_reminders_rules.xml",
        "data/medspa_reminder_rule_data.xml",
        "data/ir_cron_data.xml",
        "views/mail_templates.xml",
        "views/website_templates.xml",
        "views/portal_templates.xml",
        "wizards/medspa_reminder_wizard_views.xml",
        "views/medspa_reminder_views.xml",
        "views/medspa_reminder_rule_views.xml",
        "views/medspa_consent_views.xml",
        # Menus come last: they name actions of every file.
        "views/medspa_reminders_menus.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "medspa_reminders/static/src/scss/backend.scss",
        ],
        "web.assets_tests": [
            "medspa_reminders/static/tests/tours/**/*",
        ],
    },
}
