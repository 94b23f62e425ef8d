# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from collections import defaultdict
from datetime import timedelta

from psycopg2.errors import ExclusionViolation

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import format_date, format_datetime

# From which status an appointment may go to which. What a change causes (credit,
# occupancy, visit) stands in _on_status_changed.
STATUS_TRANSITIONS = {
    "booked": ("arrived", "attended", "no_show", "cancelled"),
    "arrived": ("booked", "attended", "cancelled", "no_show"),
    "attended": ("arrived",),
    "no_show": ("booked", "arrived"),
    "cancelled": ("booked",),
}
# The statuses in which an appointment holds its practitioner and its room. One that
# took place keeps its time: the day's calendar stays true.
HOLDING_STATUSES = ("booked", "arrived", "attended")
# The statuses in which it holds its credit and has not used it yet.
OPEN_STATUSES = ("booked", "arrived")

# How many earlier visits an appointment shows.
PREVIOUS_VISITS = 5

TIME_FIELDS = {"start", "stop", "duration", "start_date", "stop_date", "allday"}
COVER_FIELDS = {
    "patient_id",
    "treatment_id",
    "credit_id",
    "credit_quantity",
    "is_paid_apart",
}
RESOURCE_FIELDS = {"practitioner_id", "room_id", "treatment_id", "active"}


