# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    account_move,
    account_move_membership,
    medspa_dunning_policy,
    medspa_membership_period,
    medspa_membership_period_charge,
    medspa_payment_event,
    payment_provider,
    payment_token,
    payment_transaction,
    payment_transaction_charge,
    payment_transaction_membership,
    payment_transaction_refund,
    payment_transaction_take_back,
    payment_transaction_unknown,
    sale_order,
    sale_order_membership,
    sale_subscription,
    sale_subscription_change,
    sale_subscription_refund,
)
