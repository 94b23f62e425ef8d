# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"
    decline_kind = fields.Char()

    def _get_member_message(self):
        return self.state_message or ""

    def _on_charge_settled(self):
        pass

    def _charge_once(self):
        self.env["ir.cron"]._commit_progress()
        self._charge_with_token()
        self.env["ir.cron"]._commit_progress()
        if self.state == "done":
            self._post_process()
        self._on_charge_settled()


class PaymentToken(models.Model):
    _inherit = "payment.token"

    def _on_method_changed(self):
        pass
