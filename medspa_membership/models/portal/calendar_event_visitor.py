# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError


class CalendarEvent(models.Model):
    """Who booked on the website, and has the address of somebody known, is shown so."""

    _inherit = "calendar.event"

    same_address_ids = fields.Many2many(
        "res.partner",
        string="Patients with this address",
        compute="_compute_same_address_ids",
        groups="medspa_membership.group_medspa_user",
    )

    @api.depends("patient_id.is_unconfirmed_visitor", "patient_id.email_normalized")
    def _compute_same_address_ids(self):
        self.same_address_ids = False
        visitors = self.filtered("patient_id.is_unconfirmed_visitor")
        for patient, events in visitors.grouped("patient_id").items():
            events.same_address_ids = patient._find_others_with_address()

    # === ACTION METHODS === #

    def action_join_patient(self):
        """Say that the visitor is the patient known by the address: join the two.

        Note: `self.ensure_one()`

        :raise UserError: nobody, or more than one patient, has the address
        """
        self.ensure_one()
        self.check_access("write")
        visitor, known = self.patient_id, self.same_address_ids
        (visitor | known).check_access("write")
        if not visitor.is_unconfirmed_visitor or not known:
            raise UserError(
                self.env._("No other patient has the address of %s.", visitor.name)
            )
        if len(known) > 1:
            raise UserError(
                self.env._(
                    "More than one patient has this address (%s). Choose the patient "
                    "of the appointment by hand.",
                    ", ".join(known.mapped("name")),
                )
            )
        # Core's own way to join two contacts asks for more rights than the desk has.
        Merge_sudo = self.env["base.partner.merge.automatic.wizard"].sudo()
        # The desk joins the two people whom it was shown; core wants more rights for
        # it.
        visitor.sudo().is_unconfirmed_visitor = False
        self.env.flush_all()
        # As core does it, with more rights than the desk has.
        Merge_sudo._merge((visitor | known).ids, known.sudo())
        self.env.invalidate_all()
        self.name = self._get_appointment_name(known, self.treatment_id)
