# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class ResUsers(models.Model):
    _inherit = "res.users"

    def _notify_security_setting_update(
        self, subject, content, mail_values=None, **kwargs
    ):
        """Override of `mail`: the first password of a patient is no alarm.

        Nobody has used the account before: who sets the password came by the letter.
        """
        known = self.filtered(lambda user: user.login_date or not user.share)
        return super(ResUsers, known)._notify_security_setting_update(
            subject, content, mail_values=mail_values, **kwargs
        )
