# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models
from odoo.exceptions import AccessError


class IrAttachment(models.Model):
    """Signatures and signed agreements are kept as they were signed.

    Whoever may write an order or a membership could put another file in their place.
    """

    _inherit = "ir.attachment"

    def write(self, vals):
        self._check_not_signed()
        return super().write(vals)

    def unlink(self):
        self._check_not_signed()
        return super().unlink()

    def _check_not_signed(self):
        """Refuse to touch what was signed, unless the product itself does."""
        if self.env.su or not self:
            return
        files_sudo = self.sudo()
        orders_sudo = files_sudo.env["sale.order"].browse(
            files_sudo.filtered(
                lambda file: (
                    file.res_model == "sale.order" and file.res_field == "signature"
                )
            ).mapped("res_id")
        )
        is_signed = orders_sudo.exists().filtered("signed_by") or (
            files_sudo.env["medspa.membership.agreement"].search_count(
                [("attachment_id", "in", self.ids)], limit=1
            )
        )
        if is_signed:
            raise AccessError(self.env._("What was signed is kept as it is."))
