# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command

from odoo.addons.medspa_membership.tests.till_common import TillCase


class LoyaltyCase(TillCase):
    """The clinic of the tills, with promotions that a code opens."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["loyalty.program"].search([]).active = False

    @classmethod
    def _create_program(cls, code=None, rule=None, reward=None, **vals):
        """Return a program: by default 10 % off the order, for everybody."""
        kind = "promo_code" if code else "promotion"
        rule_vals = {"minimum_amount": 0, "minimum_qty": 0, **(rule or {})}
        if code:
            rule_vals |= {"mode": "with_code", "code": code}
        return cls.env["loyalty.program"].create(
            {
                "name": code or "For everybody",
                "program_type": kind,
                "trigger": "with_code" if code else "auto",
                "applies_on": "current",
                "company_id": cls.company.id,
                "rule_ids": [Command.clear(), Command.create(rule_vals)],
                "reward_ids": [
                    Command.clear(),
                    Command.create(
                        {"reward_type": "discount", "discount": 10, **(reward or {})}
                    ),
                ],
                **vals,
            }
        )

    @classmethod
    def _let_plan_stack(cls, name="member"):
        """Put the patient in the same plan, on top of promotions."""
        cls.plan.stacks_with_promotions = True
        cls.people[name].membership_ids._transition("ended")
        cls._join(partner=cls.people[name])

    def _enter_code(self, order, code):
        """Enter a code as the desk does in the wizard of an order."""
        status = order._try_apply_code(code)
        self.assertNotIn("error", status)
        for coupon, rewards in status.items():
            order._apply_program_reward(rewards, coupon)
        order._update_programs_and_rewards()
