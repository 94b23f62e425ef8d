# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
{
    "name": "Clinic demo",
    "summary": "An invented clinic with patients, courses and bookings, to look at.",
    "version": "19.0.1.0.0",
    "category": "Hidden",
    "website": "https://github.com/medspa/medspa",
    "author": "medspa",
    "license": "AGPL-3",
    "depends": [
        "medspa_membership",
        "medspa_reminders",
        "payment_demo",
        "website_sale",
        "website_sale_loyalty",
    ],
    "data": [
        "data/res_company_data.xml",
        "data/resource_data.xml",
        "data/res_users_data.xml",
        "data/res.partner.csv",
        "data/product_category_data.xml",
        "data/treatment_data.xml",
        "data/course_data.xml",
        "data/plan_data.xml",
        "data/gift_card_data.xml",
        "data/website_data.xml",
        "data/ir_cron_data.xml",
    ],
    "assets": {
        "web._assets_primary_variables": [
            "medspa_demo/static/src/scss/primary_variables.scss",
        ],
        "web.assets_frontend": [
            "medspa_demo/static/src/scss/website.scss",
        ],
        "web.assets_tests": [
            "medspa_demo/static/tests/tours/**/*",
        ],
    },
    "post_init_hook": "post_init_hook",
}
