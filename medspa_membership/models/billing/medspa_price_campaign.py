# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date


class MedspaPriceCampaign(models.Model):
    """A new price for those who are members already: notice, answers, and the day.

    Each member has a line: what the price was, what it becomes, and what they answered.
    Nothing changes before its day, and nobody's price changes without the notice.
    """

    _name = "medspa.price.campaign"
    _description = "Price campaign"
    _inherit = ["mail.thread"]
    _order = "effective_date desc, id desc"

    name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    state = fields.Selection(
        [
            ("draft", "In preparation"),
            ("sent", "Announced"),
            ("cancelled", "Cancelled"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    plan_ids = fields.Many2many(
        "sale.subscription.template", string="Plans", domain="[('is_plan', '=', True)]"
    )
    change_kind = fields.Selection(
        [("percent", "By a percentage"), ("amount", "A new price")],
        "New price",
        default="percent",
        required=True,
    )
    percent = fields.Float(help="5 raises the price by five percent.")
    new_price = fields.Monetary("Price each period", help="With tax.")
    effective_date = fields.Date(
        "From",
        required=True,
        help="The first period that starts on this day or later has the new price.",
    )
    notice_days = fields.Integer(
        "Notice",
        default=30,
        required=True,
        help="Days between the notice and the new price, at least. California, for "
        "one, asks for 7 to 30 days.",
    )
    mode = fields.Selection(
        [
            ("notice", "Who says nothing agrees"),
            ("consent", "Only who agrees pays it"),
        ],
        "Consent",
        default="notice",
        required=True,
    )
    refusal_rule = fields.Selection(
        [
            ("keep", "They keep the old price"),
            ("end", "The membership ends before the new price begins"),
        ],
        "Who refuses",
        default="keep",
        required=True,
    )
    locks_term = fields.Boolean(
        "Minimum term locks the price",
        default=True,
        help="Members whose minimum term runs on that day are left out.",
    )
    notice_text = fields.Html(
        translate=True, help="Why, in the clinic's own words. Prices and dates follow."
    )
    line_ids = fields.One2many("medspa.price.campaign.line", "campaign_id", "Members")
    line_count = fields.Integer(compute="_compute_counts")
    waiting_count = fields.Integer("No answer", compute="_compute_counts")
    accepted_count = fields.Integer("Agreed", compute="_compute_counts")
    refused_count = fields.Integer("Refused", compute="_compute_counts")
    applied_count = fields.Integer("Pay it now", compute="_compute_counts")
    excluded_count = fields.Integer("Left out", compute="_compute_counts")
    unreached_count = fields.Integer("Not told yet", compute="_compute_counts")

    _notice_days_in_range = models.Constraint(
        "CHECK (notice_days BETWEEN 0 AND 365)", "Notice is 0 to 365 days."
    )
    _price_changes = models.Constraint(
        "CHECK (change_kind <> 'amount' OR new_price >= 0)",
        "A price is zero or more.",
    )

    # === COMPUTE METHODS === #

    @api.depends("line_ids.state", "line_ids.notified_at")
    def _compute_counts(self):
        for campaign in self:
            lines = campaign.line_ids
            states = lines.mapped("state")
            campaign.line_count = len(lines)
            campaign.waiting_count = states.count("waiting")
            campaign.accepted_count = states.count("accepted")
            campaign.refused_count = states.count("refused") + states.count("kept")
            campaign.applied_count = states.count("applied")
            campaign.excluded_count = states.count("excluded")
            campaign.unreached_count = len(
                lines.filtered(lambda li: li.state == "waiting" and not li.notified_at)
            )

    # === CONSTRAINT METHODS === #

    @api.constrains("change_kind", "percent")
    def _check_percent(self):
        for campaign in self.filtered(lambda c: c.change_kind == "percent"):
            if not -100 < campaign.percent <= 100 or not campaign.percent:
                raise ValidationError(
                    self.env._("Enter a percentage that changes the price.")
                )

    # === CRUD METHODS === #

    def write(self, vals):
        """Override to keep what members were told."""
        told = {
            "plan_ids",
            "change_kind",
            "percent",
            "new_price",
            "effective_date",
            "notice_days",
            "mode",
            "refusal_rule",
            "locks_term",
            "notice_text",
            "company_id",
        }
        if told & vals.keys() and self.filtered(lambda c: c.state != "draft"):
            raise UserError(
                self.env._("Members were told already: make another campaign.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_announced(self):
        if self.filtered(lambda campaign: campaign.state == "sent"):
            raise UserError(self.env._("What members were told is kept."))

    # === ACTION METHODS === #

    def action_prepare(self):
        """List the members whom the new price concerns, with what is left out."""
        self.check_access("write")
        for campaign in self:
            campaign._prepare_lines()

    def action_send(self):
        """Announce the new price to every member on the list, once each."""
        self.ensure_one()
        self.check_access("write")
        if self.state != "draft":
            raise UserError(self.env._("It is announced already."))
        today = self.company_id._medspa_date()
        earliest = today + timedelta(days=self.notice_days)
        if self.effective_date < earliest:
            raise UserError(
                self.env._(
                    "With %(days)s days of notice, %(date)s is the earliest day.",
                    days=self.notice_days,
                    date=format_date(self.env, earliest),
                )
            )
        if not self.line_ids:
            self._prepare_lines()
        lines = self.line_ids.filtered(lambda line: line.state == "draft")
        if not lines:
            raise UserError(self.env._("No member gets a new price by this campaign."))
        self.sudo().state = "sent"
        lines.sudo().write({"state": "waiting"})
        lines._enqueue_notices()

    def action_cancel(self):
        """Call it off: prices that have not changed yet stay as they are."""
        self.check_access("write")
        for campaign in self.sudo():
            campaign.state = "cancelled"
            campaign.line_ids._replace()

    def action_view_lines(self):
        """Open the list of who answered what. Note: `self.ensure_one()`."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "medspa_membership.medspa_price_campaign_line_action"
        )
        action["domain"] = [("campaign_id", "=", self.id)]
        return action

    # === BUSINESS METHODS === #

    def _prepare_lines(self):
        """Make the list anew. Note: `self.ensure_one()`.

        Lines that were left out by hand stay so.
        """
        self.ensure_one()
        if self.state != "draft":
            raise UserError(self.env._("Members were told already."))
        kept = self.line_ids.filtered("is_excluded_by_hand")
        (self.line_ids - kept).sudo().unlink()
        memberships = self.env["sale.subscription"].search(
            [
                ("template_id", "in", self.plan_ids.ids),
                ("company_id", "=", self.company_id.id),
                ("membership_state", "not in", ("pending", "ended")),
                ("id", "not in", kept.membership_id.ids),
            ]
        )
        self.env["medspa.price.campaign.line"].sudo().create(
            [self._prepare_line_vals(membership) for membership in memberships]
        )

    def _prepare_line_vals(self, membership):
        """Return the line of a member: prices, and why they are left out, if so."""
        self.ensure_one()
        price = self._get_new_price(membership)
        reason = self._get_exclusion(membership, price)
        return {
            "campaign_id": self.id,
            "membership_id": membership.id,
            "template_id": membership.template_id.id,
            "old_price": membership.price,
            "new_price": price,
            "state": "excluded" if reason else "draft",
            "exclude_reason": reason,
        }

    def _get_new_price(self, membership):
        """Return what a member pays each period by this campaign, with tax."""
        if self.change_kind == "percent":
            price = membership.price * (1 + self.percent / 100)
        else:
            price = self.currency_id._convert(
                self.new_price,
                membership.currency_id,
                self.company_id,
                self.company_id._medspa_date(),
            )
        return membership.currency_id.round(price)

    def _get_exclusion(self, membership, price):
        """Return why a member keeps the price, if anything speaks for it."""
        term_end = membership.min_term_end
        if membership.is_paid_elsewhere:
            return self.env._("Paid elsewhere")
        if membership.cancelled_on:
            return self.env._("Leaves already")
        if not membership.currency_id.compare_amounts(price, membership.price):
            return self.env._("Pays this price already")
        if self.locks_term and term_end and term_end >= self.effective_date:
            return self.env._(
                "Price locked by the term until %s", format_date(self.env, term_end)
            )
        return False


class SaleSubscription(models.Model):
    """New prices take effect with the period that they begin with."""

    _inherit = "sale.subscription"

    price_line_ids = fields.One2many(
        "medspa.price.campaign.line",
        "membership_id",
        "New prices",
        groups="medspa_membership.group_medspa_receptionist",
    )

    def _get_price_line_to_end(self):
        """Return the announced price because of which a member may leave, if any."""
        self.ensure_one()
        lines_sudo = self.sudo().price_line_ids.filtered(
            lambda line: (
                line.campaign_id.state == "sent"
                and line.campaign_id.refusal_rule == "end"
                and line.state in ("waiting", "refused")
            )
        )
        return lines_sudo.sorted("effective_date")[:1]

    def _get_cancel_ways(self, today):
        """Override: who is told of a new price may leave before it begins."""
        ways = super()._get_cancel_ways(today)
        return ways + ["price"] if self._get_price_line_to_end() else ways

    def _get_end_for(self, today, way):
        """Override: the last day before the new price would begin."""
        if way != "price" or not self.anchor_date:
            return super()._get_end_for(today, way)
        first = max(
            self._get_price_line_to_end().effective_date, today, self.anchor_date
        )
        end_date = self._get_start_from(first) - timedelta(days=1)
        return min(end_date, self.end_date) if self.end_date else end_date

    def _keep(self):
        """Override: who stays after all has not refused the new price."""
        res = super()._keep()
        self.sudo().price_line_ids.filtered(
            lambda line: (
                line.state == "refused" and line.campaign_id.refusal_rule == "end"
            )
        ).write({"state": "waiting", "answered_at": False, "answer_user_id": False})
        return res

    def _on_state_changed(self, previous):
        """Override: who has left pays no new price."""
        res = super()._on_state_changed(previous)
        ended = self.filtered(lambda m: m.membership_state == "ended")
        lines_sudo = ended.sudo().price_line_ids
        lines_sudo.filtered(lambda line: line.state != "refused")._replace()
        return res

    def _apply_planned_changes(self, today):
        """Override to bring announced prices into effect, with their first period."""
        res = super()._apply_planned_changes(today)
        lines_sudo = (
            self.env["medspa.price.campaign.line"]
            .sudo()
            .search(
                [
                    ("membership_id", "in", self.ids),
                    ("state", "in", ("waiting", "accepted", "refused")),
                    ("campaign_id.state", "=", "sent"),
                ]
            )
        )
        for membership, own in lines_sudo.grouped("membership_id").items():
            if not membership.end_date or membership._bills_next():
                own._apply(membership.recurring_next_date)
        return res

    def _set_price(self, price, reason):
        """Charge another price from the next period on.

        Note: `self.ensure_one()`

        :param float price: each period, with tax
        """
        self.ensure_one()
        line_sudo = self.sudo().sale_subscription_line_ids[:1]
        old_price = self.price
        # Not rounded before the tax: the sum is what the member was told.
        details = line_sudo.tax_ids._get_tax_details(
            price,
            1.0,
            rounding_method="round_globally",
            special_mode="total_included",
        )
        is_included = all(tax.price_include for tax in line_sudo.tax_ids)
        unit = price if is_included else details["total_excluded"]
        line_sudo.write({"price_unit": unit, "discount": 0.0})
        self.sudo().message_post(
            body=self.env._(
                "The price changes from %(old)s to %(new)s: %(reason)s",
                old=self.currency_id.format(old_price),
                new=self.currency_id.format(self.price),
                reason=reason,
            )
        )
