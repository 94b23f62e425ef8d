# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class PosOrder(models.Model):
    _inherit = "pos.order"

    def _get_spent_credits(self):
        """Return what credits have paid in these orders, returns taken off.

        :return: list of dicts of `name`, `quantity` in words and `count` of lines
        """
        # Cashiers close a session without a right to read the ledger.
        moves_sudo = self.env["medspa.credit.move"].sudo()
        moves_sudo = moves_sudo.search([("pos_line_id.order_id", "in", self.ids)])
        kinds = moves_sudo.grouped(
            lambda move: (move.credit_id.unit, move.credit_id._get_coverage_label())
        )
        return [
            {
                "name": name,
                "quantity": moves.credit_id[:1]._format_quantity(
                    -sum(moves.mapped("quantity"))
                ),
                "count": len(moves.filtered(lambda move: move.kind == "redeem")),
            }
            for (_unit, name), moves in sorted(kinds.items())
        ]