class CalendarEvent(models.Model):
    """An event with a patient and a treatment is an appointment of the clinic."""

    _inherit = "calendar.event"

    patient_id = fields.Many2one(
        "res.partner", index="btree_not_null", ondelete="restrict", tracking=True
    )
    treatment_id = fields.Many2one(
        "product.template",
        domain="[('service_tracking', '=', 'medspa_treatment')]",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
    )
    practitioner_id = fields.Many2one(
        "resource.resource",
        domain="[('medspa_role', '=', 'practitioner')]",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
    )
    room_id = fields.Many2one(
        "resource.resource",
        domain="[('medspa_role', '=', 'room')]",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
    )
    medspa_company_id = fields.Many2one(
        "res.company", "Clinic", index="btree_not_null", ondelete="restrict"
    )
    appointment_status = fields.Selection(
        [
            ("booked", "Booked"),
            ("arrived", "Arrived"),
            ("attended", "Done"),
            ("no_show", "No-show"),
            ("cancelled", "Cancelled"),
        ],
        "Status",
        tracking=True,
        copy=False,
        index="btree_not_null",
        group_expand=True,
    )
    credit_id = fields.Many2one(
        "medspa.credit",
        "Paid by",
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The credit that pays for it. Left empty: the one that the house rule "
        "picks, if the patient has any.",
    )
    is_paid_apart = fields.Boolean(
        "Do not use a credit",
        help="The patient pays for this appointment and keeps the credit.",
    )
    credit_quantity = fields.Float(
        "Sessions taken",
        digits=(16, 3),
        default=1.0,
        help="How much of the credit the appointment takes.",
    )
    occupancy_ids = fields.One2many("medspa.occupancy", "event_id")
    credit_move_ids = fields.One2many("medspa.credit.move", "event_id", "Credit moves")
    visit_ids = fields.One2many("medspa.visit", "event_id", "Visits")
    visit_id = fields.Many2one("medspa.visit", compute="_compute_visit_id")
    previous_protocol = fields.Html(
        "Last protocol",
        compute="_compute_previous_visit_ids",
        groups="medspa_membership.group_medspa_practitioner",
    )
    previous_settings = fields.Text(
        "Last settings",
        compute="_compute_previous_visit_ids",
        groups="medspa_membership.group_medspa_practitioner",
    )
    patient_allergies = fields.Text(related="patient_id.allergies")
    patient_contraindications = fields.Text(related="patient_id.contraindications")
    has_clinical_warning = fields.Boolean(related="patient_id.has_clinical_warning")
    is_unit_based = fields.Boolean(related="treatment_id.is_unit_based")
    status_color = fields.Integer(compute="_compute_status_color")
    credit_summary = fields.Char(
        compute="_compute_credit_summary",
        help="What remains of the credit that pays, as the desk and the practitioner "
        "need to see it.",
    )
    credit_choice_ids = fields.Many2many(
        "medspa.credit",
        compute="_compute_credit_choice_ids",
        help="The credits that can pay for it on its day, the one that pays first.",
    )
    previous_visit_ids = fields.Many2many(
        "medspa.visit",
        compute="_compute_previous_visit_ids",
        string="Earlier visits",
        help="The last visits of the patient with this treatment.",
    )

    _appointment_complete = models.Constraint(
        "CHECK (treatment_id IS NULL OR (patient_id IS NOT NULL"
        " AND appointment_status IS NOT NULL AND medspa_company_id IS NOT NULL"
        " AND recurrency IS NOT TRUE AND allday IS NOT TRUE))",
        "An appointment has a patient, a status and a time. Book each session apart.",
    )
    _credit_quantity_positive = models.Constraint(
        "CHECK (treatment_id IS NULL OR credit_quantity > 0)",
        "An appointment takes more than no session.",
    )
    _agenda_idx = models.Index(
        "(medspa_company_id, start) WHERE treatment_id IS NOT NULL"
    )

    # === COMPUTE METHODS === #

    @api.depends("visit_ids.state")
    def _compute_visit_id(self):
        for event in self:
            event.visit_id = event.visit_ids.filtered(lambda v: v.state != "undone")[:1]

    @api.depends("appointment_status")
    def _compute_status_color(self):
        colors = {"booked": 4, "arrived": 3, "attended": 10, "no_show": 1}
        for event in self:
            event.status_color = colors.get(event.appointment_status, 0)

    @api.depends(
        "credit_id.remaining",
        "credit_id.reserved",
        "is_paid_apart",
        "patient_id",
        "start",
        "treatment_id",
    )
    def _compute_credit_summary(self):
        for event in self:
            event.credit_summary = event._get_credit_summary()

    def _get_credit_summary(self):
        """Return one line that says what pays for the appointment and what remains."""
        self.ensure_one()
        if not self.treatment_id or not self.patient_id:
            return False
        if self.is_paid_apart:
            return self.env._("To be paid apart: no credit is used.")
        credit = self._get_paying_credit()
        if not credit:
            return self.env._("To be paid: no credit covers it.")
        return self.env._(
            "%(remaining)s remaining, %(reserved)s of them reserved",
            remaining=credit._format_quantity(credit.remaining),
            reserved=credit._format_number(credit.reserved),
        )

    def _get_paying_credit(self):
        """Return what pays; before the booking is saved, what the rule would pick."""
        self.ensure_one()
        if self.credit_id or self._origin:
            return self.credit_id
        return self._filter_bookable_credits(self.credit_choice_ids._origin)[:1]

    @api.depends("credit_id", "patient_id", "start", "treatment_id")
    def _compute_credit_choice_ids(self):
        Credit = self.env["medspa.credit"]
        can_read = Credit.has_access("read")
        for event in self:
            patient, treatment = event.patient_id._origin, event.treatment_id._origin
            event.credit_choice_ids = False
            if can_read and patient and treatment and event.start:
                event.credit_choice_ids = event.credit_id | Credit._find_usable(
                    patient,
                    treatment,
                    event._get_local_date(),
                    company=event.medspa_company_id or self.env.company,
                )

    @api.depends("patient_id", "treatment_id", "start")
    def _compute_previous_visit_ids(self):
        Visit = self.env["medspa.visit"]
        visits = Visit
        if Visit.has_access("read"):
            visits = Visit.search(
                [
                    ("partner_id", "in", self.patient_id._origin.ids),
                    ("treatment_id", "in", self.treatment_id._origin.ids),
                    ("state", "=", "done"),
                ]
            )
        grouped = visits.grouped(lambda visit: (visit.partner_id, visit.treatment_id))
        for event in self:
            event.previous_visit_ids = grouped.get(
                (event.patient_id._origin, event.treatment_id._origin), Visit
            ).filtered(
                lambda visit, event=event: (
                    visit.event_id != event._origin
                    and event.start
                    and visit.visited_at <= event.start
                )
            )[:PREVIOUS_VISITS]
            # Read with the clinic's rights: the field itself is for clinicians only.
            last_sudo = event.previous_visit_ids[:1].sudo()
            event.previous_protocol = last_sudo.protocol
            event.previous_settings = last_sudo.settings_summary

    # === ONCHANGE METHODS === #

    @api.onchange("treatment_id")
    def _onchange_treatment_id(self):
        if self.treatment_id:
            self.duration = self.treatment_id.duration_minutes / 60
            if not self.appointment_status:
                self.appointment_status = "booked"

    @api.onchange("treatment_id", "patient_id")
    def _onchange_appointment_name(self):
        if self.treatment_id and self.patient_id:
            self.name = self._get_appointment_name(self.patient_id, self.treatment_id)

    # === CONSTRAINT METHODS === #

    @api.constrains("treatment_id", "practitioner_id")
    def _check_practitioner(self):
        for event in self.filtered("treatment_id"):
            if not event.practitioner_id:
                raise ValidationError(
                    self.env._("Choose who gives the treatment: nobody is named.")
                )
            named = event.treatment_id.practitioner_ids
            if named and event.practitioner_id not in named:
                raise ValidationError(
                    self.env._(
                        "%(practitioner)s does not perform %(treatment)s. Choose one "
                        "of: %(names)s.",
                        practitioner=event.practitioner_id.name,
                        treatment=event.treatment_id.name,
                        names=", ".join(named.mapped("name")),
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if not any(vals.get("treatment_id") for vals in vals_list):
            return super().create(vals_list)
        if not all(vals.get("treatment_id") for vals in vals_list):
            # Core's own options differ for the two: create each kind by itself.
            return self.concat(*(self.create([vals]) for vals in vals_list))
        statuses = [vals.get("appointment_status") or "booked" for vals in vals_list]
        vals_list = [self._prepare_appointment_vals(vals) for vals in vals_list]
        events = super(
            CalendarEvent,
            # Patients hear from the clinic by its own messages, not as attendees. Core
            # takes the record that the user comes from for the subject of a meeting.
            self.with_context(
                no_mail_to_attendees=True,
                skip_contact_description=True,
                active_model=False,
                active_id=False,
            ),
        ).create(vals_list)
        events = events.with_env(self.env)
        events.patient_id._flag_as_patients()
        for event in events:
            event._check_can_be_booked()
        events._sync_occupancy()
        for event, status in zip(events, statuses, strict=True):
            event._cover()
            if status != "booked":
                # It goes the way of all: the day must have come, the session is taken.
                event.write({"appointment_status": status})
        return events

    def write(self, vals):
        appointments = self.filtered("medspa_company_id")
        if not appointments:
            res = super().write(vals)
            if vals.get("treatment_id"):
                raise UserError(
                    self.env._(
                        "A meeting does not become an appointment: book a new one."
                    )
                )
            return res
        appointments.check_access("write")
        if "treatment_id" in vals and not vals["treatment_id"]:
            raise UserError(self.env._("An appointment keeps a treatment: cancel it."))
        before = {event.id: event.appointment_status for event in appointments}
        appointments._check_write_on_closed(vals)
        if "appointment_status" in vals:
            appointments._check_transition(vals["appointment_status"])
        res = super().write(vals)
        if TIME_FIELDS & vals.keys() or {"patient_id", "treatment_id"} & vals.keys():
            for event in appointments:
                event._check_can_be_booked()
        if (
            TIME_FIELDS | RESOURCE_FIELDS
        ) & vals.keys() or "appointment_status" in vals:
            appointments._sync_occupancy()
        if COVER_FIELDS & vals.keys():
            for event in appointments:
                event._cover(chosen="credit_id" in vals)
        elif TIME_FIELDS & vals.keys():
            appointments._check_reservation_dates()
        if "appointment_status" in vals:
            for event in appointments:
                event._on_status_changed(before[event.id])
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_except_appointment(self):
        if self.filtered("medspa_company_id"):
            raise UserError(
                self.env._("Cancel the appointment instead: its history is kept.")
            )

    def _prepare_appointment_vals(self, vals):
        """Complete the values of an appointment: clinic, end, room, name, attendees."""
        treatment = self.env["product.template"].browse(vals["treatment_id"])
        patient = self.env["res.partner"].browse(vals.get("patient_id"))
        practitioner = self.env["resource.resource"].browse(vals.get("practitioner_id"))
        if not patient or not practitioner:
            raise UserError(
                self.env._("An appointment needs a patient and a practitioner.")
            )
        start = fields.Datetime.to_datetime(vals["start"])
        vals = {
            "stop": start + timedelta(minutes=treatment.duration_minutes),
            **vals,
            "medspa_company_id": vals.get("medspa_company_id") or self.env.company.id,
            "appointment_status": "booked",
            "name": self._get_appointment_name(patient, treatment),
            "privacy": "confidential",
            "user_id": practitioner.user_id.id,
            "partner_ids": [Command.set(practitioner.user_id.partner_id.ids)],
            "alarm_ids": [],
        }
        stop = fields.Datetime.to_datetime(vals["stop"])
        # Given, lest the range that was dragged in the calendar be taken for it.
        vals["duration"] = self._get_duration(start, stop)
        if not vals.get("room_id"):
            vals["room_id"] = self._find_free_room(treatment, start, stop).id
        return vals

    def _check_write_on_closed(self, vals):
        """Refuse to change what has taken place; a correction undoes it first."""
        changed = (TIME_FIELDS | COVER_FIELDS | {"practitioner_id"}) & vals.keys()
        closed = self.filtered(lambda event: event.appointment_status == "attended")
        if not changed or not closed:
            return
        for event in closed:
            event_vals = event._convert_to_write({f: event[f] for f in changed})
            if any(
                fields.Datetime.to_datetime(vals[f]) != event[f]
                if f in ("start", "stop")
                else vals[f] != event_vals[f]
                for f in changed
            ):
                raise UserError(
                    self.env._(
                        "%(event)s is done. Undo it first, then change it.",
                        event=event.name,
                    )
                )

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for event, vals in zip(self, vals_list, strict=True):
            if event.treatment_id:
                vals["appointment_status"] = "booked"
        return vals_list

    # === PRIVACY === #

    @api.model
    def _sees_appointments(self):
        """Tell whether the user is staff of the clinic."""
        return self.env.su or self.env.user.has_group(
            "medspa_membership.group_medspa_user"
        )

    @api.model
    def _get_public_fields(self):
        """Override of `calendar`: the clinic tells an appointment from a meeting.

        Core empties the other fields of a hidden event in the cache, which superuser
        mode reads too: rules and checks may look at this field only.
        """
        return super()._get_public_fields() | {"medspa_company_id"}

    @api.model
    def _search(self, domain, *args, **kwargs):
        """Override to find others' appointments by time and attendee only.

        Who is treated for what could be asked by searching otherwise.
        """
        domain = Domain(domain)
        if not self._sees_appointments():
            open_fields = self._get_public_fields() | {"partner_ids", "attendee_ids"}
            if any(
                condition.field_expr.split(".")[0] not in open_fields
                for condition in domain.iter_conditions()
            ):
                domain &= Domain("medspa_company_id", "=", False) | Domain(
                    "user_id", "=", self.env.uid
                )
        return super()._search(domain, *args, **kwargs)

    def _is_appointment(self):
        """Tell an appointment from a meeting, whatever the user may see of it."""
        self.ensure_one()
        # Nothing else is read along: the cache would keep it for the user too.
        event_sudo = self.sudo().with_context(prefetch_fields=False)
        return bool(event_sudo.medspa_company_id)

    def _check_private_event_conditions(self):
        """Override of `calendar` to show appointments to the clinic's staff only.

        Core shows a confidential event to every employee, who has no business knowing
        who is treated for what.
        """
        self.ensure_one()
        if not self._is_appointment():
            return super()._check_private_event_conditions()
        return not self._sees_appointments() and self.user_id != self.env.user

    def _get_default_privacy_domain(self):
        domain = Domain(super()._get_default_privacy_domain())
        if self._sees_appointments():
            return list(domain)
        return list(
            domain
            & (
                Domain("medspa_company_id", "=", False)
                | Domain("user_id", "=", self.env.uid)
            )
        )

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        """Override of `mail`: the chatter of an appointment names the patient."""
        appointments = self.browse()
        if message_operation == "read" and not self._sees_appointments():
            appointments = self.filtered(lambda event: event._is_appointment())
        result = super(
            CalendarEvent, self - appointments
        )._mail_get_operation_for_mail_message_operation(message_operation)
        result.update(dict.fromkeys(appointments, "write"))
        return result

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

    # === BUSINESS METHODS: CREDIT === #

    def _get_reservations(self):
        """Return what the appointment has set aside. Note: `self.ensure_one()`.

        :rtype: dict[medspa.credit, float]
        """
        self.ensure_one()
        return {
            credit: quantity
            for credit, quantity in self.env["medspa.credit.move"]
            .sudo()
            ._read_group([("event_id", "=", self.id)], ["credit_id"], ["reserved:sum"])
            if quantity > 0
        }

    def _cover(self, chosen=False):
        """Reserve the credit that pays for an open appointment.

        :param bool chosen: a person picked the credit of the appointment (or none)
        """
        self.ensure_one()
        if self.appointment_status not in (*OPEN_STATUSES, "attended"):
            return
        credit = self.env["medspa.credit"]
        if not self.is_paid_apart:
            credit = (chosen and self._get_chosen_credit()) or self._find_credit()
        reserved = self._get_reservations()
        if credit and reserved == {credit: self._get_credit_quantity(credit)}:
            return
        self._release()
        if credit:
            credit._reserve(
                self._get_credit_quantity(credit),
                self._get_local_date(),
                event_id=self.id,
            )
        self._set_paying_credit(credit)

    def _set_paying_credit(self, credit):
        """Note which credit pays, without settling it again."""
        self.ensure_one()
        if self.credit_id != credit:
            # Past the rules of our own write: they would settle it once more.
            return super().write(  # pylint: disable=super-method-mismatch
                {"credit_id": credit.id}
            )
        return True

    def _get_chosen_credit(self):
        """Return the credit that a person picked, if any, and refuse a wrong one."""
        self.ensure_one()
        credit = self.credit_id
        if credit and not self._can_be_paid_by(credit.sudo()):
            raise UserError(
                self.env._(
                    "%(credit)s cannot pay for %(event)s. Choose a credit of the "
                    "patient that covers the treatment.",
                    credit=credit.sudo()._name_it(),
                    event=self.name,
                )
            )
        return credit

    def _can_be_paid_by(self, credit):
        """Tell whether a credit is the patient's, of this clinic, and covers it."""
        self.ensure_one()
        return (
            self.patient_id in credit.partner_id | credit.beneficiary_ids
            and credit.company_id == self.medspa_company_id
            and credit.unit == "session"
            and credit._covers(self.treatment_id)
        )

    def _find_credit(self):
        """Return the credit that pays: the one on the appointment, else by the rule."""
        self.ensure_one()
        usable_sudo = (
            self.env["medspa.credit"]
            .sudo()
            ._find_usable(
                self.patient_id,
                self.treatment_id,
                self._get_local_date(),
                company=self.medspa_company_id,
            )
        )
        picked = self.credit_id.sudo()
        reserved = (
            self.env["medspa.credit"]
            .sudo()
            .browse([credit.id for credit in self._get_reservations()])
        )
        candidates = usable_sudo | reserved
        if picked in candidates and self._can_be_paid_by(picked):
            return picked.with_env(self.env)
        enough_sudo = usable_sudo.filtered(
            lambda credit: credit.available >= self._get_credit_quantity(credit)
        )
        return self._filter_bookable_credits(enough_sudo)[:1].with_env(self.env)

    def _filter_bookable_credits(self, credits):
        """Seam: drop credits that cannot pay for this appointment at its time."""
        return credits

    def _get_credit_quantity(self, credit):
        """Return how much of a credit the appointment takes.

        What the treatment costs in sessions counts only where the credit covers more
        than that treatment: a course of long sessions is used up one by one.
        """
        self.ensure_one()
        cost = self.treatment_id.session_cost if credit.coverage != "treatment" else 1.0
        return cost * self.credit_quantity

    def _release(self):
        """Give back whatever the appointment has set aside."""
        for event in self:
            for credit, quantity in event._get_reservations().items():
                credit._release(quantity, event_id=event.id)

    def _check_reservation_dates(self):
        """Refuse a new time on which the reserved credit may not be spent."""
        for event in self.filtered(lambda e: e.appointment_status in OPEN_STATUSES):
            for credit in event._get_reservations():
                credit.sudo()._check_spendable(event._get_local_date())

    # === BUSINESS METHODS: TIME === #

    def _check_can_be_booked(self):
        """Seam: refuse an appointment that breaks a rule of the layers below."""
        self.ensure_one()

    def _get_local_date(self):
        """Return the clinic's date of the appointment. Note: `self.ensure_one()`."""
        self.ensure_one()
        company = self.medspa_company_id or self.env.company
        return company._medspa_date(self.start)

    def _sync_occupancy(self):
        """Make the occupied times of the appointments what they should be.

        :raise UserError: when practitioner, room or device is taken at that time
        """
        wanted = {event: event._get_occupancy() for event in self}
        current_sudo = self.sudo().occupancy_ids
        stale_ids = []
        new_vals = []
        for event, rows in wanted.items():
            rows = dict(rows)
            for row in current_sudo.filtered(lambda o, e=event: o.event_id == e):
                if rows.get(row.resource_id.id) == (row.start, row.stop):
                    rows.pop(row.resource_id.id)
                else:
                    stale_ids.append(row.id)
            new_vals += [
                {"event_id": event.id, "resource_id": rid, "start": begin, "stop": end}
                for rid, (begin, end) in sorted(rows.items())
            ]
        current_sudo.browse(stale_ids).unlink()
        if not new_vals:
            return
        if self._are_taken(new_vals):
            raise UserError(self._get_taken_message())
        try:
            with self.env.cr.savepoint():
                self.env["medspa.occupancy"].sudo().create(new_vals)
        except ExclusionViolation as error:
            # Somebody else took it at this very moment.
            raise UserError(self._get_taken_message()) from error

    @api.model
    def _are_taken(self, vals_list):
        """Tell whether a row of occupancy meets one that is there, by one query."""
        self.env["medspa.occupancy"].flush_model()
        resources = self.env["resource.resource"].browse(
            {vals["resource_id"] for vals in vals_list}
        )
        busy = self._get_busy_times(
            resources,
            min(vals["start"] for vals in vals_list),
            max(vals["stop"] for vals in vals_list),
        )
        return any(
            begin < vals["stop"] and end > vals["start"]
            for vals in vals_list
            for begin, end in busy.get(vals["resource_id"], ())
        )

    def _get_occupancy(self):
        """Return what the appointment occupies, as `{resource id: (start, stop)}`."""
        self.ensure_one()
        if not self.active or self.appointment_status not in HOLDING_STATUSES:
            return {}
        treatment = self.treatment_id
        taken = (
            self.start - timedelta(minutes=treatment.buffer_before_minutes),
            self.stop + timedelta(minutes=treatment.buffer_after_minutes),
        )
        return {resource.id: taken for resource in self._get_resources()}

    def _get_resources(self):
        """Return the resources that the appointment takes."""
        return self.practitioner_id | self.room_id

    def _get_taken_message(self):
        if len(self) > 1:
            return self.env._("One of these times is taken. Choose another one.")
        return self.env._(
            "%(practitioner)s or %(room)s is taken at %(time)s. Choose another time.",
            practitioner=self.practitioner_id.name,
            room=self.room_id.name or self.env._("the room"),
            time=format_datetime(
                self.env,
                self.start,
                tz=self.medspa_company_id._medspa_tz().key,
                dt_format="short",
            ),
        )

    @api.model
    def _find_free_room(self, treatment, start, stop):
        """Return a room of the treatment that nobody has then, or none."""
        rooms = treatment._get_rooms()
        start -= timedelta(minutes=treatment.buffer_before_minutes)
        stop += timedelta(minutes=treatment.buffer_after_minutes)
        taken = self._get_busy_times(rooms, start, stop)
        free = rooms.filtered(lambda room: not taken.get(room.id))
        # Taking one that is busy ends in the refusal that names it.
        return (free or rooms)[:1]

    @api.model
    def _get_busy_times(self, resources, start, stop):
        """Return the occupied times of many resources, in order, by one query.

        :rtype: dict[int, list[tuple[datetime, datetime]]]
        """
        busy = defaultdict(list)
        for resource, starts, stops in (
            self.env["medspa.occupancy"]
            .sudo()
            ._read_group(
                [
                    ("resource_id", "in", resources.ids),
                    ("start", "<", stop),
                    ("stop", ">", start),
                ],
                ["resource_id"],
                ["start:array_agg", "stop:array_agg"],
            )
        ):
            busy[resource.id] = sorted(zip(starts, stops, strict=True))
        return busy

    # === TOOLS === #

    @api.model
    def _get_appointment_name(self, patient, treatment):
        return f"{patient.name} · {treatment.name}"
