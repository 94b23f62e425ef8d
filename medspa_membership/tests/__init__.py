# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import test_credit_ledger
from . import test_credit_concurrency
from . import test_ledger_properties
from . import test_appointment
from . import test_security
from . import test_backend_views
from . import test_free_slots
from . import test_booking_routes
from . import test_portal
from . import test_course
from . import test_instalments
