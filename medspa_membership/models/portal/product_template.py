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
        :return: dict of `kind` ("credit", "plan", "ahead" or "price"), `credit` and
            `available` (before it), `ahead` (the session to come), `is_member`,
            `deposit`, `currency`, the `key` that names all that the person agrees to,
            and, of a price, what `_get_booking_prices` returns
        """
        self.ensure_one()
        treatment = self.with_company(company)
        credits = treatment._find_booking_credits(patient, start, company)
        on_date = company._medspa_date(start)
        statement = {
            "kind": "price",
            "credit": credits[:1],
            "ahead": None,
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
        ahead = treatment._find_session_ahead(patient, start, company)
        if ahead:
            return {
                **statement,
                "kind": "ahead",
                "ahead": ahead,
                "available": ahead["left"],
                "key": f"ahead-{ahead['benefit'].id}-{ahead['start']}",
            }
        prices = treatment._get_booking_prices(patient, company)
        own_price = prices["own_price"]
        deposit = treatment._get_deposit(own_price, company)
        return {
            **statement,
            **prices,
            "deposit": deposit,
            "key": f"price-{own_price:.3f}-{deposit:.3f}",
        }

    def _find_session_ahead(self, patient, start, company):
        """Return the session of a coming period that would pay, where that is allowed.

        As :meth:`sale.subscription._find_session_ahead` does.
        """
        self.ensure_one()
        if not company.allows_booking_ahead:
            return None
        event = self._new_booking(patient, start, company)
        return self.env["sale.subscription"]._find_session_ahead(event)

    def _new_booking(self, patient, start, company):
        """Return the appointment that would be booked, which is not saved."""
        return self.env["calendar.event"].new(
            {
                "patient_id": patient.id,
                "treatment_id": self.id,
                "medspa_company_id": company.id,
                "start": start,
            }
        )

    def _get_booking_prices(self, patient, company):
        """Return what one session costs a person, and would cost as a member.

        Note: `self.ensure_one()`

        :return: dict of `price`, `own_price` and `member_price`, with tax, and the same
            in `untaxed`, without; `has_own_price`; `plan`, in which the member price
            holds: the one that saves most, empty for members and where none saves
        """
        self.ensure_one()
        compare = company.currency_id.compare_amounts
        pricelist = patient.with_company(company).property_product_pricelist
        listed = self._get_price_totals(self.env["product.pricelist"], patient, company)
        own = self._get_price_totals(pricelist, patient, company)
        plan, member = self._find_member_price(pricelist, own, patient, company)
        totals = {"price": listed, "own_price": own, "member_price": member}
        return {
            **{name: total["total_included"] for name, total in totals.items()},
            "untaxed": {
                name: total["total_excluded"] for name, total in totals.items()
            },
            "has_own_price": compare(own["total_included"], listed["total_included"])
            < 0,
            "plan": plan,
        }

    def _find_member_price(self, pricelist, own, patient, company):
        """Return the plan in which a session costs least, and what it costs there.

        No plan, and what it costs anyway, for members and where no plan saves anything.
        """
        Plan = self.env["sale.subscription.template"]
        # Price lists of members are read to compare, and shown to nobody.
        if pricelist.sudo().member_key or patient._is_in_plan(company):
            return Plan, own
        totals = {}

        def get_saving(version):
            totals[version] = self._get_price_totals(version, patient, company)
            return own["total_included"] - totals[version]["total_included"]

        plan, _saving = Plan._get_discount_plans_on_sale(
            company, on_website=True
        )._pick_best_plan(pricelist, get_saving, company.currency_id)
        if not plan:
            return plan, own
        return plan, totals[pricelist._get_version_for(plan._get_discount_set())]

    def _find_booking_credits(self, patient, start, company):
        """Return the credits that would pay at a time, the one that pays first."""
        self.ensure_one()
        if self.is_unit_based:
            # How many units it takes is not known before the visit.
            return self.env["medspa.credit"]
        event = self._new_booking(patient, start, company)
        usable = self.env["medspa.credit"]._find_usable(
            patient, self, company._medspa_date(start), company
        )
        return event._filter_bookable_credits(
            usable.filtered(
                lambda credit: credit.available >= event._get_credit_quantity(credit)
            )
        )

    def _get_price_totals(self, pricelist, patient, company, position=None):
        """Return one session's price by a pricelist, as an order of the patient has it.

        Note: `self.ensure_one()`

        :param pricelist: empty for the price on the list
        :param position: the fiscal position of the patient, where it is known already
        :return: dict of `total_excluded` and `total_included`
        """
        self.ensure_one()
        currency = company.currency_id
        product = self.product_variant_id
        taxes = product.taxes_id._filter_taxes_by_company(company)
        if position is None:
            position = patient._get_tax_position(company)
        price = product._get_tax_included_unit_price_from_price(
            pricelist._get_product_price(
                product, 1.0, currency=currency, date=fields.Datetime.now()
            ),
            product_taxes=taxes,
            fiscal_position=position,
        )
        return position.map_tax(taxes).compute_all(
            price, currency, product=product, partner=patient
        )

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
