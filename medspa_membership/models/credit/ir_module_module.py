# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models
from odoo.exceptions import UserError

# Set by an administrator to the number of rows that the refusal names.
PARAMETER = "medspa_membership.uninstall_ledger_rows"


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def button_uninstall(self):
        """Override of `base`: what patients have left is not thrown away unasked."""
        if self._takes_ledger_away():
            self._check_ledger_may_go()
        return super().button_uninstall()

    def _takes_ledger_away(self):
        """Tell whether the ledger would go with these addons."""
        leaving = self.filtered(lambda module: module.state == "installed")
        names = (leaving | leaving.downstream_dependencies()).mapped("name")
        return "medspa_membership" in names

    def _check_ledger_may_go(self):
        """Refuse as long as nobody has said that the ledger was saved elsewhere.

        :raise UserError: it holds rows; it says how many, and what to do
        """
        rows = self.env["medspa.credit.move"].sudo().search_count([])
        said = self.env["ir.config_parameter"].sudo().get_param(PARAMETER)
        if not rows or said == str(rows):
            return
        Credit_sudo = self.env["medspa.credit"].sudo()
        patients = Credit_sudo._read_group(
            [("remaining", ">", 0)], [], ["partner_id:count_distinct"]
        )[0][0]
        raise UserError(
            self.env._(
                "The ledger of credits would be deleted with it: %(rows)s rows, and "
                "%(patients)s patients have something left. It cannot be brought back. "
                "Export the ledger and the credits first, and make a backup. Then set "
                "the system parameter %(parameter)s to %(rows)s and uninstall again.",
                rows=rows,
                patients=patients,
                parameter=PARAMETER,
            )
        )
