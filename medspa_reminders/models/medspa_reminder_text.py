# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import re

from odoo import api, fields, models
from odoo.tools import (
    float_repr,
    format_date,
    format_time,
    html2plaintext,
)

from ..const import CANCEL_LINK, CONFIRM_LINK, LINK

# The placeholders that a manager may use in a wording.
PLACEHOLDERS = (
    "first_name",
    "clinic_name",
    "clinic_phone",
    "treatment_label",
    "quantity_label",
    "deadline_label",
    "day_label",
    "time_label",
    "when_label",
    "discount_label",
    "link",
    "confirm_link",
    "cancel_link",
    "cancel_label",
)


class MedspaReminder(models.Model):
    """What a message says: its placeholders, the text for this patient, the reason."""

    _inherit = "medspa.reminder"

    first_name = fields.Char(compute="_compute_placeholders")
    clinic_name = fields.Char(compute="_compute_placeholders")
    clinic_phone = fields.Char(compute="_compute_placeholders")
    treatment_label = fields.Char(compute="_compute_placeholders")
    quantity_label = fields.Char(compute="_compute_placeholders")
    deadline_label = fields.Char(compute="_compute_placeholders")
    day_label = fields.Char(compute="_compute_placeholders")
    time_label = fields.Char(compute="_compute_placeholders")
    when_label = fields.Char(
        compute="_compute_placeholders",
        help="Today, tomorrow or the day, as it is when the message leaves.",
    )
    discount_label = fields.Char(compute="_compute_placeholders")
    link = fields.Char(compute="_compute_placeholders")
    confirm_link = fields.Char(compute="_compute_placeholders")
    cancel_link = fields.Char(compute="_compute_placeholders")
    cancel_label = fields.Char(
        compute="_compute_placeholders",
        help="The link to cancel, or the phone when it is too late for it.",
    )
    text = fields.Text(compute="_compute_text", inverse="_inverse_text")

    # === COMPUTE METHODS === #

    @api.depends_context("lang")
    @api.depends(
        "partner_id", "quantity", "unit", "deadline", "occasion_at", "rule_id.discount"
    )
    def _compute_placeholders(self):
        for reminder in self:
            company = reminder.company_id
            discount = reminder.rule_id.discount
            reminder.first_name = reminder._get_first_name()
            reminder.clinic_name = company.name
            reminder.clinic_phone = company.phone or ""
            reminder.treatment_label = reminder._get_treatment_label()
            reminder.quantity_label = reminder._get_quantity_label()
            reminder.deadline_label = reminder._format_day(reminder.deadline)
            local = reminder.occasion_at and company._medspa_local(reminder.occasion_at)
            reminder.day_label = reminder._format_day(local and local.date())
            reminder.time_label = (
                format_time(self.env, local.time(), time_format="short")
                if local
                else ""
            )
            reminder.when_label = reminder._get_when_label()
            reminder.cancel_label = reminder._get_cancel_label()
            reminder.discount_label = f"{discount:g} %" if discount else ""
            reminder.link = LINK
            reminder.confirm_link = CONFIRM_LINK
            reminder.cancel_link = CANCEL_LINK

    @api.depends("edited_text", "rule_id.sms_template_id", "quantity", "deadline")
    def _compute_text(self):
        for reminder in self:
            reminder.text = reminder.edited_text or reminder._render_text()

    def _inverse_text(self):
        for reminder in self:
            text = (reminder.text or "").strip()
            is_own = text and text != reminder._render_text()
            reminder.sudo().write(
                {
                    "edited_text": text if is_own else False,
                    "edited_figures": reminder._describe_figures() if is_own else False,
                }
            )

    # === BUSINESS METHODS === #

    @api.model
    def mail_allowed_qweb_expressions(self):
        """Override of `mail`: managers use our placeholders without being editors."""
        return super().mail_allowed_qweb_expressions() + tuple(
            f"object.{name}" for name in PLACEHOLDERS
        )

    def _get_lang(self):
        """Return the language of the patient. Note: `self.ensure_one()`."""
        self.ensure_one()
        return (
            self.partner_id.lang
            or self.company_id.partner_id.lang
            or self.env.user.lang
        )

    def _render_text(self):
        """Return the short text for the patient, in their language.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        # The desk may not read what the wording is made from.
        rule_sudo = self.sudo().rule_id
        template = rule_sudo.sms_template_id
        if template:
            # Also for one that is not saved: see the preview.
            text = template._render_field(
                "body", list(self._ids), set_lang=self._get_lang()
            )[self.id]
        else:
            text = html2plaintext(self._render_mail("body_html"))
        return self._neutralize((text or "").strip())

    def _render_mail(self, field):
        """Return the subject or the body of the e-mail. Note: `self.ensure_one()`."""
        self.ensure_one()
        template = self.sudo().rule_id.mail_template_id
        if not template:
            return ""
        return (
            template._render_field(field, list(self._ids), set_lang=self._get_lang())[
                self.id
            ]
            or ""
        )

    def _neutralize(self, text):
        """Return a text without the names of treatments, where the clinic wants none.

        The wording, or whoever edits it, may name them all the same.
        """
        self.ensure_one()
        if self.company_id.names_treatments:
            return text
        neutral = self.with_context(lang=self._get_lang())._get_treatment_label()
        for name in sorted(self._get_medical_names(), key=len, reverse=True):
            text = re.sub(re.escape(name), neutral, text, flags=re.IGNORECASE)
        return text

    def _get_medical_names(self):
        """Return what would tell a reader what the patient comes for."""
        self.ensure_one()
        reminder_sudo = self.sudo()
        products = (
            reminder_sudo.course_id.product_tmpl_id
            | reminder_sudo.course_id.line_ids.treatment_id
            | reminder_sudo.event_id.treatment_id
            | reminder_sudo.visit_id.treatment_id
            | reminder_sudo.membership_id.credit_ids.treatment_id
        )
        lang = self._get_lang()
        names = set(products.mapped("name")) | set(
            products.with_context(lang=lang).mapped("name")
        )
        return {name for name in names if name and len(name) > 2}

    # === BUSINESS METHODS: PLACEHOLDERS === #

    def _get_first_name(self):
        self.ensure_one()
        return (self.partner_id.name or "").strip().split(" ")[0]

    def _get_treatment_label(self):
        """Return what it is about, in the words that the clinic chose for messages."""
        self.ensure_one()
        reminder_sudo = self.sudo()
        treatment = (
            reminder_sudo.event_id.treatment_id or reminder_sudo.visit_id.treatment_id
        )
        course = reminder_sudo.course_id
        if self.company_id.names_treatments and (treatment or course):
            return treatment.name or course.product_tmpl_id.name
        if self.membership_id:
            return self.env._("your membership")
        if self.event_id:
            return self.env._("your appointment")
        if self.visit_id:
            return self.env._("your visit")
        if self.course_id:
            return self.env._("your course")
        return self.env._("your treatments")

    def _get_quantity_label(self):
        """Return a quantity as a person says it: 1 session, 4 sessions, 20 units."""
        self.ensure_one()
        if self.unit == "money":
            return self.currency_id.format(self.quantity)
        number = float_repr(self.quantity, 3).rstrip("0").rstrip(".")
        if self.unit == "unit":
            return self.env._("%s units", number)
        if number == "1":
            return self.env._("1 session")
        return self.env._("%s sessions", number)

    def _get_when_label(self):
        """Return the day and time of the occasion, seen from this moment.

        What would wake people up leaves the evening before: it says tomorrow.
        """
        self.ensure_one()
        if not self.occasion_at:
            return ""
        company = self.company_id
        time = company._medspa_time_text(self.occasion_at)
        day = company._medspa_date(self.occasion_at)
        days = (day - company._medspa_date()).days
        if days == 0:
            return self.env._("today at %s", time)
        if days == 1:
            return self.env._("tomorrow at %s", time)
        return self.env._(
            "on %(day)s at %(time)s", day=self._format_day(day), time=time
        )

    def _can_still_cancel(self):
        """Tell whether the link to cancel does something. Note: `ensure_one()`."""
        self.ensure_one()
        event_sudo = self.sudo().event_id
        return bool(event_sudo) and event_sudo._can_patient_cancel()

    def _get_cancel_label(self):
        """Return how the patient cancels: by the link, or by phone when it is late."""
        self.ensure_one()
        if self._can_still_cancel():
            return self.env._("Cancel: %s", CANCEL_LINK)
        if self.company_id.phone:
            return self.env._("You cannot come? Call %s", self.company_id.phone)
        return ""

    def _format_day(self, day):
        if not day:
            return ""
        return format_date(self.env, day, date_format="d MMMM")

    # === BUSINESS METHODS: FOR THE DESK === #

    def _get_reason(self):
        """Return why the message is there, as the desk reads it.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        getter = getattr(self, f"_get_{self.event}_reason", None)
        return getter() if getter else self.rule_id.name

    def _get_course_name(self):
        return self.sudo().course_id.product_tmpl_id.name or self.env._("Credits")

    def _get_renew_reason(self):
        if not self.deadline:
            return self.env._(
                "%(quantity)s left of %(course)s.",
                quantity=self.quantity_label,
                course=self._get_course_name(),
            )
        return self.env._(
            "%(quantity)s left of %(course)s, until %(date)s.",
            quantity=self.quantity_label,
            course=self._get_course_name(),
            date=format_date(self.env, self.deadline),
        )

    _get_course_expiry_reason = _get_renew_reason

    def _get_dropped_out_reason(self):
        return self.env._(
            "%(quantity)s left of %(course)s, last visit on %(date)s, nothing booked.",
            quantity=self.quantity_label,
            course=self._get_course_name(),
            date=format_date(self.env, self.last_visit_date),
        )

    def _get_next_step_reason(self):
        return self.env._(
            "Next session of %(course)s was advised for %(date)s.",
            course=self._get_course_name(),
            date=format_date(self.env, self.deadline),
        )

    def _get_never_started_reason(self):
        return self.env._(
            "%(course)s was bought on %(date)s and not started.",
            course=self._get_course_name(),
            date=format_date(self.env, self.sudo().course_id.purchase_date),
        )

    def _get_appointment_reason(self):
        return self.env._(
            "%(treatment)s on %(day)s at %(time)s.",
            treatment=self.sudo().event_id.treatment_id.name,
            day=self.day_label,
            time=self.time_label,
        )

    def _get_visit_follow_up_reason(self):
        return self.env._(
            "%(treatment)s on %(day)s.",
            treatment=self.sudo().visit_id.treatment_id.name,
            day=self.day_label,
        )

    def _get_plan_name(self):
        return self.sudo().membership_id.template_id.name or ""

    def _get_credits_lapse_reason(self):
        return self.env._(
            "%(quantity)s of %(plan)s lapse on %(date)s.",
            quantity=self.quantity_label,
            plan=self._get_plan_name(),
            date=format_date(self.env, self.deadline),
        )

    def _get_term_renewal_reason(self):
        return self.env._(
            "The term of %(plan)s ends on %(date)s.",
            plan=self._get_plan_name(),
            date=format_date(self.env, self.deadline),
        )

    def _get_card_expiry_reason(self):
        return self.env._(
            "The card that pays %(plan)s is valid until %(date)s.",
            plan=self._get_plan_name(),
            date=format_date(self.env, self.deadline),
        )

    def _get_membership_ending_reason(self):
        if not self.deadline:
            return self.env._("%s has not been paid.", self._get_plan_name())
        return self.env._(
            "%(plan)s ends on %(date)s.",
            plan=self._get_plan_name(),
            date=format_date(self.env, self.deadline),
        )

    def _get_left_reason(self):
        return self.env._(
            "%(plan)s ended on %(date)s.",
            plan=self._get_plan_name(),
            date=format_date(self.env, self.deadline),
        )

    def _get_birthday_reason(self):
        return self.env._("Birthday.")

    def _get_last_contact(self, written_at, seen_at):
        """Return when the clinic last wrote to the patient or saw them."""
        self.ensure_one()
        company = self.company_id
        if written_at and (not seen_at or written_at > seen_at):
            day = format_date(self.env, company._medspa_date(written_at))
            return self.env._("Message on %s", day)
        if seen_at:
            day = format_date(self.env, company._medspa_date(seen_at))
            return self.env._("Visit on %s", day)
        return self.env._("None yet")

    def _describe_figures(self):
        """Return the figures of a message in one line, to see whether they changed."""
        self.ensure_one()
        return "|".join(str(self[name]) for name in self._get_figures())
