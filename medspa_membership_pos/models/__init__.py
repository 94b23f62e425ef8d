# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    medspa_credit_move,
    pos_config,
    pos_order,
    pos_order_line,
    pos_order_report,
    product_pricelist,
    report_sale_details,
    res_partner,
)
