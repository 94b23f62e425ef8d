# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models

from ..const import CHANNELS, PURPOSES


class MedspaConsentWizard(models.TransientModel):
    """Notes at the desk what a patient said about messages."""

    _name = "medspa.consent.wizard"
    _description = "Note a consent"

    partner_id = fields.Many2one("res.partner", "Patient", required=True)
    preferred_channel = fields.Selection(
        [("email", "E-mail"), ("sms", "SMS"), ("both", "E-mail and SMS")]
    )
    email_service = fields.Boolean("Service e-mails")
    sms_service = fields.Boolean("Service SMS")
    email_marketing = fields.Boolean("Offers by e-mail")
    sms_marketing = fields.Boolean("Offers by SMS")
    note = fields.Char("How", help="For the proof: on which form, in which words.")

    @api.model
    def default_get(self, fields_list):
        """Override to start from what stands: service unless refused."""
        values = super().default_get(fields_list)
        partner = self.env["res.partner"].browse(
            values.get("partner_id") or self.env.context.get("default_partner_id")
        )
        if partner:
            values.update(self._get_current(partner))
            values["preferred_channel"] = partner.preferred_channel
        return {name: values[name] for name in values if name in fields_list}

    @api.model
    def _get_current(self, partner):
        """Return which messages a patient gets now."""
        values = {}
        for channel, _label in CHANNELS:
            for purpose, _text in PURPOSES:
                state = partner.sudo()[partner._get_consent_field(channel, purpose)]
                values[f"{channel}_{purpose}"] = (
                    state == "given" if purpose == "marketing" else state != "withdrawn"
                )
        return values

    def action_confirm(self):
        """Note the answers that differ from what stood before."""
        self.ensure_one()
        self.partner_id.check_access("write")
        self.partner_id.preferred_channel = self.preferred_channel
        self._note_answers(self.env["medspa.consent"], self.partner_id, "desk")
        return {"type": "ir.actions.act_window_close"}

    def _note_answers(self, Consent, partner, source):
        """Note what was answered where that is another answer than before."""
        current = self._get_current(partner)
        for name, was in current.items():
            is_now = self[name]
            if is_now != was:
                channel, purpose = name.split("_")
                Consent._note(
                    partner,
                    [channel],
                    [purpose],
                    "given" if is_now else "withdrawn",
                    source,
                    self.note,
                )
