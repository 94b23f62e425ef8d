# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from collections import defaultdict

from odoo import SUPERUSER_ID, Command, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import clean_context


class MedspaWinbackOffer(models.Model):
    """An offer to somebody who left: a cheaper first period, or a credit on top.

    It is a quotation of the plan with a day on which it ends. Joining by it brings the
    offer once: the discount is of the order alone, the bonus has one key in the ledger.
    """

    _name = "medspa.winback.offer"
    _inherit = "medspa.guarded"
    _description = "Win-back offer"
    _order = "id desc"
    _check_company_auto = True

    membership_id = fields.Many2one(
        "sale.subscription",
        "Former membership",
        required=True,
        index=True,
        ondelete="restrict",
    )
    partner_id = fields.Many2one(
        related="membership_id.partner_id", store=True, index=True, string="Patient"
    )
    company_id = fields.Many2one(
        related="membership_id.company_id", store=True, index=True
    )
    plan_id = fields.Many2one(
        "sale.subscription.template", required=True, ondelete="restrict"
    )
    order_id = fields.Many2one(
        "sale.order", "Quotation", required=True, ondelete="restrict", readonly=True
    )
    kind = fields.Selection(
        [
            ("discount", "First period cheaper"),
            ("bonus", "A credit on top"),
        ],
        required=True,
        default="discount",
    )
    percent = fields.Float("Discount", help="Of the first period, in percent.")
    treatment_id = fields.Many2one(
        "product.template",
        domain="[('service_tracking', '=', 'medspa_treatment')]",
        ondelete="restrict",
    )
    quantity = fields.Integer("Sessions", default=1)
    valid_until = fields.Date(required=True)
    state = fields.Selection(
        [
            ("sent", "Waiting"),
            ("joined", "Is back"),
            ("expired", "Expired"),
        ],
        default="sent",
        required=True,
        readonly=True,
        index=True,
    )

    _offer_order_once = models.UniqueIndex(
        "(order_id)", "The quotation belongs to another offer."
    )
    _one_waiting = models.UniqueIndex(
        "(partner_id, company_id) WHERE state = 'sent'",
        "An offer waits for this patient already.",
    )
    _offer_complete = models.Constraint(
        "CHECK ((kind = 'discount' AND percent > 0 AND percent <= 100)"
        " OR (kind = 'bonus' AND treatment_id IS NOT NULL AND quantity > 0))",
        "Say how much cheaper the first period is, or which credit is given.",
    )

    # === COMPUTE METHODS === #

    @api.depends("partner_id", "plan_id")
    def _compute_display_name(self):
        for offer in self:
            offer.display_name = self.env._(
                "%(plan)s for %(patient)s",
                plan=offer.plan_id.name,
                patient=offer.partner_id.name,
            )

    # === CRUD METHODS === #

    def _get_guard_message(self):
        return self.env._("Offers are made from the list of who left, not by hand.")

    # === BUSINESS METHODS === #

    def _get_label(self):
        """Return what is offered, in words. Note: `self.ensure_one()`."""
        self.ensure_one()
        if self.kind == "discount" and self.plan_id.joining_fee:
            return self.env._(
                "%(percent)s %% off the first payment, but not off the joining fee",
                percent=f"{self.percent:g}",
            )
        if self.kind == "discount":
            return self.env._(
                "%(percent)s %% off the first payment", percent=f"{self.percent:g}"
            )
        return self.env._(
            "%(quantity)s × %(treatment)s on top",
            quantity=self.quantity,
            treatment=self.treatment_id.name,
        )

    def _enqueue_letters(self):
        """Queue the offers' letters."""
        addressed = self.sudo().filtered(lambda offer: offer.partner_id.email)
        if addressed:
            addressed.with_delay(
                channel="root.message",
                identity_key=f"medspa.winback.{'-'.join(map(str, addressed.ids))}",
                description=self.env._("Send win-back offers"),
            )._send_letters()

    def _filter_letter_true(self, letter):
        """Override: who is back, or does not want offers, gets none."""
        offers = super()._filter_letter_true(letter)
        return offers.filtered(lambda o: o.state == "sent" and o._may_be_written_to())

    def _may_be_written_to(self):
        """Seam: tell whether the patient lets us write offers."""
        self.ensure_one()
        return not self.partner_id.sudo().is_blacklisted

    def _send_letters(self):
        """Write the offers to those who may get them: a queued job."""
        template = self.env.ref("medspa_membership.mail_template_membership_winback")
        offers = self.exists()
        willing = offers.filtered(lambda offer: offer._may_be_written_to())
        for offer in offers - willing:
            offer.order_id.message_post(
                body=self.env._(
                    "No letter was sent: %s does not want offers by e-mail.",
                    offer.partner_id.name,
                )
            )
        return template.with_user(SUPERUSER_ID).send_mail_batch(willing.ids)

    def _redeem(self, membership):
        """Bring the offer to who is back, once. Note: `self.ensure_one()`."""
        self.ensure_one()
        offer_sudo = self.sudo()
        offer_sudo.state = "joined"
        if self.kind != "bonus":
            return
        today = self.company_id._medspa_date()
        self.env["medspa.credit"]._grant(
            [
                {
                    "company_id": self.company_id.id,
                    "partner_id": membership.partner_id.id,
                    "coverage": "treatment",
                    "treatment_id": self.treatment_id.id,
                    "unit": "session",
                    "is_complimentary": True,
                    "granted": self.quantity,
                    "value": 0.0,
                    "valid_from": today,
                    "expires_on": membership._get_period_end(
                        max(today, membership.anchor_date)
                    ),
                    "grant_key": f"winback-{self.id}",
                }
            ]
        )

    def _expire(self):
        """Close offers that nobody takes any more, with their quotations."""
        self.sudo().state = "expired"
        open_orders = self.sudo().order_id.filtered(
            lambda order: order.state in ("draft", "sent")
        )
        open_orders._action_cancel()

    # === CRON METHODS === #

    @api.model
    def _cron_expire(self):
        """Close the offers whose last day has passed."""
        waiting = Domain("state", "=", "sent")
        for (company,) in self._read_group(waiting, ["company_id"]):
            over = waiting & Domain("company_id", "=", company.id)
            over &= Domain("valid_until", "<", company._medspa_date())
            self.sudo().search(over)._expire()


