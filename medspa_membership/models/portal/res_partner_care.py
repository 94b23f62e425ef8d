# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.fields import Domain

# How much of the past the page shows at once; the lists behind it show all.
PAST_VISITS, PAYMENTS, DOCUMENTS = 5, 10, 10
OPEN_COURSES = ("draft", "active", "paused", "unpaid")


class ResPartner(models.Model):
    """All that a patient has with the clinic, for the patient and for the desk.

    Both look at what :meth:`_get_care` returns: they never see different numbers.
    """

    _inherit = "res.partner"

    care_sessions_left = fields.Float(
        "Sessions left",
        compute="_compute_care",
        digits=(16, 3),
        groups="medspa_membership.group_medspa_user",
    )
    care_sessions_booked = fields.Float(
        "Of them booked",
        compute="_compute_care",
        digits=(16, 3),
        groups="medspa_membership.group_medspa_user",
    )
    care_amount_due = fields.Monetary(
        "To pay",
        compute="_compute_care",
        currency_field="care_currency_id",
        groups="medspa_membership.group_medspa_user",
        help="What is due of invoices, and of booked visits that nothing covers.",
    )
    care_currency_id = fields.Many2one("res.currency", compute="_compute_care")
    waiting_ids = fields.One2many(
        "medspa.waiting",
        "partner_id",
        "Waiting list",
        groups="medspa_membership.group_medspa_user",
    )

    @api.depends_context("company")
    @api.depends("credit_ids.remaining", "credit_ids.reserved")
    def _compute_care(self):
        company = self.env.company
        new = self.filtered(lambda partner: not partner._origin)
        new.care_sessions_left = new.care_sessions_booked = new.care_amount_due = 0.0
        # The currency of the clinic is no secret.
        new.care_currency_id = company.sudo().currency_id
        for partner in self - new:
            # Who works the agenda need not read invoices to see what is due.
            figures = partner.sudo()._get_care_figures(company)
            partner.care_sessions_left = figures["sessions_left"]
            partner.care_sessions_booked = figures["sessions_booked"]
            partner.care_amount_due = figures["amount_due"]
            partner.care_currency_id = figures["currency"]

    # === BUSINESS METHODS === #

    def _get_care(self, company):
        """Return everything that a patient has with a clinic, to be shown.

        Note: `self.ensure_one()`, called as superuser: patients may not read most of it

        :return: the figures of :meth:`_get_care_figures`, with `credits`, `courses`,
            `upcoming`, `past`, `invoices`, `payments`, `family`, `shared_by`,
            `waiting`, `offers` and `memberships` (records), and `paid_by` (the means
            that paid an invoice, by its id)
        """
        self.ensure_one()
        Event = self.env["calendar.event"]
        upcoming = self._get_care_upcoming(company)
        past = Event.search(
            Event._get_patient_domain(self)
            & Domain("medspa_company_id", "=", company.id)
            & Domain("id", "not in", upcoming.ids)
            # What was never confirmed was no visit.
            & (
                Domain("appointment_status", "!=", "cancelled")
                | Domain("is_booked_online", "=", False)
                | Domain("credit_id", "!=", False)
            ),
            order="start desc",
            limit=PAST_VISITS,
        )
        courses = self.course_ids.filtered(lambda c: c.company_id == company)
        credits = self._get_care_credits(company)
        shared = credits.filtered(lambda credit: credit.partner_id != self)
        invoices = self._get_care_invoices(company, DOCUMENTS)
        payments = self._get_care_payments(company)
        waiting = self.env["medspa.waiting"].search(
            [
                ("partner_id", "=", self.id),
                ("company_id", "=", company.id),
                ("state", "=", "waiting"),
            ]
        )
        return {
            **self._get_care_figures(company),
            "credits": credits,
            "courses": courses.filtered(lambda c: c.state in OPEN_COURSES),
            "upcoming": upcoming,
            "past": past,
            "invoices": invoices,
            # What paid an invoice that is shown stands in its line.
            "payments": payments.filtered(
                lambda tx: tx.operation == "refund" or not tx.invoice_ids & invoices
            ),
            "paid_by": {
                invoice.id: tx._get_method_label()
                for tx in payments
                if tx.operation != "refund" and tx.state == "done"
                for invoice in tx.invoice_ids & invoices
            },
            "family": (courses.member_ids | credits.beneficiary_ids) - self,
            "shared_by": shared.partner_id,
            "waiting": waiting,
            "offers": self.env["medspa.waiting.offer"]
            .search([("waiting_id", "in", waiting.ids), ("state", "=", "open")])
            .filtered(lambda offer: offer._is_open()),
            "memberships": self._get_care_memberships(company),
        }

    def _get_care_figures(self, company):
        """Return the numbers that patient and desk see alike.

        Note: `self.ensure_one()`

        :return: dict of `sessions_left`, `sessions_booked`, `amount_due`, `currency`
        """
        self.ensure_one()
        own = self._get_care_credits(company).filtered(
            lambda credit: credit.unit == "session" and credit.partner_id == self
        )
        currency = company.currency_id
        due = sum(self._get_care_upcoming(company).mapped("amount_due"))
        invoices = self._get_care_invoices(company, None, open_only=True)
        due += sum(
            invoice.currency_id._convert(
                invoice.amount_residual, currency, company, invoice.date
            )
            for invoice in invoices
        )
        return {
            "sessions_left": sum(own.mapped("remaining")),
            "sessions_booked": sum(own.mapped("reserved")),
            "amount_due": currency.round(due),
            "currency": currency,
        }

    def _get_care_credits(self, company):
        """Return what is left to use, own and shared, what lapses first in front."""
        self.ensure_one()
        Credit = self.env["medspa.credit"]
        return Credit.search(
            Credit._get_spender_domain(self)
            & Domain("company_id", "=", company.id)
            & Domain("remaining", ">", 0),
        )

    def _get_care_upcoming(self, company):
        self.ensure_one()
        Event = self.env["calendar.event"]
        return Event.search(
            Event._get_upcoming_domain(self)
            & Domain("medspa_company_id", "=", company.id),
            order="start",
        )

    def _get_care_invoices(self, company, limit, open_only=False):
        """Return the invoices of the patient, the latest first."""
        self.ensure_one()
        domain = (
            Domain("partner_id", "=", self.id)
            & Domain("company_id", "=", company.id)
            & Domain("state", "=", "posted")
        )
        if open_only:
            domain &= Domain("move_type", "=", "out_invoice")
            domain &= Domain("payment_state", "in", ("not_paid", "partial"))
        else:
            domain &= Domain("move_type", "in", ("out_invoice", "out_refund"))
        return self.env["account.move"].search(
            domain, order="invoice_date desc, id desc", limit=limit
        )

    def _get_care_payments(self, company):
        """Return the card payments of the patient, the latest first."""
        self.ensure_one()
        return self.env["payment.transaction"].search(
            [
                ("partner_id", "=", self.id),
                ("company_id", "=", company.id),
                ("operation", "!=", "validation"),
                ("state", "in", ("pending", "authorized", "done")),
            ],
            order="id desc",
            limit=PAYMENTS,
        )

    def _get_care_memberships(self, company):
        """Return the memberships to show, the latest first."""
        self.ensure_one()
        return self.env["sale.subscription"].search(
            [
                ("partner_id", "=", self.id),
                ("company_id", "=", company.id),
                ("is_membership", "=", True),
                ("membership_state", "!=", "ended"),
            ],
            order="id desc",
        )
