# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models
from odoo.tools import float_compare

from ..appointment.calendar_event import OPEN_STATUSES
from ..credit.medspa_credit import QUANTITY_DIGITS


class SaleSubscription(models.Model):
    """Sessions of periods to come: what members may book before it is paid."""

    _inherit = "sale.subscription"

    # === BUSINESS METHODS === #

    @api.model
    def _find_session_ahead(self, event):
        """Return the session of a coming period on which a visit can be booked.

        :param event: an appointment with patient, treatment, clinic and time; it need
            not be saved
        :return: None, or dict of `benefit`, `start` (of its period) and `left` (what
            is not promised yet, this visit included)
        """
        patient, company = event.patient_id._origin, event.medspa_company_id
        if not patient or event.treatment_id.is_unit_based:
            return None
        # Patients may not read memberships: the domain names their own.
        memberships_sudo = self.sudo().search(
            [
                ("is_membership", "=", True),
                ("company_id", "=", company.id),
                ("membership_state", "=", "active"),
                "|",
                ("partner_id", "=", patient.id),
                ("beneficiary_ids", "in", patient.ids),
            ],
            order="id",
        )
        for membership in memberships_sudo:
            start = membership._get_start_ahead(event._get_local_date())
            # What a plan will give that replaces this one is told by its own terms.
            if not start or membership.next_template_id:
                continue
            for benefit in membership.benefit_ids._filter_coming(event.treatment_id):
                left = benefit._count_left_ahead(start, event._origin)
                wanted = event._get_credit_quantity(benefit)
                if float_compare(left, wanted, precision_digits=QUANTITY_DIGITS) >= 0:
                    return {"benefit": benefit, "start": start, "left": left}
        return None

    def _get_start_ahead(self, day):
        """Return the start of the coming period of a day, if it will be billed.

        As things stand: the membership runs, does not end before, and has no pause.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        next_date = self.recurring_next_date
        if self.membership_state != "active" or not next_date or day < next_date:
            return None
        if self.end_date and day > self.end_date:
            return None
        start = self._get_anchored_date(self._count_periods_until(day))
        end = self._get_period_end(start)
        is_paused = self.pause_ids.filtered(
            lambda pause: (
                pause.state in ("planned", "running")
                and pause.start_date <= end
                and (not pause.end_date or pause.end_date >= start)
            )
        )
        # A row that is there already was billed by hand, or is skipped.
        is_known = self.period_ids.filtered(
            lambda period: period.kind == "regular" and period.start_date == start
        )
        return None if is_paused or is_known else start


class MedspaBenefit(models.AbstractModel):
    _inherit = "medspa.benefit"

    def _filter_coming(self, treatment):
        """Return the benefits that give sessions of a treatment in every period."""
        domain = self.env["medspa.credit"]._get_coverage_domain(treatment)
        return self.filtered(
            lambda benefit: benefit.frequency == "period" and benefit.unit == "session"
        ).filtered_domain(domain)


class MedspaMembershipBenefit(models.Model):
    _inherit = "medspa.membership.benefit"

    def _count_left_ahead(self, start, but_event):
        """Return the sessions of a coming period that no visit is booked on.

        Note: `self.ensure_one()`

        :param date start: of the period
        :param but_event: an appointment that does not count
        """
        self.ensure_one()
        events_sudo = (
            self.env["calendar.event"]
            .sudo()
            .search(
                [
                    ("ahead_benefit_id", "=", self.id),
                    ("ahead_date", "=", start),
                    ("appointment_status", "in", OPEN_STATUSES),
                    ("id", "not in", but_event.ids),
                ]
            )
        )
        return self.quantity - sum(
            event._get_credit_quantity(self) for event in events_sudo
        )
