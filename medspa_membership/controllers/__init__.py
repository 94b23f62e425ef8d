# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    booking,
    booking_guest,
    booking_move,
    care,
    family,
    login_link,
    membership,
    membership_change,
    membership_method,
    portal,
    price_campaign,
    sale_portal,
    till,
    waiting,
    website_membership,
    website_sale,
)
