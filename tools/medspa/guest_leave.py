"""Run in Odoo's shell: uninstall our addons, with something left in the ledger."""
# ruff: noqa: F821  (env is there in the shell)

from odoo import Command
from odoo.exceptions import UserError

PARAMETER = "medspa_membership.uninstall_ledger_rows"

Template = env["product.template"]
treatment = Template.create(
    {"name": "Peel", "type": "service", "service_tracking": "medspa_treatment"}
)
course = Template.create(
    {
        "name": "Two peels",
        "type": "service",
        "service_tracking": "medspa_course",
        "list_price": 0.0,
        "step_ids": [Command.create({"treatment_id": treatment.id, "sessions": 2})],
    }
)
order = env["sale.order"].create(
    {
        "partner_id": env["res.partner"].create({"name": "Paula"}).id,
        "order_line": [Command.create({"product_id": course.product_variant_id.id})],
    }
)
order.action_confirm()
rows = env["medspa.credit.move"].search_count([])
if not rows:
    print("problem: the ledger is empty, nothing is tried")
env.cr.commit()

modules = env["ir.module.module"].search(
    [("name", "=like", "medspa%"), ("state", "=", "installed")]
)
try:
    modules.button_immediate_uninstall()
    print("problem: the ledger was deleted without a word")
except UserError as error:
    if str(rows) not in str(error):
        print(f"problem: the refusal does not say what is lost: {str(error)!r}")
    env.cr.rollback()
    env["ir.config_parameter"].set_param(PARAMETER, str(rows))
    env.cr.commit()
    modules.button_immediate_uninstall()
left = env["ir.module.module"].search(
    [("name", "=like", "medspa%"), ("state", "!=", "uninstalled")]
)
for module in left:
    print(f"problem: {module.name} is {module.state}")
print("done")
