# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""What people type into the pages, before it goes into mails and the database."""

import unicodedata

from odoo.exceptions import UserError


def _is_control(char):
    return unicodedata.category(char) == "Cc"


def read_line(env, value, length):
    """Return one line that somebody has typed: a name, an address, a number.

    :raise UserError: it has line breaks or other control characters, which a name has
        not, and which would write a header of a mail, or which no database stores
    """
    line = (value or "").strip()
    if any(_is_control(char) for char in line):
        raise UserError(
            env._("Please write it in one line, without special characters.")
        )
    return line[:length]


def read_text(value, length):
    """Return a text of several lines, without what no database stores."""
    return "".join(
        char for char in (value or "") if char == "\n" or not _is_control(char)
    ).strip()[:length]
