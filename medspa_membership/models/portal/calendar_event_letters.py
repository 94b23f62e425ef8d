# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import logging
from base64 import b64encode

from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, api, fields, models

_logger = logging.getLogger(__name__)

# The letters about an appointment that stands, and with the one that it does not.
STANDING_LETTERS = ("booked_online", "appointment_moved")
LETTERS = (*STANDING_LETTERS, "appointment_cancelled")
# What of an appointment the patient was told.
TOLD_FIELDS = {"appointment_status", "practitioner_id", "start"}


class CalendarEvent(models.Model):
    """What patients are told of their appointments, whoever booked or changed them."""

    _inherit = "calendar.event"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to confirm what was booked. Core's `dont_notify` keeps it quiet."""
        events = super().create(vals_list)
        for event in events.filtered("medspa_company_id"):
            if event.appointment_status == "booked":
                event._write_to_patient("booked_online")
        return events

    def write(self, vals):
        """Override to tell patients what has become of their appointments."""
        if not TOLD_FIELDS & vals.keys():
            return super().write(vals)
        before = {
            event: (event.appointment_status, event.start, event.practitioner_id)
            for event in self.filtered("medspa_company_id")
        }
        res = super().write(vals)
        for event, told in before.items():
            if letter := event._get_letter_of_change(*told):
                event._write_to_patient(letter)
        return res

    # === BUSINESS METHODS === #

    def _get_letter_of_change(self, status, start, practitioner):
        """Return which letter tells of a change, if any.

        Note: `self.ensure_one()`

        :param str status: that of before, as the others
        """
        self.ensure_one()
        now = fields.Datetime.now()
        if status in ("booked", "arrived") and self.appointment_status == "cancelled":
            # Of what is over nobody is told that it does not take place.
            return "appointment_cancelled" if start > now else None
        if self.appointment_status != "booked":
            return None
        if status in ("cancelled", "no_show"):
            return "booked_online"
        if status == "booked" and (self.start, self.practitioner_id) != (
            start,
            practitioner,
        ):
            return "appointment_moved"
        return None

    def _may_write_to_patient(self):
        """Tell whether the patient is written to. Note: `self.ensure_one()`.

        What is held still is not the patient's yet.
        """
        self.ensure_one()
        # Whoever causes the letter may not read people.
        patient_sudo = self.sudo().patient_id
        return bool(
            not self.env.context.get("dont_notify")
            and self.treatment_id
            and not self.held_until
            and self.start > fields.Datetime.now()
            and patient_sudo.email
        )

    def _write_to_patient(self, name):
        """Send a letter about the appointment; one that waits still is overtaken.

        Note: `self.ensure_one()`

        :param str name: one of :data:`LETTERS`
        """
        self.ensure_one()
        if not self._may_write_to_patient():
            return
        Template = self.env["mail.template"]
        letters = {
            letter: self.env.ref(f"medspa_membership.mail_template_{letter}", False)
            for letter in LETTERS
        }
        template = letters[name]
        if not template:
            return
        known = Template.concat(*(letter for letter in letters.values() if letter))
        # Mails are the system's: those of this appointment.
        self.env["mail.mail"].sudo().search(
            [
                ("model", "=", self._name),
                ("res_id", "=", self.id),
                ("state", "=", "outgoing"),
                ("mail_template_id", "in", known.ids),
            ]
        ).cancel()
        try:
            with self.env.cr.savepoint():
                # From the clinic, and not from the visitor who causes it.
                template.with_user(SUPERUSER_ID).send_mail(self.id)
        except OperationalError:
            raise
        except Exception:
            # Words that cannot be filled in stop no booking.
            _logger.exception("Letter %s of %s cannot be written", name, self)

    def _filter_letter_true(self, letter):
        """Override: an appointment that was cancelled meanwhile is not confirmed."""
        events = super()._filter_letter_true(letter)
        if letter._is_letter(*STANDING_LETTERS):
            return events.filtered(lambda e: e.appointment_status == "booked")
        if letter._is_letter("appointment_cancelled"):
            return events.filtered(lambda e: e.appointment_status == "cancelled")
        if letter._is_letter("confirm_booking"):
            return events.filtered("held_until")
        return events

    # === BUSINESS METHODS: WHAT THE LETTERS SAY === #

    def _mail_get_company_field(self):
        """Override: the letters of an appointment are its clinic's."""
        return "medspa_company_id"

    def _process_attachments_for_template_post(self, mail_template):
        """Override to attach the appointment for the patient's own calendar."""
        result = super()._process_attachments_for_template_post(mail_template) or {}
        if mail_template._is_letter(*LETTERS):
            for event in self.filtered("treatment_id"):
                ics = event.with_context(lang=event.patient_id.lang)._get_patient_ics()
                result.setdefault(event.id, {}).setdefault("attachments", []).append(
                    ("appointment.ics", b64encode(ics))
                )
        return result

    def _get_cancel_rule(self):
        """Return until when the patient may still move or cancel it, in words.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        company = self.medspa_company_id
        if not self.treatment_id:
            return ""
        deadline = self._get_cancel_deadline()
        if fields.Datetime.now() > deadline:
            if company.phone:
                return self.env._(
                    "If you cannot come, please call us: %s.", company.phone
                )
            return self.env._("If you cannot come, please tell us.")
        moment = company._medspa_moment_text(deadline)
        if self._would_lose_late():
            return self.env._(
                "You can move or cancel it online until %s. Cancelled later, the "
                "session counts as used.",
                moment,
            )
        if self.deposit_amount:
            return self.env._(
                "You can move or cancel it online until %s. Cancelled later, the "
                "deposit is kept.",
                moment,
            )
        return self.env._("You can move or cancel it online until %s.", moment)

    def _would_lose_late(self):
        """Tell whether a late cancellation takes a session by the rule."""
        self.ensure_one()
        # The rule that holds for this appointment, which patients are told.
        terms_sudo = self.sudo()._get_terms_holder()
        return bool(terms_sudo.late_cancel_uses_session and self._get_reservations())

    def _get_cover_text(self):
        """Return what pays for the appointment, and what is left of it, in words.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        # The patient's own credit, in words, in a letter to the patient.
        credit_sudo = self.sudo().credit_id
        if not credit_sudo or self.is_paid_apart:
            return ""
        paid_by = (
            credit_sudo.course_id.product_tmpl_id.name
            or credit_sudo._get_coverage_label()
        )
        if not credit_sudo.available:
            return self.env._("%s, the last session", paid_by)
        return self.env._(
            "%(paid_by)s, %(left)s left to book",
            paid_by=paid_by,
            left=credit_sudo._format_quantity(credit_sudo.available),
        )

    def _get_cancelled_text(self):
        """Return what has become of the session or the deposit, in words.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self.loss_outcome == "used":
            return self.env._(
                "It was cancelled late: by our rules the session counts as used."
            )
        # The patient's own credit and deposit, in words, in a letter to the patient.
        credit_sudo = self.sudo().credit_id
        if credit_sudo and not self.is_paid_apart:
            return self.env._(
                "The session is yours again: %s left to book.",
                credit_sudo._format_quantity(credit_sudo.available),
            )
        # What became of the deposit, in words.
        order_sudo = self.sudo().sale_line_id.order_id
        if self.deposit_amount and order_sudo.state == "cancel":
            return self.env._(
                "Your deposit of %s is given back the way you paid it.",
                self.due_currency_id.format(self.deposit_amount),
            )
        if self.deposit_amount:
            return self.env._(
                "Your deposit of %s is kept, by our rules for late cancellations.",
                self.due_currency_id.format(self.deposit_amount),
            )
        return ""

    def _get_book_again_path(self):
        """Return the page on which the patient chooses another time."""
        self.ensure_one()
        # The patient's own course, for a link to its page.
        course_sudo = self.sudo().credit_id.course_id
        if course_sudo and course_sudo.state == "active":
            return f"/my/courses/{course_sudo.id}"
        return "/book"
