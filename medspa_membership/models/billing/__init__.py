# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    account_move,
    account_move_alike,
    account_move_membership,
    calendar_event_ahead,
    ir_attachment,
    medspa_dunning_policy,
    medspa_membership_period,
    medspa_membership_period_charge,
    medspa_membership_period_dunning,
    medspa_membership_period_desk,
    medspa_payment_event,
    payment_provider,
    payment_token,
    payment_transaction,
    payment_transaction_charge,
    payment_transaction_membership,
    payment_transaction_booking,
    payment_transaction_refund,
    payment_transaction_take_back,
    payment_transaction_unknown,
    res_partner,
    sale_order,
    sale_order_membership,
    sale_order_agreement,  # isort: skip
    sale_order_membership_enrol,
    sale_subscription,
    sale_subscription_ahead,
    sale_subscription_arrears,
    sale_subscription_change,
    sale_subscription_desk,
    sale_subscription_letters,
    sale_subscription_refund,
    sale_subscription_settle,
    sale_subscription_template_desk,
)

# They override what the files above define: whoever comes later is asked first.
from . import medspa_price_campaign  # isort: skip
from . import medspa_price_campaign_line  # isort: skip
from . import medspa_winback_offer  # isort: skip
