# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Tables of other systems: CSV and XLSX files, their headers, numbers and dates.

Pure Python: what is wrong raises ValueError or :class:`TableError`, for the caller to
put into words.
"""

import csv
import io
import re
import zipfile
from datetime import date, datetime

import openpyxl

MAX_ROWS = 20_000

# Tried in this order: every file can be read as the last one.
ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")
DELIMITERS = ",;\t"

DATE_ORDERS = {
    "dmy": ("day", "month", "year"),
    "mdy": ("month", "day", "year"),
}


class TableError(ValueError):
    """A file that cannot be read as a table. `code` says why."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def read_table(filename, content):
    """Return the cells of a file, row by row, with the number of each row.

    :param str filename: says by its ending what it is
    :param bytes content: of the file
    :return: list of (number as a spreadsheet shows it, list of cells); rows without
        any content are left out
    :raise TableError: "format", "empty" or "rows"
    """
    if (filename or "").lower().endswith((".xlsx", ".xlsm")):
        rows = _read_xlsx(content)
    elif content[:4] == b"PK\x03\x04" or content[:4] == b"\xd0\xcf\x11\xe0":
        raise TableError("format")
    else:
        rows = _read_csv(content)
    table = []
    for number, cells in rows:
        if len(table) > MAX_ROWS:
            raise TableError("rows")
        if any(cell not in (None, "") for cell in cells):
            table.append((number, cells))
    if not table:
        raise TableError("empty")
    return table


def _read_xlsx(content):
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise TableError("format") from error
    try:
        for number, cells in enumerate(
            book.worksheets[0].iter_rows(values_only=True), 1
        ):
            yield number, [clean(cell) for cell in cells]
    finally:
        book.close()


def _read_csv(content):
    text = _decode(content)
    if "\0" in text:
        raise TableError("format")
    first_line = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(
        DELIMITERS, key=lambda d: len(next(csv.reader([first_line], delimiter=d), []))
    )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, cells in enumerate(reader, 1):
            yield number, [clean(cell) for cell in cells]
    except csv.Error as error:
        raise TableError("format") from error


def _decode(content):
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableError("format")


def clean(cell):
    """Return a cell without stray blanks; a text of blanks is no text."""
    if isinstance(cell, str):
        return " ".join(cell.replace("\xa0", " ").split())
    return cell


def to_text(cell):
    """Return a cell as text: a whole number has no decimals, as a person reads it."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return str(cell)


def normalize(header):
    """Return a header in the spelling in which headers are compared."""
    return " ".join(re.sub(r"[\W_]+", " ", to_text(header).casefold()).split())


def parse_number(cell, decimal_mark):
    """Return the number in a cell, or None for an empty one.

    :param str decimal_mark: "." or ","; the other one may part the thousands
    :raise ValueError: no number, or one written in another way
    """
    if cell is None or cell == "":
        return None
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return float(cell)
    thousands = "," if decimal_mark == "." else "."
    # A currency sign or code before or after is no part of the number.
    text = re.sub(r"^[^\d+,.-]+|[^\d.,]+$", "", to_text(cell)).replace(" ", "")
    text = text.replace("'", "").replace("’", "")
    mark, group = re.escape(decimal_mark), re.escape(thousands)
    if not re.fullmatch(
        rf"[+-]?(\d+|\d{{1,3}}({group}\d{{3}})+)?({mark}\d+)?", text
    ) or not re.search(r"\d", text):
        raise ValueError(cell)
    return float(text.replace(thousands, "").replace(decimal_mark, "."))


def parse_date(cell, order):
    """Return the date in a cell, or None for an empty one.

    :param str order: "dmy" or "mdy"; a date that begins with its year is always read
    :raise ValueError: no date, or one written in another way
    """
    if cell is None or cell == "":
        return None
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    # A time of day behind the date is ignored.
    match = re.match(
        r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?:[ T]\d{1,2}:.*)?$", to_text(cell)
    )
    if not match:
        raise ValueError(cell)
    first, __, second, third = match.groups()
    if len(first) == 4:
        return date(int(first), int(second), int(third))
    if len(third) != 4:
        raise ValueError(cell)
    numbers = dict(
        zip(DATE_ORDERS[order], map(int, (first, second, third)), strict=True)
    )
    return date(**numbers)


class ImportRow:
    """One row of a file on its way: what it says, and what will become of it.

    `status` is "new", "update", "there" or "refused".
    """

    def __init__(self, number, cells):
        self.number = number
        self.cells = cells
        self.external_id = to_text(cells.get("id"))
        self.name = ""
        self.detail = ""
        self.status = "new"
        self.notes = []
        self.data = {}

    def refuse(self, reason):
        """Refuse the row. Every reason is kept: all are told at once."""
        if self.status != "refused":
            self.notes = []
        self.status = "refused"
        if reason not in self.notes:
            self.notes.append(reason)

    def note(self, text):
        """Say something about a row that is not refused."""
        if self.status != "refused":
            self.notes.append(text)

    @property
    def is_refused(self):
        return self.status == "refused"

    def text(self, column):
        return to_text(self.cells.get(column))
