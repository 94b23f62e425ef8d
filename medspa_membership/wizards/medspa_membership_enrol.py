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
    currency_id = fields.Many2one(related="plan_id.currency_id")
    period_label = fields.Char(related="plan_id.period_label")
    price = fields.Float(related="plan_id.price", digits="Product Price")
    first_amount = fields.Monetary(
        "First payment", compute="_compute_first_amount", help="With the joining fee."
    )
    regular_from = fields.Date("Regular price from", compute="_compute_first_amount")
    term_preview = fields.Html(related="plan_id.term_preview")
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
                    ("company_id", "=", wizard.company_id.id),
                ],
                order="id desc",
                limit=1,
            )

    @api.depends("plan_id", "company_id")
    def _compute_first_amount(self):
        for wizard in self:
            plan = wizard.plan_id
            first = plan.trial_price if plan.trial_days else plan.price
            wizard.first_amount = first + plan.joining_fee
            wizard.regular_from = plan.trial_days and fields.Date.add(
                wizard.company_id._medspa_date(), days=plan.trial_days
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
        self._check_complete()
        order = self.env["sale.order"].create(self._prepare_order_vals())
        order.action_quotation_sent()
        if self.signing == "screen":
            return {
                "type": "ir.actions.act_url",
                "url": order.get_portal_url(),
                "target": "new",
            }
        order._send_joining_link()
        self.order_id = order
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
                Command.create({"product_id": product.product_variant_id.id})
            ],
        }
        if self.payment == "card":
            vals["stored_token_id"] = self.token_id.id
        elif self.payment == "elsewhere":
            vals["elsewhere_reason"] = self.elsewhere_reason
        return vals
