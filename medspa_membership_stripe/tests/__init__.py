# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    test_amounts,
    test_charge,
    test_course_refund,
    test_crash,
    test_decline_kinds,
    test_fake_stripe,
    test_import,
    test_membership_batches,
    test_membership_booking,
    test_membership_faults,
    test_shop,
    test_webhook,
)
