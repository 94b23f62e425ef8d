# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import AccessError

SETTINGS = (
    "quiet_from",
    "quiet_to",
    "marketing_per_week",
    "marketing_needs_consent",
    "messages_per_minute",
    "names_treatments",
)


class MedspaMessageSettings(models.TransientModel):
    """Lets the manager set how the clinic writes, and nothing else of the company."""

    _name = "medspa.message.settings"
    _description = "Message settings"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    quiet_from = fields.Float()
    quiet_to = fields.Float("Quiet until")
    marketing_per_week = fields.Integer("Offers a week")
    marketing_needs_consent = fields.Boolean("Offers only to those who asked for them")
    messages_per_minute = fields.Integer()
    names_treatments = fields.Boolean("Name treatments in messages")
    inbound_url = fields.Char("Answers by SMS", compute="_compute_inbound_url")
    twilio_url = fields.Char("Answers by Twilio", compute="_compute_inbound_url")

    @api.model
    def default_get(self, fields_list):
        """Override to start from the settings that the clinic has."""
        company = self.env.company
        return {
            **super().default_get(fields_list),
            **{name: company[name] for name in SETTINGS if name in fields_list},
        }

    @api.depends("company_id")
    def _compute_inbound_url(self):
        for wizard in self:
            company_sudo = wizard.company_id.sudo()
            base = company_sudo.get_base_url()
            wizard.inbound_url = (
                f"{base}/medspa/sms/inbound/{company_sudo.sms_inbound_key}"
            )
            has_twilio = "sms_twilio_auth_token" in company_sudo._fields
            wizard.twilio_url = has_twilio and f"{base}/medspa/sms/twilio"

    def action_confirm(self):
        """Set how the clinic writes from now on."""
        self.ensure_one()
        if (
            not self.env.user.has_group("medspa_membership.group_medspa_manager")
            or self.company_id not in self.env.companies
        ):
            raise AccessError(
                self.env._("Only the clinic's own manager sets how it writes.")
            )
        # Companies are written by administrators; these fields are the manager's.
        self.company_id.sudo().write({name: self[name] for name in SETTINGS})
        return {"type": "ir.actions.act_window_close"}
