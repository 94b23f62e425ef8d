# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models


class MedspaAppointmentUnits(models.TransientModel):
    """Asks how many units a visit used, and shows what pays for them."""

    _name = "medspa.appointment.units"
    _description = "Units used"

    event_id = fields.Many2one("calendar.event", required=True)
    units = fields.Float("Units used", required=True)
    owned = fields.Float("From the patient's bank", compute="_compute_split")
    to_buy = fields.Float("To buy", compute="_compute_split")

    @api.depends("event_id", "units")
    def _compute_split(self):
        for wizard in self:
            _split, rest = wizard.event_id._get_unit_split(wizard.units)
            wizard.to_buy = rest
            wizard.owned = wizard.units - rest

    def action_confirm(self):
        """Close the visit; open the order over what the patient has to buy."""
        self.ensure_one()
        self.event_id.check_access("write")
        line = self.event_id._use_units(self.units)
        if not line or not line.has_access("read"):
            return None
        return self.event_id.action_charge()
