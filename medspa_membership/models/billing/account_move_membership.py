# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command, api, fields, models

from ..till.tax import get_price_unit

# What the rounding of taxes can make of a sum, in the smallest coins.
ROUNDING_STEPS = 5


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "medspa.guarded"]

    membership_period_id = fields.Many2one(
        "medspa.membership.period",
        "Membership period",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )

    refunded_period_id = fields.Many2one(
        "medspa.membership.period",
        "Refunds",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The period of which this credit note gives back.",
    )

    # === CRUD METHODS === #

    @api.model
    def _get_guarded_fields(self):
        """Override: which period an invoice bills decides whether it counts as paid."""
        return {"membership_period_id", "refunded_period_id"}

    def _get_guard_message(self):
        return self.env._(
            "Periods are billed and refunded by the membership: use its buttons."
        )

    def write(self, vals):
        """Override of `account`: posting what is complete computes no lines anew."""
        moves = self
        if self.env.context.get("medspa_complete") and vals.get("state") == "posted":
            moves = self.with_context(skip_invoice_sync=True)
        return super(AccountMove, moves).write(vals)

    # === BUSINESS METHODS === #

    def _sync_courses_with_payment(self, reason=None):
        """Override to let memberships follow their money too."""
        res = super()._sync_courses_with_payment(reason=reason)
        moves_sudo = self.sudo()
        orders = moves_sudo.invoice_line_ids.sale_line_ids.membership_ids.sale_order_id
        orders._sync_memberships_with_payment(reason)
        moves_sudo._sync_periods_with_payment(reason)
        return res

    def _invoice_paid_hook(self):
        """Override of `account`: an invoice that is made now has its lines computed."""
        return super(
            AccountMove, self.with_context(skip_invoice_sync=False)
        )._invoice_paid_hook()

    def _sync_periods_with_payment(self, reason=None):
        """Make the periods that these invoices bill what the money says."""
        invoices = self.filtered(
            lambda move: move.membership_period_id and move.move_type == "out_invoice"
        )
        # What an order sold follows the order, which knows payments without invoice.
        invoices = invoices.filtered(
            lambda move: not move.invoice_line_ids.sale_line_ids
        )
        # Core computes it for one invoice after the other.
        state_field = self._fields["payment_state"]
        state_field.compute_value(self.env.records_to_compute(state_field) & invoices)
        paid = invoices.filtered(lambda move: move._is_paid_by_money())
        paid.membership_period_id._on_paid()
        taken_back = (invoices - paid).filtered(lambda move: move._is_taken_back())
        taken_back.membership_period_id._on_taken_back_by_staff()
        unpaid = invoices - paid - taken_back
        unpaid.filtered(
            lambda move: (
                move.payment_state in ("not_paid", "partial")
                or move.state in ("draft", "cancel")
            )
        ).membership_period_id._on_unpaid(
            reason or self.env._("The payment was taken back.")
        )

    def _get_next_sequence_format(self):
        """Override of `account` to look the last number up once for a whole batch.

        The format is remembered where core remembers the number itself, as long.
        """
        if not self.env.context.get("medspa_number_together"):
            return super()._get_next_sequence_format()
        cache = self._get_sequence_cache()
        key = (
            "medspa",
            self.journal_id,
            self.date,
            self.move_type,
            bool(self.origin_payment_id),
            self.journal_id.is_self_billing and self.commercial_partner_id,
        )
        if key not in cache:
            cache[key] = super()._get_next_sequence_format()
        format_string, format_values = cache[key]
        # Core takes the number out of what it gets.
        return format_string, dict(format_values)

    def _is_paid_by_money(self):
        """Tell whether an invoice is paid, and not by a credit note over all of it."""
        self.ensure_one()
        if self.state != "posted":
            return False
        if self.payment_state == "reversed":
            # Set off against what another invoice was credited: that is money too.
            return not self._is_credited()
        return self.payment_state in ("paid", "in_payment")

    def _is_credited(self):
        """Tell whether credit notes over this invoice are what settles it."""
        self.ensure_one()
        lines = self.line_ids.filtered(lambda li: li.display_type == "payment_term")
        notes = lines.matched_credit_ids.credit_move_id.move_id
        return bool(notes & self.reversal_move_ids)

    def _get_receivable(self):
        """Return the account of what the customer owes. Note: `ensure_one()`."""
        self.ensure_one()
        return self.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        ).account_id[:1]

    def _set_off_against(self, invoice):
        """Settle what is open of an invoice by this credit note, as far as it goes."""
        self.ensure_one()
        account = invoice._get_receivable()
        lines = (self | invoice).line_ids.filtered(
            lambda line: line.account_id == account and not line.reconciled
        )
        if lines & self.line_ids and lines & invoice.line_ids:
            lines.reconcile()

    def _give_back_rest(self):
        """Give what is left of a credit note back to the card that paid the invoice.

        Where no card payment can, it stays open for the desk. To be called last: what
        the provider is asked for may have been paid.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        rest = self.amount_residual
        if self.currency_id.compare_amounts(rest, 0) <= 0:
            return
        tx = self.reversed_entry_id.transaction_ids._find_refundable(rest)
        if tx:
            tx._refund_to_card(rest, self)

    def _post(self, soft=True):
        """Override to take a credit note over a period for what was agreed on it."""
        posted = super()._post(soft)
        if not self.env.context.get("medspa_settles"):
            for note in posted.filtered(
                lambda move: move.move_type == "out_refund" and move.reversed_entry_id
            ):
                period = note.reversed_entry_id.sudo().membership_period_id
                if period:
                    period._on_credited(note)
        return posted

    def _create_credit_note_over(self, amount, name, reason, line, **vals):
        """Return the posted credit note over an amount of an invoice, with tax.

        Note: `self.ensure_one()`

        :param float amount: with tax; a cent that no price without tax gives is added
            as a line of rounding
        :param line: the line of the invoice whose product, account and taxes count
        :param vals: further fields of the credit note
        """
        self.ensure_one()
        credit_note = self.create(
            {
                "move_type": "out_refund",
                "company_id": self.company_id.id,
                "partner_id": self.partner_id.id,
                "currency_id": self.currency_id.id,
                "journal_id": self.journal_id.id,
                "reversed_entry_id": self.id,
                "invoice_origin": self.invoice_origin,
                "ref": reason,
                **vals,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": name,
                            "product_id": line.product_id.id,
                            "account_id": line.account_id.id,
                            "quantity": 1,
                            "price_unit": get_price_unit(line.tax_ids, amount),
                            "tax_ids": [Command.set(line.tax_ids.ids)],
                        }
                    )
                ],
            }
        )
        credit_note._add_rounding(amount)
        credit_note.with_context(medspa_course_refund=True)._post(soft=False)
        return credit_note

    def _add_rounding(self, amount):
        """Bring a draft to an amount that no price without tax gives."""
        self.ensure_one()
        rest = self.currency_id.round(amount - self.amount_total)
        if self.currency_id.is_zero(rest):
            return
        if abs(rest) > ROUNDING_STEPS * self.currency_id.rounding:
            # No rounding: the taxes say another sum than was expected, and they count.
            return
        draft = self.with_context(skip_is_manually_modified=True)
        draft.invoice_line_ids = [
            Command.create(
                {
                    "name": self.env._("Rounding"),
                    "quantity": 1,
                    "price_unit": rest,
                    "tax_ids": [Command.clear()],
                }
            )
        ]
