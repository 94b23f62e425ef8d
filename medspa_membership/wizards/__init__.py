# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    medspa_appointment_loss,
    medspa_appointment_units,
    medspa_clinic_terms,
    medspa_course_extend,
    medspa_course_pause_wizard,
    medspa_course_refund_wizard,
    medspa_course_sale,
    medspa_course_share,
    medspa_course_swap_wizard,
    medspa_course_transfer,
    medspa_credit_use,
    medspa_import,
    medspa_import_line,
    medspa_import_total,
    medspa_patient_warning,
    medspa_treatment_settings,
)
