# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    course_ids = fields.One2many(
        "medspa.course",
        "partner_id",
        "Courses",
        groups="medspa_membership.group_medspa_user",
    )
    course_count = fields.Integer(
        compute="_compute_course_count", groups="medspa_membership.group_medspa_user"
    )

    def _compute_course_count(self):
        counts = dict(
            self.env["medspa.course"]._read_group(
                [("partner_id", "in", self.ids)], ["partner_id"], ["__count"]
            )
        )
        for partner in self:
            partner.course_count = counts.get(partner, 0)

    def action_view_courses(self):
        """Open the courses of the patient. Note: `self.ensure_one()`."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "medspa_membership.medspa_course_action"
        )
        action["domain"] = [("partner_id", "=", self.id)]
        action["context"] = {"default_partner_id": self.id}
        return action
