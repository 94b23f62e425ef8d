# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import float_round
from odoo.tools.misc import clean_context

# Kinds of decline after which the same card may be asked again, by and by.
RETRIED_KINDS = ("soft", "technical")
# Charges that nobody confirms on a page: their declines are ours to follow up.
TOKEN_OPERATIONS = ("offline", "online_token")
# What a charge asks for.
ASKED_FIELDS = {
    "amount",
    "currency_id",
    "partner_id",
    "provider_reference",
    "reference",
    "token_id",
}
OUTCOME_FIELDS = {"state", "is_post_processed"}


class PaymentTransaction(models.Model):
    """What became of a charge, in words that a billing engine can act on.

    Core knows a text. Here a decline has the bank's code, and a kind that says what may
    be done next; which code is of which kind is the provider addon's knowledge.
    """

    _name = "payment.transaction"
    _inherit = ["payment.transaction", "medspa.guarded"]

    instalment_line_id = fields.Many2one(
        "account.move.line",
        "Instalment",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The part of an invoice that this charge is for.",
    )
    decline_code = fields.Char(
        readonly=True,
        copy=False,
        help="Why it was declined, in the provider's code.",
    )
    decline_advice = fields.Char(
        readonly=True,
        copy=False,
        help="What the provider or the card network advises. Not shown to patients.",
    )
    decline_kind = fields.Selection(
        [
            ("soft", "No money or no reason: try later"),
            ("technical", "Technical: try soon"),
            ("new_method", "Needs another card"),
            ("authenticate", "The patient must confirm"),
            ("stop", "Consent withdrawn"),
            ("fraud", "Suspected fraud"),
            ("duplicate", "Perhaps paid twice"),
            ("config", "Set-up fault of the clinic"),
        ],
        readonly=True,
        copy=False,
        help="What may be done after a decline.",
    )
    network_attempted = fields.Boolean(
        "Reached the card network",
        readonly=True,
        copy=False,
        help="Counts towards the limits that card networks set for repeated attempts.",
    )

    _instalment_charged_once = models.UniqueIndex(
        "(instalment_line_id) WHERE instalment_line_id IS NOT NULL"
        " AND state IN ('draft', 'pending', 'authorized', 'done')",
        "This part is being charged already.",
    )

    # === CRUD METHODS === #

    @api.model
    def default_get(self, fields):
        """Override: what a charge is never comes from the context of a request.

        With a `default_state` of "done" a charge would be paid before it is made.
        """
        clean = self.with_env(self.env(context=clean_context(self.env.context)))
        return super(PaymentTransaction, clean).default_get(fields)

    def write(self, vals):
        """Override: whom a charge asks for how much stays as it was asked.

        Core lets whoever makes invoices write transactions.
        """
        if (
            not self.env.su
            and ASKED_FIELDS & vals.keys()
            and any(tx._is_of_clinic() for tx in self)
        ):
            raise AccessError(self._get_guard_message())
        return super().write(vals)

    def _check_guard(self, vals):
        """Override: what others than the clinic are paid is core's to keep."""
        if not self.env.su and self and not any(tx._is_of_clinic() for tx in self):
            vals = {k: v for k, v in vals.items() if k not in OUTCOME_FIELDS}
        return super()._check_guard(vals)

    @api.model
    def _get_guarded_fields(self):
        """Override: what became of a charge is told by the provider alone."""
        own = {
            name
            for name, field in self._fields.items()
            if any(module.startswith("medspa_") for module in field._modules or ())
        }
        return own | OUTCOME_FIELDS

    def _get_guard_message(self):
        return self.env._(
            "What became of a charge is told by its provider: register a payment on "
            "the invoice instead."
        )

    # === BUSINESS METHODS: DECLINES === #

    def _may_retry_same_method(self):
        """Tell whether the same card may be charged again after this attempt.

        A card that the network has renewed since is another one: a hard stop ends then.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        token = self.token_id
        if not token.active:
            return False
        if self.decline_kind == "new_method":
            renewed_at = token.method_renewed_at
            return bool(renewed_at) and renewed_at >= self.last_state_change
        return not self.decline_kind or self.decline_kind in RETRIED_KINDS

    def _get_member_message(self):
        """Return what the patient may be told of a charge that did not succeed.

        Nobody learns here that a card was reported lost or stolen, or that fraud is
        suspected: whoever holds it now would be warned.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self.taken_back_at:
            return self.env._("The payment was taken back by the bank.")
        messages = {
            "authenticate": self.env._(
                "Your bank wants you to confirm this payment. Please pay it online."
            ),
            "technical": self.env._(
                "The payment could not be carried out. We will try it again."
            ),
            "config": self.env._(
                "The payment could not be carried out. The fault is on our side."
            ),
        }
        if self.decline_kind == "soft" and self._is_money_missing():
            return self.env._(
                "Your bank did not approve the payment for lack of funds or because of"
                " a limit. Please check, or use another card."
            )
        if self.decline_kind == "new_method" and self._is_card_outdated():
            return self.env._("Your card has expired. Please use another card.")
        return messages.get(
            self.decline_kind,
            self.env._(
                "Your bank did not approve the payment. Please use another card, or"
                " ask your bank."
            ),
        )

    def _is_money_missing(self):
        """Tell whether the bank said that it is about money. A provider's hook."""
        return False

    def _is_card_outdated(self):
        """Tell whether the card was declined for its date alone."""
        self.ensure_one()
        expires_on = self.token_id.card_expiry_date
        return bool(expires_on) and expires_on < self.last_state_change.date()

    def _has_reached_network(self):
        """Tell whether a bank was asked. Note: a provider's hook.

        Without better knowledge every answer is one of the bank's.
        """
        self.ensure_one()
        return not self.is_outcome_unknown and self.decline_kind != "config"

    @api.model
    def _get_decline_fields(self):
        """Return the fields that describe a decline."""
        return ["decline_code", "decline_advice", "decline_kind"]

    # === BUSINESS METHODS: PROCESSING === #

    def _update_state(self, allowed_states, target_state, state_message):
        """Override of `payment` to note what a charge says about the card."""
        changed = super()._update_state(allowed_states, target_state, state_message)
        for tx in changed.filtered(lambda t: t.operation in TOKEN_OPERATIONS):
            if target_state == "error" and not tx.decline_kind:
                tx.sudo().decline_kind = "soft"
            elif target_state == "done":
                tx.sudo().write(dict.fromkeys(self._get_decline_fields(), False))
            if target_state in ("authorized", "done", "error"):
                # What has reached the network once stays counted.
                tx.sudo().network_attempted |= tx._has_reached_network()
        return changed

    def _process(self, provider_code, payment_data):
        """Override of `payment` to refuse another amount as often as it is reported.

        Core refuses it once; told again of a transaction in error, it would take the
        same amount for good. What others than the clinic are paid is left to core.
        """
        tx = self or self._search_by_reference(provider_code, payment_data)
        if not tx or (
            tx.state == "error"
            and tx._is_of_clinic()
            and not tx._matches_amount(payment_data)
        ):
            return tx
        return super(PaymentTransaction, tx)._process(provider_code, payment_data)

    def _is_of_clinic(self):
        """Tell whether the money is for something of the clinic. A seam.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        tx_sudo = (self | self.source_transaction_id).sudo()
        sold = (
            tx_sudo.sale_order_ids.order_line.product_id
            | tx_sudo.invoice_ids.invoice_line_ids.product_id
        )
        return bool(
            tx_sudo.instalment_line_id
            or tx_sudo.membership_period_id
            or any(
                (tracking or "").startswith("medspa_")
                for tracking in sold.mapped("service_tracking")
            )
        )

    def _matches_amount(self, payment_data):
        """Tell whether payment data are about the amount asked for."""
        self.ensure_one()
        if self.operation == "validation":
            return True
        reported = self._extract_amount_data(payment_data)
        if reported is None:
            return True
        amount = reported.get("amount") or 0.0
        if self.operation == "refund":
            amount = -amount
        digits = reported.get("precision_digits")
        expected = self.amount
        if digits is not None:
            expected = float_round(
                expected, precision_digits=digits, rounding_method="DOWN"
            )
        return (
            reported.get("currency_code") == self.currency_id.name
            and self.currency_id.compare_amounts(amount, expected) == 0
        )
