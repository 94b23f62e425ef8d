# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models
from odoo.fields import Domain


class ProductPricelist(models.Model):
    _inherit = "product.pricelist"

    @api.model
    def _load_pos_data_domain(self, data, config):
        """Override of `point_of_sale`: members' versions are archived, and needed."""
        domain = Domain(super()._load_pos_data_domain(data, config))
        return domain & Domain("active", "in", (True, False))

    @api.model
    def _load_pos_data_fields(self, config):
        return [*super()._load_pos_data_fields(config), "member_key", "member_base_id"]

    def _unrelevant_records(self, config):
        """Override of `point_of_sale`: a members' version is archived all its life."""
        own = self.filtered(lambda pricelist: not pricelist.member_key)
        return super(ProductPricelist, own)._unrelevant_records(config)


class ProductPricelistItem(models.Model):
    _inherit = "product.pricelist.item"

    @api.model
    def _load_pos_data_fields(self, config):
        return [
            *super()._load_pos_data_fields(config),
            "is_promotion",
            "is_member_rule",
            "promotion_percent",
        ]


class ProductTemplate(models.Model):
    _inherit = "product.template"

    @api.model
    def _load_pos_data_fields(self, config):
        return [*super()._load_pos_data_fields(config), "service_tracking"]
