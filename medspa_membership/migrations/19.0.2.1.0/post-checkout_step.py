# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Give the websites of the database the step of the agreement."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["website"].search([])._copy_agreement_step()
