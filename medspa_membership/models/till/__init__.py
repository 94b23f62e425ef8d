# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    account_move,
    account_partial_reconcile,
    account_payment,
    calendar_event,
    medspa_course,
    medspa_course_parts,
    medspa_course_payment,
    medspa_course_refund,
    payment_transaction,
    product_template,
    res_partner,
    sale_order,
    sale_order_line,
)
