# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.tools import format_date

from ..till.tax import get_price_unit

# Charges that one job makes, each in transactions of its own: with a provider that
# times out on all of them still within the time that a worker has. It divides the batch
# of the billing: jobs are alike, and no worker waits for a longer one at the end.
CHARGE_BATCH = 25


class MedspaMembershipPeriod(models.Model):
    """The money of a period: its invoice, and how it is collected."""

    _inherit = "medspa.membership.period"

    invoice_ids = fields.One2many(
        "account.move", "membership_period_id", "Invoices", readonly=True
    )
    invoice_id = fields.Many2one("account.move", compute="_compute_invoice_id")
    transaction_ids = fields.One2many(
        "payment.transaction",
        "membership_period_id",
        "Payments",
        readonly=True,
        groups="medspa_membership.group_medspa_receptionist",
    )
    label = fields.Char("On the invoice", help="What a fee is for.")
    quantities = fields.Json(
        help="What the rest of a period grants after an upgrade, by benefit."
    )

    # === COMPUTE METHODS === #

    @api.depends("invoice_ids.state")
    def _compute_invoice_id(self):
        for period in self:
            invoices = period.invoice_ids.filtered(
                lambda move: move.move_type == "out_invoice"
            ).sorted("id")
            standing = invoices.filtered(lambda move: move.state != "cancel")
            period.invoice_id = (standing or invoices)[-1:]

    # === BUSINESS METHODS: CREDITS === #

    def _prepare_credit_vals_list(self, day):
        """Override: what follows a change of plan grants what was shown."""
        if self.kind != "upgrade":
            return self._reduce_credits(super()._prepare_credit_vals_list(day))
        quantities = self.quantities or {}
        benefits = self.env["medspa.membership.benefit"].browse(map(int, quantities))
        if not benefits:
            return []
        values = self.env["medspa.course"]._share(
            self._get_untaxed_value(),
            [b._get_list_value(self.company_id) or 1.0 for b in benefits],
            self.company_id.currency_id,
        )
        return [
            self._prepare_credit_vals(benefit, quantities[str(benefit.id)], value, day)
            for benefit, value in zip(benefits, values, strict=True)
        ]

    def _reduce_credits(self, vals_list):
        """Leave out what was given already, by the period that this one replaces."""
        if not self.quantities:
            return vals_list
        reduced = []
        for vals in vals_list:
            benefit = self.env["medspa.membership.benefit"].browse(
                vals["membership_benefit_id"]
            )
            quantity = self.quantities.get(str(benefit.id), 0.0)
            if benefit.frequency != "period":
                reduced.append(vals)
            elif quantity > 0:
                reduced.append({**vals, "granted": quantity})
        return reduced

    # === BUSINESS METHODS: INVOICE === #

    def _bill(self, today):
        """Invoice what costs money, all in one go; the rest is paid by itself.

        :param date today: the clinic's day of the invoices
        """
        free = self.filtered(
            lambda p: p.is_paid_elsewhere or p.currency_id.is_zero(p.amount)
        )
        charged = self - free
        free.state = "paid"
        free._grant_credits(today)
        if not charged:
            return self.env["account.move"]
        defaults = charged._prepare_journal_vals()
        invoices = self.env["account.move"]._create_alike(
            [
                {**defaults, **p.membership_id._prepare_invoice_vals(p, today)}
                for p in charged
            ],
            charged.mapped("amount"),
        )
        for period, invoice in zip(charged, invoices, strict=True):
            if period.currency_id.compare_amounts(period.amount, invoice.amount_total):
                period.amount = invoice.amount_total
        invoices.with_context(medspa_complete=True)._post(soft=False)
        charged.state = "open"
        return invoices

    def _prepare_journal_vals(self):
        """Return the journal of invoices where they all have the same one.

        Core looks it up for each of them, and by its currency if that is another.
        """
        if len(self.company_id) > 1 or self.currency_id != self.company_id.currency_id:
            return {}
        new_invoice = self.env["account.move"].new(
            {"move_type": "out_invoice", "company_id": self.company_id.id}
        )
        return {"journal_id": new_invoice._search_default_journal().id}

    def _prepare_invoice_line_vals_list(self):
        """Return the invoice lines of a period. Note: `self.ensure_one()`."""
        self.ensure_one()
        is_whole = not self.currency_id.compare_amounts(
            self.amount, self.membership_id.price
        )
        if self.kind not in ("regular", "trial") or not is_whole:
            return [self._prepare_part_line_vals()]
        return [
            {
                "product_id": line.product_id.id,
                "name": self._get_invoice_label(),
                "quantity": line.product_uom_qty,
                "price_unit": line.price_unit,
                "discount": line.discount,
                "tax_ids": [fields.Command.set(line.tax_ids.ids)],
                "product_uom_id": line.product_id.uom_id.id,
                "analytic_distribution": line.analytic_distribution,
            }
            for line in self.membership_id.sale_subscription_line_ids
        ]

    def _prepare_part_line_vals(self):
        """Return the invoice line of an amount that is no whole period."""
        self.ensure_one()
        line = self.membership_id.sale_subscription_line_ids[:1]
        return {
            "product_id": line.product_id.id,
            "name": self.label or self._get_invoice_label(),
            "quantity": 1,
            "price_unit": get_price_unit(line.tax_ids, self.amount),
            "tax_ids": [fields.Command.set(line.tax_ids.ids)],
            "analytic_distribution": line.analytic_distribution,
        }

    def _get_invoice_label(self):
        """Return the plan with the dates that the member pays for."""
        self.ensure_one()
        lang = self.partner_id.lang
        return self.env._(
            "%(plan)s, %(start)s – %(end)s",
            plan=self.template_id.name,
            start=format_date(self.env, self.start_date, lang_code=lang),
            end=format_date(self.env, self.end_date, lang_code=lang),
        )

    def _forgive(self):
        """Take back what was billed and not paid: the member owes it no more."""
        for period in self.filtered(lambda p: p.state in ("due", "open")):
            period._reverse_open_invoice(
                self.env._("Forgiven: %s", period.invoice_id.name)
            )
            period.write(
                {"state": "forgiven", "next_step_at": False, "retry_at": False}
            )

    def _reverse_open_invoice(self, reason):
        """Settle what is open of the invoice by a credit note, if anything is.

        Note: `self.ensure_one()`

        :param str reason: the reference of the credit note
        """
        self.ensure_one()
        invoice = self.invoice_id
        if invoice.state != "posted" or not invoice.amount_residual:
            return
        reversal = invoice._reverse_moves([{"ref": reason}], cancel=False)
        reversal._post(soft=False)
        lines = (invoice | reversal).line_ids.filtered(
            lambda line: line.display_type == "payment_term" and not line.reconciled
        )
        lines.reconcile()
