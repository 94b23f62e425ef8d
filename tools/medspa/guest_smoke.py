"""Run in Odoo's shell: a day's work of people who have no role in the clinic."""
# ruff: noqa: F821  (env is there in the shell)

from psycopg2 import Error

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form

MODELS = (
    "res.partner",
    "product.template",
    "product.pricelist",
    "sale.order",
    "account.move",
    "calendar.event",
    "sale.subscription",
    "sale.subscription.template",
    "crm.lead",
    "loyalty.program",
    "pos.order",
    "payment.transaction",
    "payment.token",
    "res.company",
    "res.users",
)
ROLES = {
    "employee": ["base.group_user"],
    "seller": ["sales_team.group_sale_salesman_all_leads"],
    "sales manager": ["sales_team.group_sale_manager"],
    "accountant": ["account.group_account_invoice"],
    "administrator": ["base.group_system"],
}


def attempt(what, function, *arguments):
    """Do something, undo it, and say what went wrong."""
    env.flush_all()
    savepoint = env.cr.savepoint(flush=False)
    try:
        function(*arguments)
        env.flush_all()
    except (UserError, LookupError, ValueError, AttributeError, Error) as error:
        print(f"problem: {what}: {type(error).__name__}: {str(error)[:300]!r}")
    finally:
        env.clear()
        savepoint.close(rollback=True)


def open_forms(user, model):
    """Open the form and the list of a model and read what they show."""
    Model = env[model].with_user(user)
    if not Model.has_access("read"):
        return
    views = Model.get_views([(False, "form"), (False, "list")])
    records = Model.search([], limit=5)
    for name in views["models"][model]["fields"]:
        # One by one: others' fields fail too, and those are none of our business.
        try:
            records.read([name])
        except UserError as error:
            print(f"problem: {user.name} reads {model}.{name}: {type(error).__name__}")


def sell(user):
    """Sell, change, confirm, invoice, cancel."""
    goods = [("type", "=", "consu"), ("sale_ok", "=", True)]
    product = env["product.product"].search(goods, limit=1)
    order = env["sale.order"].with_user(user)
    order = order.create(
        {
            "partner_id": env["res.partner"].search([], limit=1).id,
            "order_line": [Command.create({"product_id": product.id})],
        }
    )
    with Form(order) as form, form.order_line.edit(0) as line:
        line.product_uom_qty = 3
    order.action_confirm()
    order.order_line.write({"product_uom_qty": 4, "price_unit": 7.0})
    order._action_cancel()


def meet(user):
    """Plan a meeting and move it."""
    event = Form(env["calendar.event"].with_user(user))
    event.name = "Lunch"
    saved = event.save()
    saved.write({"start": "2026-03-02 10:00:00", "stop": "2026-03-02 11:00:00"})
    env["calendar.event"].with_user(user).search([], limit=200).mapped("display_name")


users = {}
for role, groups in ROLES.items():
    users[role] = (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            {
                "name": f"Smoke {role}",
                "login": f"smoke {role}",
                "group_ids": [Command.set([env.ref(group).id for group in groups])],
            }
        )
    )
for role, user in users.items():
    for model in MODELS:
        if model in env:
            attempt(f"{role} opens {model}", open_forms, user, model)
    attempt(f"{role} plans", meet, user)
for role in ("seller", "sales manager"):
    attempt(f"{role} sells", sell, users[role])
env.cr.rollback()
print("done")
