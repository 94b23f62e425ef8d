# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

# A card that ends within so many days is told of.
EXPIRY_DAYS = 30


class SaleSubscription(models.Model):
    """What the desk sees of a membership at a glance, and the buttons it has."""

    _inherit = "sale.subscription"

    amount_due = fields.Monetary(
        "Due", compute="_compute_arrears", help="Billed and not paid, with tax."
    )
    failed_period_id = fields.Many2one(
        "medspa.membership.period", "Failed payment", compute="_compute_arrears"
    )
    failed_since = fields.Datetime("Past due since", compute="_compute_arrears")
    failure_reason = fields.Char("Why", compute="_compute_arrears")
    next_step_at = fields.Datetime("Next step", compute="_compute_arrears")
    next_step_label = fields.Char("What comes next", compute="_compute_arrears")
    is_signature_due = fields.Boolean(
        "To be signed",
        compute="_compute_is_signature_due",
        search="_search_is_signature_due",
        help="An agreement waits for the signature of the member.",
        groups="medspa_membership.group_medspa_user,base.group_portal",
    )
    has_no_method = fields.Boolean(
        "No usable card",
        compute="_compute_has_no_method",
        search="_search_has_no_method",
        help="Nothing can be charged: the member has no valid payment method.",
    )
    is_card_expiring = fields.Boolean(
        "Card expires soon",
        compute="_compute_is_card_expiring",
        search="_search_is_card_expiring",
        help="Within thirty days.",
    )
    card_expiry_date = fields.Date(
        related="payment_token_id.card_expiry_date", string="Card valid until"
    )
    credit_summary = fields.Char(
        "Left to use",
        compute="_compute_credit_summary",
        help="What can be used now, by treatment.",
    )
    open_credit_ids = fields.One2many(
        "medspa.credit",
        "membership_id",
        "Credits to use",
        domain=[("remaining", ">", 0)],
        readonly=True,
        groups="medspa_membership.group_medspa_user,base.group_portal",
    )
    payment_count = fields.Integer(
        compute="_compute_payment_count",
        groups="medspa_membership.group_medspa_receptionist",
    )
    term_label = fields.Char("Term", compute="_compute_term_label")
    has_addons = fields.Boolean(compute="_compute_has_addons")

    # === COMPUTE METHODS === #

    @api.depends(
        "period_ids.state", "period_ids.first_failed_at", "period_ids.next_step_at"
    )
    def _compute_arrears(self):
        # Practitioners see that it is past due without a right to read invoices.
        for membership in self.sudo():
            waiting = membership.period_ids.filtered(lambda p: p.state == "open")
            failed = waiting.filtered("first_failed_at").sorted("first_failed_at")
            planned = failed.filtered("next_step_at").sorted("next_step_at")
            period = failed[:1]
            membership.amount_due = sum(waiting.mapped("amount_due"))
            membership.failed_period_id = period.id
            membership.failed_since = period.first_failed_at
            membership.failure_reason = period.failure_reason
            membership.next_step_at = planned[:1].next_step_at
            membership.next_step_label = (planned[:1] or period).next_step_label

    @api.depends("agreement_ids.state")
    def _compute_is_signature_due(self):
        for membership in self:
            membership.is_signature_due = bool(
                membership.membership_state != "ended"
                and membership._get_agreement_to_sign()
            )

    @api.model
    def _search_is_signature_due(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("agreement_ids", "any", [("state", "=", "to_sign")]) & Domain(
            "membership_state", "!=", "ended"
        )

    @api.depends("payment_token_id", "is_paid_elsewhere", "membership_state")
    def _compute_has_no_method(self):
        for membership in self:
            token_sudo = membership.sudo().payment_token_id
            membership.has_no_method = (
                membership.is_membership
                and not membership.is_paid_elsewhere
                and membership.membership_state != "ended"
                and not (
                    token_sudo
                    and token_sudo._is_usable(membership.company_id._medspa_date())
                )
            )

    @api.model
    def _search_has_no_method(self, operator, value):
        if operator != "in":
            return NotImplemented
        # Staff may not read the cards of everybody; whether there is one, they may.
        today = self.env.company._medspa_date()
        usable = (
            self.env["payment.token"]
            .sudo()
            ._search(
                Domain("active", "=", True)
                & Domain("provider_id.state", "!=", "disabled")
                & Domain("payment_method_id.active", "=", True)
                & (
                    Domain("card_expiry_date", "=", False)
                    | Domain("card_expiry_date", ">=", today)
                )
            )
        )
        return (
            Domain("is_membership", "=", True)
            & Domain("is_paid_elsewhere", "=", False)
            & Domain("membership_state", "!=", "ended")
            & Domain("payment_token_id", "not in", usable)
        )

    @api.depends("payment_token_id.card_expiry_date", "membership_state")
    def _compute_is_card_expiring(self):
        for membership in self:
            today = membership.company_id._medspa_date()
            last = membership.sudo().payment_token_id.card_expiry_date
            membership.is_card_expiring = bool(
                last
                and membership.membership_state not in (False, "ended")
                and today <= last <= today + timedelta(days=EXPIRY_DAYS)
            )

    @api.model
    def _search_is_card_expiring(self, operator, value):
        if operator != "in":
            return NotImplemented
        today = self.env.company._medspa_date()
        # Staff may not read the cards of everybody; when they expire, they may.
        expiring = (
            self.env["payment.token"]
            .sudo()
            ._search(
                Domain("card_expiry_date", ">=", today)
                & Domain("card_expiry_date", "<=", today + timedelta(days=EXPIRY_DAYS))
            )
        )
        return (
            Domain("is_membership", "=", True)
            & Domain("membership_state", "!=", "ended")
            & Domain("payment_token_id", "in", expiring)
        )

    @api.depends("credit_ids.available")
    def _compute_credit_summary(self):
        for membership in self:
            membership.credit_summary = membership._get_credits_left_label()

    def _compute_payment_count(self):
        for membership in self:
            membership.payment_count = len(membership.transaction_ids)

    @api.depends("min_term_end", "end_date", "minimum_periods")
    def _compute_term_label(self):
        for membership in self:
            membership.term_label = membership._get_term_label()

    @api.depends("template_id")
    def _compute_has_addons(self):
        for membership in self:
            membership.has_addons = bool(membership.template_id.addon_product_ids)

    # === CRUD METHODS === #

    def get_formview_id(self, access_uid=None):
        """Override of `web` to open memberships in their own form."""
        if len(self) == 1 and self.is_membership:
            view = self.env.ref(
                "medspa_membership.membership_view_form", raise_if_not_found=False
            )
            if view:
                return view.id
        return super().get_formview_id(access_uid=access_uid)

    # === ACTION METHODS === #

    def action_open_membership(self):
        """Open the membership in its own form. Note: `self.ensure_one()`."""
        self.ensure_one()
        return self.get_formview_action()

    def action_resume_membership(self):
        """End the running pause: today is the first day that counts again."""
        self.check_access("write")
        for membership in self:
            membership._resume(reason=self.env._("Resumed at the desk"))

    def action_cancel_membership(self):
        """Show the ways to leave that are open today. Note: `self.ensure_one()`."""
        self.ensure_one()
        self.check_access("write")
        wizard = self.env["medspa.membership.cancel"].create({"membership_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Cancel the membership"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_keep(self):
        """Take a cancellation back. Note: `self.ensure_one()`."""
        self.ensure_one()
        self.check_access("write")
        self._keep()

    def action_drop_planned_change(self):
        """Stay with the present plan. Note: `self.ensure_one()`."""
        self.ensure_one()
        self.check_access("write")
        self._lock()
        if self.next_template_id:
            name = self.next_template_id.name
            self.sudo().next_template_id = False
            self.sudo().message_post(
                body=self.env._("The change to %s was taken back.", name)
            )

    def action_bill_now(self):
        """Bill the next period today. Note: `self.ensure_one()`."""
        self.ensure_one()
        self.check_access("write")
        # Invoices are made by the clinic, not by who presses the button.
        self.sudo()._bill_now()

    def action_charge_again(self):
        """Charge by hand what failed. Note: `self.ensure_one()`."""
        self.ensure_one()
        periods = self.period_ids.filtered(lambda p: p.state == "open")
        if not periods:
            raise UserError(self.env._("%s owes nothing.", self.display_name))
        return periods.action_charge_again()

    def action_send_payment_link(self):
        """Write to the member with the link to change the card or to pay."""
        self.ensure_one()
        period = self.failed_period_id or self.period_ids.filtered(
            lambda p: p.state == "open"
        )
        if not period:
            raise UserError(self.env._("%s owes nothing.", self.display_name))
        return period[:1].action_send_payment_link()

    def action_view_payments(self):
        """Open every attempt to collect money, with its outcome."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Payments of %s", self.partner_id.name),
            "res_model": "payment.transaction",
            "view_mode": "list,form",
            "views": [
                (
                    self.env.ref(
                        "medspa_membership.payment_transaction_view_list_membership"
                    ).id,
                    "list",
                ),
                (False, "form"),
            ],
            "domain": [("id", "in", self.transaction_ids.ids)],
            "context": {"create": False},
        }

    def action_view_membership_invoices(self):
        """Open the invoices and credit notes of the membership."""
        self.ensure_one()
        self.check_access("read")
        periods = self.sudo().period_ids
        moves = (
            periods.invoice_ids
            | periods.refund_move_ids
            | self.sudo().sale_order_id.invoice_ids
        )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account.action_move_out_invoice_type"
        )
        action["domain"] = [("id", "in", moves.ids)]
        action["context"] = {"create": False}
        return action

    def action_view_credits(self):
        """Open what the membership has given, used up or not."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "medspa_membership.medspa_credit_action"
        )
        action["domain"] = [("membership_id", "=", self.id)]
        action["context"] = {"create": False}
        return action

    def action_view_usage(self):
        """Open the ledger rows of its credits: what was used, when, and why."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "medspa_membership.medspa_credit_move_action"
        )
        action["domain"] = [("credit_id.membership_id", "=", self.id)]
        action["context"] = {"create": False}
        return action

    # === BUSINESS METHODS === #

    def _set_family(self, members):
        """Set who else may use the credits, those granted before included.

        Note: `self.ensure_one()`

        :param members: all of them, `res.partner`
        :raise UserError: more than the plan allows, or one with bookings is dropped
        """
        self.ensure_one()
        self._lock_for_addition()
        members -= self.partner_id
        if len(members) > self.family_limit:
            raise UserError(
                self.env._(
                    "%(membership)s may be shared with %(limit)s persons, not "
                    "%(count)s.",
                    membership=self.display_name,
                    limit=self.family_limit,
                    count=len(members),
                )
            )
        credits_sudo = self.sudo().credit_ids.filtered("remaining")
        booked = self.env["calendar.event"].search(
            [
                ("credit_id", "in", credits_sudo.ids),
                ("patient_id", "in", (self.beneficiary_ids - members).ids),
                ("appointment_status", "in", ("booked", "arrived")),
            ]
        )
        if booked:
            raise UserError(
                self.env._(
                    "%s has appointments on this membership. Cancel them first.",
                    ", ".join(booked.patient_id.mapped("name")),
                )
            )
        self.sudo().beneficiary_ids = members
        credits_sudo._ledger().write(
            {"beneficiary_ids": [fields.Command.set(members.ids)]}
        )
        names = ", ".join(members.mapped("name")) or self.env._("nobody")
        self.sudo().message_post(body=self.env._("Shared with %s", names))

    def _get_term_label(self):
        """Return until when the member is bound, in words."""
        self.ensure_one()
        today = self.company_id._medspa_date()
        if self.membership_state == "ended" and self.end_date:
            return self.env._("Ended on %s", format_date(self.env, self.end_date))
        if self.end_date:
            return self.env._("Ends on %s", format_date(self.env, self.end_date))
        if not self.min_term_end:
            return self.env._("No minimum term")
        day = format_date(self.env, self.min_term_end)
        if self.min_term_end >= today:
            return self.env._("Minimum term until %s", day)
        return self.env._("Minimum term was over on %s", day)
