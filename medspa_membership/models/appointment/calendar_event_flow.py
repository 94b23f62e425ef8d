# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).


from odoo import models
from odoo.exceptions import UserError
from odoo.tools import format_date

# From which status an appointment may go to which. What a change causes (credit,
# occupancy, visit) stands in _on_status_changed.
STATUS_TRANSITIONS = {
    "booked": ("arrived", "attended", "no_show", "cancelled"),
    "arrived": ("booked", "attended", "cancelled", "no_show"),
    "attended": ("arrived",),
    "no_show": ("booked", "arrived"),
    "cancelled": ("booked",),
}


class CalendarEvent(models.Model):
    """From booked to done: the buttons of an appointment and what a status causes."""

    _inherit = "calendar.event"

    # === ACTION METHODS === #

    def action_arrive(self):
        """Check the patient in."""
        self.write({"appointment_status": "arrived"})

    def action_done(self):
        """Close the appointment: the visit takes its session off."""
        self.write({"appointment_status": "attended"})

    def action_undo(self):
        """Open a closed appointment again and give back what it took."""
        for event in self:
            back = "arrived" if event.appointment_status == "attended" else "booked"
            event.write({"appointment_status": back})

    def action_cancel_appointment(self):
        """Cancel the booking: its session and its time are free again."""
        self.write({"appointment_status": "cancelled"})

    def action_no_show(self):
        """Note that the patient did not come; the clinic's rule decides the session."""
        self.write({"appointment_status": "no_show"})

    def get_formview_id(self, access_uid=None):
        """Override of `web` to open appointments in their own form."""
        if len(self) == 1 and self.treatment_id:
            view = self.env.ref(
                "medspa_membership.calendar_event_view_form_appointment",
                raise_if_not_found=False,
            )
            if view:
                return view.id
        return super().get_formview_id(access_uid=access_uid)

    def action_open_appointment(self):
        """Open the appointment in its own form. Note: `self.ensure_one()`."""
        self.ensure_one()
        return self.get_formview_action()

    def action_open_visit(self):
        """Open what is written of the visit; a clinician begins it here.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if not self.visit_id:
            self.env["medspa.visit"].check_access("write")
            self._check_day_has_come()
            self._create_visit("draft")
        return {
            "type": "ir.actions.act_window",
            "res_model": "medspa.visit",
            "res_id": self.visit_id.id,
            "views": [(False, "form")],
        }

    # === BUSINESS METHODS: STATUS === #

    def _check_transition(self, status):
        labels = dict(
            self._fields["appointment_status"]._description_selection(self.env)
        )
        for event in self:
            current = event.appointment_status
            if status != current and status not in STATUS_TRANSITIONS[current]:
                raise UserError(
                    self.env._(
                        '%(event)s is "%(current)s" and cannot become "%(status)s".',
                        event=event.name,
                        current=labels[current],
                        status=labels.get(status, status or ""),
                    )
                )
            if status in ("arrived", "attended", "no_show"):
                event._check_day_has_come()

    def _check_day_has_come(self):
        """Refuse to check in, close or miss an appointment of a day to come."""
        self.ensure_one()
        if self._get_local_date() > self.medspa_company_id._medspa_date():
            raise UserError(
                self.env._(
                    "%(event)s is on %(date)s. Move it to today if it takes place now.",
                    event=self.name,
                    date=format_date(self.env, self._get_local_date()),
                )
            )

    def _on_status_changed(self, previous):
        """Carry out what a new status means for visit, credit and time."""
        self.ensure_one()
        status = self.appointment_status
        if status == previous:
            return
        if previous == "attended":
            self._undo_visit()
        if status == "attended":
            self._close()
        elif status == "cancelled":
            self._settle_loss("late_cancel")
        elif status == "no_show":
            self._settle_loss("no_show")
        elif previous in ("cancelled", "no_show"):
            self._take_back_loss()
            self._check_can_be_booked()
            self._cover()

    def _close(self):
        """Make the visit of the appointment and use up what it had reserved."""
        self.ensure_one()
        visit = self.sudo().visit_id or self._create_visit("done")
        visit.state = "done"
        user = self.env.user
        if visit._is_written_up() and user.has_group(
            "medspa_membership.group_medspa_practitioner"
        ):
            # Whoever wrote it closes it: the record is complete.
            visit._finish(user)
        reservations = self._get_reservations()
        if not reservations and not self.is_paid_apart:
            # Not covered when booked: a credit bought since then pays now.
            self._cover()
            reservations = self._get_reservations()
        for credit, quantity in reservations.items():
            visit._redeem(credit, quantity, reserved=quantity)

    def _create_visit(self, state):
        """Make the visit of the appointment. Note: `self.ensure_one()`."""
        self.ensure_one()
        # Whoever may close an appointment causes its visit, without writing in it.
        return (
            self.env["medspa.visit"]
            .sudo()
            # Nor do they follow what is written there.
            .with_context(mail_create_nosubscribe=True, mail_create_nolog=True)
            .create({**self._prepare_visit_vals(), "state": state})
        )

    def _prepare_visit_vals(self):
        """Return the values of the visit of the appointment."""
        self.ensure_one()
        return {
            "company_id": self.medspa_company_id.id,
            "event_id": self.id,
            "partner_id": self.patient_id.id,
            "treatment_id": self.treatment_id.id,
            "practitioner_id": self.practitioner_id.id,
            "room_id": self.room_id.id,
            "visited_at": self.start,
        }

    def _undo_visit(self):
        """Take the visit back; its session is reserved for the appointment again."""
        self.ensure_one()
        done_sudo = self.sudo().visit_ids.filtered(lambda visit: visit.state == "done")
        done_sudo._undo()
