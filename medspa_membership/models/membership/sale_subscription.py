# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools.misc import clean_context

MEMBERSHIP_STATES = [
    ("pending", "To be paid"),
    ("active", "Active"),
    ("past_due", "Past due"),
    ("suspended", "Suspended"),
    ("paused", "Paused"),
    ("ending", "Ending"),
    ("ended", "Ended"),
]
# The stage of OCA that each state shows in.
STAGE_TYPES = {"pending": "draft", "ended": "post"}
# What staff may write on a membership without one of its buttons.
OPEN_FIELDS = (
    "activity_",
    "message_",
    "my_activity_",
    "website_message_",
    "tag_ids",
    "user_id",
    "color",
    "sequence",
    "crm_team_id",
)


class SaleSubscription(models.Model):
    """A membership: a plan that a patient has joined, on the terms of that day.

    Subscriptions to other templates stay OCA's. A membership uses OCA's records, stages
    and close reasons, and none of its billing: `in_progress` stays off, which keeps it
    out of OCA's job.
    """

    _name = "sale.subscription"
    _inherit = ["sale.subscription", "medspa.plan.terms"]

    is_membership = fields.Boolean(
        compute="_compute_is_membership", store=True, precompute=True, index=True
    )
    membership_state = fields.Selection(
        MEMBERSHIP_STATES, "Status", readonly=True, index=True, copy=False
    )
    stage_id = fields.Many2one(
        compute="_compute_stage_id", store=True, readonly=False, precompute=False
    )
    period_unit = fields.Selection(
        [
            ("days", "Days"),
            ("weeks", "Weeks"),
            ("months", "Months"),
            ("years", "Years"),
        ],
        "Rhythm",
        readonly=True,
        help="As it was sold: later edits of the plan do not reach it.",
    )
    period_length = fields.Integer("So many make a period", readonly=True)
    payment_limit = fields.Integer(
        "Number of payments",
        readonly=True,
        help="It ends by itself after them. Zero: never.",
    )
    trial_days = fields.Integer("Trial", readonly=True)
    trial_has_benefits = fields.Boolean("Credits in the trial", readonly=True)
    anchor_date = fields.Date(
        readonly=True,
        copy=False,
        help="The day from which periods are counted.",
    )
    min_term_end = fields.Date(
        "Minimum term until",
        readonly=True,
        copy=False,
        help="The last day of the term that is due in any case.",
    )
    end_date = fields.Date(
        "Last day", readonly=True, copy=False, index="btree_not_null"
    )
    cancelled_on = fields.Date(readonly=True, copy=False)
    cancel_note = fields.Text("What the member said", readonly=True, copy=False)
    renewal_notified_for = fields.Date(
        readonly=True,
        copy=False,
        help="The end of the term of which the member was reminded.",
    )
    payment_token_id = fields.Many2one(
        "payment.token",
        "Payment method",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    is_paid_elsewhere = fields.Boolean(
        "Paid elsewhere",
        readonly=True,
        copy=False,
        help="Nothing is charged: a manager vouches for the money.",
    )
    paid_elsewhere_reason = fields.Char(readonly=True, copy=False)
    next_template_id = fields.Many2one(
        "sale.subscription.template",
        "Plan from the next period on",
        readonly=True,
        copy=False,
        ondelete="restrict",
    )
    beneficiary_ids = fields.Many2many(
        "res.partner",
        "medspa_membership_beneficiary_rel",
        "membership_id",
        "partner_id",
        string="Family",
        readonly=True,
        help="Others who may use its credits.",
    )
    price = fields.Monetary(
        "Price each period",
        compute="_compute_price",
        store=True,
        help="With tax.",
    )
    period_label = fields.Char(compute="_compute_period_label")
    period_ids = fields.One2many(
        "medspa.membership.period",
        "membership_id",
        "Periods",
        readonly=True,
        groups="medspa_membership.group_medspa_user,base.group_portal",
    )
    benefit_ids = fields.One2many(
        "medspa.membership.benefit",
        "membership_id",
        "Benefits",
        readonly=True,
        groups="medspa_membership.group_medspa_user,base.group_portal",
    )
    pause_ids = fields.One2many(
        "medspa.membership.pause",
        "membership_id",
        "Pauses",
        readonly=True,
        groups="medspa_membership.group_medspa_user,base.group_portal",
    )
    credit_ids = fields.One2many(
        "medspa.credit",
        "membership_id",
        "Credits",
        readonly=True,
        groups="medspa_membership.group_medspa_user,base.group_portal",
    )

    _membership_has_state = models.Constraint(
        "CHECK ((is_membership IS TRUE) = (membership_state IS NOT NULL))",
        "A membership has a status, and nothing else has.",
    )
    _membership_stays_ours = models.Constraint(
        "CHECK (is_membership IS NOT TRUE"
        " OR (in_progress IS NOT TRUE AND is_paused IS NOT TRUE))",
        "Memberships are billed by the clinic's own job.",
    )
    _membership_runs_from_anchor = models.Constraint(
        "CHECK (membership_state IN ('pending', 'ended') OR anchor_date IS NOT NULL)",
        "A membership that runs has a day from which it counts.",
    )
    _membership_ends_after_start = models.Constraint(
        "CHECK (end_date IS NULL OR cancelled_on IS NULL OR end_date >= cancelled_on)",
        "A membership ends on the day it was cancelled or later.",
    )
    _membership_once = models.UniqueIndex(
        "(partner_id, template_id, company_id) WHERE is_membership"
        " AND membership_state NOT IN ('pending', 'ended')",
        "The patient is a member of this plan already.",
    )
    _membership_due_idx = models.Index(
        "(company_id, recurring_next_date)"
        " WHERE is_membership AND recurring_next_date IS NOT NULL"
    )

    # === COMPUTE METHODS === #

    @api.depends("template_id")
    def _compute_is_membership(self):
        for subscription in self:
            subscription.is_membership = subscription.template_id.is_plan

    @api.depends("membership_state")
    def _compute_stage_id(self):
        """Let the stage follow the state of a membership.

        A computed value is stored without OCA's `write`, which would start its billing.
        """
        members = self.filtered("membership_state")
        for subscription in self - members:
            subscription.stage_id = subscription.stage_id
        kinds = ("draft", "in_progress", "post")
        stages = self.env["sale.subscription.stage"].search([("type", "in", kinds)])
        for subscription in members:
            kind = STAGE_TYPES.get(subscription.membership_state, "in_progress")
            subscription.stage_id = stages.filtered(lambda s, k=kind: s.type == k)[:1]

    @api.depends("period_unit", "period_length", "template_id")
    def _compute_period_label(self):
        for subscription in self:
            unit, length = next(iter(subscription._get_period_delta().items()))
            # Members may not read what is on sale.
            subscription.period_label = subscription.sudo().template_id._name_period(
                unit, length
            )

    @api.depends("sale_subscription_line_ids.price_total")
    def _compute_price(self):
        for subscription in self:
            subscription.price = sum(
                subscription.sale_subscription_line_ids.mapped("price_total")
            )

    @api.depends(
        "sale_subscription_line_ids.price_subtotal",
        "sale_subscription_line_ids.amount_tax_line_amount",
    )
    def _compute_total(self):
        """Override of `subscription_oca`: totals follow the price of their lines."""
        return super()._compute_total()

    @api.depends("template_id", "partner_id", "is_membership")
    def _compute_display_name(self):
        memberships = self.filtered("is_membership")
        res = super(SaleSubscription, self - memberships)._compute_display_name()
        for membership in memberships:
            membership.display_name = self.env._(
                "%(plan)s of %(patient)s",
                plan=membership.template_id.name,
                patient=membership.partner_id.name,
            )
        return res

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to let memberships begin as pending, without OCA's dates."""
        plans = self.env["sale.subscription.template"].browse(
            [vals.get("template_id") for vals in vals_list]
        )
        if plans.filtered("is_plan") and not self.env.su:
            raise AccessError(
                self.env._("A membership begins with an order: enrol the patient.")
            )
        clean = self
        if plans.filtered("is_plan"):
            # What is not said here is not said by the caller's context either.
            clean = self.with_env(self.env(context=clean_context(self.env.context)))
        for vals, plan in zip(vals_list, plans, strict=True):
            if plan.is_plan:
                vals["membership_state"] = "pending"
                vals["recurring_next_date"] = False
        return super(SaleSubscription, clean).create(vals_list).with_env(self.env)

    def write(self, vals):
        """Override to keep the terms of a membership out of everybody's hands.

        Its own methods write them, as superuser, after their checks.
        """
        if not self.env.su and any(not name.startswith(OPEN_FIELDS) for name in vals):
            self._check_no_membership()
        return super().write(vals)

    def _check_no_membership(self):
        """Refuse what OCA offers for its own subscriptions."""
        if self.sudo().filtered("is_membership"):
            raise AccessError(
                self.env._(
                    "A membership changes by what happens to it: use its buttons to "
                    "pause, change, bill or cancel it."
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_membership(self):
        if self.filtered(lambda s: s.is_membership and s.membership_state != "pending"):
            raise UserError(
                self.env._("Only memberships that were never paid can be deleted.")
            )

    # === OCA'S BILLING === #

    def action_start_subscription(self):
        self._check_no_membership()
        return super().action_start_subscription()

    def action_pause(self, paused_until=None):
        self._check_no_membership()
        return super().action_pause(paused_until=paused_until)

    def close_subscription(self, close_reason_id=False):
        self._check_no_membership()
        return super().close_subscription(close_reason_id=close_reason_id)

    def create_invoice(self):
        self._check_no_membership()
        return super().create_invoice()

    def create_sale_order(self):
        self._check_no_membership()
        return super().create_sale_order()

    def generate_invoice(self):
        self._check_no_membership()
        return super().generate_invoice()

    def manual_invoice(self):
        self._check_no_membership()
        return super().manual_invoice()

    # === BUSINESS METHODS === #

    @api.model
    def _get_member_states(self):
        """Return the states in which a member has what the plan gives."""
        return ("active", "past_due", "ending")

    def _gives_rights(self, on_date):
        """Tell whether the member has what the plan gives on a day.

        Past due counts within the days of grace only; a pause where its meaning says
        that credits stay usable.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self.end_date and on_date > self.end_date:
            return False
        if self.membership_state == "paused":
            return self.pause_meaning == "usable_skip"
        return self.membership_state in self._get_member_states()

    @api.model
    def _get_memberships(self, partners, company, on_date):
        """Return the memberships that give patients rights on a day, in one query.

        :param partners: the patients; a family counts where its plan says so
        """
        found = self._find_running(partners, company)
        return found.filtered(lambda membership: membership._gives_rights(on_date))

    @api.model
    def _find_running(self, partners, company):
        """Return the memberships of patients that may give rights, in one query.

        What `_gives_rights` reads comes with it.
        """
        holds = Domain("partner_id", "in", partners.ids)
        shares = Domain("family_has_rights", "=", True)
        shares &= Domain("beneficiary_ids", "in", partners.ids)
        return self.sudo().search_fetch(
            (holds | shares)
            & Domain("company_id", "=", company.id)
            & Domain("is_membership", "=", True)
            & Domain("membership_state", "in", (*self._get_member_states(), "paused")),
            [
                "partner_id",
                "family_has_rights",
                "membership_state",
                "pause_meaning",
                "end_date",
                "discount_set_id",
            ],
        )

    def _get_holders(self):
        """Return who has the rights of a membership. Note: `self.ensure_one()`."""
        self.ensure_one()
        if not self.family_has_rights:
            return self.partner_id
        return self.partner_id | self.beneficiary_ids

    def _get_credits_left_label(self):
        """Return what can be used now in a line. Note: `self.ensure_one()`."""
        self.ensure_one()
        left = {}
        for credit_sudo in self.sudo().credit_ids:
            if credit_sudo.available > 0 and not credit_sudo.is_frozen:
                label = credit_sudo._get_coverage_label()
                found = left.setdefault((label, credit_sudo.unit), [0.0, credit_sudo])
                found[0] += credit_sudo.available
        return ", ".join(
            f"{label}: {credit._format_quantity(quantity)}"
            for (label, _unit), (quantity, credit) in left.items()
        )

    def _get_desk_summary(self):
        """Return plan, status and what is left, in a line. Note: `ensure_one()`."""
        self.ensure_one()
        parts = [self.template_id.name]
        if self.membership_state != "active":
            parts.append(self._get_state_label().lower())
        parts.append(self._get_credits_left_label() or self.env._("nothing left"))
        return " · ".join(parts)

    @api.model
    def _prepare_membership_vals(self, plan, partner, company, pricelist, line_vals):
        """Return the values of a membership as sold today, waiting for its money.

        :param line_vals: of the `sale.subscription.line` with the price of a period
        """
        return {
            **plan._get_plan_terms(),
            **plan._get_rhythm_terms(),
            "template_id": plan.id,
            "partner_id": partner.id,
            "company_id": company.id,
            "pricelist_id": pricelist.id,
            "date_start": company._medspa_date(),
            "benefit_ids": [
                fields.Command.create(benefit._prepare_benefit_vals())
                for benefit in plan.benefit_ids
            ],
            "sale_subscription_line_ids": [fields.Command.create(line_vals)],
        }
