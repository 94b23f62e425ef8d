# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import base64
import binascii

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.transfer.tabular import MAX_COLUMNS, MAX_ROWS, TableError, read_table

MAX_MEGABYTES = 10

# First key of the lock that imports of a company take; the second is the company.
LOCK_CLASS = 0x6D65_6473


class MedspaImport(models.TransientModel):
    """Brings patients, courses and plans over from another system, in three steps.

    The file is chosen, every row is checked, and what was shown is written: a file that
    would do something else by then is shown again. Importing it twice changes nothing.
    """

    _name = "medspa.import"
    _description = "Import from another system"
    _rec_name = "filename"
    # Long enough to look at what a check says with a colleague.
    _transient_max_hours = 24.0

    step = fields.Selection(
        [("file", "File"), ("check", "Check"), ("done", "Done")],
        default="file",
        required=True,
        readonly=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    kind = fields.Selection(
        [
            ("patient", "Patients"),
            ("course", "Courses sold and sessions used"),
            ("plan", "Plans"),
        ],
        "What it holds",
        required=True,
        default="patient",
    )
    source = fields.Char(
        "Other system",
        help="The name of the system that the file comes from. Always write the same "
        "name: with the ID in the row it tells what has been imported before.",
    )
    file = fields.Binary(attachment=False)
    filename = fields.Char()
    date_order = fields.Selection(
        [("dmy", "31/12/2026"), ("mdy", "12/31/2026")],
        "Dates like",
        required=True,
        default=lambda self: self._default_date_order(),
        help="Dates like 2026-12-31 are always understood.",
    )
    decimal_mark = fields.Selection(
        [(".", "1,234.50"), (",", "1.234,50")],
        "Numbers like",
        required=True,
        default=lambda self: self._default_decimal_mark(),
    )
    skips_refused = fields.Boolean(
        "Import the other rows and leave these out",
    )
    notice = fields.Text(readonly=True)
    line_ids = fields.One2many("medspa.import.line", "import_id", readonly=True)
    refused_line_ids = fields.One2many(
        "medspa.import.line",
        "import_id",
        domain=[("status", "=", "refused")],
        string="Refused",
        readonly=True,
    )
    new_line_ids = fields.One2many(
        "medspa.import.line",
        "import_id",
        domain=[("status", "=", "new")],
        string="New",
        readonly=True,
    )
    update_line_ids = fields.One2many(
        "medspa.import.line",
        "import_id",
        domain=[("status", "=", "update")],
        string="Updates",
        readonly=True,
    )
    there_line_ids = fields.One2many(
        "medspa.import.line",
        "import_id",
        domain=[("status", "=", "there")],
        string="Already there",
        readonly=True,
    )
    total_ids = fields.One2many("medspa.import.total", "import_id", readonly=True)
    row_count = fields.Integer("Rows", readonly=True)
    refused_count = fields.Integer("Refused rows", readonly=True)
    new_count = fields.Integer("New rows", readonly=True)
    update_count = fields.Integer("Rows that update", readonly=True)
    there_count = fields.Integer("Rows already there", readonly=True)
    has_difference = fields.Boolean(compute="_compute_has_difference")

    # === DEFAULT METHODS === #

    def _default_date_order(self):
        date_format = self.env["res.lang"]._get_data(code=self.env.lang).date_format
        return "mdy" if (date_format or "").startswith("%m") else "dmy"

    def _default_decimal_mark(self):
        lang = self.env["res.lang"]._get_data(code=self.env.lang)
        return "," if lang.decimal_point == "," else "."

    # === COMPUTE METHODS === #

    @api.depends("total_ids.is_balanced")
    def _compute_has_difference(self):
        for wizard in self:
            wizard.has_difference = not all(wizard.total_ids.mapped("is_balanced"))

    # === ACTION METHODS === #

    def action_check(self):
        """Show what would become of every row. Nothing else is written."""
        self.ensure_one()
        self.check_access("write")
        rows, unknown = self._check()
        self.notice = (
            self.env._("These columns are not used: %s.", ", ".join(unknown))
            if unknown
            else False
        )
        self._show_rows(rows)
        return self._reopen()

    def action_back(self):
        """Go back to the choice of the file."""
        self.ensure_one()
        self.line_ids.unlink()
        self.write({"step": "file", "notice": False, "skips_refused": False})
        return self._reopen()

    def action_import(self):
        """Write what the check has shown, and show the control totals."""
        self.ensure_one()
        self.check_access("write")
        if self.step != "check":
            raise UserError(self.env._("Check the file before it is imported."))
        self._lock_company()
        rows, __ = self._check()
        shown = [(line.row, line.status, line.reason or "") for line in self.line_ids]
        if shown != [(row.number, row.status, " ".join(row.notes)) for row in rows]:
            self.notice = self.env._(
                "Something has changed since this file was checked, so nothing was "
                "imported. Look at the rows again."
            )
            self._show_rows(rows)
            return self._reopen()
        if self.refused_count and not self.skips_refused:
            raise UserError(
                self.env._(
                    "%s rows are refused. Correct them in the file, or choose to "
                    "import the other rows.",
                    self.refused_count,
                )
            )
        self._write_rows(rows)
        self.total_ids = [
            fields.Command.create(vals)
            for vals in self._get_kind()._prepare_total_vals_list(self, rows)
        ]
        self.step = "done"
        return self._reopen()

    def action_view_records(self):
        """Open the list of what the import holds."""
        self.ensure_one()
        xmlid = {
            "patient": "medspa_membership.patient_action",
            "course": "medspa_membership.medspa_course_action",
            "plan": "subscription_oca.sale_subscription_template_act_window",
        }[self.kind]
        return self.env["ir.actions.act_window"]._for_xml_id(xmlid)

    def action_restart(self):
        """Start over with the next file of the same system."""
        self.ensure_one()
        wizard = self.copy({"step": "file", "file": False, "filename": False})
        return wizard._reopen()

    # === BUSINESS METHODS === #

    def _check(self):
        """Return the rows of the file with what would become of each, and the headers
        that mean nothing.

        :rtype: tuple[list[ImportRow], list[str]]
        """
        if not self.file or not (self.source or "").strip():
            raise UserError(
                self.env._("Choose a file, and name the system that it comes from.")
            )
        try:
            content = base64.b64decode(self.file)
        except binascii.Error as error:
            raise UserError(self._get_table_message("format")) from error
        if len(content) > MAX_MEGABYTES * 1024 * 1024:
            raise UserError(
                self.env._(
                    "The file is larger than %s MB. Split it into several files.",
                    MAX_MEGABYTES,
                )
            )
        try:
            table = read_table(self.filename, content)
        except TableError as error:
            raise UserError(self._get_table_message(error.code)) from error
        kind = self._get_kind()
        rows, unknown = kind._read_rows(table)
        if not rows:
            raise UserError(self._get_table_message("empty"))
        kind._check_rows(self, rows)
        return rows, unknown

    def _get_kind(self):
        """Return the model that knows what the file holds."""
        return self.env[f"medspa.import.{self.kind}"].with_company(self.company_id)

    def _get_source_key(self):
        """Return the name of the other system in the spelling used for comparing."""
        return " ".join((self.source or "").casefold().split())

    def _show_rows(self, rows):
        self.line_ids.unlink()
        self.env["medspa.import.line"].create(
            [
                {
                    "import_id": self.id,
                    "row": row.number,
                    "external_id": row.external_id,
                    "name": row.name,
                    "detail": row.detail,
                    "status": row.status,
                    "reason": " ".join(row.notes),
                }
                for row in rows
            ]
        )
        counts = {
            status: sum(row.status == status for row in rows)
            for status in ("refused", "new", "update", "there")
        }
        self.write(
            {
                "step": "check",
                "row_count": len(rows),
                **{f"{status}_count": count for status, count in counts.items()},
            }
        )

    def _lock_company(self):
        """Let one import of a company run at a time.

        Whoever comes second is told at once instead of waiting. The unique keys hold
        where even this is passed by.
        """
        self.env.cr.execute(
            "SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK_CLASS, self.company_id.id]
        )
        if not self.env.cr.fetchone()[0]:
            raise UserError(
                self.env._(
                    "Another import is running. Wait until it is over, then check the "
                    "file again."
                )
            )

    def _write_rows(self, rows):
        """Write the rows, all of them or none."""
        try:
            with self.env.cr.savepoint():
                self._get_kind()._run(self, rows)
        except UniqueViolation as error:
            raise UserError(
                self.env._(
                    "Rows of this file were imported by somebody else a moment ago, so "
                    "nothing was imported now. Check the file again."
                )
            ) from error

    # === TOOLS === #

    def _get_table_message(self, code):
        return {
            "format": self.env._(
                "This file cannot be read. Save it as CSV or as an Excel workbook "
                "(.xlsx) and choose it again."
            ),
            "empty": self.env._(
                "The file holds no rows. Its first row names the columns, the others "
                "follow below."
            ),
            "rows": self.env._(
                "The file has more than %s rows. Split it into several files, and "
                "delete empty rows at its end.",
                MAX_ROWS,
            ),
            "columns": self.env._(
                "The file has more than %s columns. Keep those that are to be "
                "imported.",
                MAX_COLUMNS,
            ),
            "size": self.env._(
                "The workbook holds more than can be imported at once. Save its first "
                "sheet as CSV, or split it into several files."
            ),
        }[code]

    def _reopen(self):
        """Return the action that shows the same import again: it stays a dialog."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Import from another system"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }
