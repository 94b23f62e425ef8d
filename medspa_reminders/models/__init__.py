# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    calendar_event,
    link_tracker,
    medspa_consent,
    medspa_reminder,
    medspa_reminder_body,
    medspa_reminder_desk,
    medspa_reminder_digest,
    medspa_reminder_message,
    medspa_reminder_outcome,
    medspa_reminder_rule,
    medspa_reminder_rule_course,
    medspa_reminder_rule_membership,
    medspa_reminder_rule_plan,
    medspa_reminder_rule_visit,
    medspa_reminder_send,
    medspa_reminder_text,
    medspa_winback_offer,
    res_company,
    res_partner,
    sms_tracker,
)
