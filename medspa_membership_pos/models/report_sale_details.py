# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class ReportSaleDetails(models.AbstractModel):
    _inherit = "report.point_of_sale.report_saledetails"

    def get_sale_details(
        self,
        date_start=False,
        date_stop=False,
        config_ids=False,
        session_ids=False,
        **kwargs,
    ):
        """Override of `point_of_sale` to show what credits have paid, beside money."""
        details = super().get_sale_details(
            date_start, date_stop, config_ids, session_ids, **kwargs
        )
        if not session_ids:
            date_start, date_stop = self._get_date_start_and_date_stop(
                date_start, date_stop
            )
        domain = self._get_domain(
            date_start, date_stop, config_ids, session_ids, **kwargs
        )
        orders = self.env["pos.order"].search(domain)
        details["spent_credits"] = orders._get_spent_credits()
        return details
