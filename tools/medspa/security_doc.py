"""docs/security.md from docs/security.csv: who may what, in words.

Run it by itself to write the document anew: python3 tools/medspa/security_doc.py
"""

import csv
from pathlib import Path

BEGIN = "<!-- From security.csv: python3 tools/medspa/security_doc.py -->"
END = "<!-- End of the tables -->"
WORDS = {
    "r": "reads",
    "w": "changes",
    "c": "adds",
    "u": "deletes",
    "x": "may",
}
HEADS = {
    "model": "Documents",
    "fields": "Fields",
    "methods": "Methods",
    "route": "Pages",
}
INTRODUCTIONS = {
    "model": "What each may do with documents of the clinic; patients: with theirs.",
    "fields": "Where a field differs from its document, or belongs to one of Odoo's.",
    "methods": "Who is let in by a public method, which any program can call. What it "
    "does then is decided by what it finds.",
    "route": "What a page of the patient answers to whom: its status, `login` where it "
    "sends to the log-in page. `POST` is a form that comes without its token.",
}


def rows_of(table: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Return the roles and the rows of the table."""
    with table.open(newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    roles = [name for name in reader.fieldnames or [] if name not in NOT_ROLES]
    return roles, rows


NOT_ROLES = {"kind", "of", "names", "why"}


def render(table: Path) -> str:
    """Return the tables of the document."""
    roles, rows = rows_of(table)
    rights = {
        row["of"]: {role: row[role] for role in roles}
        for row in rows
        if row["kind"] == "model"
    }
    parts = []
    for kind, head in HEADS.items():
        chosen = [row for row in rows if row["kind"] == kind]
        if kind == "fields":
            chosen = [row for row in chosen if differs(row, rights, roles)]
        parts += [f"### {head}", "", INTRODUCTIONS[kind], ""]
        parts += ["| | " + " | ".join(roles) + " |", "|---" * (len(roles) + 1) + "|"]
        parts += [line_of(row, roles) for row in chosen]
        parts.append("")
    return "\n".join(parts)


def differs(row: dict[str, str], rights: dict, roles: list[str]) -> bool:
    """Tell whether a field is read or changed otherwise than its document."""
    model = rights.get(row["of"])
    if not model:
        return True
    return any(
        row[role] != "".join(letter for letter in model[role] if letter in "rw")
        for role in roles
    )


def line_of(row: dict[str, str], roles: list[str]) -> str:
    """Return one line of a table."""
    what = f"`{row['of']}`"
    if row["names"]:
        names = row["names"].split()
        what += ": " + ", ".join(f"`{name}`" for name in names)
    if row["why"]:
        what += f" ({row['why']})"
    cells = [in_words(row[role], row["kind"]) for role in roles]
    return f"| {what} | " + " | ".join(cells) + " |"


def in_words(cell: str, kind: str) -> str:
    """Return the letters of a cell in words."""
    if kind == "route":
        return cell.replace("POST:", "POST ")
    return ", ".join(WORDS[letter] for letter in cell)


def outdated(root: Path) -> list[str]:
    """Return a complaint when the document does not say what the table says."""
    table, document = root / "docs" / "security.csv", root / "docs" / "security.md"
    if not table.exists() or replaced(document, table) == document.read_text():
        return []
    return ["docs/security.md: run python3 tools/medspa/security_doc.py"]


def replaced(document: Path, table: Path) -> str:
    """Return the document with its tables as they should be."""
    before, _begin, rest = document.read_text().partition(BEGIN)
    _old, _end, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{render(table)}\n{END}{after}"


if __name__ == "__main__":
    docs = Path(__file__).resolve().parents[2] / "docs"
    text = replaced(docs / "security.md", docs / "security.csv")
    (docs / "security.md").write_text(text)
