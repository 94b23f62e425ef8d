# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import booking, portal, price_campaign, sale_portal, website_sale
