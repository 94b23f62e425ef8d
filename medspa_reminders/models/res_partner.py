# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import re

from odoo import api, fields, models
from odoo.tools import email_normalize

STATES = [("given", "Given"), ("withdrawn", "Withdrawn")]
DESK = "medspa_membership.group_medspa_receptionist"

# The words that mobile networks ask every sender to understand, and ours.
STOP_WORDS = {
    "STOP",
    "STOPALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "BAJA",
    "ALTO",
    "PARAR",
    "STOPP",
    "ABMELDEN",
    "ARRET",
    "ARRÊT",
    "FERMA",
}
START_WORDS = {"START", "UNSTOP", "YES", "ALTA"}


class ResPartner(models.Model):
    _inherit = "res.partner"

    preferred_channel = fields.Selection(
        [("email", "E-mail"), ("sms", "SMS"), ("both", "E-mail and SMS")],
        help="Nothing chosen: by SMS where there is a mobile number, else by e-mail.",
    )
    consent_email_service = fields.Selection(
        STATES, "Service e-mails", readonly=True, copy=False, groups=DESK
    )
    consent_sms_service = fields.Selection(
        STATES, "Service SMS", readonly=True, copy=False, groups=DESK
    )
    consent_email_marketing = fields.Selection(
        STATES, "Offers by e-mail", readonly=True, copy=False, groups=DESK
    )
    consent_sms_marketing = fields.Selection(
        STATES, "Offers by SMS", readonly=True, copy=False, groups=DESK
    )
    consent_ids = fields.One2many(
        "medspa.consent", "partner_id", "Consents", groups=DESK
    )
    reminder_ids = fields.One2many(
        "medspa.reminder", "partner_id", "Messages of the clinic", groups=DESK
    )

    # === ACTION METHODS === #

    def action_note_consent(self):
        """Open the dialog that notes what a patient told the desk.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("May we write?"),
            "res_model": "medspa.consent.wizard",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_partner_id": self.id},
        }

    # === BUSINESS METHODS === #

    @api.model
    def _get_consent_field(self, channel, purpose):
        return f"consent_{channel}_{purpose}"

    def _may_be_written_to(self, channel, purpose, needs_consent=True):
        """Tell whether the patient lets us write. Note: `self.ensure_one()`.

        A service message goes out unless it was refused; an offer only when it was
        asked for, or where the clinic may write to its own patients until they refuse.
        """
        self.ensure_one()
        partner_sudo = self.sudo()
        state = partner_sudo[self._get_consent_field(channel, purpose)]
        if channel == "sms" and partner_sudo.phone_sanitized_blacklisted:
            return False
        if (
            channel == "email"
            and purpose == "marketing"
            and partner_sudo.is_blacklisted
        ):
            return False
        if purpose == "marketing" and needs_consent:
            return state == "given"
        return state != "withdrawn"

    def _get_message_address(self, channel):
        """Return where a message goes, or nothing when it cannot be delivered."""
        self.ensure_one()
        if channel == "sms":
            return self._phone_format(fname="phone") or None
        return email_normalize(self.email) or None

    def _get_message_tz(self, company):
        """Return the zone of the patient's clock, the clinic's when it is not known."""
        self.ensure_one()
        return self.tz or company._medspa_tz().key

    def _answer_sms(self, number, text):
        """Do what an incoming SMS asks for: STOP and START, in any of our languages.

        All patients with the number are meant: the network knows no names.

        :return: "stop", "start", or nothing when it was neither
        """
        word = re.sub(r"[^\w]", "", (text or "").strip()).upper()
        # A sender may be missing, or be a name: no patient has such a number.
        number = re.sub(r"[\s().-]", "", number or "")
        if not re.fullmatch(r"\+?[0-9]{4,20}", number):
            return None
        sanitized = self._phone_format(number=number) or number
        if word not in STOP_WORDS | START_WORDS or not sanitized:
            return None
        partners_sudo = self.sudo().search([("phone_sanitized", "=", sanitized)])
        Consent_sudo = self.env["medspa.consent"].sudo()
        Blacklist_sudo = self.env["phone.blacklist"].sudo()
        if word in STOP_WORDS:
            Blacklist_sudo._add([sanitized], message=self.env._("STOP by SMS"))
            Consent_sudo._note(
                partners_sudo,
                ["sms"],
                ["service", "marketing"],
                "withdrawn",
                "sms",
                word,
            )
            return "stop"
        Blacklist_sudo._remove([sanitized], message=self.env._("START by SMS"))
        # Offers are asked for again by name: START only lifts the STOP.
        Consent_sudo._note(partners_sudo, ["sms"], ["service"], "given", "sms", word)
        return "start"
