# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class LoyaltyReward(models.Model):
    _inherit = "loyalty.reward"

    def _is_promotion(self):
        """Tell whether the reward makes things cheaper for anybody.

        Points that a patient has collected, gift cards and eWallets are the patient's
        own: they pay for a price, whatever it is. Something given free is no discount
        on what is bought.

        Note: `self.ensure_one()`, or nothing
        """
        return (
            self.reward_type == "discount"
            and not self.program_id.is_payment_program
            and self.program_id.program_type != "loyalty"
        )
