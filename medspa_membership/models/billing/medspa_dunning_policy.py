# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools.sql import table_exists

# At most so many tries for one declined charge (Stripe's advice). Visa's own limit is
# 20 in 30 days for a card.
MAX_RETRIES = 8


class MedspaDunningPolicy(models.Model):
    """What happens after a failed payment, step by step."""

    _name = "medspa.dunning.policy"
    _description = "Dunning policy"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True)
    step_ids = fields.One2many("medspa.dunning.step", "policy_id", "Steps", copy=True)
    max_attempts = fields.Integer(
        "Tries at most",
        default=MAX_RETRIES,
        required=True,
        help="For one period and card, by hand or not, in the days below: what card "
        "networks allow is never exceeded.",
    )
    attempt_days = fields.Integer("in days", default=30, required=True)

    _attempts_in_range = models.Constraint(
        "CHECK (max_attempts BETWEEN 1 AND 20 AND attempt_days >= 1)",
        "Card networks allow up to 20 tries in 30 days.",
    )

    @api.constrains("step_ids")
    def _check_one_suspends(self):
        for policy in self:
            steps = policy.step_ids.sorted("hours")
            if not steps:
                raise ValidationError(
                    self.env._("Add the steps that follow a failed payment.")
                )
            if any(step.suspends for step in steps[:-1]):
                raise ValidationError(
                    self.env._("Only the last step suspends: nothing follows it.")
                )

    def _get_next_step(self, step=None):
        """Return the step that follows a step, the first one without it.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        steps = self.step_ids.sorted(lambda s: (s.hours, s.id))
        if not step:
            return steps[:1]
        return steps.filtered(lambda s: (s.hours, s.id) > (step.hours, step.id))[:1]


class MedspaDunningStep(models.Model):
    """A step of a policy: when, and what it does."""

    _name = "medspa.dunning.step"
    _description = "Dunning step"
    _order = "hours, id"

    policy_id = fields.Many2one(
        "medspa.dunning.policy", required=True, index=True, ondelete="cascade"
    )
    hours = fields.Integer(
        required=True, default=24, help="After the first failure, in hours."
    )
    retries = fields.Boolean("Charge again", default=True)
    notifies = fields.Boolean("Write to the member", default=True)
    mail_template_id = fields.Many2one(
        "mail.template",
        "E-mail",
        domain="[('model', '=', 'medspa.membership.period')]",
        help="The usual one when left empty.",
    )
    suspends = fields.Boolean(
        "Suspend", help="Credits are frozen until it is paid. For the last step."
    )

    _hours_positive = models.Constraint(
        "CHECK (hours > 0)", "A step follows the failure: at least one hour later."
    )
    _hours_once = models.UniqueIndex(
        "(policy_id, hours)", "There is a step at that hour already."
    )

    @api.depends("hours", "retries", "notifies", "suspends")
    def _compute_display_name(self):
        for step in self:
            step.display_name = self.env._(
                "%(when)s: %(what)s",
                when=step._get_time_label(),
                what=step._get_action_label(),
            )

    def _get_time_label(self):
        """Return how long after the first failure the step comes, in words."""
        self.ensure_one()
        if self.hours % 24:
            return self.env._("After %s hours", self.hours)
        days = self.hours // 24
        return (
            self.env._("After a day")
            if days == 1
            else self.env._("After %s days", days)
        )

    def _get_action_label(self, is_stopped=False):
        """Return what the step does, in words.

        :param bool is_stopped: the card is not asked again, whatever the step says
        """
        parts = [
            label
            for holds, label in (
                (self.retries and not is_stopped, self.env._("charge again")),
                (self.suspends, self.env._("suspend")),
                (self.notifies, self.env._("write to the member")),
            )
            if holds
        ]
        return ", ".join(parts) or self.env._("nothing")

    def _get_moment(self, first_failed_at):
        """Return when the step is due after a first failure (naive, in UTC)."""
        self.ensure_one()
        return first_failed_at + timedelta(hours=self.hours)


class MedspaPlanTerms(models.AbstractModel):
    _inherit = "medspa.plan.terms"

    dunning_policy_id = fields.Many2one(
        "medspa.dunning.policy",
        "After a failed payment",
        default=lambda self: self._default_dunning_policy_id(),
        ondelete="restrict",
    )

    @api.model
    def _default_dunning_policy_id(self):
        """Return the first policy, for those who may read policies.

        Templates of other subscriptions are made by people who have nothing to do with
        them, and are there before the table is, while the addon is installed.
        """
        Policy = self.env["medspa.dunning.policy"]
        is_there = table_exists(self.env.cr, Policy._table)
        if is_there and Policy.has_access("read"):
            return Policy.search([], limit=1)
        return Policy
