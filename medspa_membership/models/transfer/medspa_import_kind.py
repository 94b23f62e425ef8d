# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from collections import Counter, defaultdict
from urllib.parse import quote

from odoo import models
from odoo.exceptions import UserError

from .tabular import ImportRow, normalize, parse_date, parse_number, to_text

# Records of an import are found again by an external ID of this module, as those of
# the core's own import are: merging two patients keeps it.
XMLID_MODULE = "__import__"


class MedspaImportKind(models.AbstractModel):
    """What an import can hold: how its rows are read, checked and written.

    A check writes nothing and takes the same number of queries for any number of rows.
    """

    _name = "medspa.import.kind"
    _description = "Kind of import"

    # === BUSINESS METHODS: SEAMS === #

    def _get_columns(self):
        """Return the columns: `{name: (label, is_required, other headers)}`."""
        return {}

    def _check_rows(self, wizard, rows):
        """Decide what will become of each row. Nothing is written.

        :param wizard: the import, for its company and its choices
        :param list[ImportRow] rows: changed in place
        """
        raise NotImplementedError

    def _run(self, wizard, rows):
        """Write the rows that are new or update something.

        :param list[ImportRow] rows: as checked a moment ago, in the same transaction
        """
        raise NotImplementedError

    def _prepare_total_vals_list(self, wizard, rows):
        """Return the control totals of an import, if its kind has any."""
        return []

    # === BUSINESS METHODS: READING === #

    def _read_rows(self, table):
        """Return the rows of a table, by the names of their columns.

        :param table: what :func:`read_table` returned; its first row is the header
        :return: the rows, and the headers that mean nothing here
        :raise UserError: when a column is missing or there twice
        """
        columns, unknown = self._match_headers(table[0][1])
        width = len(table[0][1])
        rows = []
        for number, cells in table[1:]:
            row = ImportRow(
                number,
                {
                    name: cells[index] if index < len(cells) else None
                    for name, index in columns.items()
                },
            )
            if any(cell not in (None, "") for cell in cells[width:]):
                row.refuse(
                    self.env._(
                        "The row has more cells than the header. Put quotes around "
                        "texts and numbers that contain a separator."
                    )
                )
            rows.append(row)
        return rows, unknown

    def _match_headers(self, headers):
        known = {}
        for name, (label, __, synonyms) in self._get_columns().items():
            for header in (name, label, *synonyms):
                known[normalize(header)] = name
        columns, unknown = {}, []
        for index, header in enumerate(headers):
            name = known.get(normalize(header))
            if not name:
                unknown += [to_text(header)] if header else []
            elif name in columns:
                raise UserError(
                    self.env._(
                        'Two columns say the same: "%(one)s" and "%(two)s". Delete or '
                        "rename one of them.",
                        one=to_text(headers[columns[name]]),
                        two=to_text(header),
                    )
                )
            else:
                columns[name] = index
        missing = [
            label
            for name, (label, is_required, __) in self._get_columns().items()
            if is_required and name not in columns
        ]
        if missing:
            raise UserError(
                self.env._(
                    "The first row of the file must name these columns too: "
                    "%(missing)s. It names: %(found)s.\n"
                    "The sample file shows how.",
                    missing=", ".join(missing),
                    found=", ".join(to_text(h) for h in headers if h) or "-",
                )
            )
        return columns, unknown

    def _read_number(self, wizard, row, column):
        """Return the number in a cell, None when it is empty or refused."""
        try:
            return parse_number(row.cells.get(column), wizard.decimal_mark)
        except ValueError:
            row.refuse(
                self.env._(
                    '%(column)s: "%(text)s" is not a number with a decimal "%(mark)s".',
                    column=self._get_label(column),
                    text=row.text(column),
                    mark=wizard.decimal_mark,
                )
            )

    def _read_date(self, wizard, row, column):
        """Return the date in a cell, None when it is empty or refused."""
        try:
            return parse_date(row.cells.get(column), wizard.date_order)
        except ValueError:
            row.refuse(
                self.env._(
                    '%(column)s: "%(text)s" is not a date like %(example)s.',
                    column=self._get_label(column),
                    text=row.text(column),
                    example=dict(
                        wizard._fields["date_order"]._description_selection(self.env)
                    )[wizard.date_order],
                )
            )

    def _require(self, row, *columns):
        """Refuse a row that leaves a cell empty which must not be."""
        for column in columns:
            if row.cells.get(column) in (None, ""):
                row.refuse(
                    self.env._("%s: the cell is empty.", self._get_label(column))
                )

    def _refuse_repeated_ids(self, rows):
        """Refuse rows whose ID another row of the file has too."""
        counts = Counter(row.external_id for row in rows if row.external_id)
        numbers = defaultdict(list)
        for row in rows:
            if counts[row.external_id] > 1:
                numbers[row.external_id].append(str(row.number))
        for row in rows:
            if row.external_id in numbers:
                row.refuse(self._get_repeated_message(numbers[row.external_id]))

    def _get_repeated_message(self, numbers):
        shown = ", ".join(numbers[:5]) + (", …" if len(numbers) > 5 else "")
        return self.env._("The same ID is in rows %s.", shown)

    def _get_label(self, column):
        return self._get_columns()[column][0]

    # === TOOLS === #

    def _get_xmlid(self, wizard, prefix, external_id):
        """Return the name under which a record of another system is known here.

        Companies may use the same system and the same IDs for other things.
        """
        parts = (wizard._get_source_key(), external_id)
        return ".".join(
            [
                prefix,
                str(wizard.company_id.id),
                *(quote(part, safe="") for part in parts),
            ]
        )

    def _find_known(self, model, names):
        """Return the records that earlier imports made, archived ones included.

        :return: dict of records by name of their external ID
        """
        # External IDs are the system's own: only those of one model are read here.
        data_sudo = (
            self.env["ir.model.data"]
            .sudo()
            .search_fetch(
                [
                    ("module", "=", XMLID_MODULE),
                    ("model", "=", model),
                    ("name", "in", list(names)),
                ],
                ["name", "res_id"],
            )
        )
        ids = {data.name: data.res_id for data in data_sudo}
        records = (
            self.env[model]
            .with_context(active_test=False)
            .search([("id", "in", list(ids.values()))])
        )
        by_id = {record.id: record for record in records}
        return {name: by_id[i] for name, i in ids.items() if i in by_id}

    def _remember(self, records_by_name):
        """Give records the external IDs by which the next import finds them."""
        # A manager may import, but not write external IDs by hand.
        self.env["ir.model.data"].sudo().create(
            [
                {
                    "module": XMLID_MODULE,
                    "name": name,
                    "model": record._name,
                    "res_id": record.id,
                    "noupdate": True,
                }
                for name, record in records_by_name.items()
            ]
        )
