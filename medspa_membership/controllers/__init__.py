# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    booking,
    membership,
    membership_change,
    membership_method,
    portal,
    sale_portal,
    website_membership,
    website_sale,
)
