# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from unittest.mock import patch

from .membership_fault_common import MembershipFaultCase

CHARGE = "odoo.addons.medspa_membership.models.billing.medspa_membership_period_charge"
BOOKING = "odoo.addons.medspa_membership.models.billing.payment_transaction_charge"


class MembershipBatchCase(MembershipFaultCase):
    """Members whose charges a job makes, and books, together."""

    def _get_charges(self, env, member_ids):
        """Return the transactions of the periods that were billed, oldest first."""
        return self._read_periods(env, member_ids).transaction_ids.sorted("id")

    def _patch_model(self, name, method, function):
        """Put a function in the place of a method, which it gets as `original`."""
        model = self.registry[name]
        original = getattr(model, method)

        def patched(records, *args, **kwargs):
            return function(original, records, *args, **kwargs)

        return patch.object(model, method, patched)

    def _kill_before_booking(self, member_ids):
        """Let a job charge and be killed before it books; return its periods' ids."""
        self._bill()
        with self._transaction() as env:
            period_ids = self._read_periods(env, member_ids).ids
        self._kill(
            f"""
            Tx = registry["payment.transaction"]
            patch.object(Tx, "_book_charged", lambda *args: hang()).start()
            env["medspa.membership.period"].browse({period_ids})._charge()
            """,
            "killed before the books",
        )
        with self._transaction() as env:
            txs = self._get_charges(env, member_ids)
            self.assertEqual(txs.mapped("state"), ["done"] * len(member_ids))
            self.assertFalse(any(txs.mapped("is_post_processed")))
            self.assertFalse(txs.payment_id)
        return period_ids

    def _break_payment_of(self, member_id):
        """Let no payment of one member be entered, however it is tried."""
        with self._transaction() as env:
            partner = env["sale.subscription"].browse(member_id).partner_id.id

        def generate(original, payment, *args, **kwargs):
            if payment.partner_id.id == partner:
                raise ValueError("This account is closed.")
            return original(payment, *args, **kwargs)

        return self._patch_model("account.payment", "_generate_move_vals", generate)
