# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Signed links: what a patient may do with one click, and for how long."""

import binascii
import secrets
from datetime import timezone

from odoo.tools import hash_sign, verify_hash_signed

LINK_BYTES = 9


def get_secret(size=18):
    """Return letters and digits that nobody guesses, fit for an address."""
    return secrets.token_urlsafe(size)


def sign(env, scope, values, expires_at=None):
    """Return a token for an address that holds values and its own end.

    :param env: a sudo environment
    :param str scope: what the token is good for; it opens nothing else
    :param datetime expires_at: naive, in UTC; never when left out
    """
    if expires_at:
        expires_at = expires_at.replace(tzinfo=timezone.utc)
    return hash_sign(env, f"medspa-{scope}", values, expiration=expires_at)


def verify(env, scope, token):
    """Return the values of a token, or nothing when it is forged, spoilt or too old."""
    try:
        return verify_hash_signed(env, f"medspa-{scope}", token)
    except (AssertionError, binascii.Error, IndexError, TypeError, ValueError):
        return None
