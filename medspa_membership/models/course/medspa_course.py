# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import SUPERUSER_ID, Command, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, float_is_zero

from ..credit.medspa_credit import QUANTITY_DIGITS


class MedspaCourse(models.Model):
    """A course that a patient bought, with the recipe and the terms of that day.

    Later edits of the product do not reach it. Its sessions are credits, granted when
    the money has arrived.
    """

    _name = "medspa.course"
    _description = "Course"
    _inherit = [
        "medspa.guarded",
        "medspa.terms",
        "portal.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char("Number", required=True, readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        readonly=True,
        default=lambda self: self.env.company,
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company currency"
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Patient",
        required=True,
        index=True,
        readonly=True,
        ondelete="restrict",
        tracking=True,
    )
    product_tmpl_id = fields.Many2one(
        "product.template",
        "Course",
        required=True,
        index=True,
        readonly=True,
        ondelete="restrict",
    )
    state = fields.Selection(
        [
            ("draft", "To be paid"),
            ("active", "Active"),
            ("paused", "Paused"),
            ("unpaid", "No longer paid"),
            ("completed", "Completed"),
            ("expired", "Expired"),
            ("transferred", "Transferred"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
        group_expand=True,
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    price = fields.Monetary("Price paid", readonly=True, help="With tax, as sold.")
    validity_days = fields.Integer("Validity", readonly=True)
    validity_from = fields.Selection(
        [("purchase", "the purchase"), ("first_visit", "the first visit")],
        required=True,
        default="purchase",
        readonly=True,
    )
    recipe_min_days = fields.Integer("Days between sessions", readonly=True)
    purchase_date = fields.Date(readonly=True)
    first_visit_date = fields.Date(readonly=True)
    expires_on = fields.Date(
        readonly=True,
        tracking=True,
        index="btree_not_null",
        help="The last day of use.",
    )
    usable_until = fields.Date(
        compute="_compute_usable_until",
        store=True,
        index="btree_not_null",
        help="The last day of use with the days of grace.",
    )
    member_ids = fields.Many2many(
        "res.partner",
        "medspa_course_member_rel",
        "course_id",
        "partner_id",
        string="Shared with",
        readonly=True,
        help="Others who may use its sessions.",
    )
    line_ids = fields.One2many("medspa.course.line", "course_id", "Sessions")
    credit_ids = fields.One2many("medspa.credit", "course_id", "Credits")
    event_ids = fields.One2many(
        "calendar.event", compute="_compute_event_ids", string="Appointments"
    )
    total_sessions = fields.Float(compute="_compute_balances")
    used_sessions = fields.Float("Used", compute="_compute_balances")
    reserved_sessions = fields.Float("Reserved", compute="_compute_balances")
    remaining_sessions = fields.Float(
        "Remaining", compute="_compute_balances", search="_search_remaining_sessions"
    )
    progress = fields.Float(compute="_compute_balances", help="Percent used.")

    _validity_not_negative = models.Constraint(
        "CHECK (validity_days >= 0)", "The validity of a course is zero days or more."
    )
    _name_uniq = models.UniqueIndex(
        "(company_id, name)", "The number of a course is unique."
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "line_ids.sessions",
        "line_ids.free_sessions",
        "credit_ids.remaining",
        "credit_ids.reserved",
        "state",
    )
    def _compute_balances(self):
        for course in self:
            lines = course.line_ids
            # What was swapped counts where it was sold.
            sold = lines.filtered(lambda line: not line.swapped_from_id)
            total = sum(line.sessions + line.free_sessions for line in sold)
            course.total_sessions = total
            course.used_sessions = sum(lines.mapped("used"))
            course.reserved_sessions = sum(lines.mapped("reserved"))
            course.remaining_sessions = sum(lines.mapped("remaining"))
            course.progress = 100 * course.used_sessions / total if total else 0

    @api.model
    def _search_remaining_sessions(self, operator, value):
        """Find courses by what is left of all their lines together."""
        comparisons = {
            "in": SQL(" = ANY(%s)", list(value) if operator == "in" else None),
            "<": SQL(" < %s", value),
            "<=": SQL(" <= %s", value),
            ">": SQL(" > %s", value),
            ">=": SQL(" >= %s", value),
        }
        if operator not in comparisons:
            return NotImplemented
        self.env["medspa.credit"].flush_model(["course_id", "remaining"])
        return [
            (
                "id",
                "in",
                SQL(
                    """(SELECT course.id FROM medspa_course course
                    LEFT JOIN medspa_credit credit ON credit.course_id = course.id
                    GROUP BY course.id
                    HAVING COALESCE(SUM(credit.remaining), 0)%s)""",
                    comparisons[operator],
                ),
            )
        ]

    def _compute_event_ids(self):
        events = self.env["calendar.event"].search(
            [("credit_id.course_id", "in", self.ids)], order="start"
        )
        grouped = events.grouped("credit_id")
        for course in self:
            course.event_ids = self.env["calendar.event"].concat(
                *(grouped.get(credit, events.browse()) for credit in course.credit_ids)
            )

    @api.depends("expires_on", "grace_days")
    def _compute_usable_until(self):
        for course in self:
            course.usable_until = course.expires_on and (
                course.expires_on + timedelta(days=course.grace_days)
            )

    @api.depends("name", "product_tmpl_id")
    def _compute_display_name(self):
        for course in self:
            course.display_name = f"{course.name} {course.product_tmpl_id.name}"

    def _compute_access_url(self):
        res = super()._compute_access_url()
        for course in self:
            course.access_url = f"/my/courses/{course.id}"
        return res

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if not vals.get("name"):
                company = self.env["res.company"].browse(
                    vals.get("company_id") or self.env.company.id
                )
                vals["name"] = (
                    self.env["ir.sequence"]
                    .with_company(company)
                    .next_by_code("medspa.course")
                )
        courses = super().create(vals_list)
        courses.partner_id._flag_as_patients()
        return courses

    def _get_guard_message(self):
        return self.env._(
            "A course changes by what happens to it: use its buttons to pause, extend, "
            "transfer or cancel it."
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_draft(self):
        if self.filtered(lambda course: course.state != "draft"):
            raise UserError(
                self.env._("Only courses that were never paid can be deleted.")
            )

    # === ACTION METHODS === #

    def action_view_appointments(self):
        """Open the appointments of the course. Note: `self.ensure_one()`."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "medspa_membership.appointment_action"
        )
        action["domain"] = [("id", "in", self.event_ids.ids)]
        action["view_mode"] = "list,calendar,form"
        action["context"] = {"default_patient_id": self.partner_id.id}
        return action

    def action_view_ledger(self):
        """Open every row of the ledger of the course. Note: `self.ensure_one()`."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "medspa_membership.medspa_credit_move_action"
        )
        action["domain"] = [("credit_id", "in", self.credit_ids.ids)]
        return action

    def _get_report_base_filename(self):
        """Return the name of the file of the printed card, without its ending."""
        self.ensure_one()
        return self.env._("Course %s", self.name)

    def _get_form_action(self):
        """Return the action that opens one course. Note: `self.ensure_one()`."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "medspa.course",
            "res_id": self.id,
            "views": [(False, "form")],
        }

    # === BUSINESS METHODS === #

    @api.model
    def _prepare_course_vals(self, product, partner, company, price, currency, value):
        """Return the values of a course as sold today.

        :param product: the course on sale, a `product.template`
        :param float price: paid by the patient with tax, in `currency`
        :param float value: the same without tax, in the company's currency: what the
            clinic owes until the sessions are used
        """
        return {
            **product._get_terms_on_sale(company),
            "company_id": company.id,
            "partner_id": partner.id,
            "product_tmpl_id": product.id,
            "currency_id": currency.id,
            "price": price,
            "validity_days": product.validity_days,
            "recipe_min_days": product.recipe_min_days,
            "validity_from": product.validity_from,
            "line_ids": [
                Command.create(vals)
                for vals in self._prepare_line_vals_list(product, company, value)
            ],
        }

    @api.model
    def _prepare_line_vals_list(self, product, company, value):
        """Return the lines of a course: its recipe, and the price shared over it.

        Each line takes its share by list price; the last one takes the rest.
        """
        steps = product.step_ids.sorted("sequence")
        list_prices = [
            step.treatment_id._get_list_price_with_tax(company) for step in steps
        ]
        weights = [
            step.sessions * price
            for step, price in zip(steps, list_prices, strict=True)
        ]
        if not any(weights):
            weights = [step.sessions for step in steps]
        shares = self._share(value, weights, company.currency_id)
        return [
            {
                "sequence": position,
                "treatment_id": step.treatment_id.id,
                "sessions": step.sessions,
                "other_treatment_ids": [Command.set(step.other_treatment_ids.ids)],
                "unit": step.unit,
                "free_sessions": step.free_sessions,
                "min_days": step.min_days,
                "advised_days": step.advised_days,
                "list_price": list_price,
                "value": share,
            }
            for position, (step, list_price, share) in enumerate(
                zip(steps, list_prices, shares, strict=True)
            )
        ]

    @api.model
    def _share(self, amount, weights, currency):
        """Split an amount by weights, rounded to the currency, the rest on the last."""
        total = sum(weights)
        shares = [currency.round(amount * weight / total) for weight in weights[:-1]]
        return [*shares, currency.round(amount - sum(shares))]

    def _activate(self, on_date=None, notify=True):
        """Put paid courses to use: date them and grant their credits, once.

        Repeating it is harmless: an event may arrive twice, or on two ways at once.

        :param date on_date: the day of purchase, for courses brought over from before;
            when left out, the one the course has already, else the clinic's today
        :param bool notify: tell the patients that they can book
        """
        drafts = self.filtered(lambda course: course.state == "draft")
        for course in drafts:
            today = on_date or course.purchase_date or course.company_id._medspa_date()
            course.sudo().write(
                {
                    "state": "active",
                    "purchase_date": today,
                    "expires_on": course.expires_on
                    or course._get_expiry(today, "purchase"),
                }
            )
        # Two requests collide here, where the loser starts again, and not at the unique
        # key of the grant, where it would end in an error.
        drafts.flush_recordset(["state"])
        self.env["medspa.credit"]._grant(
            [vals for course in drafts for vals in course._prepare_credit_vals_list()]
        )
        if notify:
            drafts._notify_active()
        return drafts

    def _get_expiry(self, day, reason):
        """Return the last day of use when the validity counts from `day`, if it does.

        :param str reason: which day it is, "purchase" or "first_visit"
        """
        self.ensure_one()
        if not self.validity_days or self.validity_from != reason:
            return False
        return day + timedelta(days=self.validity_days)

    def _prepare_credit_vals_list(self):
        """Return the values of the credits that the paid course grants."""
        self.ensure_one()
        return [
            vals for line in self.line_ids for vals in line._prepare_credit_vals_list()
        ]

    def _notify_active(self):
        """Tell the patients that they can book."""
        template = self.env.ref(
            "medspa_membership.mail_template_course_active", raise_if_not_found=False
        )
        if not template:
            return
        addressed = self.filtered(lambda course: course.partner_id.email)
        # From the clinic, and not from the patient whose payment causes it.
        template.with_user(SUPERUSER_ID).send_mail_batch(addressed.ids)

    def _get_sessions_text(self):
        """Return how much the course gives, in words. Note: `self.ensure_one()`."""
        self.ensure_one()
        credits_sudo = self.sudo().credit_ids
        if len(set(credits_sudo.mapped("unit"))) == 1:
            return credits_sudo[0]._format_quantity(self.total_sessions)
        return self.env._("%s sessions", f"{self.total_sessions:g}")

    def _get_receipt_text(self):
        """Seam: return what was paid for the course, in words, if that is known."""
        self.ensure_one()
        return ""

    def _on_credits_changed(self):
        """Follow what the ledger says: the first visit, the last session, a return."""
        for course in self:
            if course.state not in ("active", "completed"):
                continue
            used_up = float_is_zero(
                sum(course.credit_ids.mapped("remaining")),
                precision_digits=QUANTITY_DIGITS,
            )
            state = "active"
            if used_up:
                state = "expired" if course._has_lapsed_credit() else "completed"
            if course.state != state:
                course.sudo().state = state
            course._start_validity()

    def _has_lapsed_credit(self):
        """Tell whether sessions were lost to the last day."""
        self.ensure_one()
        moves_sudo = self.sudo().credit_ids.move_ids
        expired_sudo = moves_sudo.filtered(lambda move: move.kind == "expire")
        return bool(expired_sudo - moves_sudo.restored_move_id)

    def _start_validity(self):
        """Date a course whose validity counts from its first visit."""
        self.ensure_one()
        if self.validity_from != "first_visit":
            return
        # A course handed over goes on: its clock began with the patient before.
        credits_sudo = (self | self.transferred_from_id).sudo().credit_ids
        visits = credits_sudo.move_ids.visit_id.filtered(
            lambda visit: visit.state == "done"
        )
        first = min(
            (self.company_id._medspa_date(visit.visited_at) for visit in visits),
            default=False,
        )
        if first == self.first_visit_date:
            return
        expires_on = self._get_expiry(first, "first_visit") if first else False
        if expires_on and self.first_visit_date and self.expires_on:
            # Another visit is the first: what was added to the time stays added.
            expires_on = self.expires_on + (first - self.first_visit_date)
        self.sudo().write({"first_visit_date": first, "expires_on": expires_on})
        self.sudo().credit_ids._set_validity(self.usable_until)

    # === CRON METHODS === #

    @api.model
    def _cron_expire(self):
        """Close the courses whose last day is over; their credits expire apart."""
        for (company,) in self._read_group(
            [("state", "=", "active"), ("usable_until", "!=", False)], ["company_id"]
        ):
            domain = (
                Domain("company_id", "=", company.id)
                & Domain("state", "=", "active")
                & Domain("usable_until", "<", company._medspa_date())
            )
            self.env["ir.cron"]._commit_progress(remaining=self.search_count(domain))
            while batch := self.search(domain, limit=200).try_lock_for_update():
                batch.write({"state": "expired"})
                if not self.env["ir.cron"]._commit_progress(len(batch)):
                    return
