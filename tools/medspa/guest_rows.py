"""Run in Odoo's shell: what a company has had in its Odoo for years."""
# ruff: noqa: F821  (env is there in the shell)

from datetime import datetime, timedelta

from odoo import Command

PARTNERS, EVENTS, ORDERS, SUBSCRIPTIONS = 3000, 2000, 300, 200

quiet = env(
    context={
        "tracking_disable": True,
        "mail_create_nolog": True,
        "no_mail_to_attendees": True,
        "dont_notify": True,
        "no_reset_password": True,
    }
)
euro = quiet.ref("base.EUR")
euro.active = True
quiet.ref("base.user_admin").group_ids = [
    Command.link(quiet.ref("base.group_multi_currency").id)
]
# A second company, with a branch, in another currency and time zone.
other = quiet["res.company"].create(
    {
        "name": "Old Branch GmbH",
        "currency_id": euro.id,
        "country_id": quiet.ref("base.de").id,
    }
)
branch = quiet["res.company"].create(
    {"name": "Old Branch Hamburg", "parent_id": other.id}
)
quiet.ref("base.user_admin").company_ids = [
    Command.link(other.id),
    Command.link(branch.id),
]
partners = quiet["res.partner"].create(
    [
        {
            "name": f"Customer {number}",
            "email": f"customer{number % 2900}@example.com",
            "phone": f"+34 600 {number:06d}",
        }
        for number in range(PARTNERS)
    ]
)
begin = datetime(2023, 1, 2, 9)
events = quiet["calendar.event"].create(
    [
        {
            "name": f"Meeting {number}",
            "start": begin + timedelta(hours=number * 7),
            "stop": begin + timedelta(hours=number * 7 + 1),
            "allday": number % 50 == 0,
            "partner_ids": [Command.set(partners[number % PARTNERS].ids)],
        }
        for number in range(EVENTS)
    ]
)
quiet["calendar.event"].create(
    {
        "name": "Every week",
        "start": begin,
        "stop": begin + timedelta(hours=1),
        "recurrency": True,
        "rrule_type": "weekly",
        "mon": True,
        "count": 20,
        "end_type": "count",
    }
)
chair = quiet["product.product"].create(
    {"name": "Old chair", "type": "consu", "invoice_policy": "order"}
)
orders = quiet["sale.order"].create(
    [
        {
            "partner_id": partners[number].id,
            "date_order": begin + timedelta(days=number),
            "order_line": [
                Command.create(
                    {
                        "product_id": chair.id,
                        "product_uom_qty": 1 + number % 3,
                        "price_unit": 10.0 + number,
                    }
                )
            ],
        }
        for number in range(ORDERS)
    ]
)
sold = orders[: ORDERS // 2]
sold.action_confirm()
invoices = sold._create_invoices()
invoices[: len(invoices) // 2].action_post()
pricelist = quiet["product.pricelist"].create({"name": "Readers", "sequence": 99})
magazine = quiet["sale.subscription.template"].create(
    {"name": "Magazine", "code": "MAG"}
)
subscriptions = quiet["sale.subscription"].create(
    [
        {
            "partner_id": partners[number].id,
            "template_id": magazine.id,
            "pricelist_id": pricelist.id,
            "date_start": begin.date(),
            "recurring_next_date": (begin + timedelta(days=number)).date(),
            "sale_subscription_line_ids": [Command.create({"product_id": chair.id})],
        }
        for number in range(SUBSCRIPTIONS)
    ]
)
for subscription in subscriptions[:20]:
    subscription.action_start_subscription()
env.cr.commit()
print("done")
