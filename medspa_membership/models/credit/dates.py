# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.tools import format_date


def format_day(env, day, lang_code=None):
    """Return a day as patients read it on all pages: "Nov 29, 2026", "29 nov 2026".

    The month in letters: nobody takes it for the day. Templates say the same with
    `t-options="{'format': 'medium'}"`.
    """
    return format_date(env, day, lang_code=lang_code, date_format="medium")
