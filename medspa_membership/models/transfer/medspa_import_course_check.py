# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from collections import defaultdict

from odoo import models
from odoo.tools import float_compare

from ..credit.medspa_credit import QUANTITY_DIGITS
from .tabular import normalize

# The states in which sessions of a course can still be counted as used.
OPEN_STATES = ("active", "completed")


def is_same(one, other):
    return float_compare(one, other, precision_digits=QUANTITY_DIGITS) == 0


class MedspaImportCourse(models.AbstractModel):
    """What is wrong with the rows of one course, and what is there already."""

    _inherit = "medspa.import.course"

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
