# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    medspa_swap_group,
    medspa_terms,
    product_template,
    res_partner,
    resource_resource,
)
