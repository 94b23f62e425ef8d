# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import api, fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    # Not copied: they are one person's, and whoever copies a contact may not read them.
    allergies = fields.Text(
        copy=False, groups="medspa_membership.group_medspa_practitioner"
    )
    contraindications = fields.Text(
        copy=False, groups="medspa_membership.group_medspa_practitioner"
    )
    has_clinical_warning = fields.Boolean(
        compute="_compute_has_clinical_warning",
        groups="medspa_membership.group_medspa_user",
        help="Allergies or contraindications are on file; clinicians see which.",
    )
    visit_ids = fields.One2many(
        "medspa.visit",
        "partner_id",
        "Visits",
        groups="medspa_membership.group_medspa_user",
    )

    appointment_count = fields.Integer(
        compute="_compute_appointment_count",
        groups="medspa_membership.group_medspa_user",
    )
    upcoming_appointment_ids = fields.One2many(
        "calendar.event",
        compute="_compute_upcoming_appointment_ids",
        string="Upcoming appointments",
        groups="medspa_membership.group_medspa_user",
    )

    # === COMPUTE METHODS === #

    @api.depends("allergies", "contraindications")
    def _compute_has_clinical_warning(self):
        for partner in self:
            # That there is something may be known to all staff; what it is may not.
            partner_sudo = partner.sudo()
            partner.has_clinical_warning = bool(
                partner_sudo.allergies or partner_sudo.contraindications
            )

    def _compute_appointment_count(self):
        counts = dict(
            self.env["calendar.event"]._read_group(
                [("patient_id", "in", self.ids), ("treatment_id", "!=", False)],
                ["patient_id"],
                ["__count"],
            )
        )
        for partner in self:
            partner.appointment_count = counts.get(partner, 0)

    def _compute_upcoming_appointment_ids(self):
        events = self.env["calendar.event"].search(
            [
                ("patient_id", "in", self.ids),
                ("appointment_status", "in", ("booked", "arrived")),
                ("stop", ">=", fields.Datetime.now()),
            ],
            order="start",
        )
        grouped = events.grouped("patient_id")
        for partner in self:
            partner.upcoming_appointment_ids = grouped.get(partner, events.browse())

    # === BUSINESS METHODS === #

    def _is_member(self, on_date, company):
        """Seam: tell whether the person has a member's rights in a clinic on a day.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        return False

    # === ACTION METHODS === #

    def action_view_appointments(self):
        """Open the appointments of the patient. Note: `self.ensure_one()`."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "medspa_membership.appointment_action"
        )
        action["domain"] = [
            ("patient_id", "=", self.id),
            ("treatment_id", "!=", False),
        ]
        action["context"] = {"default_patient_id": self.id}
        action["views"] = sorted(action["views"], key=lambda view: view[1] != "list")
        return action

    def action_walk_in(self):
        """Book a patient who stands at the desk: now, and arrived already.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        now = fields.Datetime.now()
        # On the clock grid of the calendar, not a minute that is still to come.
        start = now - timedelta(
            minutes=now.minute % 5, seconds=now.second, microseconds=now.microsecond
        )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "medspa_membership.appointment_action_book"
        )
        action["name"] = self.env._("Walk-in")
        action["context"] = {
            "default_patient_id": self.id,
            "default_appointment_status": "arrived",
            "default_start": fields.Datetime.to_string(start),
        }
        return action

    def action_edit_warnings(self):
        """Open the clinical warnings of the patient. Note: `self.ensure_one()`."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Clinical warnings"),
            "res_model": "medspa.patient.warning",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_partner_id": self.id},
        }
