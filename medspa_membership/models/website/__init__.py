# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    calendar_event,
    medspa_membership_period,
    payment_provider,
    payment_transaction,
    product_product,
    res_company,
    sale_order,
    sale_subscription,
    sale_subscription_template,
    website,
)
from . import sale_subscription_family, sale_subscription_page  # isort: skip
