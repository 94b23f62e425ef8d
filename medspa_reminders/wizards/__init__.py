# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    base_partner_merge,
    medspa_consent_wizard,
    medspa_message_settings,
    medspa_reminder_preview,
    medspa_reminder_snooze,
)
