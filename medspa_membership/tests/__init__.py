# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    test_appointment,
    test_backend_views,
    test_booking_routes,
    test_course,
    test_course_documents,
    test_course_sale,
    test_course_time,
    test_credit_concurrency,
    test_credit_ledger,
    test_free_slots,
    test_instalments,
    test_ledger_properties,
    test_portal,
    test_recipe,
    test_security,
    test_shop,
    test_stripe,
)
