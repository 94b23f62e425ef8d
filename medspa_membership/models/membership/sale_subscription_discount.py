# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models


class SaleSubscriptionTemplate(models.Model):
    _inherit = "sale.subscription.template"

    other_discount_count = fields.Integer(
        "Members with other discounts", compute="_compute_other_discount_count"
    )

    # === COMPUTE METHODS === #

    def _compute_other_discount_count(self):
        """Count the members whose discounts are others than the plan's of today."""
        for plan in self:
            plan.other_discount_count = (
                self.env["sale.subscription"]
                .sudo()
                .search_count(plan._get_other_discounts_domain())
            )

    # === CRUD METHODS === #

    def write(self, vals):
        """Override to notice that discounts come on top of promotions, or no more."""
        res = super().write(vals)
        if "stacks_with_promotions" in vals:
            self._on_discounts_changed()
        return res

    # === ACTION METHODS === #

    def action_apply_discounts(self):
        """Give the discounts of today to those who are members already.

        Without it, members keep what the plan said when they joined.
        """
        self._check_manager()
        for plan in self:
            memberships_sudo = plan._get_members_on_other_discounts()
            memberships_sudo.write({"discount_set_id": plan._get_discount_set().id})
            for membership_sudo in memberships_sudo:
                membership_sudo.message_post(
                    body=self.env._("Member discounts are now those of the plan.")
                )

    # === BUSINESS METHODS === #

    def _get_members_on_other_discounts(self):
        """Return the running memberships with other discounts than the plan's."""
        self.ensure_one()
        return (
            self.env["sale.subscription"]
            .sudo()
            .search(self._get_other_discounts_domain())
        )

    def _get_other_discounts_domain(self):
        """Return the domain of the running members with other discounts.

        Looking makes no set: where none says what the plan says, nobody has it.
        """
        self.ensure_one()
        known_sudo = self.env["medspa.discount.set"]._find(
            self.sudo().discount_ids, self.stacks_with_promotions
        )
        domain = [
            ("template_id", "=", self._origin.id),
            ("membership_state", "not in", (False, "ended")),
        ]
        if self.sudo().discount_ids and not known_sudo:
            return domain
        return [*domain, ("discount_set_id", "!=", known_sudo.id)]

    def _get_discount_set(self):
        """Return the discounts of the plan as they are sold today."""
        self.ensure_one()
        return self.env["medspa.discount.set"]._get_or_create(
            self.sudo().discount_ids, self.stacks_with_promotions
        )

    def _get_plan_terms(self):
        """Override to stamp the discounts of today, like the terms."""
        return {
            **super()._get_plan_terms(),
            "discount_set_id": self._get_discount_set().id,
        }

    def _on_discounts_changed(self):
        """Seam: called when plans give other discounts than before."""


class SaleSubscription(models.Model):
    _inherit = "sale.subscription"

    discount_set_id = fields.Many2one(
        "medspa.discount.set",
        "Member discounts",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="As the plan gave them when it was joined.",
    )

    def write(self, vals):
        """Override to let what depends on the discounts follow them."""
        res = super().write(vals)
        changed = vals.keys() & {"discount_set_id", "family_has_rights"}
        family = self.filtered("family_has_rights") if "beneficiary_ids" in vals else []
        if changed or family:
            self._on_member_rights_changed()
        return res

    def _on_member_rights_changed(self):
        """Seam: called when members may have other prices than before."""

    @api.model
    def _get_member_discounts(self, partners, company):
        """Return the discounts that patients have today, in one query.

        The clinic's day is asked for only where a membership has a last day.

        :return: dict of `medspa.discount.set` by partner id
        """
        running = self._find_running(partners, company)
        today = running.filtered("end_date") and company._medspa_date()
        found = {}
        for membership in running:
            discounts = membership.discount_set_id
            if not discounts or not membership._gives_rights(today):
                continue
            for holder in membership._get_holders():
                found[holder.id] = found.get(holder.id, discounts) | discounts
        return found
