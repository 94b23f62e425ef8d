# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date, is_html_empty

# What a clinician writes of a visit until it is finished.
WRITTEN_FIELDS = ("protocol", "notes", "settings", "product_line_ids", "photo_ids")
# A visit that was written up is finished by itself when so many days have passed.
FINISHED_AFTER_DAYS = 2


class MedspaVisit(models.Model):
    """What happened at an appointment: the clinical side, and what was used for it.

    Staff see that a visit took place; only clinicians read what it says. A visit closed
    by mistake is undone and kept: the next close makes a new one. What a clinician has
    finished is not changed any more: an addendum says what else there is, by whom and
    when.
    """

    _name = "medspa.visit"
    _description = "Visit"
    _inherit = ["medspa.guarded", "mail.thread"]
    _order = "visited_at desc, id desc"
    _check_company_auto = True

    company_id = fields.Many2one("res.company", required=True, index=True)
    event_id = fields.Many2one(
        "calendar.event", "Appointment", index="btree_not_null", ondelete="restrict"
    )
    partner_id = fields.Many2one(
        "res.partner", "Patient", required=True, index=True, ondelete="restrict"
    )
    treatment_id = fields.Many2one(
        "product.template", required=True, index=True, ondelete="restrict"
    )
    practitioner_id = fields.Many2one("resource.resource", ondelete="restrict")
    room_id = fields.Many2one("resource.resource", ondelete="restrict")
    visited_at = fields.Datetime("Date", required=True, index=True)
    state = fields.Selection(
        [("draft", "Being written"), ("done", "Done"), ("undone", "Undone")],
        default="done",
        required=True,
    )
    finished_at = fields.Datetime(
        "Finished",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Since then the record is only added to.",
    )
    finished_by_id = fields.Many2one(
        "res.users",
        "Finished by",
        readonly=True,
        copy=False,
        help="Nobody: it was finished by itself, some days after the visit.",
    )
    units_used = fields.Float(digits=(16, 3), readonly=True)
    credit_move_ids = fields.One2many(
        "medspa.credit.move", "visit_id", "Credit moves", readonly=True
    )
    protocol = fields.Html(
        groups="medspa_membership.group_medspa_practitioner",
        help="What was done, with which product and which settings.",
    )
    notes = fields.Html(
        "Care notes", groups="medspa_membership.group_medspa_practitioner"
    )

    settings = fields.Properties(
        "Device settings",
        definition="treatment_id.settings_definition",
        copy=False,
        groups="medspa_membership.group_medspa_practitioner",
    )
    product_line_ids = fields.One2many(
        "medspa.visit.product",
        "visit_id",
        "Products used",
        groups="medspa_membership.group_medspa_practitioner",
    )
    product_cost = fields.Monetary(
        compute="_compute_product_cost",
        store=True,
        groups="medspa_membership.group_medspa_practitioner,"
        "medspa_membership.group_medspa_manager",
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    photo_ids = fields.One2many(
        "medspa.visit.photo",
        "visit_id",
        "Photos",
        groups="medspa_membership.group_medspa_practitioner",
    )
    addendum_ids = fields.One2many(
        "medspa.visit.addendum",
        "visit_id",
        "Addenda",
        readonly=True,
        groups="medspa_membership.group_medspa_practitioner",
    )
    allergies = fields.Text(related="partner_id.allergies")
    contraindications = fields.Text(related="partner_id.contraindications")
    previous_visit_id = fields.Many2one(
        "medspa.visit",
        compute="_compute_previous_visit_id",
        help="The last one of the patient with this treatment.",
    )
    previous_visited_at = fields.Datetime(
        "Last visit", compute="_compute_previous_visit_id"
    )
    previous_protocol = fields.Html(
        "Last protocol",
        compute="_compute_previous_visit_id",
        groups="medspa_membership.group_medspa_practitioner",
    )
    previous_settings = fields.Text(
        "Last settings",
        compute="_compute_previous_visit_id",
        groups="medspa_membership.group_medspa_practitioner",
    )
    settings_summary = fields.Text(
        "Settings used",
        compute="_compute_settings_summary",
        groups="medspa_membership.group_medspa_practitioner",
    )
    has_clinical_warning = fields.Boolean(related="partner_id.has_clinical_warning")

    _one_per_appointment = models.UniqueIndex(
        "(event_id) WHERE state IN ('draft', 'done') AND event_id IS NOT NULL",
        "This appointment has been closed already.",
    )

    _finished_is_closed = models.Constraint(
        "CHECK (finished_at IS NULL OR state IN ('done', 'undone'))",
        "Only a visit that has taken place is finished.",
    )

    def init(self):
        """Let the database keep what a visit stands for.

        It stays with its appointment, and it is undone only when everything that it had
        used was given back: one session is never taken twice.
        """
        self.env.cr.execute(
            """
            CREATE OR REPLACE FUNCTION medspa_visit_stays_with_its_appointment()
            RETURNS trigger AS $$
            BEGIN
                IF OLD.event_id IS NOT NULL
                        AND NEW.event_id IS DISTINCT FROM OLD.event_id THEN
                    RAISE EXCEPTION 'medspa_visit % stays with its appointment', OLD.id
                        USING ERRCODE = 'restrict_violation';
                END IF;
                IF OLD.state = 'undone' AND NEW.state <> 'undone' THEN
                    RAISE EXCEPTION 'medspa_visit % is undone for good', OLD.id
                        USING ERRCODE = 'restrict_violation';
                END IF;
                RETURN NEW;
            END $$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS medspa_visit_stays ON medspa_visit;
            CREATE TRIGGER medspa_visit_stays
                BEFORE UPDATE OF event_id, state ON medspa_visit
                FOR EACH ROW
                EXECUTE FUNCTION medspa_visit_stays_with_its_appointment();
            CREATE OR REPLACE FUNCTION medspa_visit_gives_back()
            RETURNS trigger AS $$
            BEGIN
                IF EXISTS (
                    SELECT FROM medspa_credit_move used
                     WHERE used.visit_id = NEW.id AND used.kind = 'redeem'
                       AND NOT EXISTS (
                        SELECT FROM medspa_credit_move back
                         WHERE back.restored_move_id = used.id)
                ) THEN
                    RAISE EXCEPTION 'medspa_visit % has not given back its session',
                        NEW.id USING ERRCODE = 'restrict_violation';
                END IF;
                RETURN NULL;
            END $$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS medspa_visit_undone ON medspa_visit;
            CREATE CONSTRAINT TRIGGER medspa_visit_undone
                AFTER UPDATE OF state ON medspa_visit
                DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW WHEN (NEW.state = 'undone')
                EXECUTE FUNCTION medspa_visit_gives_back();
            """
        )

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "treatment_id")
    def _compute_display_name(self):
        for visit in self:
            visit.display_name = f"{visit.treatment_id.name}, {visit.partner_id.name}"

    @api.depends("product_line_ids.cost")
    def _compute_product_cost(self):
        for visit in self:
            visit.product_cost = sum(visit.product_line_ids.mapped("cost"))

    @api.depends("partner_id", "treatment_id", "visited_at")
    def _compute_previous_visit_id(self):
        for visit in self:
            visit.previous_visit_id = previous = visit._find_previous()
            visit.previous_visited_at = previous.visited_at
            # The fields are the clinicians' own: the desk computes them unseen.
            visit.previous_protocol = previous.sudo().protocol
            visit.previous_settings = previous.sudo().settings_summary

    @api.depends("settings", "treatment_id.settings_definition")
    def _compute_settings_summary(self):
        for visit in self:
            visit.settings_summary = visit._format_settings()

    # === CRUD METHODS === #

    def write(self, vals):
        if set(WRITTEN_FIELDS) & vals.keys():
            self._check_is_open()
        return super().write(vals)

    def _check_is_open(self):
        """Refuse to change what a clinician has finished.

        :raise AccessError: it is finished or undone, and no method of the product asks
        """
        if self.env.su:
            return
        if self.filtered(lambda visit: visit.finished_at or visit.state == "undone"):
            raise AccessError(
                self.env._("This visit is finished: add an addendum to it.")
            )

    @api.model
    def _get_guarded_fields(self):
        """Override: clinicians write what was done, and nothing else of a visit."""
        return super()._get_guarded_fields() - set(WRITTEN_FIELDS)

    def _get_guard_message(self):
        return self.env._(
            "Patient, time and status of a visit follow its appointment: undo the "
            "appointment to correct them."
        )

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        """Override of `mail`: what is said about a visit is for clinicians.

        To them a visit that is finished stays open; to others it never was.
        """
        is_clinician = self.env.user.has_group(
            "medspa_membership.group_medspa_practitioner"
        )
        operation = (
            "read"
            if is_clinician and message_operation in ("read", "create")
            else "write"
        )
        return dict.fromkeys(self, operation)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_kept(self):
        raise UserError(
            self.env._("A visit is part of the patient's record: undo it instead.")
        )

    # === ACTION METHODS === #

    def action_edit_definition(self):
        """Open what is noted in visits of this treatment. Note: `self.ensure_one()`."""
        self.ensure_one()
        return self.treatment_id.action_edit_settings_definition()

    def action_edit_warnings(self):
        """Open the allergies and contraindications. Note: `self.ensure_one()`."""
        self.ensure_one()
        return self.partner_id.action_edit_warnings()

    def action_finish(self):
        """Finish what was written: from now on it is only added to."""
        self.check_access("write")
        for visit in self:
            if visit.state != "done":
                raise UserError(
                    self.env._("Close the appointment first, then finish the visit.")
                )
            if not visit._is_written_up():
                raise UserError(
                    self.env._("Write down what was done, then finish the visit.")
                )
        self.sudo()._finish(self.env.user)

    def action_add_addendum(self):
        """Open an addendum to write. Note: `self.ensure_one()`."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Addendum"),
            "res_model": "medspa.visit.addendum",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_visit_id": self.id},
        }

    def action_copy_previous(self):
        """Take over protocol, settings and products of the visit before.

        What has been written already stays.
        """
        for visit in self:
            previous = visit.previous_visit_id
            if not previous:
                raise UserError(
                    self.env._("There is no earlier visit with this treatment.")
                )
            vals = {"settings": {**previous._get_settings(), **visit._get_settings()}}
            if is_html_empty(visit.protocol):
                vals["protocol"] = previous.protocol
            if not visit.product_line_ids:
                # The lot is of the package that is opened today: it is not copied.
                vals["product_line_ids"] = [
                    Command.create(
                        {"product_id": line.product_id.id, "quantity": line.quantity}
                    )
                    for line in previous.product_line_ids
                ]
            visit.write(vals)

    # === CRON METHODS === #

    @api.model
    def _cron_finish(self):
        """Finish what was written up some days ago and not finished by hand."""
        before = fields.Datetime.now() - timedelta(days=FINISHED_AFTER_DAYS)
        visits_sudo = self.sudo().search(
            [
                ("state", "=", "done"),
                ("finished_at", "=", False),
                ("visited_at", "<", before),
                "|",
                "|",
                "|",
                ("protocol", "!=", False),
                ("notes", "!=", False),
                ("product_line_ids", "!=", False),
                ("photo_ids", "!=", False),
            ],
            limit=1000,
        )
        visits_sudo._finish()
        if len(visits_sudo) == 1000:
            self.env.ref("medspa_membership.ir_cron_finish_visits")._trigger()

    # === BUSINESS METHODS === #

    def _finish(self, user=None):
        """Keep the visits as they are from now on. Called as superuser."""
        self.filtered(lambda visit: not visit.finished_at).write(
            {
                "finished_at": fields.Datetime.now(),
                "finished_by_id": user.id if user else False,
            }
        )

    def _is_written_up(self):
        """Tell whether a clinician has noted something. Note: `ensure_one()`."""
        self.ensure_one()
        visit_sudo = self.sudo()
        return bool(
            not is_html_empty(visit_sudo.protocol)
            or not is_html_empty(visit_sudo.notes)
            or visit_sudo._get_settings()
            or visit_sudo.product_line_ids
            or visit_sudo.photo_ids
        )

    def _get_settings(self):
        """Return the device settings that have a value, by name."""
        self.ensure_one()
        # Read by key, a property gives its label: what is copied is the value.
        return {name: value for name, value in self.settings._values.items() if value}

    def _format_settings(self):
        """Return the device settings as people read them, one on a line."""
        self.ensure_one()
        definition = self.treatment_id.sudo().settings_definition or []
        values = self._get_settings()
        return "\n".join(
            f"{setting['string']}: {self._format_setting(setting, value)}"
            for setting in definition
            if (value := values.get(setting["name"]))
        )

    def _format_setting(self, setting, value):
        if setting["type"] == "boolean":
            return self.env._("yes")
        if setting["type"] == "selection":
            return dict(setting.get("selection") or []).get(value, value)
        if setting["type"] == "date":
            return format_date(self.env, value)
        return f"{value:g}" if isinstance(value, float) else value

    def _find_previous(self):
        """Return the last visit before this one with the same treatment."""
        self.ensure_one()
        return self.search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("treatment_id", "=", self.treatment_id.id),
                ("state", "=", "done"),
                ("visited_at", "<", self.visited_at),
                ("id", "!=", self._origin.id),
            ],
            limit=1,
        )

    def _redeem(self, credit, quantity, reserved, on_date=None):
        """Use credit up for the visit. Note: `self.ensure_one()`.

        :param float reserved: the part that the booking had set aside
        :param date on_date: the day that counts for its validity; the visit's if none
        """
        self.ensure_one()
        return credit._redeem(
            quantity,
            on_date or self.company_id._medspa_date(self.visited_at),
            reserved=reserved,
            event_id=self.event_id.id,
            visit_id=self.id,
        )

    def _undo(self, reason=None, reserve_again=True):
        """Take the visits back: each gives back exactly what it had used.

        :param bool reserve_again: keep it for the appointment, which is open again
        """
        for visit in self:
            uses = visit.sudo().credit_move_ids.filtered(lambda m: m.kind == "redeem")
            visit.state = "undone"
            # An INSERT goes before a pending UPDATE: the next close would collide.
            visit.flush_recordset(["state"])
            uses._restore(
                reserve_again=reserve_again,
                event_id=visit.event_id.id,
                visit_id=visit.id,
                reason=reason,
            )
