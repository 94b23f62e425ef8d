# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    calendar_event_deposit,
    calendar_event_hold,
    calendar_event_move,
    calendar_event_waiting,
    medspa_credit,
    medspa_login_link,
    medspa_occupancy,
    medspa_rate_limit,
    medspa_waiting,
    medspa_waiting_slot,
    payment_transaction,
    product_product,
    product_template,
    res_company,
    res_config_settings,
    res_partner,
    res_partner_care,
    res_users,
    sale_order,
    website,
)
