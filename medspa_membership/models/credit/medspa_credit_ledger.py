# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import (
    SQL,
    float_compare,
)

from .medspa_credit import LEDGER, QUANTITY_DIGITS, Moment

# Kinds of move that spend: they are refused on a credit that may not be spent that day.
SPENDING_KINDS = ("reserve", "redeem")


class MedspaCredit(models.Model):
    """How balances change: one door, which writes the ledger in the same breath."""

    _inherit = "medspa.credit"

    # === BUSINESS METHODS: LEDGER === #

    def _ledger(self):
        """Return the records in the environment that may write credits and moves.

        Staff and portal users have no write access to either: what they may cause is
        decided by the method that calls the ledger.
        """
        return self.sudo().with_context(medspa_ledger=LEDGER)

    @api.model
    def _grant(self, vals_list, kind="grant", **document):
        """Create credits with their first move, once for each `grant_key`.

        :param list vals_list: values of the credits; `granted` in units of `unit`,
            `value` in the company's currency for all of it
        :param str kind: of the moves: "grant", or "transfer" for what came from another
        :param document: fields of the moves that name the cause
        :return: the credits, those granted earlier for the same cause included
        """
        keys = [vals["grant_key"] for vals in vals_list if vals.get("grant_key")]
        known = self.sudo().search([("grant_key", "in", keys)])
        known_keys = set(known.mapped("grant_key"))
        new_vals = [
            {
                **vals,
                "used": 0,
                "held": 0,
                "remaining": 0,
                "reserved": 0,
                "available": 0,
                "value_remaining": 0,
            }
            for vals in vals_list
            if vals.get("grant_key") not in known_keys
        ]
        if not new_vals:
            return known
        # The row starts at its final balance: the CHECKs hold from the first INSERT.
        for vals in new_vals:
            vals["granted"] = self._round_quantity(vals["granted"])
            vals["remaining"] = vals["available"] = vals["granted"]
            vals["value_remaining"] = vals.get("value", 0)
        credits = self._ledger().create(new_vals)
        self.env["medspa.credit.move"]._ledger().create(
            [
                credit._prepare_move_vals(
                    kind, credit.granted, 0, credit.value_remaining, document
                )
                for credit in credits
            ]
        )
        return known + credits.with_env(self.env)

    def _prepare_move_vals(self, kind, quantity, reserved, value, document):
        """Return the values of one ledger row. `document` holds its causes."""
        self.ensure_one()
        moment = self.env.context.get("medspa_moment")
        return {
            "moved_at": moment.at
            if isinstance(moment, Moment)
            else fields.Datetime.now(),
            "credit_id": self.id,
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "user_id": self.env.uid,
            "kind": kind,
            "quantity": quantity,
            "reserved": reserved,
            "value": value,
            **document,
        }

    def _lock(self):
        """Wait for the rows and lock them, in order of id so that nobody deadlocks.

        A row that somebody changed in the meantime raises a serialization failure: the
        caller's request, job or retry loop then starts again and sees the new balance.
        """
        if self.ids:
            self.env.cr.execute(
                SQL(
                    "SELECT id FROM medspa_credit WHERE id IN %s ORDER BY id "
                    "FOR NO KEY UPDATE",
                    tuple(sorted(self.ids)),
                )
            )
            self.invalidate_recordset()

    @api.model
    def _post_moves(self, entries):
        """Change balances and write the ledger: the only door to both.

        :param list entries: dicts with `credit` (one record), `kind`, `quantity`
            (signed change of what remains), `reserved` (signed change of what is
            reserved), `on_date` (the day of use, for kinds that spend), optionally
            `value` (signed; by default the share of the quantity) and any field of
            the move that names its cause
        :return: the moves, in the order of the entries
        :raise UserError: when a balance would go below zero, or when the credit may not
            be spent on that day
        """
        credits_sudo = self.browse({e["credit"].id for e in entries})._ledger()
        credits_sudo.flush_recordset()
        credits_sudo._lock()
        balances = {
            credit.id: [
                credit.remaining,
                credit.reserved,
                credit.value_remaining,
                credit.used,
            ]
            for credit in credits_sudo
        }
        move_vals = []
        for entry in entries:
            entry = dict(entry)
            credit_sudo = credits_sudo.browse(entry.pop("credit").id)
            move_vals.append(credit_sudo._apply_entry(entry, balances[credit_sudo.id]))
        for credit in credits_sudo:
            remaining, reserved, value, used = balances[credit.id]
            # What is gone cannot be held back any more.
            held = min(credit.held, self._round_quantity(remaining - reserved))
            credit.write(
                {
                    "remaining": remaining,
                    "reserved": reserved,
                    "held": held,
                    "available": self._round_quantity(remaining - reserved - held),
                    "value_remaining": value,
                    "used": used,
                }
            )
        moves = self.env["medspa.credit.move"]._ledger().create(move_vals)
        credits_sudo.with_env(self.env)._on_balance_changed()
        return moves.with_env(self.env)

    def _apply_entry(self, entry, balance):
        """Check one entry against the locked balance and change the balance in place.

        :return: the values of its move
        """
        self.ensure_one()
        kind = entry.pop("kind")
        quantity = self._round_quantity(entry.pop("quantity", 0))
        reserved = self._round_quantity(entry.pop("reserved", 0))
        on_date = entry.pop("on_date", None) or self.company_id._medspa_date()
        value = entry.pop("value", None)
        if kind in SPENDING_KINDS:
            self._check_spendable(on_date)
            self._check_not_held(quantity, reserved, balance)
        if value is None:
            value = self._share_of_value(quantity, balance)
        new_remaining = self._round_quantity(balance[0] + quantity)
        new_reserved = self._round_quantity(balance[1] + reserved)
        if new_reserved < 0 or new_remaining < new_reserved:
            raise UserError(self._get_shortage_message(balance[0] - balance[1]))
        balance[:] = [
            new_remaining,
            new_reserved,
            self.currency_id.round(balance[2] + value),
            self._round_quantity(balance[3] - quantity * self._is_use(kind, entry)),
        ]
        return self._prepare_move_vals(kind, quantity, reserved, value, entry)

    @api.model
    def _is_use(self, kind, entry):
        """Tell whether an entry uses something up, or takes such a use back."""
        if kind == "restore":
            move_sudo = self.env["medspa.credit.move"].sudo()
            kind = move_sudo.browse(entry.get("restored_move_id")).kind
        return kind == "redeem"

    def _share_of_value(self, quantity, balance):
        """Return the value that goes with a quantity, rounded to the currency.

        Each unit is worth the rounded share of the sale; the last one takes the rest,
        so that the shares always add up to what was paid.

        :param float quantity: signed change; only what leaves takes value with it
        :param balance: what remains, what is reserved and the value left, as locked
        """
        self.ensure_one()
        if quantity >= 0:
            return 0.0
        if float_compare(-quantity, balance[0], precision_digits=QUANTITY_DIGITS) >= 0:
            return -balance[2]
        share = self.currency_id.round(self.value * -quantity / self.granted)
        return -min(share, balance[2])

    def _check_spendable(self, on_date):
        """Refuse a credit that may not be spent on a day.

        :param date on_date: the clinic's day of use
        :raise UserError: frozen, not valid yet, or expired by then
        """
        self.ensure_one()
        if self.is_frozen:
            raise UserError(
                self.env._(
                    "%(credit)s is paused and cannot be used.", credit=self._name_it()
                )
            )
        if self.valid_from and on_date < self.valid_from:
            raise UserError(
                self.env._(
                    "%(credit)s can be used from %(date)s on.",
                    credit=self._name_it(),
                    date=self._format_date(self.valid_from),
                )
            )
        if self.expires_on and on_date > self.expires_on:
            raise UserError(
                self.env._(
                    "%(credit)s expired on %(date)s. Extend it before it is used.",
                    credit=self._name_it(),
                    date=self._format_date(self.expires_on),
                )
            )

    def _check_not_held(self, quantity, reserved, balance):
        """Refuse to spend what is held back until it is paid."""
        spent = max(-quantity, 0) + max(reserved, 0) - max(-reserved, 0)
        free = self._round_quantity(balance[0] - balance[1] - self.held)
        if self.held and float_compare(spent, free, precision_digits=3) > 0:
            raise UserError(
                self.env._(
                    "%(free)s paid and left to use: %(credit)s. The next part of the "
                    "price gives more.",
                    free=self._format_quantity(free),
                    credit=self._name_it(),
                )
            )

    def _hold(self, held_by_credit, reason=None):
        """Set how much of each credit waits for its money.

        :param dict held_by_credit: quantity by credit; what is used or reserved already
            cannot be held
        """
        credits_sudo = self.browse([c.id for c in held_by_credit])._ledger()
        credits_sudo._lock()
        changed = self.browse()
        for credit, wanted in held_by_credit.items():
            credit_sudo = credits_sudo.browse(credit.id)
            free = self._round_quantity(credit_sudo.remaining - credit_sudo.reserved)
            held = min(max(self._round_quantity(wanted), 0.0), free)
            if float_compare(held, credit_sudo.held, precision_digits=3):
                credit_sudo.write({"held": held, "available": free - held})
                changed |= credit
        return self._post_moves(
            [{"credit": c, "kind": "hold", "reason": reason} for c in changed]
        )

    def _on_balance_changed(self):
        """Seam: called after every change of a balance, for the layers below."""

    def _reserve(self, quantity, on_date, **document):
        """Set a quantity aside for a booking on a day. Note: `self.ensure_one()`."""
        self.ensure_one()
        return self._post_moves(
            [
                {
                    "credit": self,
                    "kind": "reserve",
                    "reserved": quantity,
                    "on_date": on_date,
                    **document,
                }
            ]
        )

    def _release(self, quantity, **document):
        """Give back what was set aside. Note: `self.ensure_one()`."""
        self.ensure_one()
        return self._post_moves(
            [{"credit": self, "kind": "release", "reserved": -quantity, **document}]
        )

    def _redeem(self, quantity, on_date, reserved=0, **document):
        """Use a quantity up, of which `reserved` had been set aside.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        return self._post_moves(
            [
                {
                    "credit": self,
                    "kind": "redeem",
                    "quantity": -quantity,
                    "reserved": -reserved,
                    "on_date": on_date,
                    **document,
                }
            ]
        )

    def _adjust(self, quantity, reason, **document):
        """Correct a balance by hand: a signed quantity and the reason for it."""
        self.ensure_one()
        return self._post_moves(
            [
                {
                    "credit": self,
                    "kind": "adjust",
                    "quantity": quantity,
                    "reason": reason,
                    **document,
                }
            ]
        )

    def _set_validity(self, expires_on, reason=None):
        """Move the last day of use and leave a row in the ledger that says so."""
        changed = self.filtered(lambda credit: credit.expires_on != expires_on)
        changed._ledger().write({"expires_on": expires_on})
        return self._post_moves(
            [
                {"credit": credit, "kind": "adjust", "reason": reason}
                for credit in changed
            ]
        )

    def _freeze(self, reason=None):
        """Stop the credits from being spent."""
        open_credits = self.filtered(lambda credit: not credit.is_frozen)
        open_credits._ledger().write({"is_frozen": True})
        return self._post_moves(
            [{"credit": c, "kind": "freeze", "reason": reason} for c in open_credits]
        )

    def _unfreeze(self, reason=None):
        """Let the credits be spent again."""
        frozen = self.filtered("is_frozen")
        frozen._ledger().write({"is_frozen": False})
        return self._post_moves(
            [{"credit": c, "kind": "unfreeze", "reason": reason} for c in frozen]
        )

    def _expire(self):
        """Take back what is left and not reserved."""
        return self._post_moves(
            [
                {"credit": credit, "kind": "expire", "quantity": -credit.available}
                for credit in self
                if credit.available > 0
            ]
        )
