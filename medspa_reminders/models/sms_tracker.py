# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class SmsTracker(models.Model):
    _inherit = "sms.tracker"

    reminder_message_id = fields.Many2one(
        "medspa.reminder.message", index="btree_not_null", ondelete="cascade"
    )

    def _action_update_from_sms_state(
        self, sms_state, failure_type=False, failure_reason=False
    ):
        """Override of `sms` to pass on what becomes of our messages."""
        res = super()._action_update_from_sms_state(
            sms_state, failure_type=failure_type, failure_reason=failure_reason
        )
        for tracker in self.filtered("reminder_message_id"):
            tracker.reminder_message_id._on_report(
                sms_state, failure_type, failure_reason
            )
        return res

    def _action_update_from_provider_error(self, provider_error):
        """Override of `sms` to pass on the errors that core has no name for."""
        error_status, failure_type, failure_reason = (
            super()._action_update_from_provider_error(provider_error)
        )
        for tracker in self.filtered("reminder_message_id"):
            tracker.reminder_message_id._on_report(
                "error", failure_type, failure_reason or provider_error
            )
        return error_status, failure_type, failure_reason
