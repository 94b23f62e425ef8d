# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import medspa_credit_paid_line  # isort: skip
from . import (
    account_move,
    account_move_credit,
    account_move_line_price,
    account_partial_reconcile,
    account_payment,
    calendar_event,
    medspa_course,
    medspa_course_parts,
    medspa_course_payment,
    medspa_course_refund,
    payment_transaction,
    product_pricelist,
    product_pricelist_item,
    product_template,
    res_partner,
    res_partner_price,
    res_users,
    sale_order,
    sale_order_credit,
    sale_order_letters,
    sale_order_line,
    sale_order_offer,
    sale_order_price,
    website,
)
