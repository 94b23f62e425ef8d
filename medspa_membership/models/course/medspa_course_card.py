# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class MedspaCourse(models.Model):
    """The course on a sheet of paper, for the patient to take along."""

    _inherit = "medspa.course"

    # === ACTION METHODS === #

    def action_print_card(self):
        """Print the card of the course."""
        return self.env.ref(
            "medspa_membership.medspa_course_card_report"
        ).report_action(self)

    # === BUSINESS METHODS === #

    def _get_card_address(self):
        """Return the lines of the clinic's address. Note: `self.ensure_one()`."""
        self.ensure_one()
        # Whose clinic it is may be known to all who see the course.
        address = self.sudo().company_id.partner_id._display_address(
            without_company=True
        )
        return [line for line in address.splitlines() if line.strip()]

    def _get_card_visits(self):
        """Return when the course was used, the first visit first.

        Nothing of what was written of the visits: the card leaves the clinic.

        Note: `self.ensure_one()`

        :return: dicts of `day`, `treatment`, `practitioner` and `patient`
        """
        self.ensure_one()
        visits_sudo = self.sudo().credit_ids.move_ids.visit_id.filtered(
            lambda visit: visit.state == "done"
        )
        return [
            {
                "day": self.company_id._medspa_date(visit.visited_at),
                "treatment": visit.treatment_id.name,
                "practitioner": visit.practitioner_id.name or "",
                "patient": visit.partner_id.name,
            }
            for visit in visits_sudo.sorted("visited_at")
        ]

    def _get_card_bookings(self):
        """Return the appointments to come, the next one first.

        Note: `self.ensure_one()`

        :return: dicts of `moment` (on the clinic's clock) and as for the visits
        """
        self.ensure_one()
        return [
            {
                "moment": self.company_id._medspa_local(event.start),
                "treatment": event.treatment_id.name,
                "practitioner": event.practitioner_id.name or "",
                "patient": event.patient_id.name,
            }
            for event in self.sudo()._get_open_bookings()
        ]