class SaleSubscription(models.Model):
    _inherit = "sale.subscription"

    winback_offer_ids = fields.One2many(
        "medspa.winback.offer",
        "membership_id",
        "Offers",
        readonly=True,
        groups="medspa_membership.group_medspa_receptionist",
    )
    total_paid = fields.Monetary(
        "Paid in all", compute="_compute_total_paid", help="With tax, less refunds."
    )
    is_back = fields.Boolean(
        "Is a member again", compute="_compute_is_back", search="_search_is_back"
    )

    # === COMPUTE METHODS === #

    def _compute_total_paid(self):
        Period_sudo = self.env["medspa.membership.period"].sudo()
        paid = dict(
            Period_sudo._read_group(
                [
                    ("membership_id", "in", self.ids),
                    ("state", "in", ("paid", "refunded")),
                    ("is_paid_elsewhere", "=", False),
                ],
                ["membership_id"],
                ["amount:sum"],
            )
        )
        given_back = defaultdict(float)
        for period_sudo, amount in (
            self.env["account.move"]
            .sudo()
            ._read_group(
                [
                    ("refunded_period_id.membership_id", "in", self.ids),
                    ("state", "=", "posted"),
                ],
                ["refunded_period_id"],
                ["amount_total:sum"],
            )
        ):
            given_back[period_sudo.membership_id.id] += amount
        for membership in self:
            membership.total_paid = (
                paid.get(membership, 0.0) - given_back[membership.id]
            )

    def _compute_is_back(self):
        running = self.sudo().search_fetch(
            [("partner_id", "in", self.partner_id.ids), *self._get_running_domain()],
            ["partner_id", "company_id"],
        )
        back = {(found.partner_id, found.company_id) for found in running}
        for membership in self:
            key = (membership.partner_id, membership.company_id)
            membership.is_back = membership.membership_state == "ended" and key in back

    @api.model
    def _search_is_back(self, operator, value):
        if operator != "in":
            return NotImplemented
        running = Domain(self._get_running_domain())
        back = Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain(
                "partner_id.subscription_ids",
                "any!",
                running & Domain("company_id", "=", company.id),
            )
            for company in self.env.companies
        )
        return Domain("membership_state", "=", "ended") & back

    @api.model
    def _get_running_domain(self):
        return [
            ("is_membership", "=", True),
            ("membership_state", "not in", ("pending", "ended")),
        ]

    # === ACTION METHODS === #

    def action_win_back(self):
        """Open the offer for who left, one or many."""
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Offer to come back"),
            "res_model": "medspa.winback",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_membership_ids": [Command.set(self.ids)]},
        }

    # === BUSINESS METHODS === #

    def _on_started(self):
        """Override to bring the offer that they joined by, and close the others."""
        res = super()._on_started()
        waiting_sudo = (
            self.env["medspa.winback.offer"]
            .sudo()
            .search(
                [
                    ("partner_id", "=", self.partner_id.id),
                    ("company_id", "=", self.company_id.id),
                    ("state", "=", "sent"),
                ]
            )
        )
        order_sudo = self.sudo().sale_order_id
        taken_sudo = waiting_sudo.filtered(lambda offer: offer.order_id == order_sudo)
        if taken_sudo:
            taken_sudo._redeem(self)
        (waiting_sudo - taken_sudo)._expire()
        return res

    def _get_price_billed(self, current, paid):
        """Override: the discount of an offer is not taken back by another plan."""
        is_first = current == self.period_ids.sorted("start_date")[:1]
        if is_first and self.sudo().sale_line_id._is_offered_cheaper():
            return self.price
        return super()._get_price_billed(current, paid)

    def _make_offers(self, vals):
        """Make an offer to each who left: a quotation with a link.

        :param dict vals: of the offers: what, how much, until when; `plan_id` empty:
            the plan that they had
        :return: the offers
        :raise UserError: a member again, or an offer waits
        """
        self._check_can_win_back()
        offers = self.env["medspa.winback.offer"]
        for membership in self:
            plan = vals.get("plan_id") or membership.template_id
            membership._check_plan_on_sale(plan)
            order = (
                # The dialog's `default_membership_ids` would move memberships there.
                self.env["sale.order"]
                .with_context(clean_context(self.env.context))
                .with_company(membership.company_id)
                .create(membership._prepare_winback_order_vals(plan, vals))
            )
            order.action_quotation_sent()
            # Whoever may make the quotation may make its offer.
            offers |= offers.sudo().create(
                {
                    **vals,
                    "plan_id": plan.id,
                    "membership_id": membership.id,
                    "order_id": order.id,
                }
            )
        offers._enqueue_letters()
        return offers

    def _check_plan_on_sale(self, plan):
        """Refuse to offer what nobody can join. Note: `self.ensure_one()`."""
        self.ensure_one()
        is_ours = plan.company_id in (self.env["res.company"], self.company_id)
        if not plan.active or not plan.product_tmpl_id.active or not is_ours:
            raise UserError(
                self.env._(
                    "%(plan)s is not on sale for %(patient)s: choose another plan.",
                    plan=plan.name,
                    patient=self.partner_id.name,
                )
            )

    def _check_can_win_back(self):
        """Refuse offers to members, and a second one beside the first."""
        back = self.filtered("is_back")
        if back or self.filtered(lambda m: m.membership_state != "ended"):
            raise UserError(
                self.env._(
                    "Only those who left get an offer: %s",
                    ", ".join((back or self).partner_id.mapped("name")),
                )
            )
        waiting = self.env["medspa.winback.offer"].search(
            [
                ("partner_id", "in", self.partner_id.ids),
                ("company_id", "in", self.company_id.ids),
                ("state", "=", "sent"),
            ]
        )
        if waiting:
            raise UserError(
                self.env._(
                    "An offer waits already: %s",
                    ", ".join(waiting.partner_id.mapped("name")),
                )
            )
        if len(self.partner_id) < len(self):
            raise UserError(self.env._("Choose one membership of each patient."))

    def _prepare_winback_order_vals(self, plan, vals):
        """Return the quotation by which somebody comes back."""
        self.ensure_one()
        line_vals = {"product_id": plan.product_tmpl_id.product_variant_id.id}
        if vals["kind"] == "discount":
            line_vals["discount"] = vals["percent"]
        return {
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "payment_term_id": False,
            "validity_date": vals["valid_until"],
            "order_line": [Command.create(line_vals)],
        }


class SaleOrder(models.Model):
    _inherit = "sale.order"

    winback_offer_ids = fields.One2many(
        "medspa.winback.offer",
        "order_id",
        groups="medspa_membership.group_medspa_receptionist",
    )


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _get_period_price(self):
        """Override: the discount of an offer is of the first period alone."""
        if not self._is_offered_cheaper():
            return super()._get_period_price()
        return self.tax_ids.compute_all(
            self._get_plan_price_unit(),
            self.currency_id,
            1.0,
            product=self.product_id,
            partner=self.order_id.partner_id,
        )["total_included"]

    def _prepare_subscription_line_vals(self):
        """Override: the discount of an offer is of the first period alone."""
        vals = super()._prepare_subscription_line_vals()
        return {**vals, "discount": 0.0} if self._is_offered_cheaper() else vals

    def _is_offered_cheaper(self):
        return "discount" in self.sudo().order_id.winback_offer_ids.mapped("kind")
