# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    ir_module_module,
    medspa_guarded,
    medspa_credit,
    medspa_credit_ledger,
    medspa_credit_move,
    medspa_credit_spending,
    res_company,
)
