# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from collections import defaultdict

from odoo import models
from odoo.fields import Domain
from odoo.tools import email_normalize

from .tabular import normalize


class MedspaImportCourse(models.AbstractModel):
    """Courses that another system sold, with the sessions used there.

    A row is a course, or one treatment of it: rows of one course ID that name their
    treatments make one course together.
    """

    _name = "medspa.import.course"
    _inherit = "medspa.import.kind"
    _description = "Import of courses"

    def _get_columns(self):
        return {
            "id": (
                self.env._("Course ID"),
                True,
                ("id", "external id", "package id", "purchase id", "sale id")
                + ("series id", "course no", "course number"),
            ),
            "patient_id": (
                self.env._("Patient ID"),
                False,
                ("client id", "customer id", "guest id", "member id"),
            ),
            "patient_email": (
                self.env._("Patient e-mail"),
                False,
                ("patient email", "client email", "customer email", "email", "e mail"),
            ),
            "patient": (
                self.env._("Patient"),
                False,
                ("patient name", "client", "client name", "customer", "name")
                + ("customer name", "guest", "guest name"),
            ),
            "course": (
                self.env._("Course"),
                True,
                ("course name", "package", "package name", "product", "series", "item"),
            ),
            "treatment": (
                self.env._("Treatment"),
                False,
                ("treatment name", "service", "service name"),
            ),
            "bought_on": (
                self.env._("Bought on"),
                True,
                ("purchase date", "purchased on", "date of purchase", "sold on")
                + ("sale date", "date"),
            ),
            "expires_on": (
                self.env._("Expires on"),
                False,
                ("expiry date", "expiry", "expiration date", "expiration", "expires")
                + ("valid until", "end date"),
            ),
            "bought": (
                self.env._("Sessions bought"),
                False,
                ("bought", "sessions", "total sessions", "quantity", "qty", "total"),
            ),
            "used": (
                self.env._("Sessions used"),
                True,
                ("used", "used sessions", "redeemed", "consumed", "sessions redeemed"),
            ),
            "price": (
                self.env._("Price paid"),
                True,
                ("price", "amount", "amount paid", "paid", "total price"),
            ),
            "currency": (self.env._("Currency"), False, ("currency code",)),
        }

    # === BUSINESS METHODS: CHECK === #

    def _check_rows(self, wizard, rows):
        """Override to check each row by itself, then the rows of a course together."""
        patients = self._find_patients(wizard, rows)
        products = self._find_products(wizard)
        currencies = self._find_currencies(wizard, rows)
        for row in rows:
            self._check_row(wizard, row, currencies)
            self._set_product(row, products)
            self._set_patient(wizard, row, patients)
        groups = defaultdict(list)
        for row in rows:
            if row.external_id:
                groups[row.external_id].append(row)
        courses = self._find_courses(wizard, groups)
        known = self.env["medspa.course"].concat(*courses.values())
        ledger = (self._get_imported_uses(known), self._get_payers(known))
        for external_id, group in groups.items():
            self._check_group(
                wizard, group, courses.get(self._get_key(wizard, external_id)), ledger
            )

    def _check_row(self, wizard, row, currencies):
        company = wizard.company_id
        row.name = row.text("patient") or row.text("patient_id")
        row.name = row.name or row.text("patient_email")
        row.detail = row.text("course")
        self._require(row, "id", "course", "bought_on", "used", "price")
        bought_on = self._read_date(wizard, row, "bought_on")
        expires_on = self._read_date(wizard, row, "expires_on")
        if bought_on and bought_on > company._medspa_date():
            row.refuse(self.env._("Bought on: the day is still to come."))
        if bought_on and expires_on and expires_on < bought_on:
            row.refuse(self.env._("It expires before it was bought."))
        bought = self._read_number(wizard, row, "bought")
        used = self._read_number(wizard, row, "used")
        price = self._read_number(wizard, row, "price")
        if bought is not None and bought <= 0:
            row.refuse(self.env._("Sessions bought: it must be more than zero."))
        if used is not None and used < 0:
            row.refuse(self.env._("Sessions used: it is below zero."))
        if price is not None and price < 0:
            row.refuse(self.env._("Price paid: it is below zero."))
        if bought is not None and used is not None and used > bought >= 0:
            row.refuse(self.env._("More sessions are used than were bought."))
        code = row.text("currency")
        currency = currencies.get(code.upper()) if code else company.currency_id
        if not currency:
            row.refuse(
                self.env._(
                    'Currency: "%s" is not in use here. Activate it first.', code
                )
            )
        elif price is not None and abs(price - currency.round(price)) > 1e-9:
            row.refuse(self.env._("Price paid: it has too many decimals."))
        row.data.update(
            bought_on=bought_on,
            expires_on=expires_on,
            bought=bought,
            used=used,
            price=price,
            currency=currency,
        )

    def _find_currencies(self, wizard, rows):
        codes = {row.text("currency").upper() for row in rows} - {""}
        if not codes:
            return {}
        currencies = self.env["res.currency"].search([("name", "in", list(codes))])
        return {currency.name: currency for currency in currencies}

    def _find_products(self, wizard):
        """Return the courses on sale by name and by reference.

        Those no longer on sale are found too: what was sold of them is still owed.
        """
        products = (
            self.env["product.template"]
            .with_context(active_test=False)
            .search(
                [
                    ("service_tracking", "=", "medspa_course"),
                    ("company_id", "in", (False, wizard.company_id.id)),
                ]
            )
        )
        found = defaultdict(self.env["product.template"].browse)
        for product in products:
            for text in (product.name, product.default_code or ""):
                found[normalize(text)] |= product
        # One on sale goes before its archived namesakes.
        return {
            text: named.filtered("active") or named
            for text, named in found.items()
            if text
        }

    def _set_product(self, row, products):
        named = products.get(normalize(row.cells.get("course")))
        if not row.text("course"):
            return
        if not named:
            row.refuse(
                self.env._(
                    'Course: no course on sale is named "%s". Create it first, or '
                    "write its name or reference as it is here.",
                    row.text("course"),
                )
            )
        elif len(named) > 1:
            row.refuse(
                self.env._(
                    'Course: %(count)s courses are named "%(name)s". Write the '
                    "reference of one of them.",
                    count=len(named),
                    name=row.text("course"),
                )
            )
        else:
            row.data["product"] = named
            row.detail = named.name

    def _find_patients(self, wizard, rows):
        """Return the patients of the rows: by ID of the system, and by e-mail."""
        ids = {row.text("patient_id") for row in rows} - {""}
        emails = {email_normalize(row.text("patient_email")) for row in rows} - {False}
        known = self._find_known(
            "res.partner",
            [self._get_xmlid(wizard, "medspa_patient", patient) for patient in ids],
        )
        by_email = defaultdict(self.env["res.partner"].browse)
        if emails:
            for partner in self.env["res.partner"].search_fetch(
                Domain("email_normalized", "in", list(emails))
                & Domain("is_company", "=", False)
                & Domain("company_id", "in", (False, wizard.company_id.id)),
                ["name", "email_normalized"],
            ):
                by_email[partner.email_normalized] |= partner
        return known, by_email

    def _set_patient(self, wizard, row, patients):
        """Find whose course it is: by ID, else by e-mail, with the name if need be."""
        known, by_email = patients
        patient_id, email = row.text("patient_id"), row.text("patient_email")
        if not patient_id and not email:
            row.refuse(
                self.env._(
                    "Whose course it is, is not said: a name is not enough. Give the "
                    "patient's ID or e-mail."
                )
            )
            return
        partner = known.get(self._get_xmlid(wizard, "medspa_patient", patient_id))
        if not partner and email:
            partner = by_email[email_normalize(email)]
            if len(partner) > 1:
                name = normalize(row.text("patient"))
                named = partner.filtered(lambda p: normalize(p.name) == name)
                partner = named if len(named) == 1 else partner
        if not partner:
            row.refuse(
                self.env._(
                    'Unknown patient "%s". Import the patients first, under the same '
                    "name of the system.",
                    patient_id or email,
                )
            )
        elif len(partner) > 1:
            row.refuse(
                self.env._(
                    "%(count)s patients have the e-mail %(email)s. Give the patient's "
                    "ID, or the name as it is here.",
                    count=len(partner),
                    email=email,
                )
            )
        elif not partner.active:
            row.refuse(self.env._("This patient is archived. Restore them first."))
        else:
            row.data["partner"] = partner
            row.name = partner.name

    # === TOOLS === #

    def _get_key(self, wizard, external_id):
        return f"{wizard._get_source_key()}/{external_id}"
