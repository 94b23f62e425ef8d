# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Tables of other systems: CSV and XLSX files, their headers, numbers and dates.

Pure Python: what is wrong raises ValueError or :class:`TableError`, for the caller to
put into words.
"""

import csv
import io
import math
import re
import struct
import zipfile
import zlib
from datetime import date, datetime

import openpyxl

MAX_ROWS = 20_000
# Bounds on what a file may make us read, whatever it claims to hold. Rows that are
# formatted and empty count here.
LAST_ROW = 5 * MAX_ROWS
MAX_COLUMNS = 200
# Of the unpacked parts of a workbook, one by one and together, in bytes.
MAX_PART = 48 * 2**20
MAX_BOOK = 64 * 2**20
# Cells and shared texts: each becomes an object, in some microseconds.
MAX_CELLS = 30 * MAX_ROWS
MAX_TEXTS = 10 * MAX_ROWS
# Other tags of a part: styles, say.
MAX_TAGS = 200_000
# More than a clinic ever counts, and what columns of the database hold.
MAX_NUMBER = 10**12

# Tried in this order: every file can be read as the last one.
ENCODINGS = ("utf-8-sig", "cp1252", "latin-1")
DELIMITERS = ",;\t"
CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

# What openpyxl raises on workbooks that are broken, by where it stumbles.
BROKEN_BOOK = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)

CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
TEXT = re.compile(rb"<(?:\w+:)?si[\s/>]")
ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")

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
    :raise TableError: "format", "empty", "rows", "columns" or "size"
    """
    if (filename or "").lower().endswith((".xlsx", ".xlsm")):
        rows = _read_xlsx(content)
    elif content[:4] == b"PK\x03\x04" or content[:4] == b"\xd0\xcf\x11\xe0":
        raise TableError("format")
    else:
        rows = _read_csv(content)
    table = []
    for number, cells in rows:
        if len(table) > MAX_ROWS or number > LAST_ROW:
            raise TableError("rows")
        if any(cell not in (None, "") for cell in cells):
            if any(cell not in (None, "") for cell in cells[MAX_COLUMNS:]):
                raise TableError("columns")
            table.append((number, cells[:MAX_COLUMNS]))
    if not table:
        raise TableError("empty")
    return table


def _read_xlsx(content):
    try:
        _check_book(content)
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
        sheet = book.worksheets[0]
        # A workbook says how wide it is, and need not say the truth.
        width = sheet.max_column and min(sheet.max_column, MAX_COLUMNS + 1)
        rows = sheet.iter_rows(
            max_row=LAST_ROW + 1, max_col=width or None, values_only=True
        )
        for number, cells in enumerate(rows, 1):
            yield number, [clean(cell) for cell in cells]
        book.close()
    except TableError:
        raise
    except BROKEN_BOOK as error:
        raise TableError("format") from error


def _check_book(content):
    """Refuse a workbook that unpacks to more than a table of ours can need.

    A few kilobytes may claim gigabytes, or define texts out of texts; what is unpacked
    never grows beyond the size that the archive states.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        # A part may have any name: the workbook says what it is.
        parts = archive.infolist()
        sizes = [part.file_size for part in parts]
        if sum(sizes) > MAX_BOOK or max(sizes, default=0) > MAX_PART:
            raise TableError("size")
        for part in parts:
            _check_part(archive.read(part))


def _check_part(xml):
    """Refuse a part that takes longer to understand than a worker may wait."""
    # No spreadsheet program writes one; in UTF-16 every other byte is zero.
    if b"<!DOCTYPE" in xml.replace(b"\0", b"").upper():
        raise TableError("format")
    cells, texts, rows = (
        sum(1 for _match in pattern.finditer(xml)) for pattern in (CELL, TEXT, ROW)
    )
    if rows > LAST_ROW:
        raise TableError("rows")
    usual_tags = MAX_TAGS + 5 * cells + 8 * texts + 2 * rows
    if cells > MAX_CELLS or texts > MAX_TEXTS or xml.count(b"<") > usual_tags:
        raise TableError("size")


def _read_csv(content):
    text = _decode(content)
    if "\0" in text:
        raise TableError("format")
    first_line = next((line for line in io.StringIO(text) if line.strip()), "")
    try:
        delimiter = max(
            DELIMITERS,
            key=lambda d: len(next(csv.reader([first_line], delimiter=d), [])),
        )
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
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
    """Return a cell without stray blanks and control characters.

    A text of blanks is no text. Names and addresses go into headers of mails, where the
    end of a line would begin another one.
    """
    if isinstance(cell, str):
        return " ".join(CONTROL_CHARACTERS.sub(" ", cell).split())
    return cell


def to_text(cell):
    """Return a cell as text: a whole number has no decimals, as a person reads it."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < MAX_NUMBER:
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
        return _check_number(float(cell))
    thousands = "," if decimal_mark == "." else "."
    # A currency sign or code before or after is no part of the number.
    text = re.sub(r"^[^\d+,.-]+|[^\d.,]+$", "", to_text(cell)).replace(" ", "")
    text = text.replace("'", "").replace("’", "")
    mark, group = re.escape(decimal_mark), re.escape(thousands)
    if not re.fullmatch(
        rf"[+-]?(\d+|\d{{1,3}}({group}\d{{3}})+)?({mark}\d+)?", text
    ) or not re.search(r"\d", text):
        raise ValueError(cell)
    return _check_number(float(text.replace(thousands, "").replace(decimal_mark, ".")))


def _check_number(number):
    if not math.isfinite(number) or abs(number) >= MAX_NUMBER:
        raise ValueError(number)
    return number


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
