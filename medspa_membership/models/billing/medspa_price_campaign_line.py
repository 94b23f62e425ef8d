# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta
from secrets import token_urlsafe

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import consteq


class MedspaPriceCampaignLine(models.Model):
    """One member in a price campaign: what they were told, and what they answered."""

    _name = "medspa.price.campaign.line"
    _inherit = "medspa.guarded"
    _description = "Member in a price campaign"
    _order = "campaign_id desc, id"

    campaign_id = fields.Many2one(
        "medspa.price.campaign", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="campaign_id.company_id", store=True)
    effective_date = fields.Date(
        "From",
        compute="_compute_effective_date",
        help="Later than that of the campaign for who was told later.",
    )
    membership_id = fields.Many2one(
        "sale.subscription", required=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        related="membership_id.partner_id", store=True, index=True, string="Member"
    )
    template_id = fields.Many2one(
        "sale.subscription.template",
        "Plan",
        required=True,
        readonly=True,
        ondelete="restrict",
        help="The plan whose price changes: who changes to another pays its price.",
    )
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
    notified_at = fields.Datetime(
        "Told",
        readonly=True,
        help="When the letter was handed over to the mail server, or the desk told "
        "them. A letter that comes back has told nobody.",
    )
    notice_queued_at = fields.Datetime("Letter written", readonly=True)
    notice_failure = fields.Char("Why the letter failed", readonly=True)
    answered_at = fields.Datetime("Answered", readonly=True)
    answer_user_id = fields.Many2one(
        "res.users",
        "Taken down by",
        readonly=True,
        help="Who noted at the desk what the member said. Empty: by the link.",
    )
    access_token = fields.Char(readonly=True, copy=False, groups="base.group_system")

    _member_once = models.UniqueIndex(
        "(campaign_id, membership_id)", "The member is in this campaign already."
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "campaign_id.effective_date",
        "campaign_id.notice_days",
        "notice_queued_at",
        "notified_at",
    )
    def _compute_effective_date(self):
        for line in self:
            campaign = line.campaign_id
            line.effective_date = campaign.effective_date
            told_at = line.notified_at or line.notice_queued_at
            if told_at and campaign.effective_date:
                told_on = campaign.company_id._medspa_date(told_at)
                earliest = told_on + timedelta(days=campaign.notice_days)
                line.effective_date = max(earliest, campaign.effective_date)

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
        for vals in vals_list:
            vals["access_token"] = token_urlsafe(24)
        return super().create(vals_list)

    def _get_guard_message(self):
        return self.env._(
            "What members answer is not written by hand: use the buttons."
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
            line._answer(True, self.env.user)

    def action_refuse(self):
        """Note at the desk that the member refuses."""
        self.check_access("write")
        for line in self:
            line._answer(False, self.env.user)

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

        Told are those whose letter the mail server has taken, see
        :meth:`_on_letter_sent`; the others are reached otherwise.
        """
        lines = self.exists().filtered(
            lambda line: (
                line.state == "waiting"
                and not line.notified_at
                and not line.notice_queued_at
                and line.partner_id.email
            )
        )
        template = self.env.ref("medspa_membership.mail_template_membership_price")
        # Before the letters: they name the day that follows from it.
        lines.notice_queued_at = fields.Datetime.now()
        template.with_user(SUPERUSER_ID).send_mail_batch(lines.ids)

    def _filter_letter_true(self, letter):
        """Override: who has answered meanwhile is not asked."""
        lines = super()._filter_letter_true(letter)
        return lines.filtered(
            lambda li: li.state == "waiting" and li.campaign_id.state == "sent"
        )

    def _on_letter_sent(self, letter):
        """Override: the member is told."""
        res = super()._on_letter_sent(letter)
        waiting = self.sudo().filtered(
            lambda line: line.state == "waiting" and not line.notified_at
        )
        waiting.write({"notified_at": fields.Datetime.now(), "notice_failure": False})
        return res

    def _on_letter_failed(self, letter, reason):
        """Override: the member is not told, whatever was thought before."""
        res = super()._on_letter_failed(letter, reason)
        waiting = self.sudo().filtered(lambda line: line.state == "waiting")
        waiting.write({"notified_at": False, "notice_failure": reason})
        return res

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
        known, given = line_sudo.access_token or "", token or ""
        if not line_sudo or not consteq(known.encode(), given.encode()):
            return self.sudo()
        is_closed = line_sudo.state in ("draft", "replaced", "excluded")
        if is_closed or line_sudo.campaign_id.state != "sent":
            return self.sudo()
        return line_sudo

    def _can_answer(self):
        """Tell whether the member may still answer, or change the answer."""
        self.ensure_one()
        return (
            self.campaign_id.state == "sent"
            and self.membership_id.membership_state != "ended"
            and self.state in ("waiting", "accepted", "refused")
            and not (self.state == "refused" and self.campaign_id.refusal_rule == "end")
        )

    def _answer(self, accepts, user=None):
        """Take the answer of the member. Note: `self.ensure_one()`.

        :param user: who takes it down at the desk; none when given by the link
        :raise UserError: too late
        """
        self.ensure_one()
        line_sudo = self.sudo()
        # Billing locks the membership too: the answer is in time, or it is not.
        line_sudo.membership_id._lock()
        line_sudo.invalidate_recordset(["state"])
        if not line_sudo._can_answer():
            raise UserError(
                self.env._("The answer was given already, or it is too late for one.")
            )
        now = fields.Datetime.now()
        line_sudo.write(
            {
                "state": "accepted" if accepts else "refused",
                "answered_at": now,
                "answer_user_id": user and user.id,
                # Who answers was told, on whichever way.
                "notified_at": line_sudo.notified_at or now,
            }
        )
        line_sudo.membership_id.message_post(body=line_sudo._get_answer_label(user))
        if not accepts and line_sudo.campaign_id.refusal_rule == "end":
            line_sudo._leave()

    def _get_answer_label(self, user):
        """Return who answered what, for the chatter. Note: `self.ensure_one()`."""
        self.ensure_one()
        values = {
            "campaign": self.campaign_id.name,
            "price": self.currency_id.format(self.new_price),
            "way": self.env._("at the desk, %s", user.name)
            if user
            else self.env._("by the link"),
        }
        if self.state == "accepted":
            return self.env._("Agreed to %(price)s (%(campaign)s) %(way)s.", **values)
        return self.env._("Refused %(price)s (%(campaign)s) %(way)s.", **values)

    def _leave(self):
        """End the membership before the new price, unless it ends by then anyway."""
        self.ensure_one()
        membership = self.membership_id
        today = membership.company_id._medspa_date()
        if not membership.end_date or membership.end_date > membership._get_end_for(
            today, "price"
        ):
            membership._cancel(
                self.env.ref("medspa_membership.close_reason_price"),
                "price",
                self.env._("Refused the new price"),
            )

    # === BUSINESS METHODS: EFFECT === #

    def _apply(self, start):
        """Bring into effect what is due by a period, the latest price alone.

        All lines are those of one membership. Who says nothing and was not told in time
        keeps waiting for a later period.

        :param date start: the first day of the period that is billed
        """
        membership = self.membership_id
        due = self.filtered(lambda line: line._is_due(start))
        due = due.sorted(lambda line: (line.campaign_id.effective_date, line.id))
        moot = due.filtered(lambda line: line._is_overtaken())
        agreed = (due - moot).filtered(lambda line: line._is_agreed())
        last = agreed[-1:]
        (moot | (agreed - last)).state = "replaced"
        (due - moot - agreed).state = "kept"
        if last:
            last.state = "applied"
            membership._set_price(last.new_price, last.campaign_id.name)

    def _is_due(self, start):
        """Tell whether the line is settled by a period that starts on a day."""
        self.ensure_one()
        if self.state == "waiting":
            return bool(self.notified_at) and self.effective_date <= start
        return self.campaign_id.effective_date <= start

    def _is_overtaken(self):
        """Tell whether the member has another plan, or a later price, by now."""
        self.ensure_one()
        membership = self.membership_id
        applied = membership.price_line_ids.filtered(
            lambda line: line.state == "applied"
        )
        return self.template_id != membership.template_id or any(
            line.campaign_id.effective_date > self.campaign_id.effective_date
            for line in applied
        )

    def _is_agreed(self):
        """Tell whether the member pays the new price: said so, or said nothing."""
        self.ensure_one()
        return self.state == "accepted" or (
            self.state == "waiting" and self.campaign_id.mode == "notice"
        )

    def _replace(self):
        """Let go of new prices that have not begun."""
        self.filtered(
            lambda line: line.state in ("draft", "waiting", "accepted", "refused")
        ).sudo().state = "replaced"
