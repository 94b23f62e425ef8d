# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from . import (
    payment_provider,
    payment_provider_event,
    payment_token,
    payment_transaction,
    payment_transaction_outcome,
)
