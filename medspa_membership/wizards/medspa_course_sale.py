# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import Command, api, fields, models


class MedspaCourseSale(models.TransientModel):
    """Sells a course at the desk: from the patient's form, in two clicks."""

    _name = "medspa.course.sale"
    _description = "Sell a course"

    partner_id = fields.Many2one("res.partner", "Patient", required=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    product_tmpl_id = fields.Many2one(
        "product.template",
        "Course",
        required=True,
        domain="[('service_tracking', '=', 'medspa_course'), ('sale_ok', '=', True)]",
    )
    quantity = fields.Integer(default=1, required=True)
    order_id = fields.Many2one("sale.order", readonly=True)
    payment = fields.Selection(
        [
            ("now", "Paid now"),
            ("parts", "In parts"),
            ("link", "By payment link"),
        ],
        required=True,
        default="now",
    )
    journal_id = fields.Many2one(
        "account.journal",
        "With",
        domain="[('type', 'in', ('cash', 'bank', 'credit')),"
        " ('company_id', '=', company_id)]",
        compute="_compute_journal_id",
        store=True,
        readonly=False,
    )
    payment_term_id = fields.Many2one("account.payment.term", "Parts")
    token_id = fields.Many2one(
        "payment.token",
        "Card for the other parts",
        domain="[('partner_id', '=', partner_id)]",
        help="Charged on the due dates. None: they are paid at the desk or by link.",
    )
    allows_instalments = fields.Boolean(related="product_tmpl_id.allows_instalments")
    currency_id = fields.Many2one("res.currency", compute="_compute_price")
    price = fields.Monetary(compute="_compute_price", help="Without tax not included.")
    sessions = fields.Integer(related="product_tmpl_id.course_sessions")
    earliest_end = fields.Date(
        "Earliest last session",
        compute="_compute_dates",
        help="When the patient comes as often as the pace of the course allows.",
    )
    expires_on = fields.Date("Last day to use it", compute="_compute_dates")

    @api.depends("company_id")
    def _compute_journal_id(self):
        for wizard in self:
            wizard.journal_id = self.env["account.journal"].search(
                [
                    *self.env["account.journal"]._check_company_domain(
                        wizard.company_id
                    ),
                    ("type", "in", ("cash", "bank", "credit")),
                ],
                limit=1,
            )

    @api.depends("product_tmpl_id", "partner_id", "quantity")
    def _compute_price(self):
        for wizard in self:
            pricelist = wizard.partner_id.property_product_pricelist
            product = wizard.product_tmpl_id.product_variant_id
            wizard.currency_id = pricelist.currency_id or wizard.company_id.currency_id
            wizard.price = (
                pricelist._get_product_price(product, wizard.quantity) * wizard.quantity
                if product
                else 0.0
            )

    @api.depends("product_tmpl_id")
    def _compute_dates(self):
        for wizard in self:
            product = wizard.product_tmpl_id
            today = wizard.company_id._medspa_date()
            wizard.earliest_end = product and today + timedelta(
                days=product.step_ids._get_shortest_days()
            )
            has_day = product.validity_days and product.validity_from == "purchase"
            wizard.expires_on = has_day and today + timedelta(
                days=product.validity_days
            )

    def action_confirm(self):
        """Sell it, take the money where it is paid now, and open what was sold."""
        self.check_access("write")
        self.ensure_one()
        order = self.order_id
        if not order:
            # A second click that comes at the same moment waits at this row, starts
            # again, and finds the order of the first.
            order = self.order_id = self.env["sale.order"].create(
                self._prepare_order_vals()
            )
            if self.payment == "link":
                order.action_quotation_sent()
        elif order.course_ids:
            return order.course_ids[:1]._get_form_action()
        if self.payment == "link":
            return {
                **self.env["ir.actions.act_window"]._for_xml_id(
                    "sale.action_sale_order_generate_link"
                ),
                "context": {"active_id": order.id, "active_model": "sale.order"},
            }
        order.action_confirm()
        invoice = order.invoice_ids or order._create_invoices()
        if invoice.state == "draft":
            invoice.action_post()
        self._register_payment(invoice)
        return order.course_ids[:1]._get_form_action()

    def _prepare_order_vals(self):
        vals = {
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "order_line": [
                Command.create(
                    {
                        "product_id": self.product_tmpl_id.product_variant_id.id,
                        "product_uom_qty": self.quantity,
                    }
                )
            ],
        }
        if self.payment == "parts":
            vals["payment_term_id"] = self.payment_term_id.id
            vals["instalment_token_id"] = self.token_id.id
        elif self.payment == "now":
            # A customer's usual term would leave the sale open.
            vals["payment_term_id"] = False
        return vals

    def _register_payment(self, invoice):
        """Take the money: all of it, or the part that is due today."""
        amount = invoice.amount_residual
        if self.payment == "parts":
            amount = invoice._get_invoice_next_payment_values()["next_amount_to_pay"]
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create(
            {"journal_id": self.journal_id.id, "amount": amount}
        ).action_create_payments()
