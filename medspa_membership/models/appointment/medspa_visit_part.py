# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models


class MedspaVisitPart(models.AbstractModel):
    """What belongs to a visit is kept with it, as it was when it was finished."""

    _name = "medspa.visit.part"
    _description = "Part of a visit"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts.visit_id._check_is_open()
        return parts

    def write(self, vals):
        self.visit_id._check_is_open()
        res = super().write(vals)
        if "visit_id" in vals:
            self.visit_id._check_is_open()
        return res

    @api.ondelete(at_uninstall=False)
    def _unlink_except_finished(self):
        self.visit_id._check_is_open()
