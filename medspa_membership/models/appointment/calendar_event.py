# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command

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
    occupancy_ids = fields.One2many(
        "medspa.occupancy",
        "event_id",
        domain=[("resource_id", "!=", False)],
        groups="medspa_membership.group_medspa_user",
    )
    patient_occupancy_ids = fields.One2many(
        "medspa.occupancy",
        "event_id",
        domain=[("patient_id", "!=", False)],
        groups="medspa_membership.group_medspa_user",
    )
    credit_move_ids = fields.One2many(
        "medspa.credit.move",
        "event_id",
        "Credit moves",
        groups="medspa_membership.group_medspa_user",
    )
    visit_ids = fields.One2many(
        "medspa.visit",
        "event_id",
        "Visits",
        groups="medspa_membership.group_medspa_user",
    )
    visit_id = fields.Many2one(
        "medspa.visit",
        compute="_compute_visit_id",
        groups="medspa_membership.group_medspa_user",
    )
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
        groups="medspa_membership.group_medspa_user",
    )
    previous_visit_ids = fields.Many2many(
        "medspa.visit",
        compute="_compute_previous_visit_ids",
        string="Earlier visits",
        help="The last visits of the patient with this treatment.",
        groups="medspa_membership.group_medspa_user",
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

    # === BUSINESS METHODS === #

    def _set_paying_credit(self, credit):
        """Note which credit pays, without settling it again."""
        self.ensure_one()
        if self.credit_id != credit:
            # Past the rules of our own write: they would settle it once more.
            return super().write(  # pylint: disable=super-method-mismatch
                {"credit_id": credit.id}
            )
        return True

    # === TOOLS === #

    @api.model
    def _get_appointment_name(self, patient, treatment):
        return f"{patient.name} · {treatment.name}"
