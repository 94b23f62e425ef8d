# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Bring the wordings up to date, except those that the clinic has changed."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["mail.template"]._update_letters("medspa_reminders")
    data = env["ir.model.data"].search(
        [("module", "=", "medspa_reminders"), ("model", "=", "sms.template")]
    )
    wordings = env["sms.template"].browse(data.mapped("res_id")).exists()
    wordings.filtered(lambda t: t.write_uid.id == SUPERUSER_ID).reset_template()
