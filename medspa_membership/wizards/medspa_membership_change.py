# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError


class MedspaMembershipChange(models.TransientModel):
    """Changes the plan, after it has shown the numbers."""

    _name = "medspa.membership.change"
    _inherit = "medspa.membership.wizard"
    _description = "Change the plan"

    current_plan_id = fields.Many2one(
        related="membership_id.template_id", string="Present plan"
    )
    plan_id = fields.Many2one(
        "sale.subscription.template",
        "New plan",
        domain="[('is_plan', '=', True), ('id', '!=', current_plan_id),"
        " ('company_id', 'in', (company_id, False))]",
    )
    when = fields.Selection(
        [("now", "Today"), ("renewal", "From the next period on")],
        compute="_compute_when",
        store=True,
        readonly=False,
    )
    obstacle = fields.Char(compute="_compute_preview")
    is_upgrade = fields.Boolean(compute="_compute_preview")
    old_price = fields.Monetary("Price now", compute="_compute_preview")
    new_price = fields.Monetary("Price then", compute="_compute_preview")
    amount = fields.Monetary(compute="_compute_preview")
    amount_charged = fields.Monetary("Charged today", compute="_compute_preview")
    amount_back = fields.Monetary("Given back today", compute="_compute_preview")
    days_left = fields.Integer(compute="_compute_preview")
    days_total = fields.Integer(compute="_compute_preview")
    grants_label = fields.Char("Credits given", compute="_compute_preview")
    effective_date = fields.Date("Begins", compute="_compute_preview")
    next_date = fields.Date("Next payment", compute="_compute_preview")
    term_preview = fields.Html(related="plan_id.term_preview")

    @api.depends("plan_id")
    def _compute_when(self):
        """An upgrade begins today, a downgrade with the next period."""
        for wizard in self:
            change = wizard._get_change(None)
            wizard.when = change.get("when") or wizard.when or "renewal"

    @api.depends("membership_id", "plan_id", "when")
    def _compute_preview(self):
        for wizard in self:
            change = wizard._get_change(wizard.when)
            amount = change.get("amount", 0.0)
            wizard.update(
                {
                    "obstacle": change.get("obstacle", False),
                    "is_upgrade": change.get("is_upgrade", False),
                    "old_price": change.get("old_price", wizard.membership_id.price),
                    "new_price": change.get("new_price", 0.0),
                    "amount": amount,
                    "amount_charged": max(amount, 0.0),
                    "amount_back": max(-amount, 0.0),
                    "days_left": change.get("days_left", 0),
                    "days_total": change.get("days_total", 0),
                    "effective_date": change.get("effective_date", False),
                    "next_date": change.get("next_date", False),
                    "grants_label": wizard._get_grants_label(change.get("grants", {})),
                }
            )

    def _get_change(self, when):
        """Return the preview of the change, or what stands in its way."""
        self.ensure_one()
        if not self.plan_id or not self.membership_id:
            return {}
        today = self.membership_id.company_id._medspa_date()
        try:
            return self.membership_id._get_plan_change(
                self.plan_id._origin, today, when
            )
        except UserError as error:
            return {"obstacle": str(error)}

    def _get_grants_label(self, grants):
        """Return the credits that the change gives at once, in a line."""
        return ", ".join(
            benefit._get_label(quantity) for benefit, quantity in grants.items()
        )

    def action_confirm(self):
        """Change the plan as shown."""
        membership = self._get_membership()
        if not self.plan_id:
            raise UserError(self.env._("Choose the new plan."))
        if self.obstacle:
            raise UserError(self.obstacle)
        membership._change_plan(self.plan_id, self.when, self.amount)
