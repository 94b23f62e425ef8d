# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    account_move,
    zz_stub,  # TEMP
    account_move_membership,
    medspa_dunning_policy,
    medspa_membership_period,
    medspa_membership_period_charge,
    medspa_membership_period_desk,
    payment_provider,
    payment_transaction,
    payment_transaction_membership,
    sale_order,
    sale_order_membership,
    sale_order_membership_enrol,
    sale_subscription,
    sale_subscription_change,
    sale_subscription_desk,
    sale_subscription_letters,
    sale_subscription_refund,
    sale_subscription_template_desk,
)
