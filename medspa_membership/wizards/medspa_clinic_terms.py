# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import AccessError

BOOKING_FIELDS = (
    "booking_step_minutes",
    "booking_lead_minutes",
    "booking_horizon_days",
    "member_horizon_days",
)


class MedspaClinicTerms(models.TransientModel):
    """Lets the manager set the clinic's terms, and nothing else of the company."""

    _name = "medspa.clinic.terms"
    _description = "Terms of the clinic"
    _inherit = ["medspa.terms"]

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    booking_step_minutes = fields.Integer()
    booking_lead_minutes = fields.Integer()
    booking_horizon_days = fields.Integer()
    member_horizon_days = fields.Integer()

    @api.model
    def default_get(self, fields_list):
        """Override to start from the terms that the clinic has."""
        company = self.env.company
        current = {
            **company._get_terms(),
            **{name: company[name] for name in BOOKING_FIELDS},
        }
        return {
            **super().default_get(fields_list),
            **{name: value for name, value in current.items() if name in fields_list},
        }

    @api.depends("company_id")
    def _compute_display_name(self):
        for wizard in self:
            wizard.display_name = wizard.company_id.name

    def action_confirm(self):
        """Set the terms of the clinic; courses sold before keep theirs."""
        self.ensure_one()
        if (
            not self.env.user.has_group("medspa_membership.group_medspa_manager")
            or self.company_id not in self.env.companies
        ):
            raise AccessError(
                self.env._("Only the clinic's own manager sets its terms.")
            )
        # Companies are written by administrators; these fields are the manager's.
        self.company_id.sudo().write(
            {
                **self._get_terms(),
                **{name: self[name] for name in BOOKING_FIELDS},
            }
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Saved. Courses sold before keep the terms of their day."
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
