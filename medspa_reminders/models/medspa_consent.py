# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..const import CHANNELS, PURPOSES


class MedspaConsent(models.Model):
    """One answer of a patient to the question whether we may write.

    The rows are the proof: they are added and never changed. The last one counts, and
    stands on the patient, where the sender looks.
    """

    _name = "medspa.consent"
    _inherit = "medspa.guarded"
    _description = "Consent"
    _order = "given_at desc, id desc"

    partner_id = fields.Many2one(
        "res.partner",
        "Patient",
        required=True,
        index=True,
        readonly=True,
        ondelete="cascade",
    )
    channel = fields.Selection(CHANNELS, required=True, readonly=True)
    purpose = fields.Selection(PURPOSES, required=True, readonly=True)
    state = fields.Selection(
        [("given", "Given"), ("withdrawn", "Withdrawn")], required=True, readonly=True
    )
    given_at = fields.Datetime(
        "Moment", required=True, readonly=True, default=fields.Datetime.now
    )
    source = fields.Selection(
        [
            ("desk", "Told the desk"),
            ("portal", "Portal"),
            ("unsubscribe", "Link in an e-mail"),
            ("sms", "Answer by SMS"),
            ("import", "Brought over"),
        ],
        required=True,
        readonly=True,
    )
    note = fields.Char(
        readonly=True, help="What was said, written or clicked, in short."
    )
    user_id = fields.Many2one(
        "res.users", "By", readonly=True, default=lambda self: self.env.user
    )

    # === CRUD METHODS === #

    @api.model
    def _get_guarded_fields(self):
        """Override: the server notes who notes an answer and when."""
        return {"given_at", "user_id"}

    def _get_guard_message(self):
        return self.env._(
            "An answer is noted with its moment and by whom: as it comes."
        )

    @api.model_create_multi
    def create(self, vals_list):
        """Override to let the newest answer count at once.

        Staff notes what it was told; what came otherwise is noted by what brought it.
        """
        sources = {vals.get("source", "desk") for vals in vals_list}
        if not self.env.su and sources != {"desk"}:
            raise AccessError(
                self.env._("The desk notes what it was told at the desk.")
            )
        consents = super().create(vals_list)
        for consent in consents.sorted(lambda consent: (consent.given_at, consent.id)):
            name = self.env["res.partner"]._get_consent_field(
                consent.channel, consent.purpose
            )
            # Whoever notes an answer may not be allowed to change the patient.
            consent.partner_id.sudo()[name] = consent.state
        return consents

    def write(self, vals):
        if self:
            raise UserError(
                self.env._("An answer is not changed. Note the new one: it counts.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_history(self):
        raise UserError(
            self.env._("The answers of a patient are kept: they are the proof.")
        )

    def copy_data(self, default=None):
        raise UserError(self.env._("An answer is given by the patient, not copied."))

    # === BUSINESS METHODS === #

    @api.model
    def _note(self, partners, channels, purposes, state, source, note=None):
        """Note the same answer of patients, where it is not what stands already.

        :param list channels: of "email" and "sms"
        :param list purposes: of "service" and "marketing"
        :param str state: "given" or "withdrawn"
        :return: the rows added
        """
        vals_list = [
            {
                "partner_id": partner.id,
                "channel": channel,
                "purpose": purpose,
                "state": state,
                "source": source,
                "note": note,
            }
            for partner in partners
            for channel in channels
            for purpose in purposes
            if partner[partner._get_consent_field(channel, purpose)] != state
        ]
        return self.create(vals_list)
