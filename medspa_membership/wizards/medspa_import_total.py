# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.tools import float_compare

from ..models.credit.medspa_credit import QUANTITY_DIGITS

QUANTITY = (16, QUANTITY_DIGITS)


class MedspaImportTotal(models.TransientModel):
    """The control total of a course: what the file says beside what the ledger says."""

    _name = "medspa.import.total"
    _description = "Control total of an import"
    _order = "id"
    _transient_max_hours = 24.0

    import_id = fields.Many2one(
        "medspa.import", required=True, index=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="import_id.currency_id")
    name = fields.Char("Course")
    product_tmpl_id = fields.Many2one("product.template")
    rows = fields.Integer()
    courses_file = fields.Integer("Courses, file")
    courses = fields.Integer()
    bought_file = fields.Float("Bought, file", digits=QUANTITY)
    bought = fields.Float(digits=QUANTITY)
    used_file = fields.Float("Used, file", digits=QUANTITY)
    used = fields.Float(
        digits=QUANTITY, help="Used before the import, as the ledger has it."
    )
    remaining_file = fields.Float(
        "Left, file", digits=QUANTITY, compute="_compute_difference"
    )
    remaining = fields.Float("Left", digits=QUANTITY)
    since = fields.Float(
        "Gone here since",
        digits=QUANTITY,
        compute="_compute_difference",
        help="Used, expired, transferred or refunded here after the import.",
    )
    paid_file = fields.Monetary("Paid, file")
    paid = fields.Monetary()
    value_remaining = fields.Monetary(
        "Value left", help="What the clinic owes in treatments, without tax."
    )
    is_balanced = fields.Boolean(compute="_compute_difference")
    difference = fields.Char(compute="_compute_difference")

    @api.depends(
        "courses_file",
        "courses",
        "bought_file",
        "bought",
        "used_file",
        "used",
        "remaining",
        "paid_file",
        "paid",
    )
    def _compute_difference(self):
        for total in self:
            total.remaining_file = total.bought_file - total.used_file
            total.since = total.bought - total.used - total.remaining
            differences = total._get_differences()
            total.is_balanced = not differences
            total.difference = ", ".join(differences) or self.env._("0")

    def _get_differences(self):
        """Return what is not the same in the ledger as in the file, in words."""
        self.ensure_one()
        parts = []
        for label, here, in_file in (
            (self.env._("courses"), self.courses, self.courses_file),
            (self.env._("bought"), self.bought, self.bought_file),
            (self.env._("used"), self.used, self.used_file),
        ):
            if float_compare(here, in_file, precision_digits=QUANTITY_DIGITS):
                parts.append(f"{label} {here - in_file:+g}")
        if self.currency_id.compare_amounts(self.paid, self.paid_file):
            amount = self.currency_id.format(self.paid - self.paid_file)
            parts.append(self.env._("paid %s", amount))
        return parts
