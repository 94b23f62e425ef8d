# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class CalendarEvent(models.Model):
    """What was booked before the patient became a member."""

    _inherit = "calendar.event"

    # === COMPUTE METHODS === #

    @api.depends("patient_id")
    def _compute_payment_status(self):
        """Override: what a member has to pay is the member's price."""
        res = super()._compute_payment_status()
        to_pay = self.filtered(
            lambda event: event.payment_status == "to_pay" and event.amount_due
        )
        for company, events in to_pay.grouped("medspa_company_id").items():
            for event in events.sudo().with_company(company):
                pricelist = event.patient_id.property_product_pricelist
                if pricelist.member_key:
                    event.amount_due = event.treatment_id._get_price_totals(
                        pricelist, event.patient_id, company
                    )["total_included"]
        return res

    # === BUSINESS METHODS === #

    @api.model
    def _cover_what_is_booked(self, patients, company):
        """Let new credits pay for visits to come that nothing pays for, the next first.

        What cannot be covered stays to be paid, and says so.
        """
        events_sudo = self.sudo().search(
            Domain("patient_id", "in", patients.ids)
            & Domain("medspa_company_id", "=", company.id)
            & Domain("treatment_id", "!=", False)
            & Domain("appointment_status", "=", "booked")
            & Domain("start", ">", fields.Datetime.now())
            & Domain("credit_id", "=", False)
            & Domain("is_paid_apart", "=", False)
            & Domain("sale_line_id", "=", False),
            order="start",
        )
        for event in events_sudo:
            try:
                with self.env.cr.savepoint():
                    event._cover()
            except UserError:
                # A rule of the credit stands against it: the visit is paid apart.
                event.invalidate_recordset()
