# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model
    def _load_pos_data_read(self, records, config):
        """Override of `point_of_sale` to price a patient by what the till has.

        A pricelist that the till does not offer is its default one there, as in core;
        for a member, the members' version of that.
        """
        read_records = super()._load_pos_data_read(records, config)
        partners = self.browse([record["id"] for record in read_records])
        prices = partners.with_company(config.company_id)._get_till_pricelists(config)
        for record in read_records:
            record["property_product_pricelist"] = prices[record["id"]].id
        return read_records

    def _get_till_pricelists(self, config):
        """Return the pricelist of each patient at a till, by id."""
        default = config.pricelist_id if config.use_pricelist else config.browse()
        default = self.env["product.pricelist"].browse(default.id)
        offered = default
        if config.use_pricelist:
            offered |= config.available_pricelist_ids
        discounts = self._get_member_discounts()
        found = {}
        for partner in self:
            own = partner.property_product_pricelist
            base = own.sudo().member_base_id if own.sudo().member_key else own
            base = base if base in offered else default
            found[partner.id] = base.with_env(self.env)
            if partner.id in discounts:
                version = base.with_env(self.env)._get_version_for(
                    discounts[partner.id]
                )
                found[partner.id] = version
        return found

    def get_till_patient(self, config_id):
        """Return what a till has to know of a patient who is chosen there, as of now.

        Called when the customer of an order is set: a session of the till may be days
        old, a membership may have stopped meanwhile.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        self.check_access("read")
        config = self.env["pos.config"].browse(config_id)
        config.check_access("read")
        company = config.company_id
        pricelist = self.with_company(company)._get_till_pricelists(config)[self.id]
        versions = self.env["product.pricelist"]
        items = self.env["product.pricelist.item"]
        if pricelist.sudo().member_key:
            # A version made since the till was opened comes with it.
            versions, items = pricelist, pricelist.sudo().item_ids
        return {
            "pricelist_id": pricelist.id,
            "product.pricelist": versions._load_pos_data_read(versions, config),
            "product.pricelist.item": items._load_pos_data_read(items, config),
        }
