# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from secrets import token_urlsafe

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import consteq


class MedspaPriceCampaignLine(models.Model):
    """One member in a price campaign: what they were told, and what they answered."""

    _name = "medspa.price.campaign.line"
    _description = "Member in a price campaign"
    _order = "campaign_id desc, id"

    campaign_id = fields.Many2one(
        "medspa.price.campaign", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="campaign_id.company_id", store=True)
    effective_date = fields.Date(related="campaign_id.effective_date")
    membership_id = fields.Many2one(
        "sale.subscription", required=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        related="membership_id.partner_id", store=True, index=True, string="Member"
    )
    template_id = fields.Many2one(related="membership_id.template_id", string="Plan")
    currency_id = fields.Many2one(related="membership_id.currency_id")
    old_price = fields.Monetary("Old price", readonly=True)
    new_price = fields.Monetary("New price", readonly=True)
    state = fields.Selection(
        [
            ("draft", "To be told"),
            ("waiting", "No answer"),
            ("accepted", "Agreed"),
            ("refused", "Refused"),
            ("applied", "New price"),
            ("kept", "Old price kept"),
            ("replaced", "Overtaken"),
            ("excluded", "Left out"),
        ],
        default="draft",
        required=True,
        readonly=True,
        index=True,
    )
    exclude_reason = fields.Char("Why left out", readonly=True)
    is_excluded_by_hand = fields.Boolean(readonly=True)
    notified_at = fields.Datetime("Told", readonly=True)
    answered_at = fields.Datetime("Answered", readonly=True)
    access_token = fields.Char(
        readonly=True, copy=False, groups="base.group_system"
    )

    _member_once = models.UniqueIndex(
        "(campaign_id, membership_id)", "The member is in this campaign already."
    )

    # === COMPUTE METHODS === #

    @api.depends("campaign_id", "partner_id")
    def _compute_display_name(self):
        for line in self:
            line.display_name = self.env._(
                "%(campaign)s: %(member)s",
                campaign=line.campaign_id.name,
                member=line.partner_id.name,
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self._check_server()
        for vals in vals_list:
            vals["access_token"] = token_urlsafe(24)
        return super().create(vals_list)

    def write(self, vals):
        self._check_server()
        return super().write(vals)

    def _check_server(self):
        """Keep answers out of everybody's hands: members give them."""
        if not self.env.su:
            raise AccessError(
                self.env._("What members answer is not written by hand: use the buttons.")
            )

    # === ACTION METHODS === #

    def action_mark_told(self):
        """Note that a member without e-mail was told in person or by letter."""
        self.check_access("write")
        self.sudo().filtered(
            lambda line: line.state == "waiting" and not line.notified_at
        ).notified_at = fields.Datetime.now()

    def action_accept(self):
        """Note at the desk that the member agrees."""
        self.check_access("write")
        for line in self:
            line._answer(True)

    def action_refuse(self):
        """Note at the desk that the member refuses."""
        self.check_access("write")
        for line in self:
            line._answer(False)

    # === BUSINESS METHODS: NOTICE === #

    def _exclude(self, reason):
        """Leave members out of the campaign, with a reason."""
        if not reason:
            raise UserError(self.env._("Write down why they are left out."))
        if self.filtered(lambda line: line.state not in ("draft", "waiting")):
            raise UserError(self.env._("They have answered, or are left out already."))
        self.sudo().write(
            {"state": "excluded", "exclude_reason": reason, "is_excluded_by_hand": True}
        )

    def _enqueue_notices(self):
        """Queue the notices: writing them takes a while."""
        if self:
            self.sudo().with_delay(
                channel="root.message",
                identity_key=f"medspa.price.{self.campaign_id.id}",
                description=self.env._("Announce new prices"),
            )._send_notices()

    def _send_notices(self):
        """Write to members that were not told yet, once each: a queued job.

        That they were told is written in the transaction of the letters.
        """
        lines = self.exists().filtered(
            lambda line: (
                line.state == "waiting"
                and not line.notified_at
                and line.partner_id.email
            )
        )
        template = self.env.ref("medspa_membership.mail_template_membership_price")
        template.send_mail_batch(lines.ids)
        lines.notified_at = fields.Datetime.now()

    def _get_answer_url(self):
        """Return the link under which the member answers. Note: `ensure_one()`."""
        self.ensure_one()
        token = self.sudo().access_token
        return f"{self.campaign_id.get_base_url()}/membership/price/{self.id}/{token}"

    # === BUSINESS METHODS: ANSWER === #

    @api.model
    def _find_by_token(self, line_id, token):
        """Return the line that a link opens, empty when it opens none."""
        line_sudo = self.sudo().browse(line_id).exists()
        if not line_sudo or not consteq(line_sudo.access_token or "", token or ""):
            return self.sudo().browse()
        is_open = line_sudo.campaign_id.state == "sent"
        return line_sudo if is_open and line_sudo.state != "excluded" else self.sudo()

    def _can_answer(self):
        """Tell whether the member may still answer, or change the answer."""
        self.ensure_one()
        return (
            self.campaign_id.state == "sent"
            and self.state in ("waiting", "accepted", "refused")
            and not (self.state == "refused" and self.campaign_id.refusal_rule == "end")
        )

    def _answer(self, accepts):
        """Take the answer of the member. Note: `self.ensure_one()`.

        :raise UserError: too late
        """
        self.ensure_one()
        line_sudo = self.sudo()
        line_sudo.lock_for_update()
        if not line_sudo._can_answer():
            raise UserError(
                self.env._("The answer was given already, or it is too late for one.")
            )
        now = fields.Datetime.now()
        line_sudo.write(
            {
                "state": "accepted" if accepts else "refused",
                "answered_at": now,
                # Who answers was told, on whichever way.
                "notified_at": line_sudo.notified_at or now,
            }
        )
        if not accepts and line_sudo.campaign_id.refusal_rule == "end":
            reason = self.env.ref("medspa_membership.close_reason_price")
            line_sudo.membership_id._cancel(
                reason, "price", self.env._("Refused the new price")
            )

    # === BUSINESS METHODS: EFFECT === #

    def _apply(self):
        """Bring announced prices into effect, the latest of them alone.

        All lines are those of one membership whose next period has the new price.
        """
        lines = self.sorted(lambda li: (li.campaign_id.effective_date, li.id))
        membership = lines.membership_id
        moot = lines.filtered(
            lambda li: membership.template_id not in li.campaign_id.plan_ids
        )
        agreed = (lines - moot).filtered(lambda li: li._is_agreed())
        last = agreed[-1:]
        (moot | (agreed - last)).state = "replaced"
        (lines - moot - agreed).state = "kept"
        if last:
            last.state = "applied"
            membership._set_price(last.new_price, last.campaign_id.name)

    def _is_agreed(self):
        """Tell whether the member pays the new price: told, and not against it."""
        self.ensure_one()
        if self.state == "accepted":
            return True
        return (
            self.state == "waiting"
            and self.campaign_id.mode == "notice"
            and bool(self.notified_at)
        )
