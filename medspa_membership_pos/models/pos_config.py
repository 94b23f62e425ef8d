# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models


class PosConfig(models.Model):
    _inherit = "pos.config"

    def _get_available_pricelists(self):
        """Override of `point_of_sale` to load the members' versions too."""
        pricelists = super()._get_available_pricelists()
        return pricelists | self._get_till_versions(pricelists)

    def _get_till_versions(self, pricelists):
        """Return the members' versions of the pricelists of the till, or of none."""
        self.ensure_one()
        versions = self.env["product.pricelist"].sudo()
        versions = versions.with_context(active_test=False)
        domain = [("member_key", "!=", False)]
        if pricelists:
            domain.append(("member_base_id", "in", pricelists.ids))
        else:
            domain += [
                ("member_base_id", "=", False),
                ("company_id", "=", self.company_id.id),
            ]
        return versions.search(domain).with_env(self.env)

    @api.model
    def _get_special_products(self):
        """Override of `point_of_sale` to load what money of a credit is sold as."""
        spent = self.env.ref(
            "medspa_membership.product_credit_spent", raise_if_not_found=False
        )
        return super()._get_special_products() | (spent or self.env["product.product"])

    @api.model
    def _load_pos_data_read(self, records, config):
        """Override of `point_of_sale` to name the product of spent money.

        And what is never reduced for members. The till keeps products from one day to
        the next; this it reads anew each time it opens.
        """
        read_records = super()._load_pos_data_read(records, config)
        spent = self.env.ref(
            "medspa_membership.product_credit_spent", raise_if_not_found=False
        )
        unreduced = self.env["product.template"]._get_unreduced_template_ids()
        for record in read_records:
            record["_medspa_credit_product_id"] = spent.id if spent else False
            record["_medspa_unreduced_template_ids"] = sorted(unreduced)
        return read_records
