# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    medspa_birthdate = fields.Date(
        "Date of birth",
        copy=False,
        groups="medspa_membership.group_medspa_user",
        help="For a birthday treatment.",
    )
    membership_ids = fields.One2many(
        "sale.subscription",
        "partner_id",
        "Memberships",
        domain=[("is_membership", "=", True)],
        groups="medspa_membership.group_medspa_user",
    )
    open_membership_ids = fields.One2many(
        "sale.subscription",
        "partner_id",
        "Present memberships",
        domain=[("is_membership", "=", True), ("membership_state", "!=", "ended")],
        groups="medspa_membership.group_medspa_user",
    )
    membership_count = fields.Integer(
        compute="_compute_membership_count",
        groups="medspa_membership.group_medspa_user",
    )

    def _compute_membership_count(self):
        counts = dict(
            self.env["sale.subscription"]._read_group(
                [("partner_id", "in", self.ids), ("is_membership", "=", True)],
                ["partner_id"],
                ["__count"],
            )
        )
        for partner in self:
            partner.membership_count = counts.get(partner, 0)

    def _compute_subscription_count(self):
        """Override of `subscription_oca`: memberships are counted by themselves."""
        counts = dict(
            self.env["sale.subscription"]._read_group(
                [("partner_id", "in", self.ids), ("is_membership", "=", False)],
                ["partner_id"],
                ["__count"],
            )
        )
        for partner in self:
            partner.subscription_count = counts.get(partner, 0)

    def action_view_subscription_ids(self):
        """Override of `subscription_oca`: memberships have a list of their own."""
        action = super().action_view_subscription_ids()
        action["domain"] = [
            *action.get("domain", []),
            ("is_membership", "=", False),
        ]
        return action

    def action_view_memberships(self):
        """Open the memberships of the patient. Note: `self.ensure_one()`."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "medspa_membership.membership_action"
        )
        action["domain"] = [("partner_id", "=", self.id), ("is_membership", "=", True)]
        action["context"] = {"default_partner_id": self.id}
        return action
