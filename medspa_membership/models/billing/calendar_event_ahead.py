# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import float_compare, format_date

from ..appointment.calendar_event import OPEN_STATUSES, TIME_FIELDS
from ..credit.medspa_credit import QUANTITY_DIGITS

NOT_AHEAD = {
    "ahead_membership_id": False,
    "ahead_benefit_id": False,
    "ahead_date": False,
}


class CalendarEvent(models.Model):
    """Visits booked ahead: on a session that comes with a period not paid yet.

    The session is promised, not reserved: there is no credit before there is money.
    When it arrives, what the period grants pays for these visits first.
    """

    _inherit = "calendar.event"

    ahead_membership_id = fields.Many2one(
        "sale.subscription",
        "Booked ahead on",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The membership whose coming period will pay for it.",
    )
    ahead_benefit_id = fields.Many2one(
        "medspa.membership.benefit",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    ahead_date = fields.Date(
        "Session of", readonly=True, copy=False, help="The start of that period."
    )
    payment_status = fields.Selection(
        selection_add=[("ahead", "With the coming period")]
    )

    _ahead_complete = models.Constraint(
        "CHECK (num_nulls(ahead_membership_id, ahead_benefit_id, ahead_date) IN (0, 3)"
        " AND (ahead_date IS NULL OR credit_id IS NULL))",
        "A visit is booked on a credit or on a session to come, not on both.",
    )

    # === COMPUTE METHODS === #

    @api.depends("ahead_date")
    def _compute_credit_summary(self):
        """Override to name what the summary of a visit booked ahead reads."""
        return super()._compute_credit_summary()

    def _get_credit_summary(self):
        """Override to say which session to come will pay."""
        if not self.ahead_date or self.credit_id:
            return super()._get_credit_summary()
        return self.env._(
            "%(plan)s: the session of %(date)s, once that period is paid.",
            # Practitioners read it without a right to read memberships.
            plan=self.sudo().ahead_membership_id.template_id.name,
            date=format_date(self.env, self.ahead_date),
        )

    @api.depends("ahead_date")
    def _compute_payment_status(self):
        """Override: the money for a visit booked ahead comes with its period."""
        res = super()._compute_payment_status()
        for event in self.filtered("ahead_date"):
            if event.payment_status == "to_pay" and event._is_ahead_kept():
                event.payment_status = "ahead"
                event.amount_due = 0.0
        return res

    def _compute_is_cover_stopped(self):
        """Override: the period that should pay will not come, or did not get paid."""
        res = super()._compute_is_cover_stopped()
        for event in self.filtered("ahead_date"):
            event.is_cover_stopped = (
                event.appointment_status in OPEN_STATUSES and not event._is_ahead_kept()
            )
        return res

    def _search_is_cover_stopped(self, operator, value):
        """Override to find the visits booked ahead that are not covered any more."""
        domain = super()._search_is_cover_stopped(operator, value)
        if domain is NotImplemented:
            return domain
        ahead_sudo = self.sudo().search(
            [
                ("ahead_date", "!=", False),
                ("appointment_status", "in", OPEN_STATUSES),
            ]
        )
        stopped = ahead_sudo.filtered("is_cover_stopped")
        return Domain(domain) | Domain("id", "in", stopped.ids)

    # === CONSTRAINT METHODS === #

    @api.constrains("ahead_benefit_id", "ahead_date", "appointment_status")
    def _check_ahead(self):
        """Promise no session twice, whoever asks at the same moment.

        The row of the membership is locked and changes with each promise: who waits
        for it starts again and counts anew.
        """
        for event in self.filtered("ahead_date"):
            if event.appointment_status not in OPEN_STATUSES:
                continue
            benefit_sudo = event.sudo().ahead_benefit_id
            benefit_sudo.membership_id._lock_for_addition()
            left = benefit_sudo._count_left_ahead(event.ahead_date, event)
            wanted = event._get_credit_quantity(benefit_sudo)
            if float_compare(left, wanted, precision_digits=QUANTITY_DIGITS) < 0:
                raise UserError(
                    self.env._(
                        "All sessions of the period from %s are promised already.",
                        format_date(self.env, event.ahead_date),
                    )
                )

    # === CRUD METHODS === #

    def write(self, vals):
        """Override: what pays otherwise, or does not take place, promises nothing."""
        if (
            vals.get("credit_id")
            or vals.get("is_paid_apart")
            or vals.get("appointment_status") in ("cancelled", "no_show")
        ):
            vals = {**vals, **NOT_AHEAD}
        res = super().write(vals)
        if (TIME_FIELDS | {"patient_id", "treatment_id"}) & vals.keys():
            for event in self.filtered("ahead_date"):
                event._follow_ahead()
        return res

    # === BUSINESS METHODS === #

    def _set_paying_credit(self, credit):
        """Override: a credit that pays now takes the place of one to come."""
        if credit and self.ahead_date:
            self.write(NOT_AHEAD)
        return super()._set_paying_credit(credit)

    @api.model
    def _prepare_ahead_vals(self, ahead):
        """Return the values that book a visit on a session to come.

        :param dict ahead: as `_find_session_ahead` returns it, or nothing
        """
        if not ahead:
            return {}
        return {
            "ahead_membership_id": ahead["benefit"].membership_id.id,
            "ahead_benefit_id": ahead["benefit"].id,
            "ahead_date": ahead["start"],
        }

    def _follow_ahead(self):
        """Find the session to come again after a change of time, patient or treatment.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        ahead = self.env["sale.subscription"]._find_session_ahead(self)
        vals = {**NOT_AHEAD, **self._prepare_ahead_vals(ahead)}
        if self.ahead_benefit_id.id == vals["ahead_benefit_id"] and (
            self.ahead_date == vals["ahead_date"]
        ):
            return
        # Nobody writes it by hand.
        self.sudo().write(vals)
        if not ahead:
            self.message_post(
                body=self.env._("It is not booked on a session to come any more.")
            )

    def _is_ahead_kept(self, day=None):
        """Tell whether the period will come that should pay for the visit.

        Note: `self.ensure_one()`

        :param date day: of the visit; the one it has by default
        """
        self.ensure_one()
        membership_sudo = self.sudo().ahead_membership_id
        day = day or self._get_local_date()
        billed = membership_sudo.period_ids.filtered(
            lambda period: (
                period.kind == "regular" and period.start_date <= day <= period.end_date
            )
        )
        if billed:
            return membership_sudo.membership_state == "active" and (
                billed.start_date == self.ahead_date and billed.state in ("due", "open")
            )
        plan = membership_sudo.next_template_id
        if plan and not plan.benefit_ids._filter_coming(self.treatment_id):
            return False
        return membership_sudo._get_start_ahead(day) == self.ahead_date

    def _pay_from_granted(self, credits):
        """Let what a period has just granted pay for a visit booked on it.

        Note: `self.ensure_one()`. Where nothing fits, the visit stays flagged.

        :param credits: granted by the period, none of them used yet
        """
        self.ensure_one()
        day = self._get_local_date()
        for credit in credits.sorted(lambda credit: credit._get_spending_order()):
            quantity = self._get_credit_quantity(credit)
            if credit.available < quantity or not self._can_be_paid_by(credit):
                continue
            if not self._are_spendable(credit):
                continue
            if self.appointment_status == "attended":
                # It took place before the money came.
                self.visit_id._redeem(credit, quantity, reserved=0, on_date=day)
                self._set_paying_credit(credit)
            else:
                self.write({"credit_id": credit.id})
            return


class MedspaMembershipPeriod(models.Model):
    _inherit = "medspa.membership.period"

    def _on_credits_granted(self, credits):
        """Override: visits booked ahead come first, in the order of their times."""
        res = super()._on_credits_granted(credits)
        if not credits:
            return res
        events_sudo = (
            self.env["calendar.event"]
            .sudo()
            .search(
                [
                    ("ahead_membership_id", "in", self.membership_id.ids),
                    ("appointment_status", "in", (*OPEN_STATUSES, "attended")),
                ],
                order="start, id",
            )
        )
        for event in events_sudo.filtered(lambda event: not event._is_sold()):
            day = event._get_local_date()
            granted = credits.filtered(
                lambda credit, event=event, day=day: (
                    credit.membership_id == event.ahead_membership_id
                    and credit.period_id.start_date <= day <= credit.period_id.end_date
                )
            )
            event._pay_from_granted(granted.sudo())
        return res
