# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date, time, timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..credit.medspa_credit import QUANTITY_DIGITS

# How far the search for the next free time looks at once.
SEARCH_DAYS = 14


class MedspaCourseLine(models.Model):
    """A step of a course as it was sold, and the credit that its payment granted."""

    _name = "medspa.course.line"
    _inherit = "medspa.guarded"
    _description = "Course line"
    _order = "sequence, id"

    course_id = fields.Many2one(
        "medspa.course", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="course_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    sequence = fields.Integer(required=True)
    treatment_id = fields.Many2one(
        "product.template", required=True, index=True, ondelete="restrict"
    )
    other_treatment_ids = fields.Many2many(
        "product.template",
        "medspa_course_line_other_rel",
        "line_id",
        "treatment_id",
        string="Or",
    )
    sessions = fields.Float(digits=(16, QUANTITY_DIGITS), required=True)
    unit = fields.Selection(
        [("session", "Sessions"), ("unit", "Units")], required=True, default="session"
    )
    free_sessions = fields.Integer("Free")
    min_days = fields.Integer("At least")
    advised_days = fields.Integer("Advised")
    list_price = fields.Monetary("List price at sale", help="Of one session, with tax.")
    value = fields.Monetary(help="Its share of the price paid, without tax.")
    swapped_from_id = fields.Many2one(
        "medspa.course.line",
        index="btree_not_null",
        ondelete="restrict",
        help="The line whose sessions these were.",
    )
    credit_ids = fields.One2many("medspa.credit", "course_line_id", "Credits")
    used = fields.Float(compute="_compute_balances", digits=(16, QUANTITY_DIGITS))
    reserved = fields.Float(compute="_compute_balances", digits=(16, QUANTITY_DIGITS))
    remaining = fields.Float(compute="_compute_balances", digits=(16, QUANTITY_DIGITS))
    available = fields.Float(compute="_compute_balances", digits=(16, QUANTITY_DIGITS))
    next_date = fields.Date(
        "Next from",
        compute="_compute_next_date",
        help="The earliest day of a further session, by the pace of the course.",
    )

    _sessions_positive = models.Constraint(
        "CHECK (sessions > 0)", "A line of a course has at least one session."
    )

    # === COMPUTE METHODS === #

    @api.depends("treatment_id", "sessions", "free_sessions")
    def _compute_display_name(self):
        for line in self:
            sessions = line.sessions + line.free_sessions
            line.display_name = f"{sessions:g} × {line.treatment_id.name}"

    @api.depends("credit_ids.remaining", "credit_ids.reserved", "sessions")
    def _compute_balances(self):
        for line in self:
            credits_sudo = line.sudo().credit_ids
            line.remaining = sum(credits_sudo.mapped("remaining"))
            line.reserved = sum(credits_sudo.mapped("reserved"))
            line.available = sum(credits_sudo.mapped("available"))
            line.used = sum(credits_sudo.mapped("used"))

    @api.depends("course_id.state")
    def _compute_next_date(self):
        for line in self:
            today = line.company_id._medspa_date()
            blocked = line._get_blocked_dates()
            day = today
            while any(begin < day < end for begin, end in blocked):
                day = min(end for begin, end in blocked if begin < day < end)
            line.next_date = day

    # === BUSINESS METHODS === #

    def _prepare_credit_vals_list(self):
        """Return what the paid line grants: the paid sessions, and the free ones apart.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        course = self.course_id
        vals = {
            "company_id": course.company_id.id,
            "partner_id": course.partner_id.id,
            "beneficiary_ids": [Command.set(course.member_ids.ids)],
            "coverage": "treatments" if self.other_treatment_ids else "treatment",
            "treatment_id": self.treatment_id.id,
            "treatment_ids": [
                Command.set((self.treatment_id | self.other_treatment_ids).ids)
            ],
            "unit": self.unit,
            "valid_from": course.purchase_date,
            "expires_on": course.usable_until,
            "course_line_id": self.id,
        }
        granted = [
            {
                **vals,
                "granted": self.sessions,
                "value": self.value,
                "grant_key": f"course-line-{self.id}",
            }
        ]
        if self.free_sessions:
            granted.append(
                {
                    **vals,
                    "granted": self.free_sessions,
                    "is_bonus": True,
                    "grant_key": f"course-line-{self.id}-free",
                }
            )
        return granted

    def _get_blocked_dates(self, but_event=None):
        """Return the open intervals of days on which the pace allows no session.

        A session keeps `min_days` from every other session of its own step, and from
        those of the step before it; the step after keeps its own distance from it. The
        whole recipe may ask for a distance between any two sessions. It counts both
        ways, so that sessions may be booked out of order.

        Note: `self.ensure_one()`

        :param but_event: an appointment that is being moved and does not count
        :rtype: list[tuple[date, date]]
        """
        self.ensure_one()
        lines = self.course_id.line_ids.sorted("sequence")
        index = list(lines).index(self)
        pace = self.course_id.recipe_min_days
        gaps = dict.fromkeys(lines, pace) if pace else {}
        gaps[self] = max(self.min_days, pace)
        if index:
            gaps[lines[index - 1]] = max(self.min_days, pace)
        if index + 1 < len(lines):
            gaps[lines[index + 1]] = max(lines[index + 1].min_days, pace)
        events_sudo = (
            self.env["calendar.event"]
            .sudo()
            .search(
                [
                    ("credit_id.course_line_id", "in", [line.id for line in gaps]),
                    ("appointment_status", "in", ("booked", "arrived", "attended")),
                    ("id", "not in", (but_event or self.env["calendar.event"]).ids),
                ]
            )
        )
        blocked = []
        for event in events_sudo:
            gap = timedelta(
                days=gaps[event.credit_id.course_line_id.with_env(self.env)]
            )
            day = event._get_local_date()
            if gap:
                blocked.append((day - gap, day + gap))
        return blocked

    def _get_pace_conflict(self, day, but_event=None):
        """Return the nearest days around `day` that the pace allows, or nothing.

        :rtype: tuple[date, date] or None
        """
        self.ensure_one()
        blocked = self._get_blocked_dates(but_event)
        before = after = day
        # The edge of one blocked stretch may lie within another.
        while hit := [begin for begin, end in blocked if begin < before < end]:
            before = min(hit)
        while hit := [end for begin, end in blocked if begin < after < end]:
            after = max(hit)
        return (before, after) if before != after else None

    # === BUSINESS METHODS: BOOKING BY THE PATIENT === #

    def _get_bookable_credits(self):
        """Return the credits with a session that nobody has booked yet, by the order
        in which they pay. How many units a visit takes is not known before it: units
        are not booked by patients. Note: `self.ensure_one()`

        :rtype: medspa.credit
        """
        self.ensure_one()
        credits_sudo = self.sudo().credit_ids
        if self.course_id.state != "active":
            return credits_sudo.browse()
        today = self.company_id._medspa_date()
        return credits_sudo.filtered(
            lambda credit: (
                credit.unit == "session"
                and credit.available >= 1
                and not credit.is_frozen
                and (not credit.expires_on or credit.expires_on >= today)
            )
        ).sorted(lambda credit: credit._get_spending_order())

    def _get_offering_window(self):
        """Return the first and the last moment that can be offered, or nothing.

        :return: two naive datetimes in UTC, or None when there is nothing to book
        """
        credits = self._get_bookable_credits()
        if not credits:
            return None
        company = self.company_id
        treatment = self._get_treatment_on_sale()
        start, stop = treatment._get_booking_window(
            company, self.course_id.sudo().partner_id
        )
        first = min(credit.valid_from or date.min for credit in credits)
        last = max(credit.expires_on or date.max for credit in credits)
        if first != date.min:
            start = max(start, company._medspa_utc(first, time.min))
        if last != date.max:
            stop = min(stop, company._medspa_utc(last + timedelta(days=1), time.min))
        return (start, stop) if start < stop else None

    def _get_offered_slots(self, start, stop, practitioners=None):
        """Return the times that the patient can book now: what is offered is bookable.

        A time is offered when practitioner, room and patient are free, inside the
        booking window of the clinic, on a day on which a credit of the step is
        valid and the pace of the course allows a session.

        Note: `self.ensure_one()`

        :param datetime start: naive, in UTC
        :param datetime stop: naive, in UTC
        :param practitioners: those asked for; all who perform it by default
        :return: slots of :meth:`_get_free_slots` with `day` (on the clinic's clock) and
            `credit` (the one that would pay)
        """
        self.ensure_one()
        window = self._get_offering_window()
        if not window:
            return []
        company = self.company_id
        slots = self._get_treatment_on_sale()._get_free_slots(
            max(start, window[0]), min(stop, window[1]), practitioners, company
        )
        slots = self.env["calendar.event"]._drop_own_times(
            slots, self.course_id.sudo().partner_id
        )
        for slot in slots:
            slot["day"] = company._medspa_date(slot["start"])
        payers = self._get_payers({slot["day"] for slot in slots})
        return [
            {**slot, "credit": payers[slot["day"]]}
            for slot in slots
            if slot["day"] in payers
        ]

    def _get_payers(self, days):
        """Return which credit would pay on each day that allows a session.

        :rtype: dict[date, medspa.credit]
        """
        if not days:
            return {}
        credits = self._get_bookable_credits()
        blocked = self._get_blocked_dates()
        payers = {}
        for day in days:
            if any(begin < day < end for begin, end in blocked):
                continue
            credit = credits.filtered(
                lambda c, day=day: (
                    (c.valid_from or date.min) <= day <= (c.expires_on or date.max)
                )
            )[:1]
            if credit:
                payers[day] = credit
        return payers

    def _get_next_offered_day(self, day, practitioners=None):
        """Return the first day from `day` on that has a time to offer, or nothing.

        Looks two weeks at a time: most often the first look finds it.

        :rtype: datetime.date or None
        """
        self.ensure_one()
        window = self._get_offering_window()
        if not window:
            return None
        company = self.company_id
        day = max(day, company._medspa_date(window[0]))
        while company._medspa_utc(day, time.min) < window[1]:
            following = day + timedelta(days=SEARCH_DAYS)
            slots = self._get_offered_slots(
                company._medspa_utc(day, time.min),
                company._medspa_utc(following, time.min),
                practitioners,
            )
            if slots:
                return slots[0]["day"]
            day = following
        return None

    def _get_performers(self):
        """Return who gives the treatment of the step. Note: `self.ensure_one()`."""
        self.ensure_one()
        return self._get_treatment_on_sale()._get_practitioners()

    def _get_treatment_on_sale(self):
        """Return the treatment as the clinic sees it: patients may not read resources,
        nor treatments that are not on sale.
        """
        return self.sudo().with_company(self.company_id.id).treatment_id

    def _book(self, start, practitioners=None):
        """Book a session of the step for its patient, at a time that is offered now.

        Note: `self.ensure_one()`

        :param datetime start: naive, in UTC
        :param practitioners: one of them; anybody when left out
        :return: the appointment
        :raise UserError: when the time is not offered (any more)
        """
        self.ensure_one()
        company = self.company_id
        day = company._medspa_date(start)
        slots = self._get_offered_slots(
            company._medspa_utc(day, time.min),
            company._medspa_utc(day + timedelta(days=1), time.min),
            practitioners,
        )
        slot = next((slot for slot in slots if slot["start"] == start), None)
        if not slot:
            raise UserError(self._get_not_offered_message())
        with self.env.cr.savepoint():
            # Patients have no rights on appointments: they may cause this one.
            event = (
                self.env["calendar.event"]
                .sudo()
                .with_company(company.id)
                .create(self._prepare_booking_vals(slot))
            )
            if event.credit_id != slot["credit"]:
                # Used up by somebody else at the same moment: another credit would pay.
                raise UserError(self._get_not_offered_message())
            event._check_patient_is_free()
        return event

    def _prepare_booking_vals(self, slot):
        """Return the values of the appointment that books an offered slot."""
        self.ensure_one()
        return {
            "patient_id": self.course_id.partner_id.id,
            "treatment_id": self.treatment_id.id,
            "practitioner_id": slot["practitioner"].id,
            "room_id": slot["room"].id,
            "start": slot["start"],
            "stop": slot["stop"],
            "credit_id": slot["credit"].id,
        }

    def _get_not_offered_message(self):
        return self.env._(
            "This time cannot be booked any more. Please choose another one."
        )
