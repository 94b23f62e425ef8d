# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from collections import defaultdict

from odoo import Command, models
from odoo.fields import Domain
from odoo.tools import SQL, email_normalize, float_compare, float_is_zero

from ..credit.medspa_credit import QUANTITY_DIGITS
from .tabular import normalize

# The states in which sessions of a course can still be counted as used.
OPEN_STATES = ("active", "completed")


def is_same(one, other):
    return float_compare(one, other, precision_digits=QUANTITY_DIGITS) == 0


class MedspaImportCourse(models.AbstractModel):
    """Courses that another system sold, with the sessions used there.

    A row is a course, or one treatment of it: rows of one course ID that name their
    treatments make one course together.
    """

    _name = "medspa.import.course"
    _inherit = "medspa.import.kind"
    _description = "Import of courses"

    def _get_columns(self):
        _ = self.env._
        return {
            "id": (
                _("Course ID"),
                True,
                ("id", "external id", "package id", "purchase id", "sale id")
                + ("series id", "course no", "course number"),
            ),
            "patient_id": (
                _("Patient ID"),
                False,
                ("client id", "customer id", "guest id", "member id"),
            ),
            "patient_email": (
                _("Patient e-mail"),
                False,
                ("patient email", "client email", "customer email", "email", "e mail"),
            ),
            "patient": (
                _("Patient"),
                False,
                ("patient name", "client", "client name", "customer", "name")
                + ("customer name", "guest", "guest name"),
            ),
            "course": (
                _("Course"),
                True,
                ("course name", "package", "package name", "product", "series", "item"),
            ),
            "treatment": (
                _("Treatment"),
                False,
                ("treatment name", "service", "service name"),
            ),
            "bought_on": (
                _("Bought on"),
                True,
                ("purchase date", "purchased on", "date of purchase", "sold on")
                + ("sale date", "date"),
            ),
            "expires_on": (
                _("Expires on"),
                False,
                ("expiry date", "expiry", "expiration date", "expiration", "expires")
                + ("valid until", "end date"),
            ),
            "bought": (
                _("Sessions bought"),
                False,
                ("bought", "sessions", "total sessions", "quantity", "qty", "total"),
            ),
            "used": (
                _("Sessions used"),
                True,
                ("used", "used sessions", "redeemed", "consumed", "sessions redeemed"),
            ),
            "price": (
                _("Price paid"),
                True,
                ("price", "amount", "amount paid", "paid", "total price"),
            ),
            "currency": (_("Currency"), False, ("currency code",)),
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

    # === BUSINESS METHODS: CHECK A COURSE === #

    def _check_group(self, wizard, group, course, ledger):
        """Check the rows of one course ID, as a whole.

        :param course: the course that an earlier import made of it, if any
        :param ledger: by course line what earlier imports have used, and the credits
        """
        self._check_repeated(group)
        if not any(row.is_refused for row in group):
            if course:
                self._check_known_course(group, course, *ledger)
            else:
                self._check_new_course(wizard, group)
        refused = [str(row.number) for row in group if row.is_refused]
        for row in group:
            if refused and not row.is_refused:
                row.refuse(
                    self.env._(
                        "Row %s of the same course is refused.", ", ".join(refused)
                    )
                )

    def _check_repeated(self, group):
        """Refuse rows of one ID that are not the treatments of one course."""
        if len(group) == 1:
            return
        treatments = {normalize(row.cells.get("treatment")) for row in group}
        if len(treatments) < len(group) or "" in treatments:
            message = self._get_repeated_message([str(row.number) for row in group])
            for row in group:
                row.refuse(message)
            return
        names = ("product", "partner", "bought_on", "expires_on", "currency")
        for row in group[1:]:
            if any(row.data.get(name) != group[0].data.get(name) for name in names):
                row.refuse(
                    self.env._(
                        "Patient, course, dates or currency differ from row %s, which "
                        "has the same ID.",
                        group[0].number,
                    )
                )

    def _check_new_course(self, wizard, group):
        first = group[0]
        product = first.data["product"]
        steps = list(product.step_ids.sorted("sequence"))
        totals = [step.sessions + step.free_sessions for step in steps]
        if not self._split(group, steps, totals):
            return
        terms = product if product.has_own_terms else wizard.company_id
        for row in group:
            for quantity, lines in (
                (row.data["bought"], row.data["lines"]),
                (row.data["used"], row.data["lines"]),
            ):
                units = {steps[index].unit for index in lines}
                self._check_whole(row, quantity, units, terms.allows_part_sessions)
        if (
            product.validity_from == "first_visit"
            and product.validity_days
            and not first.data["expires_on"]
            and any(row.data["used"] for row in group)
        ):
            first.refuse(
                self.env._(
                    "%s is valid from the first visit, which was in the other system. "
                    "Give the day on which it expires.",
                    product.name,
                )
            )
        for row in group:
            row.data["post"] = row.data["used"]
            row.note(
                self.env._(
                    "%(used)s of %(bought)s sessions used.",
                    used=f"{row.data['used']:g}",
                    bought=f"{row.data['bought']:g}",
                )
            )

    def _check_whole(self, row, quantity, units, allows_parts):
        if not quantity.is_integer() and units == {"session"} and not allows_parts:
            row.refuse(
                self.env._("%s is not a whole number of sessions.", f"{quantity:g}")
            )
        elif abs(quantity - round(quantity, QUANTITY_DIGITS)) > 1e-9:
            row.refuse(self.env._("%s has too many decimals.", f"{quantity:g}"))

    def _check_known_course(self, group, course, imported, payers):
        """Compare with what an earlier import made: only further uses are taken."""
        first = group[0]
        if first.data["partner"] != course.partner_id:
            first.refuse(
                self.env._("It is %s here, of another patient.", course.display_name)
            )
        if first.data["product"] != course.product_tmpl_id:
            first.refuse(
                self.env._("It is %s here, another course.", course.display_name)
            )
        # What was swapped here counts where it was sold.
        lines = list(
            course.line_ids.filtered(lambda line: not line.swapped_from_id).sorted(
                "sequence"
            )
        )
        totals = [line.sessions + line.free_sessions for line in lines]
        if first.is_refused or not self._split(group, lines, totals):
            return
        for row in group:
            own_lines = [lines[index] for index in row.data["lines"]]
            total = sum(totals[index] for index in row.data["lines"])
            before = sum(imported.get(line.id, 0) for line in own_lines)
            row.data["course"] = course
            row.data["post"] = row.data["used"] - before
            self._check_known_row(row, course, own_lines, total, before, payers)

    def _check_known_row(self, row, course, lines, total, before, payers):
        more = row.data["post"]
        if not is_same(row.data["bought"], total):
            row.refuse(
                self.env._(
                    "%(course)s has %(total)s sessions bought here, not %(bought)s. "
                    "Correct it by hand.",
                    course=course.name,
                    total=f"{total:g}",
                    bought=f"{row.data['bought']:g}",
                )
            )
        if is_same(more, 0):
            row.status = row.status if row.is_refused else "there"
            row.note(self.env._("On file as %s.", course.name))
            return
        if more < 0:
            row.refuse(
                self.env._(
                    "The last import counted %(before)s sessions as used, the file "
                    "only %(used)s. Give the difference back on %(course)s by hand.",
                    before=f"{before:g}",
                    used=f"{row.data['used']:g}",
                    course=course.name,
                )
            )
            return
        credits_sudo = [credit for line in lines for credit in payers[line.id]]
        available = sum(credit.available for credit in credits_sudo)
        if course.state not in OPEN_STATES or any(c.is_frozen for c in credits_sudo):
            labels = dict(course._fields["state"]._description_selection(self.env))
            row.refuse(
                self.env._(
                    '%(course)s is "%(state)s" here: nothing more can be used.',
                    course=course.name,
                    state=labels[course.state],
                )
            )
        elif float_compare(available, more, precision_digits=QUANTITY_DIGITS) < 0:
            row.refuse(
                self.env._(
                    "%(more)s more are used in the file, but only %(available)s of "
                    "%(course)s are free here.",
                    more=f"{more:g}",
                    available=f"{available:g}",
                    course=course.name,
                )
            )
        else:
            self._check_whole(
                row, more, {line.unit for line in lines}, course.allows_part_sessions
            )
            if not row.is_refused:
                row.status = "update"
            row.note(
                self.env._(
                    "%(course)s: %(more)s more used.",
                    course=course.name,
                    more=f"{more:g}",
                )
            )

    def _split(self, group, lines, totals):
        """Give each row of a course its lines, as `data["lines"]`: their positions.

        :param list lines: steps of the recipe, or lines of a course
        :param list totals: the sessions of each, free ones included
        :return: whether every row has found its lines
        """
        by_treatment = defaultdict(list)
        for index, line in enumerate(lines):
            by_treatment[normalize(line.treatment_id.name)].append(index)
        names = {
            key: lines[at[0]].treatment_id.name for key, at in by_treatment.items()
        }
        course = group[0].data["product"].name
        given = {normalize(row.cells.get("treatment")) for row in group} - {""}
        for row in group:
            key = normalize(row.cells.get("treatment"))
            if key and key not in by_treatment:
                row.refuse(
                    self.env._(
                        'Treatment: "%(treatment)s" is no part of %(course)s.',
                        treatment=row.text("treatment"),
                        course=course,
                    )
                )
                continue
            own = by_treatment[key] if key else list(range(len(lines)))
            self._set_lines(
                row, own, totals, is_whole=not key, by_treatment=by_treatment
            )
        missing = given and [name for key, name in names.items() if key not in given]
        if missing:
            group[0].refuse(
                self.env._(
                    "Add a row of the same ID for each other treatment: %s.",
                    ", ".join(missing),
                )
            )
        return not any(row.is_refused for row in group)

    def _set_lines(self, row, own, totals, is_whole, by_treatment):
        total = sum(totals[index] for index in own)
        if row.data["bought"] is None:
            row.data["bought"] = float(total)
        bought, used = row.data["bought"], row.data["used"]
        row.data["lines"] = own
        if float_compare(used, bought, precision_digits=QUANTITY_DIGITS) > 0:
            row.refuse(self.env._("More sessions are used than were bought."))
        is_partly_used = not is_same(used, 0) and not is_same(used, bought)
        if is_whole and len(by_treatment) > 1 and is_partly_used:
            row.refuse(
                self.env._(
                    "The course has several treatments: give each a row of the same "
                    "ID, with the treatment and its sessions."
                )
            )
        if len(own) > 1 and not is_same(bought, total):
            row.refuse(
                self.env._(
                    "%(bought)s sessions are bought, but the course has %(total)s.",
                    bought=f"{bought:g}",
                    total=f"{total:g}",
                )
            )

    def _find_courses(self, wizard, external_ids):
        """Return the courses that earlier imports made, by import key."""
        courses = self.env["medspa.course"].search(
            [
                ("company_id", "=", wizard.company_id.id),
                ("import_key", "in", [self._get_key(wizard, i) for i in external_ids]),
            ]
        )
        return {course.import_key: course for course in courses}

    def _get_imported_uses(self, courses):
        """Return the sessions that imports have used, by id of the course line."""
        uses = defaultdict(float)
        for credit, quantity in self.env["medspa.credit.move"]._read_group(
            [("is_imported", "=", True), ("credit_id.course_id", "in", courses.ids)],
            ["credit_id"],
            ["quantity:sum"],
        ):
            uses[credit.course_line_id.id] -= quantity
        return uses

    # === BUSINESS METHODS: WRITE === #

    def _run(self, wizard, rows):
        """Override to create the new courses and to count the sessions used before.

        Patients are not told: they know what they bought.
        """
        groups = defaultdict(list)
        for row in rows:
            if row.status in ("new", "update"):
                groups[row.external_id].append(row)
        new_groups = [group for group in groups.values() if group[0].status == "new"]
        numbers = self._get_numbers(wizard.company_id, len(new_groups))
        bases = {}
        # Courses are made by sales and by imports only: nobody may create them by hand.
        courses = (
            self.env["medspa.course"]
            .sudo()
            .with_context(tracking_disable=True, mail_create_nosubscribe=True)
            .create(
                [
                    {**self._prepare_course_vals(wizard, group, bases), "name": number}
                    for group, number in zip(new_groups, numbers, strict=True)
                ]
            )
        )
        courses._activate(notify=False)
        for group, course in zip(new_groups, courses, strict=True):
            for row in group:
                row.data["course"] = course
        self._use(wizard, groups.values())

    def _get_numbers(self, company, count):
        """Return so many new numbers of courses, drawn in one query where possible."""
        # Nobody may draw numbers by hand.
        sequence_sudo = (
            self.env["ir.sequence"]
            .sudo()
            .with_company(company)
            .search(
                [
                    ("code", "=", "medspa.course"),
                    ("company_id", "in", (company.id, False)),
                ],
                order="company_id",
                limit=1,
            )
        )
        if sequence_sudo.implementation != "standard" or sequence_sudo.use_date_range:
            return [sequence_sudo.next_by_id() for __ in range(count)]
        self.env.cr.execute(
            SQL(
                "SELECT nextval(%s) FROM generate_series(1, %s)",
                f"ir_sequence_{sequence_sudo.id:03d}",
                count,
            )
        )
        return [sequence_sudo.get_next_char(n) for (n,) in self.env.cr.fetchall()]

    def _prepare_course_vals(self, wizard, group, bases):
        """Return the values of a course as the file tells it was sold.

        :param dict bases: values by product, worked out once for all of its courses
        """
        data = group[0].data
        product, company, currency = (
            data["product"],
            wizard.company_id,
            data["currency"],
        )
        if product not in bases:
            bases[product] = self.env["medspa.course"]._prepare_course_vals(
                product, self.env["res.partner"], company, 0, currency, 0
            )
        base = bases[product]
        price = currency.round(sum(row.data["price"] for row in group))
        lines = [dict(command[2]) for command in base["line_ids"]]
        for row in group:
            own = [lines[index] for index in row.data["lines"]]
            total = sum(line["sessions"] + line["free_sessions"] for line in own)
            if not is_same(row.data["bought"], total):
                own[0].update(sessions=row.data["bought"], free_sessions=0)
        self._share_value(
            lines, self._get_untaxed(product, price, currency, company, data), company
        )
        vals = {
            **base,
            "partner_id": data["partner"].id,
            "currency_id": currency.id,
            "price": price,
            "purchase_date": data["bought_on"],
            "import_key": self._get_key(wizard, group[0].external_id),
            "line_ids": [Command.create(line) for line in lines],
        }
        if data["expires_on"]:
            # The day is fixed: no first visit here moves it.
            vals.update(
                expires_on=data["expires_on"],
                validity_from="purchase",
                validity_days=(data["expires_on"] - data["bought_on"]).days,
            )
        return vals

    def _share_value(self, lines, value, company):
        weights = [line["sessions"] * line["list_price"] for line in lines]
        if not any(weights):
            weights = [line["sessions"] for line in lines]
        shares = self.env["medspa.course"]._share(value, weights, company.currency_id)
        for line, share in zip(lines, shares, strict=True):
            line["value"] = share

    def _get_untaxed(self, product, price, currency, company, data):
        """Return the price paid without tax, in the company's currency."""
        taxes = product.with_company(company).taxes_id._filter_taxes_by_company(company)
        if taxes:
            details = taxes._get_tax_details(price, 1.0, special_mode="total_included")
            price = currency.round(details["total_excluded"])
        return currency._convert(price, company.currency_id, company, data["bought_on"])

    def _use(self, wizard, groups):
        """Take off the sessions that the other system had counted as used."""
        reason = self.env._("Used before the import (%s)", wizard.source)
        groups = list(groups)
        courses = self.env["medspa.course"].concat(
            *(g[0].data["course"] for g in groups)
        )
        payers = self._get_payers(courses)
        entries = []
        for group in groups:
            course = courses.browse(group[0].data["course"].id).with_prefetch(
                courses.ids
            )
            lines = course.line_ids.filtered(lambda line: not line.swapped_from_id)
            lines = list(lines.sorted("sequence"))
            for row in group:
                rest = row.data["post"]
                own = [lines[index] for index in row.data["lines"]]
                for credit in [credit for line in own for credit in payers[line.id]]:
                    take = min(rest, credit.available)
                    if float_is_zero(take, precision_digits=QUANTITY_DIGITS):
                        continue
                    rest -= take
                    entries.append(
                        {
                            "credit": credit.sudo(False),
                            "kind": "redeem",
                            "quantity": -take,
                            # They were used in time, or the file would not say so.
                            "on_date": credit.valid_from,
                            "reason": reason,
                            "is_imported": True,
                        }
                    )
        if entries:
            self.env["medspa.credit"]._post_moves(entries)

    def _get_payers(self, courses):
        """Return the credits of the courses, by course line, the one that pays first.

        Sudoed: what an import uses is decided here, line by line.

        :rtype: dict[int, list[medspa.credit]]
        """
        credits_sudo = (
            self.env["medspa.credit"].sudo().search([("course_id", "in", courses.ids)])
        )
        payers = defaultdict(list)
        for credit in credits_sudo.sorted(lambda credit: credit._get_spending_order()):
            payers[credit.course_line_id.id].append(credit)
        return payers

    # === BUSINESS METHODS: CONTROL === #

    def _prepare_total_vals_list(self, wizard, rows):
        """Override to compare what the file says with what the ledger says now."""
        totals = defaultdict(lambda: defaultdict(float))
        names, keys = {}, defaultdict(set)
        for row in rows:
            product = row.data.get("product")
            key = product.id if product else normalize(row.cells.get("course"))
            names[key] = product.name if product else row.text("course")
            keys[key].add(self._get_key(wizard, row.external_id))
            total = totals[key]
            total["rows"] += 1
            total["bought_file"] += row.data["bought"] or 0
            total["used_file"] += row.data["used"] or 0
            total["paid_file"] += self._get_paid(
                wizard, row.data["price"], row.data["currency"], row.data["bought_on"]
            )
        self._add_ledger_totals(
            wizard,
            totals,
            {import_key: key for key in keys for import_key in keys[key]},
        )
        return [
            {
                "name": names[key] or self.env._("No course named"),
                "product_tmpl_id": key if isinstance(key, int) else False,
                "courses_file": len(keys[key]),
                **total,
            }
            for key, total in sorted(totals.items(), key=lambda item: names[item[0]])
        ]

    def _add_ledger_totals(self, wizard, totals, total_keys):
        courses = self.env["medspa.course"].search(
            [
                ("company_id", "=", wizard.company_id.id),
                ("import_key", "in", list(total_keys)),
            ]
        )
        for course in courses:
            total = totals[total_keys[course.import_key]]
            total["courses"] += 1
            total["paid"] += self._get_paid(
                wizard, course.price, course.currency_id, course.purchase_date
            )
        for credit in courses.credit_ids:
            total = totals[total_keys[credit.course_id.import_key]]
            total["bought"] += credit.granted
            total["remaining"] += credit.remaining
            total["value_remaining"] += credit.value_remaining
        for credit, quantity in self.env["medspa.credit.move"]._read_group(
            [("is_imported", "=", True), ("credit_id.course_id", "in", courses.ids)],
            ["credit_id"],
            ["quantity:sum"],
        ):
            totals[total_keys[credit.course_id.import_key]]["used"] -= quantity

    def _get_paid(self, wizard, price, currency, day):
        """Return a price in the company's currency, as of its day."""
        company = wizard.company_id
        if not price or not currency or currency == company.currency_id:
            return price or 0.0
        return currency._convert(
            price, company.currency_id, company, day or company._medspa_date()
        )

    # === TOOLS === #

    def _get_key(self, wizard, external_id):
        return f"{wizard._get_source_key()}/{external_id}"
