# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaTerms(models.AbstractModel):
    """The rules between clinic and patient that differ from clinic to clinic.

    Three records carry them: the company (its default), the course on sale (where it
    has terms of its own) and the course as sold, which keeps those of its day.
    """

    _name = "medspa.terms"
    _description = "Terms"

    # Missed and late
    cancel_notice_hours = fields.Integer(
        "Cancel until",
        default=24,
        help="Until so many hours before, a patient cancels without loss.",
    )
    late_cancel_uses_session = fields.Boolean(
        "Late cancellation uses the session", default=True
    )
    no_show_uses_session = fields.Boolean("No-show uses the session", default=True)
    free_passes = fields.Integer(
        help="So many late cancellations or no-shows are forgiven by themselves."
    )
    free_pass_months = fields.Integer(
        "Free passes in months",
        default=12,
        help="The months in which they are counted.",
    )
    # Time
    grace_days = fields.Integer(
        help="Days after the last day on which the sessions can still be used."
    )
    max_pause_days = fields.Integer(
        "Longest pause", help="In days, all pauses together. Zero: no limit."
    )
    # People
    share_limit = fields.Integer(
        "Persons to share with",
        help="So many other persons may use it. Zero: nobody else.",
    )
    is_transferable = fields.Boolean(
        "Can be transferred", help="What remains may move to another patient, once."
    )
    allows_part_sessions = fields.Boolean(
        "Part sessions", help="Half a session may be used, and the like."
    )
    # Refund
    refund_basis = fields.Selection(
        [
            ("sessions", "The price of the sessions that remain"),
            ("list", "The price paid, less the used sessions at list price"),
        ],
        default="sessions",
        required=True,
    )
    refund_fee = fields.Float(
        digits="Product Price", help="A fixed sum kept from a refund."
    )
    refund_fee_percent = fields.Float(
        "Refund fee in percent", help="A share kept from a refund."
    )

    _terms_not_negative = models.Constraint(
        "CHECK (cancel_notice_hours >= 0 AND free_passes >= 0 AND free_pass_months >= 0"
        " AND grace_days >= 0 AND max_pause_days >= 0 AND share_limit >= 0"
        " AND refund_fee >= 0 AND refund_fee_percent BETWEEN 0 AND 100)",
        "Hours, days, passes and fees are zero or more; a fee is at most 100 percent.",
    )

    def _get_terms(self):
        """Return the terms as values, to stamp them on what is sold.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        names = [
            name
            for name, field in self.env["medspa.terms"]._fields.items()
            if field.store and name not in models.MAGIC_COLUMNS
        ]
        return {name: self[name] for name in names}
