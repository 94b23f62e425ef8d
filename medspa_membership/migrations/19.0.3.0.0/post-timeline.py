# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import SUPERUSER_ID, api

BATCH = 500


def migrate(cr, version):
    """Stamp the rhythm on memberships, and write down what was agreed with them."""
    cr.execute(
        """
        UPDATE sale_subscription membership
           SET period_unit = COALESCE(plan.recurring_rule_type, 'months'),
               period_length = COALESCE(NULLIF(plan.recurring_interval, 0), 1),
               payment_limit = CASE plan.recurring_rule_boundary
                   WHEN 'limited' THEN plan.recurring_rule_count ELSE 0 END,
               trial_days = plan.trial_days,
               trial_has_benefits = plan.trial_has_benefits
          FROM sale_subscription_template plan
         WHERE plan.id = membership.template_id
           AND membership.is_membership
           AND membership.period_unit IS NULL
        """
    )
    cr.execute(
        """
        UPDATE medspa_membership_period part
           SET parent_id = period.id
          FROM medspa_membership_period period
         WHERE part.kind = 'upgrade'
           AND part.parent_id IS NULL
           AND period.kind IN ('regular', 'trial')
           AND period.membership_id = part.membership_id
           AND part.start_date BETWEEN period.start_date AND period.end_date
           AND part.end_date = period.end_date
        """
    )
    env = api.Environment(cr, SUPERUSER_ID, {})
    memberships = env["sale.subscription"].search(
        [("is_membership", "=", True), ("anchor_date", "!=", False)], order="id"
    )
    for start in range(0, len(memberships), BATCH):
        batch = memberships[start : start + BATCH]
        batch._ensure_segments()
        env.flush_all()
        env.invalidate_all()
