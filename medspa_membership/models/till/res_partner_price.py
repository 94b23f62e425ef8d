# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from collections import defaultdict

from odoo import api, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.depends(
        "membership_ids.membership_state",
        "membership_ids.end_date",
        "membership_ids.pause_meaning",
        "membership_ids.discount_set_id",
    )
    def _compute_product_pricelist(self):
        """Override of `product` to name what the lookup reads of a patient."""
        return super()._compute_product_pricelist()

    def _inverse_product_pricelist(self):
        """Override of `product`: what is kept is the pricelist, not a members' version.

        A stored copy of the version would outlive the membership.
        """
        for partner in self:
            pricelist = partner.property_product_pricelist
            if pricelist.sudo().member_key:
                partner.property_product_pricelist = pricelist.member_base_id
        return super()._inverse_product_pricelist()

    def _get_member_discounts(self):
        """Return the member discounts of patients in the current clinic, by id."""
        if not self:
            return {}
        return self.env["sale.subscription"]._get_member_discounts(
            self, self.env.company
        )

    def _make_member_pricelists(self, company):
        """Have every version ready that these members may need."""
        Discounts = self.env["medspa.discount.set"].sudo()
        members = self.env["sale.subscription"].sudo()._find_running(self, company)
        sets = defaultdict(set)
        for membership in members:
            for holder in membership._get_holders():
                sets[holder].update(membership.discount_set_id.ids)
        wanted = {
            subset
            for set_ids in sets.values()
            for subset in Discounts._get_subsets(sorted(set_ids))
        }
        if not wanted:
            return
        pricelists = self.env["product.pricelist"].sudo()
        bases = pricelists.search([("company_id", "in", (company.id, False))])
        combinations_used = [Discounts.browse(subset) for subset in sorted(wanted)]
        for base in bases or [pricelists]:
            base.with_company(company)._make_versions_for(combinations_used, company)
