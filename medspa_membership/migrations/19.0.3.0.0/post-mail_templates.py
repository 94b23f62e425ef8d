# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Send the letters to the patients: they went to whom core thinks of."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["mail.template"]._update_letters("medspa_membership")
