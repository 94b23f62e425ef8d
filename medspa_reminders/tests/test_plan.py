# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestPlan(TransactionCase):
    def test_smoke(self):
        self.env["medspa.reminder.rule"]._cron_plan
