# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date


class MedspaMembershipEnrol(models.TransientModel):
    """Lets a patient join a plan at the desk: a quotation that is signed, then paid."""

    _name = "medspa.membership.enrol"
    _description = "Join a plan"

    partner_id = fields.Many2one("res.partner", "Patient", required=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    plan_id = fields.Many2one(
        "sale.subscription.template",
        required=True,
        domain="[('is_plan', '=', True), ('company_id', 'in', (company_id, False))]",
    )
    payment = fields.Selection(
        [
            ("page", "On the page, after signing"),
            ("card", "With a card on file"),
            ("elsewhere", "Elsewhere"),
        ],
        "Pays",
        default="page",
        required=True,
    )
    signing = fields.Selection(
        [
            ("link", "By link, on the patient's own phone"),
            ("screen", "On this screen"),
        ],
        "Signs",
        default="link",
        required=True,
    )
    token_id = fields.Many2one(
        "payment.token",
        "Card",
        domain="[('partner_id', '=', partner_id), ('company_id', '=', company_id)]",
        compute="_compute_token_id",
        store=True,
        readonly=False,
    )
    elsewhere_reason = fields.Char("How it is paid")
    email = fields.Char(related="partner_id.email")
    currency_id = fields.Many2one("res.currency", compute="_compute_amounts")
    period_label = fields.Char(related="plan_id.period_label")
    price = fields.Monetary(
        "Price each period", compute="_compute_amounts", help="With tax."
    )
    first_amount = fields.Monetary(
        "First payment",
        compute="_compute_amounts",
        help="With the joining fee and tax.",
    )
    regular_from = fields.Date("Regular price from", compute="_compute_regular_from")
    term_preview = fields.Html(
        "Terms", compute="_compute_amounts", sanitize=False, readonly=True
    )
    obstacle = fields.Char(compute="_compute_obstacle")
    order_id = fields.Many2one("sale.order", "Quotation", readonly=True)
    link = fields.Char(compute="_compute_link")

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "company_id", "payment")
    def _compute_token_id(self):
        for wizard in self:
            if wizard.payment != "card":
                wizard.token_id = False
                continue
            wizard.token_id = wizard.token_id or self.env["payment.token"].search(
                [
                    ("partner_id", "=", wizard.partner_id.id),
                    ("company_id", "in", wizard.company_id.parent_ids.ids),
                ],
                order="id desc",
                limit=1,
            )

    @api.depends("partner_id", "plan_id", "company_id")
    def _compute_amounts(self):
        """Ask the order that will be made: nothing else knows its prices and taxes."""
        for wizard in self:
            wizard.currency_id = wizard.company_id.currency_id
            wizard.price = wizard.first_amount = 0.0
            wizard.term_preview = False
            if not wizard.plan_id or not wizard.partner_id:
                continue
            amounts = wizard._get_amounts()
            wizard.currency_id = amounts["currency"]
            wizard.price = amounts["price"]
            wizard.first_amount = amounts["first"]
            wizard.term_preview = wizard.plan_id._render_term_preview(amounts)

    @api.depends("plan_id", "company_id")
    def _compute_regular_from(self):
        for wizard in self:
            days = wizard.plan_id.trial_days
            wizard.regular_from = days and fields.Date.add(
                wizard.company_id._medspa_date(), days=days
            )

    @api.depends("partner_id", "plan_id", "company_id")
    def _compute_obstacle(self):
        for wizard in self:
            wizard.obstacle = wizard._get_obstacle()

    @api.depends("order_id")
    def _compute_link(self):
        for wizard in self:
            order = wizard.order_id
            wizard.link = order and order.get_base_url() + order.get_portal_url()

    def _get_obstacle(self):
        """Return why the patient cannot join the plan, if there is a reason."""
        self.ensure_one()
        if not self.plan_id or not self.partner_id:
            return False
        twin = self.env["sale.subscription"].search(
            [
                ("partner_id", "=", self.partner_id.id),
                ("template_id", "=", self.plan_id.id),
                ("company_id", "=", self.company_id.id),
                ("membership_state", "not in", ("pending", "ended")),
            ],
            limit=1,
        )
        if not twin:
            return False
        return self.env._(
            "%(patient)s is a member of this plan since %(date)s.",
            patient=self.partner_id.name,
            date=format_date(self.env, twin.date_start),
        )

    # === ACTION METHODS === #

    def action_confirm(self):
        """Make the quotation, and let the patient sign and pay it."""
        self.ensure_one()
        if not self.order_id:
            self._check_complete()
            # A second click that comes at the same moment waits at this row, starts
            # again, and finds the order of the first.
            self.order_id = self.env["sale.order"].create(self._prepare_order_vals())
            self.order_id.action_quotation_sent()
            if self.signing == "link":
                self.order_id._send_joining_link()
        if self.signing == "screen":
            return {
                "type": "ir.actions.act_url",
                "url": self.order_id.get_portal_url(),
                "target": "new",
                "close": True,
            }
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("The link to sign"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_open_order(self):
        """Open the quotation that waits for the patient. Note: `self.ensure_one()`."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.order_id.id,
            "views": [(False, "form")],
        }

    def _get_amounts(self):
        """Return what joining will cost, see `sale.order.line._get_plan_amounts`."""
        self.ensure_one()
        Line = self.env["sale.order.line"]
        order = self.env["sale.order"].new(self._prepare_order_vals())
        line = order._get_plan_lines()
        fee = Line._get_fee_product()
        if fee and self.plan_id.joining_fee:
            order.order_line += Line.new(line._prepare_joining_fee_vals(fee))
        return line._get_plan_amounts()

    def _check_complete(self):
        """Refuse what cannot be carried out, and say what is missing."""
        if self.obstacle:
            raise UserError(self.obstacle)
        if self.payment == "card" and not self.token_id:
            raise UserError(
                self.env._(
                    "%s has no card on file. Let the patient pay on the page.",
                    self.partner_id.name,
                )
            )
        if self.payment == "elsewhere" and not self.elsewhere_reason:
            raise UserError(self.env._("Write down how it is paid."))

    def _prepare_order_vals(self):
        """Return the order with which the patient joins."""
        product = self.plan_id.product_tmpl_id
        vals = {
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "payment_term_id": False,
            "order_line": [
                Command.create(
                    {
                        "product_id": product.product_variant_id.id,
                        "product_uom_qty": 1,
                    }
                )
            ],
        }
        if self.payment == "card":
            vals["stored_token_id"] = self.token_id.id
        elif self.payment == "elsewhere":
            vals["elsewhere_reason"] = self.elsewhere_reason
        return vals
