# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models
from odoo.exceptions import AccessError


class MedspaGuarded(models.AbstractModel):
    """Records that nobody writes by hand, whatever rights they have on the model.

    Methods of the product write them, as superuser, after their checks.
    """

    _name = "medspa.guarded"
    _description = "Guarded records"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_guard()
        return super().create(vals_list)

    def write(self, vals):
        self._check_guard()
        return super().write(vals)

    def _check_guard(self):
        if not self.env.su:
            raise AccessError(self._get_guard_message())

    def _get_guard_message(self):
        """Seam: return why the records are not written by hand, and what to do."""
        return self.env._("This is not written by hand: use the buttons.")
