# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import hash_sign, verify_hash_signed

JOIN_SCOPE = "medspa-waiting-join"
PART_FIELDS = ("in_morning", "in_afternoon", "in_evening")
# The hours, on the clinic's clock, at which the parts of the day begin.
NOON, EVENING = 12, 17
# Nobody waits longer than this: what was true then is not true any more.
LONGEST_WAIT_DAYS = 180


class MedspaWaiting(models.Model):
    """A person who waits for a time to become free, first come, first served."""

    _name = "medspa.waiting"
    _description = "Waiting list"
    _inherit = ["mail.thread"]
    _order = "create_date, id"
    _rec_name = "partner_id"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    partner_id = fields.Many2one(
        "res.partner", "Patient", required=True, index=True, ondelete="cascade"
    )
    phone = fields.Char(related="partner_id.phone")
    treatment_id = fields.Many2one(
        "product.template",
        required=True,
        index=True,
        domain="[('service_tracking', '=', 'medspa_treatment')]",
        ondelete="cascade",
    )
    practitioner_id = fields.Many2one(
        "resource.resource",
        domain="[('medspa_role', '=', 'practitioner')]",
        help="Left empty: anyone who gives the treatment.",
    )
    date_from = fields.Date("From", required=True)
    date_to = fields.Date("To", required=True)
    in_morning = fields.Boolean("Morning", default=True)
    in_afternoon = fields.Boolean("Afternoon", default=True)
    in_evening = fields.Boolean("Evening", default=True)
    note = fields.Char()
    state = fields.Selection(
        [
            ("unconfirmed", "Not confirmed"),
            ("waiting", "Waiting"),
            ("booked", "Booked"),
            ("left", "Left"),
            ("over", "Over"),
        ],
        required=True,
        default="waiting",
        tracking=True,
        index=True,
    )
    offer_ids = fields.One2many("medspa.waiting.offer", "waiting_id", "Offers")
    offer_count = fields.Integer(compute="_compute_offer_count")
    event_id = fields.Many2one(
        "calendar.event", "Appointment", readonly=True, ondelete="set null"
    )

    _dates_in_order = models.Constraint(
        "CHECK (date_to >= date_from)", "The last day comes after the first."
    )
    _part_of_day = models.Constraint(
        "CHECK (in_morning OR in_afternoon OR in_evening)",
        "Choose at least one part of the day.",
    )
    _waiting_idx = models.Index(
        "(company_id, date_from, date_to) WHERE state = 'waiting'"
    )
    _once_in_line = models.UniqueIndex(
        "(partner_id, treatment_id, company_id)"
        " WHERE state IN ('unconfirmed', 'waiting')",
        "You are on the list for this treatment already.",
    )

    # === COMPUTE METHODS === #

    def _compute_offer_count(self):
        counts = dict(
            self.env["medspa.waiting.offer"]._read_group(
                [("waiting_id", "in", self.ids)], ["waiting_id"], ["__count"]
            )
        )
        for entry in self:
            entry.offer_count = counts.get(entry, 0)

    # === ACTION METHODS === #

    def action_leave(self):
        """Take people off the list."""
        self.filtered(
            lambda entry: entry.state in ("unconfirmed", "waiting")
        ).state = "left"

    def action_book(self):
        """Open the booking dialog for the person. Note: `self.ensure_one()`."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "medspa_membership.appointment_action_book"
        )
        action["context"] = {
            "default_patient_id": self.partner_id.id,
            "default_treatment_id": self.treatment_id.id,
            "default_practitioner_id": self.practitioner_id.id,
        }
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _join(self, patient, treatment, company, vals):
        """Put a person in line; who is in line already keeps the place.

        :param dict vals: what the person asks for: days, parts of the day, practitioner
        :return: the entry
        """
        in_line = self._find_in_line(patient, treatment, company)
        if in_line:
            in_line.write(vals)
            return in_line
        return self.create(
            {
                "partner_id": patient.id,
                "treatment_id": treatment.id,
                "company_id": company.id,
                **vals,
            }
        )

    @api.model
    def _find_in_line(self, patient, treatment, company):
        """Return the entry with which a person is in line already, or nothing."""
        return self.search(
            [
                ("partner_id", "=", patient.id),
                ("treatment_id", "=", treatment.id),
                ("company_id", "=", company.id),
                ("state", "in", ("unconfirmed", "waiting")),
            ],
            limit=1,
        )

    @api.model
    def _get_waiting_domain(self, company, start):
        """Return the domain of who waits for a time at that moment, any treatment.

        :param datetime start: naive, in UTC
        """
        local = company._medspa_local(start)
        part = PART_FIELDS[(local.hour >= NOON) + (local.hour >= EVENING)]
        return (
            Domain("company_id", "=", company.id)
            & Domain("state", "=", "waiting")
            & Domain("date_from", "<=", local.date())
            & Domain("date_to", ">=", local.date())
            & Domain(part, "=", True)
        )

    def _get_join_url(self):
        """Return the address that confirms an entry. Note: `self.ensure_one()`."""
        self.ensure_one()
        token = hash_sign(
            self.env(su=True), JOIN_SCOPE, self.id, expiration=timedelta(days=2)
        )
        return f"{self.get_base_url()}/book/waiting/confirm/{token}"

    @api.model
    def _find_by_join_token(self, token):
        """Return the entry that a mailed token confirms, as superuser, or nothing."""
        env = self.env(su=True)
        try:
            entry_id = verify_hash_signed(env, JOIN_SCOPE, token)
        except ValueError:
            entry_id = None
        return env["medspa.waiting"].browse(entry_id or []).exists()

    def _filter_letter_true(self, letter):
        """Override: who has confirmed, or is gone, is not asked."""
        entries = super()._filter_letter_true(letter)
        if letter._is_letter("waiting_join"):
            return entries.filtered(lambda e: e.state == "unconfirmed")
        return entries

    def _ask_to_confirm(self, email):
        """Send the link that puts a visitor in line. Note: `self.ensure_one()`."""
        self.ensure_one()
        template = self.env.ref("medspa_membership.mail_template_waiting_join")
        template.with_user(SUPERUSER_ID).send_mail(
            self.id, email_values={"email_to": email, "recipient_ids": []}
        )

    def _confirm(self):
        """Put a visitor in line whose mailbox has answered, and return the entry.

        A patient who is in line already keeps the place, and the wishes are the new
        ones.

        Note: `self.ensure_one()` or nothing, called as superuser
        """
        if self.state != "unconfirmed":
            return self
        visitor = self.partner_id
        known = visitor._settle_visitor()
        if known == visitor or not self._find_in_line(
            known, self.treatment_id, self.company_id
        ):
            self.write({"state": "waiting", "partner_id": known.id})
            self.env["calendar.event"]._forget_stranger(visitor - known)
            return self
        wishes = ("practitioner_id", "date_from", "date_to", *PART_FIELDS)
        vals = {name: self[name] for name in wishes}
        vals["practitioner_id"] = self.practitioner_id.id
        entry = self._join(
            known, self.treatment_id, self.company_id, {**vals, "state": "waiting"}
        )
        self.state = "left"
        self.env["calendar.event"]._forget_stranger(visitor)
        return entry

    # === CRON METHODS === #

    @api.model
    def _cron_close(self):
        """Take those off the list whose last day is over."""
        in_line = Domain("state", "in", ("unconfirmed", "waiting"))
        for (company,) in self._read_group(in_line, ["company_id"]):
            over = self.search(
                in_line
                & Domain("company_id", "=", company.id)
                & Domain("date_to", "<", company._medspa_date())
            )
            over.state = "over"
            for visitor in over.partner_id.filtered("is_unconfirmed_visitor"):
                self.env["calendar.event"]._forget_stranger(visitor)

    @api.model
    def _check_days(self, company, first, last):
        """Refuse days that are over, or too far away, in words for the patient.

        :raise UserError: when nobody can wait for these days
        """
        today = company._medspa_date()
        if not first or not last or last < max(first, today):
            raise UserError(
                self.env._("Choose a first and a last day that are still to come.")
            )
        if (last - today).days > LONGEST_WAIT_DAYS:
            raise UserError(
                self.env._(
                    "Choose a last day within the next %(days)s days.",
                    days=LONGEST_WAIT_DAYS,
                )
            )
