# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    medspa_course,
    medspa_credit_move,
    medspa_import_kind,
    medspa_import_patient,
    medspa_import_course,
    medspa_import_course_check,
    medspa_import_course_write,
    medspa_import_plan,
)
