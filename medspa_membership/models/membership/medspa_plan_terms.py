# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models


class MedspaPlanTerms(models.AbstractModel):
    """The terms of a plan, which a membership keeps as they were when it was sold.

    One list of fields for both: the plan on sale and the membership, stamped with the
    plan's terms of its day. Later edits of the plan never reach what a member signed.
    """

    _name = "medspa.plan.terms"
    _description = "Plan terms"

    # Term and leaving
    minimum_periods = fields.Integer(
        "Minimum term", help="Periods that are due in any case. Zero: none."
    )
    notice_days = fields.Integer(
        "Notice",
        help="Days between the cancellation and the end, which is always the end of a "
        "period.",
    )
    withdrawal_days = fields.Integer(
        "Right to withdraw",
        default=14,
        help="Days from the start in which a member may leave at once and gets back "
        "what was not used.",
    )
    exit_rule = fields.Selection(
        [
            ("none", "Not possible"),
            ("fixed", "A fixed fee"),
            ("percent", "A share of what is still due"),
        ],
        "Leaving before the minimum term",
        default="none",
        required=True,
    )
    exit_fee = fields.Float(digits="Product Price", help="With tax.")
    exit_percent = fields.Float("Exit share in percent")
    credit_life_days = fields.Integer(
        "Credits live on",
        help="Days after the end in which credits that are left can still be used.",
    )
    keeps_credits_on_cancel = fields.Boolean(
        "Credits stay when ended within a period",
        default=True,
        help="Otherwise they are lost on the day the membership ends.",
    )
    renewal_notice_days = fields.Integer(
        "Renewal notice",
        default=14,
        help="Days before the end of the term on which the member is reminded. "
        "Zero: no notice.",
    )
    # Pauses
    allows_pause = fields.Boolean("Can be paused", default=True)
    max_pause_days = fields.Integer(
        "Longest pause", help="Days in any twelve months. Zero: no limit."
    )
    pause_meaning = fields.Selection(
        [
            ("usable_skip", "Credits stay usable, payments are skipped"),
            ("frozen_shift", "Credits are frozen, the next payment moves"),
            ("frozen_skip", "Credits are frozen, payments are skipped"),
        ],
        "In a pause",
        default="frozen_shift",
        required=True,
    )
    pause_fee = fields.Float(
        digits="Product Price", help="Charged once a pause, with tax."
    )
    pause_extends_term = fields.Boolean(
        "A pause extends the minimum term", default=True
    )
    # Payments that fail
    grace_days = fields.Integer(
        help="Days after a failed payment on which credits are still usable."
    )
    arrears_rule = fields.Selection(
        [
            ("catch_up", "All of them are charged, each gives its credits"),
            ("forgive", "They are forgiven: one charge, one grant of credits"),
        ],
        "Missed periods",
        default="catch_up",
        required=True,
        help="What becomes of periods that fell due while payments failed.",
    )
    # People and prices
    family_limit = fields.Integer(
        "Family members", help="So many others may use its credits. Zero: nobody."
    )
    family_has_rights = fields.Boolean(
        "Family counts as members",
        help="The family has the member's prices, books as early as members do, and "
        "books what is for members only. Otherwise it uses the credits, no more.",
    )
    waits_first = fields.Boolean(
        "First on the waiting list",
        help="Members of the plan are offered a freed time before others.",
    )
    stacks_with_promotions = fields.Boolean(
        "Discount on top of promotions",
        help="Otherwise a price that is reduced already is not reduced again.",
    )

    _plan_terms_not_negative = models.Constraint(
        "CHECK (minimum_periods >= 0 AND notice_days >= 0 AND withdrawal_days >= 0"
        " AND exit_fee >= 0 AND exit_percent BETWEEN 0 AND 100"
        " AND credit_life_days >= 0 AND renewal_notice_days >= 0"
        " AND max_pause_days >= 0 AND pause_fee >= 0 AND grace_days >= 0"
        " AND family_limit >= 0)",
        "Days, periods, persons and fees are zero or more; a share is at most 100 "
        "percent.",
    )

    def _get_plan_terms(self):
        """Return the terms as values, to stamp them on what is sold.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        names = [
            name
            for name, field in self.env["medspa.plan.terms"]._fields.items()
            if field.store and name not in models.MAGIC_COLUMNS
        ]
        return self._convert_to_write({name: self[name] for name in names})
