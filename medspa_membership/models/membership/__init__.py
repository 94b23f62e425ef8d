# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    calendar_event,
    medspa_benefit,
    medspa_credit,
    medspa_discount_set,
    medspa_membership_agreement,
    medspa_membership_pause,
    medspa_membership_period,
    medspa_plan_discount,
    medspa_plan_terms,
    product_template,
    res_partner,
    sale_subscription,
    sale_subscription_cancel,
    sale_subscription_dates,
    sale_subscription_discount,
    sale_subscription_jobs,
    sale_subscription_line,
    sale_subscription_pause,
    sale_subscription_state,
    sale_subscription_template,
)
