# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    calendar_attendee,
    calendar_event,
    calendar_event_credit,
    calendar_event_flow,
    calendar_event_loss,
    calendar_event_patient,
    calendar_event_privacy,
    calendar_event_time,
    ir_attachment,
    medspa_credit_move,
    medspa_occupancy,
    medspa_visit,
    medspa_visit_addendum,
    medspa_visit_part,
    medspa_visit_photo,
    medspa_visit_product,
    product_template,
    res_company,
    res_config_settings,
    res_partner,
)
