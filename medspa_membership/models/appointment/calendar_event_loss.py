# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .calendar_event import OPEN_STATUSES


class CalendarEvent(models.Model):
    """Late cancellations and no-shows: whether the session is lost, and why not."""

    _inherit = "calendar.event"

    loss_outcome = fields.Selection(
        [
            ("used", "Session used"),
            ("free_pass", "Free pass"),
            ("waived", "Waived"),
        ],
        "Missed session",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="What became of the session of a late cancellation or a no-show.",
    )
    waiver_reason = fields.Char(
        copy=False, help="Why the session is given back against the clinic's rule."
    )
    is_late_to_cancel = fields.Boolean(compute="_compute_is_late_to_cancel")

    _waiver_has_reason = models.Constraint(
        "CHECK (loss_outcome <> 'waived' OR waiver_reason <> '')",
        "A session is given back against the rule for a reason: write it down.",
    )

    @api.depends("start", "appointment_status", "credit_id")
    def _compute_is_late_to_cancel(self):
        for event in self:
            is_open = event.appointment_status in OPEN_STATUSES
            event.is_late_to_cancel = is_open and event._is_within_notice()

    # === CRUD METHODS === #

    def write(self, vals):
        """Override to forget the waiver of a miss that is none any more."""
        if vals.get("appointment_status") in (*OPEN_STATUSES, "attended") and any(
            event.waiver_reason for event in self if event._is_appointment()
        ):
            vals = {**vals, "waiver_reason": False}
            waived = self.filtered(lambda event: event.loss_outcome == "waived")
            # The database wants a reason as long as it is waived.
            if waived:
                super(CalendarEvent, waived).write(
                    {"loss_outcome": False, "waiver_reason": False}
                )
        return super().write(vals)

    # === ACTION METHODS === #

    def action_cancel_appointment(self):
        """Cancel the booking; ask first when that costs the patient a session."""
        self.check_access("write")
        if len(self) == 1 and self._would_lose_session("late_cancel"):
            return self._open_loss_wizard("cancelled")
        return super().action_cancel_appointment()

    def action_no_show(self):
        """Note that the patient did not come; ask first when that costs a session."""
        self.check_access("write")
        self._check_transition("no_show")
        if len(self) == 1 and self._would_lose_session("no_show"):
            return self._open_loss_wizard("no_show")
        return super().action_no_show()

    def _open_loss_wizard(self, status):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("This costs a session"),
            "res_model": "medspa.appointment.loss",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_event_id": self.id, "default_status": status},
        }

    # === BUSINESS METHODS === #

    def _get_terms_holder(self):
        """Return the record whose terms count: the company's, unless sold otherwise."""
        self.ensure_one()
        return self.medspa_company_id

    def _is_within_notice(self):
        """Tell whether it is too late to cancel for free. Note: `self.ensure_one()`."""
        self.ensure_one()
        terms_sudo = self.sudo()._get_terms_holder()
        notice = relativedelta(hours=terms_sudo.cancel_notice_hours)
        return fields.Datetime.now() > self.start - notice

    def _would_lose_session(self, kind):
        """Tell whether a late cancellation or a no-show would take the session now."""
        self.ensure_one()
        return self._get_loss_outcome(kind) == "used" and bool(self._get_reservations())

    def _get_loss_outcome(self, kind):
        """Return what becomes of the session by the rule, or nothing when none is due.

        :param str kind: "late_cancel" or "no_show"
        """
        self.ensure_one()
        terms_sudo = self.sudo()._get_terms_holder()
        if kind == "late_cancel" and not self._is_within_notice():
            return None
        if not terms_sudo[f"{kind}_uses_session"]:
            return None
        if any(credit_sudo.is_frozen for credit_sudo in self._get_reservations()):
            # What may not be used is not lost either.
            return None
        if self._count_free_passes(terms_sudo) < terms_sudo.free_passes:
            return "free_pass"
        return "used"

    def _count_free_passes(self, terms):
        """Return how many misses of the patient were forgiven in the counted months."""
        since = fields.Datetime.now() - relativedelta(months=terms.free_pass_months)
        return self.sudo().search_count(
            [
                ("patient_id", "=", self.patient_id.id),
                ("medspa_company_id", "=", self.medspa_company_id.id),
                ("loss_outcome", "=", "free_pass"),
                ("start", ">", since),
                ("id", "!=", self.id),
            ]
        )

    def _settle_loss(self, kind):
        """Use the session of a missed appointment up, or give it back, by the rule."""
        self.ensure_one()
        reservations = self._get_reservations()
        outcome = self._get_loss_outcome(kind)
        if outcome and self.waiver_reason:
            outcome = "waived"
        if outcome == "used" and not self._are_spendable(reservations):
            # A credit on hold or out of date has nothing to lose.
            outcome = None
        if outcome and reservations:
            self._write_loss_outcome(outcome)
        if outcome != "used":
            return self._release()
        reasons = {
            "late_cancel": self.env._("Cancelled late."),
            "no_show": self.env._("The patient did not come."),
        }
        for credit, quantity in reservations.items():
            credit._redeem(
                quantity,
                self._get_local_date(),
                reserved=quantity,
                event_id=self.id,
                reason=reasons[kind],
            )

    def _are_spendable(self, credits):
        """Tell whether credits may be used on the day of the appointment."""
        try:
            for credit in credits:
                credit.sudo()._check_spendable(self._get_local_date())
        except UserError:
            return False
        return True

    def _take_back_loss(self):
        """Give back what a miss had taken, for the appointment is open again."""
        self.ensure_one()
        moves = self.sudo().credit_move_ids
        uses = moves.filtered(
            lambda m: (
                m.kind == "redeem"
                and not m.visit_id
                and m not in moves.restored_move_id
            )
        )
        if uses:
            uses._restore(reserve_again=True, event_id=self.id)
        self._write_loss_outcome(False)

    def _write_loss_outcome(self, outcome):
        vals = {"loss_outcome": outcome}
        if not outcome:
            vals["waiver_reason"] = False
        if self.loss_outcome != outcome:
            # Nobody writes it by hand.
            self.sudo().write(vals)

    @api.constrains("waiver_reason", "appointment_status")
    def _check_waiver(self):
        for event in self.filtered("waiver_reason"):
            if event.appointment_status not in ("cancelled", "no_show"):
                raise UserError(
                    self.env._("Only a missed appointment has something to waive.")
                )
