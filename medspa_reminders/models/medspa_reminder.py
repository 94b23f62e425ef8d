# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..const import EVENTS, SECTIONS

# What the desk writes; everything else is written by what happens to the message.
OPEN_FIELDS = {"text", "edited_text", "is_selected"}


class MedspaReminder(models.Model):
    """One message for one patient, rule and occasion; there is no second one.

    Rows are made by the nightly pass. They wait for their time or for the desk, are
    looked at again at the moment of sending, and keep what became of them.
    """

    _name = "medspa.reminder"
    _description = "Message to a patient"
    _inherit = ["mail.thread"]
    _order = "listed_on desc, id desc"
    _check_company_auto = True

    rule_id = fields.Many2one(
        "medspa.reminder.rule",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Patient",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    occasion_key = fields.Char(
        required=True, readonly=True, help="What it is about: one message for each."
    )
    event = fields.Selection(EVENTS, required=True, readonly=True)
    section = fields.Selection(SECTIONS, required=True, readonly=True, string="List")
    is_marketing = fields.Boolean("Offer", readonly=True)
    state = fields.Selection(
        [
            ("planned", "Waits for its time"),
            ("listed", "On the list"),
            ("snoozed", "Put off"),
            ("sending", "Going out"),
            ("sent", "Sent"),
            ("skipped", "Not sent"),
            ("failed", "Could not be delivered"),
            ("dismissed", "Not this patient"),
        ],
        required=True,
        readonly=True,
        default="planned",
    )
    listed_on = fields.Date("Day", readonly=True)
    due_at = fields.Datetime("Goes out", readonly=True)
    snoozed_until = fields.Date(readonly=True)
    sent_at = fields.Datetime(readonly=True)
    approved_by_id = fields.Many2one("res.users", "Sent by", readonly=True)
    skip_reason = fields.Selection(
        [
            ("used", "The sessions were used or booked meanwhile."),
            ("moved", "The appointment was moved or cancelled."),
            ("gone", "It does not apply any more."),
            ("consent", "The patient does not want such messages."),
            ("address", "There is no number or address that works."),
            ("late", "It came too late to be of use."),
            ("archived", "The patient is archived."),
        ],
        "Why not",
        readonly=True,
    )
    note = fields.Char(readonly=True, help="What the desk should know before sending.")

    quantity = fields.Float(digits=(16, 3), readonly=True)
    unit = fields.Selection(
        [("session", "Sessions"), ("unit", "Units"), ("money", "Money")], readonly=True
    )
    deadline = fields.Date("Until", readonly=True)
    occasion_at = fields.Datetime("When", readonly=True)
    last_visit_date = fields.Date("Last visit", readonly=True)
    course_id = fields.Many2one("medspa.course", readonly=True, index="btree_not_null")
    event_id = fields.Many2one(
        "calendar.event", "Appointment", readonly=True, index="btree_not_null"
    )
    visit_id = fields.Many2one("medspa.visit", readonly=True, index="btree_not_null")
    membership_id = fields.Many2one(
        "sale.subscription", readonly=True, index="btree_not_null"
    )
    order_id = fields.Many2one(
        "sale.order", "Renewal", readonly=True, index="btree_not_null", copy=False
    )

    edited_text = fields.Text(readonly=True, copy=False)
    edited_figures = fields.Char(
        readonly=True, help="What the text was based on when the desk wrote it."
    )
    dispatch_ids = fields.One2many(
        "medspa.reminder.message", "reminder_id", "Deliveries", readonly=True
    )
    link_ids = fields.One2many(
        "link.tracker",
        "reminder_id",
        "Links",
        readonly=True,
        groups="base.group_system",
    )
    is_opened = fields.Boolean("Link opened", readonly=True)
    booked_event_id = fields.Many2one(
        "calendar.event",
        "Booked",
        readonly=True,
        index="btree_not_null",
        help="The appointment that the patient made after this message.",
    )
    bought_order_id = fields.Many2one(
        "sale.order", "Bought", readonly=True, index="btree_not_null"
    )
    revenue = fields.Monetary(readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")

    reason = fields.Char("Why", compute="_compute_reason")
    last_contact = fields.Char(compute="_compute_last_contact")
    phone = fields.Char(related="partner_id.phone")
    email = fields.Char(related="partner_id.email")

    _once = models.Constraint(
        "UNIQUE (rule_id, partner_id, occasion_key)",
        "A patient gets one message of a rule for one occasion.",
    )
    _due_idx = models.Index("(due_at) WHERE state IN ('planned', 'sending')")
    _list_idx = models.Index("(company_id) WHERE state IN ('listed', 'snoozed')")
    _sent_idx = models.Index("(partner_id, sent_at) WHERE state = 'sent'")

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "rule_id")
    def _compute_display_name(self):
        for reminder in self:
            reminder.display_name = (
                f"{reminder.partner_id.name} · {reminder.rule_id.name}"
            )

    @api.depends_context("lang")
    @api.depends("event", "quantity", "unit", "deadline", "occasion_at")
    def _compute_reason(self):
        for reminder in self:
            reminder.reason = reminder._get_reason()

    @api.depends("partner_id")
    def _compute_last_contact(self):
        """Say when the clinic last wrote to the patient or saw them."""
        written = dict(
            self._read_group(
                [("partner_id", "in", self.partner_id.ids), ("state", "=", "sent")],
                ["partner_id"],
                ["sent_at:max"],
            )
        )
        seen = dict(
            self.env["medspa.visit"]
            .sudo()
            ._read_group(
                [
                    ("partner_id", "in", self.partner_id.ids),
                    ("company_id", "in", self.company_id.ids),
                    ("state", "=", "done"),
                ],
                ["partner_id"],
                ["visited_at:max"],
            )
        )
        for reminder in self:
            reminder.last_contact = reminder._get_last_contact(
                written.get(reminder.partner_id), seen.get(reminder.partner_id.sudo())
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(
                self.env._("Messages are planned by the rules, not written by hand.")
            )
        return super().create(vals_list)

    def write(self, vals):
        """Override to keep what became of a message out of everybody's hands.

        Its buttons write it, as superuser, after their checks.
        """
        open_fields = ("message_", "activity_", "website_message_")
        if not self.env.su and any(
            name not in OPEN_FIELDS and not name.startswith(open_fields)
            for name in vals
        ):
            raise AccessError(
                self.env._(
                    "A message changes by its buttons: send, edit, put off or leave "
                    "out."
                )
            )
        return super().write(vals)

    @api.model
    def _get_figures(self):
        """Return the fields that say what a message is about, and may change."""
        return ("quantity", "unit", "deadline", "occasion_at")
