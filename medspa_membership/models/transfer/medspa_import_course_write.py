# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from collections import defaultdict

from odoo import Command, models
from odoo.tools import SQL, float_is_zero

from ..credit.medspa_credit import QUANTITY_DIGITS
from .medspa_import_course_check import is_same
from .tabular import normalize


class MedspaImportCourse(models.AbstractModel):
    """Writing the courses of a file, and the totals that prove it."""

    _inherit = "medspa.import.course"

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
