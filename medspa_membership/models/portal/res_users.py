# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models
from odoo.exceptions import AccessDenied

LOGIN_LINK = "medspa_login_link"


class ResUsers(models.Model):
    _inherit = "res.users"

    def _check_credentials(self, credential, env):
        """Override of `base` to take an e-mailed link for a password.

        Where a second factor is set up, core asks for it as after a password.
        """
        if credential.get("type") != LOGIN_LINK:
            return super()._check_credentials(credential, env)
        if not (env or {}).get("interactive"):
            raise AccessDenied()
        if not self.env["medspa.login.link"]._burn(
            credential.get("token"), self.env.user
        ):
            raise AccessDenied(
                self.env._("This link has been used or is too old. Ask for a new one.")
            )
        return {"uid": self.env.user.id, "auth_method": LOGIN_LINK, "mfa": "default"}

    def _may_log_in_by_link(self):
        """Tell whether it is a patient's user: staff log in with what they know."""
        return (
            len(self) == 1
            and self.active
            and self._is_portal()
            and not self._is_internal()
        )
