# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models


class LoyaltyProgram(models.Model):
    _inherit = "loyalty.program"

    @api.model
    def _load_pos_data_read(self, records, config):
        """Override: a program of a pricelist is one of its members' versions too."""
        read_records = super()._load_pos_data_read(records, config)
        pricelists = self.env["product.pricelist"]
        bases = {id_ for record in read_records for id_ in record["pricelist_ids"]}
        versions = pricelists.browse(bases)._get_member_versions()
        by_base = versions.grouped(lambda version: version.member_base_id.id)
        for record in read_records:
            for base_id in list(record["pricelist_ids"]):
                record["pricelist_ids"] += by_base.get(base_id, pricelists).ids
        return read_records
