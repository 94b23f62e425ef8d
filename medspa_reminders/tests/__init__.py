# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    test_crash,
    test_desk,
    test_routes,
    test_rules_course,
    test_rules_membership,
    test_rules_visit,
    test_sending,
    test_tour,
)
