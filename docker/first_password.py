# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
"""Run by `odoo shell`, before anybody can reach the pages: see compose.yaml.

A new database has the administrator admin with the password admin.
"""

import os
from pathlib import Path

from odoo.exceptions import AccessDenied

SHORTEST = 12

admin = env.ref("base.user_admin")  # noqa: F821 (of the shell)
credential = {"type": "password", "login": admin.login, "password": "admin"}
try:
    admin.with_user(admin)._check_credentials(credential, {"interactive": False})
except AccessDenied:
    print("The administrator has a password.")
else:
    password = Path(os.environ["ADMIN_PASSWORD_FILE"]).read_text().strip()
    if len(password) < SHORTEST:
        raise SystemExit(
            f"Set ADMIN_PASSWORD in docker/.env: {SHORTEST} characters or more."
        )
    admin.password = password
    env.cr.commit()  # noqa: F821
    print("The administrator has the password of docker/.env now.")
