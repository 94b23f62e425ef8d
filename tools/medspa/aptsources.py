"""Finding the Debian mirror that a machine already uses, in its apt sources."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ETC_APT = Path("/etc/apt")
KEYRINGS = [
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
    Path("/etc/apt/trusted.gpg.d/debian-archive-keyring.gpg"),
]
# Suites of Debian's own archive; anything else is a third party's or Ubuntu's.
DEBIAN_SUITES = re.compile(
    r"^(bullseye|bookworm|trixie|forky|duke|sid|unstable|testing|stable|oldstable"
    r"|oldoldstable)$"
)


@dataclass(frozen=True)
class Source:
    """One place that apt fetches from."""

    uri: str
    suite: str
    components: tuple[str, ...] = ()
    signed_by: str | None = None


def parse_one_line(text: str) -> list[Source]:
    """Read the format of sources.list: ``deb [options] uri suite components``."""
    found = []
    for line in text.splitlines():
        line = line.split("#", 1)[0].strip()
        match = re.match(r"deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s*(.*)$", line)
        if not match:
            continue
        options = dict(
            option.split("=", 1) for option in (match[1] or "").split() if "=" in option
        )
        components = tuple(match[4].split())
        signed_by = options.get("signed-by")
        found.append(Source(match[2], match[3], components, signed_by))
    return found


def parse_deb822(text: str) -> list[Source]:
    """Read the format of *.sources: paragraphs of ``Key: value`` lines."""
    found = []
    # a line of comment does not end a paragraph
    text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for paragraph in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        key = ""
        for line in paragraph.splitlines():
            if line[:1].isspace() and key:
                fields[key] += "\n" + line.strip()
            elif ":" in line:
                key, value = line.split(":", 1)
                key = key.strip().lower()
                fields[key] = value.strip()
        if fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        if "deb" not in fields.get("types", "").split():
            continue
        signed_by = fields.get("signed-by")
        if signed_by and not signed_by.startswith("/"):
            signed_by = None  # a key block written into the file
        found += [
            Source(uri, suite, tuple(fields.get("components", "").split()), signed_by)
            for uri in fields.get("uris", "").split()
            for suite in fields.get("suites", "").split()
        ]
    return found


def read_sources(etc_apt: Path = ETC_APT) -> list[Source]:
    """Return all sources of the machine, in apt's order."""
    parts = etc_apt / "sources.list.d"
    found: list[Source] = []
    for path in [etc_apt / "sources.list", *sorted(parts.glob("*"))]:
        if not path.is_file() or not os.access(path, os.R_OK):
            continue
        text = path.read_text(errors="replace")
        if path.suffix == ".sources":
            found += parse_deb822(text)
        elif path.suffix == ".list":
            found += parse_one_line(text)
    return found


def debian_mirror(sources: Iterable[Source]) -> Source | None:
    """Return the first source that is a full mirror of Debian's main archive.

    Security and update suites live elsewhere or on the same mirror, so only the
    plain suites count. Third parties have suites of other names.
    """
    for source in sources:
        plain = DEBIAN_SUITES.match(source.suite)
        main = not source.components or "main" in source.components
        path = source.uri.rstrip("/")
        if plain and main and path.endswith("/debian"):
            return source
    return None


def keyring(source: Source | None) -> str | None:
    """Return the file with the keys that Debian's archive is signed by."""
    named = [Path(source.signed_by)] if source and source.signed_by else []
    return next((str(path) for path in named + KEYRINGS if path.exists()), None)
