# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models
from odoo.fields import Domain

from .res_company import DEPOSIT_KINDS


class ProductTemplate(models.Model):
    """What a patient is told before booking: whether it is possible, and the price."""

    _inherit = "product.template"

    is_members_only = fields.Boolean(
        "For members only", help="Only members book it on the website."
    )
    deposit_rule = fields.Selection(
        [("company", "As set for the clinic"), ("none", "No deposit"), *DEPOSIT_KINDS],
        default="company",
        required=True,
        help="What patients pay by card to book it, unless a credit covers it.",
    )
    deposit_value = fields.Float(
        "Deposit",
        digits="Product Price",
        help="The sum, or the percentage of the price.",
    )

    _deposit_in_range = models.Constraint(
        "CHECK (deposit_value >= 0"
        " AND (deposit_rule <> 'percent' OR deposit_value <= 100))",
        "A deposit is zero or more, and not more than the price.",
    )

    # === BUSINESS METHODS: BOOKING ON THE WEBSITE === #

    def _get_bookable_domain(self, website):
        """Return the domain of what visitors book by themselves."""
        return (
            Domain("service_tracking", "=", "medspa_treatment")
            & Domain("is_published", "=", True)
            & Domain("sale_ok", "=", True)
            & Domain("company_id", "in", (website.company_id.id, False))
            & Domain(website.website_domain())
        )

    def _is_bookable_by(self, patient, on_date, company):
        """Tell whether a person may book the treatment on the website.

        Note: `self.ensure_one()`

        :param patient: a partner; the public one for a visitor who is not logged in
        """
        self.ensure_one()
        return not self.is_members_only or patient._is_member(on_date, company)

    def _get_booking_statement(self, patient, start, company):
        """Return what booking the treatment costs a person, before it is booked.

        Everything that says it takes it from here: the page of times, the page that
        asks to confirm, and the booking itself, which compares the `key`.

        Note: `self.ensure_one()`, called as superuser

        :param patient: a partner; the public one for a visitor who is not logged in
        :param datetime start: the time in question (naive, in UTC)
        :return: dict of `kind` ("credit", "plan" or "price"), `credit` and `available`
            (before it), `price` (as listed) and `own_price` (of this person), both with
            tax, `is_member`, `deposit`, `currency`, and the `key` that names it all
        """
        self.ensure_one()
        treatment = self.with_company(company)
        credits = treatment._find_booking_credits(patient, start, company)
        on_date = company._medspa_date(start)
        statement = {
            "kind": "price",
            "credit": credits[:1],
            "available": sum(credits.mapped("available")),
            "currency": company.currency_id,
            "is_unit_based": treatment.is_unit_based,
            "is_member": patient._is_member(on_date, company),
            "deposit": 0.0,
        }
        if credits:
            from_plan = credits[0]._is_from_plan()
            statement["kind"] = "plan" if from_plan else "credit"
            return {**statement, "key": f"credit-{credits[0].id}"}
        price = treatment._get_list_price_with_tax(company)
        own_price = treatment._get_own_price(patient, company)
        deposit = treatment._get_deposit(own_price, company)
        return {
            **statement,
            "price": price,
            "own_price": own_price,
            "has_own_price": company.currency_id.compare_amounts(own_price, price) < 0,
            "deposit": deposit,
            "key": f"price-{own_price:.3f}-{deposit:.3f}",
        }

    def _find_booking_credits(self, patient, start, company):
        """Return the credits that would pay at a time, the one that pays first."""
        self.ensure_one()
        if self.is_unit_based:
            # How many units it takes is not known before the visit.
            return self.env["medspa.credit"]
        event = self.env["calendar.event"].new(
            {
                "patient_id": patient.id,
                "treatment_id": self.id,
                "medspa_company_id": company.id,
                "start": start,
            }
        )
        usable = self.env["medspa.credit"]._find_usable(
            patient, self, company._medspa_date(start), company
        )
        return event._filter_bookable_credits(
            usable.filtered(
                lambda credit: credit.available >= event._get_credit_quantity(credit)
            )
        )

    def _get_own_price(self, patient, company):
        """Return what a person pays for one session, with tax, by their pricelist."""
        self.ensure_one()
        pricelist = patient.with_company(company).property_product_pricelist
        product = self.product_variant_id
        price = pricelist._get_product_price(
            product, 1.0, currency=company.currency_id, date=fields.Datetime.now()
        )
        taxes = product.taxes_id._filter_taxes_by_company(company)
        return taxes.compute_all(
            price, company.currency_id, product=product, partner=patient
        )["total_included"]

    def _get_deposit(self, price, company):
        """Return the deposit on a price; nothing where no price is known beforehand."""
        self.ensure_one()
        kind, value = self.deposit_rule, self.deposit_value
        if kind == "company":
            kind, value = company.deposit_kind, company.deposit_value
        if kind == "percent":
            value = price * value / 100
        elif kind != "amount":
            return 0.0
        if self.is_unit_based and kind == "percent":
            return 0.0
        limit = value if self.is_unit_based else price
        return company.currency_id.round(min(value, limit))
