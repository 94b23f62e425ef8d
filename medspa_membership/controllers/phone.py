# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import re

# Six digits or more, written as people write them.
PHONE = re.compile(r"\+?[\s()./-]*(?:\d[\s()./-]*){6,15}")


def is_phone(value):
    """Tell whether a text can be the number of a phone."""
    return bool(PHONE.fullmatch((value or "").strip()))


def get_phone_refusal(env, value):
    """Return why a text is no number of a phone, and how to write one."""
    return env._(
        "%s is no phone number. Please write it in digits, for example "
        "+34 600 111 222.",
        value,
    )
