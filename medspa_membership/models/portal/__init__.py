# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    medspa_login_link,
    medspa_rate_limit,
    res_config_settings,
    res_partner,
    res_users,
)
