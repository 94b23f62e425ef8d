# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError

WAYS = [
    ("terms", "By the terms"),
    ("withdraw", "Right to withdraw"),
    ("exit", "Before the minimum term"),
    ("price", "Before the new price begins"),
    ("now", "At once, by the manager's word"),
]


class MedspaMembershipCancel(models.TransientModel):
    """Cancels a membership, after it has shown what each way of leaving means."""

    _name = "medspa.membership.cancel"
    _inherit = "medspa.membership.wizard"
    _description = "Cancel a membership"

    way_ids = fields.One2many("medspa.membership.cancel.way", "wizard_id", "Ways")
    way_id = fields.Many2one(
        "medspa.membership.cancel.way", "How", domain="[('id', 'in', way_ids)]"
    )
    way = fields.Selection(related="way_id.way")
    end_date = fields.Date(related="way_id.end_date")
    payment_count = fields.Integer(related="way_id.payment_count")
    obligation = fields.Monetary(related="way_id.obligation")
    exit_fee = fields.Monetary(related="way_id.exit_fee")
    refund = fields.Monetary(related="way_id.refund")
    credit_label = fields.Char(related="way_id.credit_label")
    credits_until = fields.Date(related="way_id.credits_until")
    line_ids = fields.One2many(related="way_id.line_ids")
    is_within_term = fields.Boolean(readonly=True)
    min_term_end = fields.Date(related="membership_id.min_term_end")
    reason_id = fields.Many2one(
        "sale.subscription.close.reason", domain=[("is_for_members", "=", True)]
    )
    note = fields.Text("In their own words")

    @api.model_create_multi
    def create(self, vals_list):
        """Override to work out the ways that are open today."""
        wizards = super().create(vals_list)
        for wizard in wizards:
            wizard._fill_ways()
        return wizards

    def _fill_ways(self):
        """Write down what each open way means. Note: `self.ensure_one()`."""
        self.ensure_one()
        membership = self.membership_id
        today = membership.company_id._medspa_date()
        ways = membership._get_cancel_ways(today)
        if self.env.user.has_group("medspa_membership.group_medspa_manager"):
            ways.append("now")
        previews = [membership._get_cancellation(today, way) for way in ways]
        self.way_ids = [
            fields.Command.create(self._prepare_way_vals(preview))
            for preview in previews
        ]
        self.way_id = self.way_ids[:1]
        self.is_within_term = previews[0]["is_within_term"]

    def _prepare_way_vals(self, preview):
        """Return one way of leaving with its numbers."""
        label = self.membership_id._get_credits_left_label()
        return {
            "way": preview["way"],
            "end_date": preview["end_date"],
            "payment_count": len(preview["dates"]),
            "obligation": preview["obligation"],
            "exit_fee": preview["exit_fee"],
            "refund": preview["refund"],
            "credit_label": label if preview["credits"] else False,
            "credits_until": preview["credits_until"]
            if preview["credits"] and preview["way"] != "withdraw"
            else False,
            "line_ids": [
                fields.Command.create(line) for line in preview["refund_lines"]
            ],
        }

    def action_confirm(self):
        """Cancel it as shown, or refuse when the numbers have changed since."""
        membership = self._get_membership()
        if not self.reason_id:
            raise UserError(self.env._("Choose the reason: it is asked, never judged."))
        if self.way == "now" and not self.env.user.has_group(
            "medspa_membership.group_medspa_manager"
        ):
            raise UserError(self.env._("Only a manager may end a membership at once."))
        membership._lock()
        today = membership.company_id._medspa_date()
        current = membership._get_cancellation(today, self.way)
        shown = (self.end_date, self.obligation, self.exit_fee, self.refund)
        if shown != tuple(
            current[name] for name in ("end_date", "obligation", "exit_fee", "refund")
        ):
            raise UserError(
                self.env._(
                    "The numbers have changed since. Close this and look again before "
                    "you confirm."
                )
            )
        membership._cancel(self.reason_id, self.way, self.note or None)


class MedspaMembershipCancelWay(models.TransientModel):
    """One way to leave, with what it means."""

    _name = "medspa.membership.cancel.way"
    _description = "Way to leave"

    wizard_id = fields.Many2one(
        "medspa.membership.cancel", required=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="wizard_id.currency_id")
    way = fields.Selection(WAYS, required=True, readonly=True)
    end_date = fields.Date("Last day", readonly=True)
    payment_count = fields.Integer("Payments still due", readonly=True)
    obligation = fields.Monetary("Still to pay", readonly=True)
    exit_fee = fields.Monetary("Fee", readonly=True)
    refund = fields.Monetary("Given back", readonly=True)
    credit_label = fields.Char("Credits left", readonly=True)
    credits_until = fields.Date("Usable until", readonly=True)
    line_ids = fields.One2many("medspa.membership.cancel.line", "way_id")

    @api.depends("way", "end_date")
    def _compute_display_name(self):
        labels = dict(self._fields["way"]._description_selection(self.env))
        for way in self:
            way.display_name = labels.get(way.way)


class MedspaMembershipCancelLine(models.TransientModel):
    """A line of what a withdrawal gives back."""

    _name = "medspa.membership.cancel.line"
    _description = "Line of a withdrawal"

    way_id = fields.Many2one(
        "medspa.membership.cancel.way", required=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="way_id.currency_id")
    name = fields.Char(readonly=True)
    amount = fields.Monetary(readonly=True)
