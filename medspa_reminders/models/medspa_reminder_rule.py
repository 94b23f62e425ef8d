# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..const import EVENT_SECTIONS, EVENTS, MARKETING_EVENTS

# Counted in hours; the others in days.
HOUR_EVENTS = {"appointment"}
# Those that the message follows; it comes before the others.
AFTER_EVENTS = {"never_started", "visit_follow_up", "dropped_out", "left"}


class MedspaReminderRule(models.Model):
    """When which message is written to whom, on which way, and who presses send."""

    _name = "medspa.reminder.rule"
    _description = "Message rule"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", "Clinic", help="Left empty: for every clinic."
    )
    event = fields.Selection(EVENTS, required=True, default="course_expiry")
    section = fields.Char(compute="_compute_section")
    offset = fields.Integer(
        "How long",
        default=7,
        help="So many days or hours before or after it, as the event says.",
    )
    offset_unit = fields.Selection(
        [("hours", "hours"), ("days", "days")],
        compute="_compute_offset_unit",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
    )
    offset_side = fields.Selection(
        [("before", "before"), ("after", "after")], compute="_compute_offset_side"
    )
    sessions_left = fields.Integer(
        "Sessions left", default=2, help="So many or fewer: time to renew."
    )
    pace_factor = fields.Float(
        "Times the advised pace",
        default=2.0,
        help="A treatment that is advised every 30 days is not missed after 30: the "
        "longer of the two times counts.",
    )
    product_ids = fields.Many2many(
        "product.template",
        string="Only for",
        domain="[('service_tracking', 'in', ('medspa_treatment', 'medspa_course'))]",
        help="Courses and treatments. Left empty: all of them.",
    )
    channel = fields.Selection(
        [
            ("preference", "As the patient prefers"),
            ("email", "E-mail"),
            ("sms", "SMS"),
            ("both", "E-mail and SMS"),
        ],
        required=True,
        default="preference",
    )
    allows_fallback = fields.Boolean(
        "The other way if this fails",
        default=True,
        help="Where the number or the address is missing or wrong.",
    )
    is_marketing = fields.Boolean(
        "Is an offer",
        compute="_compute_is_marketing",
        store=True,
        readonly=False,
        precompute=True,
        help="Offers need consent, count for the week and can be refused apart.",
    )
    mode = fields.Selection(
        [("auto", "Send by itself"), ("list", "Put on the morning list")],
        required=True,
        default="auto",
    )
    send_at = fields.Float(
        default=10.0, help="Time of day, on the patient's clock, for counted days."
    )
    mail_template_id = fields.Many2one(
        "mail.template", "E-mail", domain="[('model', '=', 'medspa.reminder')]"
    )
    sms_template_id = fields.Many2one(
        "sms.template", "SMS", domain="[('model', '=', 'medspa.reminder')]"
    )
    link_label = fields.Char(
        "Button", translate=True, help="Of the link in the e-mail."
    )
    discount = fields.Float(
        "Loyalty discount", help="Percent off, when the course is renewed."
    )
    error = fields.Char(readonly=True, copy=False)

    listed_count = fields.Integer("To send", compute="_compute_counts")
    sent_count = fields.Integer("Sent", compute="_compute_counts")
    opened_count = fields.Integer("Link opened", compute="_compute_counts")
    booked_count = fields.Integer("Booked", compute="_compute_counts")
    bought_count = fields.Integer("Bought", compute="_compute_counts")
    skipped_count = fields.Integer("Not sent", compute="_compute_counts")
    revenue = fields.Monetary(compute="_compute_counts")
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")

    _offset_not_negative = models.Constraint(
        'CHECK ("offset" >= 0 AND sessions_left >= 0 AND pace_factor >= 0)',
        "Days, hours and sessions are zero or more.",
    )
    _send_at_in_day = models.Constraint(
        "CHECK (send_at >= 0 AND send_at < 24)",
        "The time of day is between 0:00 and 23:59.",
    )
    _discount_in_range = models.Constraint(
        "CHECK (discount >= 0 AND discount < 100)",
        "A discount is from 0 to 99 percent.",
    )

    # === COMPUTE METHODS === #

    @api.depends("event")
    def _compute_section(self):
        for rule in self:
            rule.section = rule._get_section()

    @api.depends("event")
    def _compute_offset_unit(self):
        for rule in self:
            rule.offset_unit = "hours" if rule.event in HOUR_EVENTS else "days"

    @api.depends("event")
    def _compute_offset_side(self):
        for rule in self:
            rule.offset_side = "after" if rule._is_after() else "before"

    @api.depends("event")
    def _compute_is_marketing(self):
        for rule in self:
            rule.is_marketing = rule.event in MARKETING_EVENTS

    def _compute_counts(self):
        """Count what the messages of each rule led to."""
        domain = Domain("rule_id", "in", self.ids) & Domain(
            "company_id", "in", self.env.companies.ids
        )
        states = self._count_by_rule(domain, "state")
        opened = self._count_by_rule(domain, "is_opened")
        results = {
            rule: figures
            for rule, *figures in self.env["medspa.reminder"]._read_group(
                domain,
                ["rule_id"],
                ["booked_event_id:count", "bought_order_id:count", "revenue:sum"],
            )
        }
        for rule in self:
            booked, bought, revenue = results.get(rule, (0, 0, 0.0))
            rule.update(
                {
                    "listed_count": states.get((rule, "listed"), 0),
                    "sent_count": states.get((rule, "sent"), 0),
                    "skipped_count": states.get((rule, "skipped"), 0)
                    + states.get((rule, "failed"), 0),
                    "opened_count": opened.get((rule, True), 0),
                    "booked_count": booked,
                    "bought_count": bought,
                    "revenue": revenue,
                }
            )

    def _count_by_rule(self, domain, field):
        """Return the number of messages by rule and the value of a field."""
        return {
            (rule, value): count
            for rule, value, count in self.env["medspa.reminder"]._read_group(
                domain, ["rule_id", field], ["__count"]
            )
        }

    @api.depends_context("company")
    @api.depends("company_id")
    def _compute_currency_id(self):
        for rule in self:
            rule.currency_id = (rule.company_id or self.env.company).currency_id

    # === CONSTRAINT METHODS === #

    @api.constrains("channel", "mail_template_id", "sms_template_id", "active")
    def _check_has_wording(self):
        for rule in self.filtered("active"):
            for channel, template in (
                ("email", rule.mail_template_id),
                ("sms", rule.sms_template_id),
            ):
                if rule.channel in (channel, "both", "preference") and not template:
                    raise ValidationError(
                        self.env._(
                            "%(rule)s goes out on a way that has no wording yet: "
                            "choose a text for it.",
                            rule=rule.name,
                        )
                    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Override to look through the day again after the rule was changed."""
        if {"event", "offset", "product_ids", "active", "company_id"} & vals.keys():
            # Managers set rules up; what was looked through is no business of theirs.
            self.env["medspa.reminder.pass"].sudo().search(
                [("rule_id", "in", self.ids)]
            ).unlink()
        if "active" in vals and not vals["active"]:
            # Found again, should the rule be switched on while they still apply.
            self.env["medspa.reminder"].sudo().search(
                [
                    ("rule_id", "in", self.ids),
                    ("state", "in", ("planned", "listed", "snoozed")),
                ]
            )._skip("gone")
        return super().write(vals)

    # === ACTION METHODS === #

    def action_view_reminders(self):
        """Open the messages of the rule. Note: `self.ensure_one()`."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "medspa_reminders.medspa_reminder_action"
        )
        action["domain"] = [("rule_id", "=", self.id)]
        action["context"] = {}
        return action

    def action_preview(self):
        """Show the message as a real patient would get it. Note: `self.ensure_one()`"""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Preview"),
            "res_model": "medspa.reminder.preview",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_rule_id": self.id},
        }

    # === BUSINESS METHODS === #

    def _get_section(self):
        """Return the part of the morning list where the messages stand."""
        self.ensure_one()
        return EVENT_SECTIONS.get(self.event, "other")

    def _is_after(self):
        """Tell whether the message follows its event. Note: `self.ensure_one()`."""
        self.ensure_one()
        return self.event in AFTER_EVENTS

    def _is_hourly(self):
        """Tell whether its time comes at any hour, not once a day."""
        self.ensure_one()
        return self.offset_unit == "hours"

    def _get_nearer_offset(self):
        """Return the offset of the next message about the same event, zero for none.

        A patient who comes into view late, the day before the last one, gets the
        message of that day and not the one of the week before as well.
        """
        self.ensure_one()
        rules = self.sudo().search(
            [
                ("event", "=", self.event),
                ("offset_unit", "=", self.offset_unit),
                ("offset", "<", self.offset),
                ("company_id", "in", (False, self.company_id.id)),
            ]
        )
        same = rules.filtered(lambda rule: rule.product_ids == self.product_ids)
        return max(same.mapped("offset"), default=-1)
