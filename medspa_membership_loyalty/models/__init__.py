# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    loyalty_card,
    loyalty_program,
    loyalty_reward,
    loyalty_rule,
    product_template,
    sale_order,
    sale_order_line,
    sale_order_promotion,
)
