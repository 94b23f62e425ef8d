# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare


class MedspaCreditPaidLine(models.AbstractModel):
    """A line of an order, an invoice or a POS order that a credit pays for.

    Tax was due when the credit was sold: course and plan are invoiced with theirs, for
    services that are known (a single-purpose voucher). Spending is no second sale:

    - a session or a unit makes the line free: its price is zero, and so is its tax;
    - money of a credit is a line of its own, a discount with the taxes of the line that
      it pays for: base and tax fall together by the amount, so nothing is taxed twice.

    What the line takes is redeemed when the document is validated, and given back when
    that is undone, each once: the ledger counts the uses of a line.
    """

    _name = "medspa.credit.paid.line"
    _description = "Line paid by a credit"

    credit_id = fields.Many2one(
        "medspa.credit",
        "Paid by credit",
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    credit_quantity = fields.Float(
        "Taken from the credit",
        digits=(16, 3),
        copy=False,
        help="Sessions, units, or money in the currency of the clinic.",
    )

    # === SEAMS: THE DOCUMENT === #

    def _get_credit_patient(self):
        """Return whose credits may pay. Note: `self.ensure_one()`."""
        raise NotImplementedError

    def _get_credit_document(self):
        """Return the field of the ledger that names the line, with its value."""
        raise NotImplementedError

    def _get_credit_siblings(self):
        """Return the lines of the same document."""
        raise NotImplementedError

    def _get_sold(self):
        """Return (quantity, total with tax, currency, date) of the line."""
        raise NotImplementedError

    def _set_paid_by_sessions(self, credit, quantity, taken):
        """Let sessions or units of a credit pay for a quantity of the line."""
        raise NotImplementedError

    def _set_paid_by_money(self, credit, amount, taken):
        """Let money of a credit pay an amount, with tax, of the line."""
        raise NotImplementedError

    # === BUSINESS METHODS: WHAT CAN PAY === #

    def _get_usable_credits(self):
        """Return what can pay for the line today, the one that pays first in front.

        Sessions and units before money: they are for this treatment alone.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        Credit_sudo = self.env["medspa.credit"].sudo()
        patient = self._get_credit_patient()
        product = self.product_id.product_tmpl_id
        if not patient or not product or self.credit_id:
            return Credit_sudo
        company = self.company_id
        today = company._medspa_date()
        # Money of a plan pays no plan, and no money of another kind.
        kinds = ["money"] if product._can_be_reduced_for_members() else []
        if product.service_tracking == "medspa_treatment":
            kinds.insert(0, "unit" if product.is_unit_based else "session")
        found = Credit_sudo
        for kind in kinds:
            found += Credit_sudo._find_usable(patient, product, today, company, kind)
        return found.filtered(lambda credit: self._get_free(credit) > 0)

    def _get_free(self, credit):
        """Return what is left of a credit beside what the document takes already."""
        self.ensure_one()
        planned = sum(
            line.credit_quantity
            for line in self._get_credit_siblings()
            if line.credit_id.id == credit.id
        )
        return credit._round_quantity(credit.available - planned)

    def _get_cost(self, credit):
        """Return how much of a credit one of the product takes."""
        self.ensure_one()
        if credit.unit == "session" and credit.coverage != "treatment":
            return self.product_id.product_tmpl_id.session_cost
        return 1.0

    def _propose_credit(self, credit):
        """Return what a credit pays of the line and what remains of it after.

        Note: `self.ensure_one()`

        :return: dict of `taken` (from the credit), `quantity` (of the line, for
            sessions and units), `amount` (of the line, for money), `left`
        """
        self.ensure_one()
        free = self._get_free(credit)
        quantity, total, currency, date = self._get_sold()
        company = self.company_id
        if credit.unit == "money":
            due = currency._convert(total, company.currency_id, company, date)
            taken = min(free, max(due, 0.0))
            amount = company.currency_id._convert(taken, currency, company, date)
            amount = min(amount, total)
            return {
                "taken": taken,
                "quantity": 0.0,
                "amount": amount,
                "left": credit._round_quantity(free - taken),
            }
        cost = self._get_cost(credit)
        covered = min(quantity, free / cost)
        if credit.unit == "session":
            # Nobody has half a treatment.
            covered = float(int(covered + 1e-6))
        taken = credit._round_quantity(covered * cost)
        return {
            "taken": taken,
            "quantity": covered,
            "amount": 0.0,
            "left": credit._round_quantity(free - taken),
        }

    def _get_credit_offers(self):
        """Return what the till offers: for each credit what it pays and what remains.

        :return: list of dicts: `line`, `credit`, `use` and `left_label` in words, and
            what `_propose_credit` returns
        """
        offers = []
        for line in self:
            for credit in line._get_usable_credits():
                proposal = line._propose_credit(credit)
                if proposal["taken"] <= 0:
                    continue
                offers.append(
                    {
                        **proposal,
                        "line": line,
                        "credit": credit,
                        "use": credit._format_quantity(proposal["taken"]),
                        "left_label": credit._format_quantity(proposal["left"]),
                    }
                )
        return offers

    # === BUSINESS METHODS: USE === #

    def _use_credit(self, credit):
        """Let a credit pay for the line as far as it goes.

        It is taken when the document is validated, not before.

        Note: `self.ensure_one()`

        :raise UserError: it cannot pay for this line, or nothing is left
        """
        self.ensure_one()
        if credit not in self._get_usable_credits():
            raise UserError(
                self.env._(
                    "This credit cannot pay for %s: it is used up, does not cover it "
                    "or is not the patient's.",
                    self.product_id.display_name,
                )
            )
        proposal = self._propose_credit(credit)
        if proposal["taken"] <= 0:
            raise UserError(credit._get_shortage_message(self._get_free(credit)))
        if credit.unit == "money":
            return self._set_paid_by_money(
                credit, proposal["amount"], proposal["taken"]
            )
        return self._set_paid_by_sessions(
            credit, proposal["quantity"], proposal["taken"]
        )

    def _redeem_credits(self):
        """Take what the lines use from their credits, each line once.

        Locked first: of two tills that spend the last session, one is refused.

        :raise UserError: not enough is left, or it may not be spent today
        """
        lines = self.sudo().filtered("credit_id")
        lines.credit_id._lock()
        for line in lines:
            uses, restores = line._get_credit_uses()
            if len(uses) > len(restores):
                continue
            line._check_credit_fits()
            line.credit_id._redeem(
                line.credit_quantity,
                line.company_id._medspa_date(),
                use_number=len(uses),
                **line._get_credit_document(),
            )

    def _restore_credits(self, reason=None):
        """Give back what the lines have taken, where it is not given back yet."""
        lines = self.sudo().filtered("credit_id")
        lines.credit_id._lock()
        for line in lines:
            uses, restores = line._get_credit_uses()
            open_uses = uses - restores.restored_move_id
            open_uses._restore(reason=reason, **line._get_credit_document())

    def _get_credit_uses(self):
        """Return the uses of the line in the ledger, and what was given back."""
        self.ensure_one()
        document = self._get_credit_document()
        moves = self.env["medspa.credit.move"].sudo()
        moves = moves.search([(name, "=", value) for name, value in document.items()])
        return (
            moves.filtered(lambda move: move.kind == "redeem"),
            moves.filtered(lambda move: move.kind == "restore"),
        )

    def _check_credit_fits(self):
        """Refuse a credit that is not the patient's or does not cover the line."""
        self.ensure_one()
        credit = self.credit_id
        patient = self._get_credit_patient()
        covered = self._get_covered_line().product_id.product_tmpl_id
        is_own = patient and (
            credit.partner_id == patient or patient in credit.beneficiary_ids
        )
        if (
            is_own
            and credit.company_id == self.company_id
            and credit._covers(covered)
            and float_compare(self.credit_quantity, 0, precision_digits=3) > 0
        ):
            return
        raise UserError(
            self.env._(
                "%(credit)s cannot pay for %(product)s. Remove it from the line.",
                credit=credit._name_it(),
                product=covered.display_name,
            )
        )

    def _get_covered_line(self):
        """Return the line that the credit pays for: this one, or the one beside it."""
        return self

    @api.model
    def _get_credit_document_field(self):
        """Return the field that names such a line in the ledger and in the offers."""
        return next(iter(self[:1]._get_credit_document()))

    @api.model
    def _get_credit_product(self):
        return self.env.ref("medspa_membership.product_credit_spent")


class MedspaCreditMove(models.Model):
    _inherit = "medspa.credit.move"

    sale_line_id = fields.Many2one(
        "sale.order.line", "Order line", index="btree_not_null", ondelete="restrict"
    )
    move_line_id = fields.Many2one(
        "account.move.line", "Invoice line", index="btree_not_null", ondelete="restrict"
    )
    use_number = fields.Integer(
        readonly=True, help="Which use of its line it is: one after each time undone."
    )

    _redeemed_once_per_sale_line = models.UniqueIndex(
        "(sale_line_id, use_number) WHERE kind = 'redeem' AND sale_line_id IS NOT NULL",
        "This line has taken its credit already.",
    )
    _redeemed_once_per_move_line = models.UniqueIndex(
        "(move_line_id, use_number) WHERE kind = 'redeem' AND move_line_id IS NOT NULL",
        "This line has taken its credit already.",
    )
