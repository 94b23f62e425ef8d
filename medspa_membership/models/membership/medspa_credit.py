# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare


class MedspaCredit(models.Model):
    _inherit = "medspa.credit"

    period_id = fields.Many2one(
        "medspa.membership.period", index="btree_not_null", ondelete="restrict"
    )
    membership_id = fields.Many2one(
        related="period_id.membership_id", store=True, index="btree_not_null"
    )
    membership_benefit_id = fields.Many2one(
        "medspa.membership.benefit", index="btree_not_null", ondelete="restrict"
    )

    def _get_ledger_fields(self):
        return super()._get_ledger_fields() | {"period_id", "membership_benefit_id"}

    def _get_source_label(self):
        """Override: the plan that gives it."""
        plan_sudo = self.sudo().membership_id.template_id
        if not plan_sudo:
            return super()._get_source_label()
        return self.env._("%s membership", plan_sudo.name)

    def _check_spendable(self, on_date):
        """Override to say why the credit of a membership cannot be used now."""
        membership_sudo = self.sudo().membership_id
        if membership_sudo and self.is_frozen:
            raise UserError(
                self.env._(
                    "%(membership)s is %(state)s: %(credit)s cannot be used until it "
                    "runs again.",
                    membership=membership_sudo.display_name,
                    state=membership_sudo._get_state_label().lower(),
                    credit=self._name_it(),
                )
            )
        return super()._check_spendable(on_date)

    def _drop_above_cap(self):
        """Expire what a benefit holds above its limit, the oldest first."""
        capped = self.membership_benefit_id.filtered(lambda b: b.rollover == "cap")
        if not capped:
            return
        lots = self.sudo().search(
            [("membership_benefit_id", "in", capped.ids), ("remaining", ">", 0)],
            order="id",
        )
        entries = []
        for benefit, credits in lots.grouped("membership_benefit_id").items():
            surplus = sum(credits.mapped("remaining")) - benefit.rollover_cap
            for credit in credits:
                if float_compare(surplus, 0, precision_digits=3) <= 0:
                    break
                dropped = self._round_quantity(min(surplus, credit.available))
                if dropped > 0:
                    surplus -= dropped
                    entries.append(
                        {
                            "credit": credit,
                            "kind": "expire",
                            "quantity": -dropped,
                            "reason": self.env._("Above the limit of the plan"),
                        }
                    )
        if entries:
            self._post_moves(entries)
