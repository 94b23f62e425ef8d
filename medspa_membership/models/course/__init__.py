# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    calendar_event,
    medspa_course,
    medspa_course_card,
    medspa_course_line,
    medspa_course_pause,
    medspa_course_people,
    medspa_course_step,
    medspa_course_swap,
    medspa_course_time,
    medspa_credit,
    product_template,
    res_partner,
)
