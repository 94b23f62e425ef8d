# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import SUPERUSER_ID, Command, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError


class SaleOrder(models.Model):
    """Orders made at the desk: a card on file pays them, or a manager vouches.

    The patient signs as for any other order; the signature confirms it, and then the
    card is charged by a queued job.
    """

    _inherit = "sale.order"

    stored_token_id = fields.Many2one(
        "payment.token",
        "Card on file that pays",
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="Charged as soon as the order is confirmed.",
    )
    elsewhere_reason = fields.Char(
        "Paid elsewhere", copy=False, help="How: a manager vouches for the money."
    )
    elsewhere_user_id = fields.Many2one(
        "res.users", "Vouched for by", readonly=True, copy=False
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("stored_token_id", "instalment_token_id", "partner_id")
    def _check_card_of_customer(self):
        for order in self.filtered(lambda o: o.stored_token_id | o.instalment_token_id):
            order_sudo = order.sudo()
            cards_sudo = order_sudo.stored_token_id | order_sudo.instalment_token_id
            if not all(order_sudo._is_card_of_customer(card) for card in cards_sudo):
                raise ValidationError(
                    self.env._("Choose a card of %s.", order.partner_id.name)
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to let only managers vouch for money."""
        return super().create([self._vouch(vals) for vals in vals_list])

    def write(self, vals):
        """Override to let only managers vouch for money."""
        return super().write(self._vouch(vals))

    def _vouch(self, vals):
        """Return values with the name of who vouches for the money."""
        if not {"elsewhere_reason", "elsewhere_user_id"} & vals.keys():
            return vals
        if not self.env.user.has_group("medspa_membership.group_medspa_manager"):
            raise AccessError(
                self.env._("Only a manager may mark an order as paid elsewhere.")
            )
        return {**vals, "elsewhere_user_id": self.env.uid}

    # === BUSINESS METHODS === #

    def _has_to_be_paid(self):
        """Override of `sale`: the page asks for no money that is taken otherwise."""
        self.ensure_one()
        if self.elsewhere_reason or self.sudo().stored_token_id.active:
            return False
        return super()._has_to_be_paid()

    def _action_confirm(self):
        """Override of `sale` to collect what a desk order agreed on."""
        res = super()._action_confirm()
        for order in self:
            if order.elsewhere_reason:
                order._start_paid_elsewhere()
            elif order.sudo().stored_token_id:
                order._enqueue_charge_on_file()
        return res

    def _invoice_memberships(self):
        """Override: what is paid elsewhere is not invoiced here."""
        return super(
            SaleOrder, self.filtered(lambda order: not order.elsewhere_reason)
        )._invoice_memberships()

    def _start_paid_elsewhere(self):
        """Start the memberships for whose money a manager vouches."""
        self.ensure_one()
        for membership in self.sudo().membership_ids:
            membership.with_company(self.company_id).with_user(
                self.sudo().elsewhere_user_id
            )._set_paid_elsewhere(self.elsewhere_reason)

    def _send_joining_link(self):
        """Send the link under which the patient signs, where there is an address."""
        template = self.env.ref("medspa_membership.mail_template_membership_join")
        for order in self.filtered(lambda order: order.partner_id.email):
            template.with_user(SUPERUSER_ID).send_mail(order.id)
            order.message_post(
                body=self.env._(
                    "The link to sign was sent to %s.", order.partner_id.email
                )
            )

    # === BUSINESS METHODS: CARD ON FILE === #

    def _enqueue_charge_on_file(self):
        """Queue the charge of the stored card, and invoice what is not invoiced."""
        for order_sudo in self.sudo():
            invoices = order_sudo.invoice_ids.filtered(lambda m: m.state != "cancel")
            if not invoices and order_sudo.amount_total:
                order_sudo._create_invoices().action_post()
            order_sudo.with_delay(
                channel="root.charge",
                identity_key=order_sudo._get_charge_on_file_key(),
                description=self.env._("Charge a card on file"),
            )._charge_on_file()

    def _get_charge_on_file_key(self):
        return f"medspa.on_file.{self.id}.{len(self.transaction_ids)}"

    def _charge_on_file(self):
        """Charge the invoice of the order to the stored card, once: a queued job.

        The transaction is committed before the provider is asked.

        :return: the transaction, empty when there was nothing to charge
        """
        self.ensure_one()
        order_sudo = self.sudo()
        tx = order_sudo.env["payment.transaction"]
        if not order_sudo.try_lock_for_update():
            return tx
        invoice = order_sudo.invoice_ids.filtered(
            lambda move: move.state == "posted" and move.amount_residual > 0
        )[:1]
        live = (order_sudo.transaction_ids | invoice.transaction_ids).filtered(
            lambda t: t.state in ("draft", "pending", "authorized", "done")
        )
        if not invoice or live:
            return tx
        tx = tx.create(order_sudo._prepare_charge_on_file_vals(invoice))
        tx._charge_once()
        if tx.state in ("error", "cancel"):
            order_sudo._report_charge_on_file(tx)
        return tx

    def _prepare_charge_on_file_vals(self, invoice):
        """Return the transaction; its reference follows from order and attempt."""
        self.ensure_one()
        token = self.stored_token_id
        return {
            "reference": f"{self.name}-F{len(self.transaction_ids) + 1}",
            "provider_id": token.provider_id.id,
            "payment_method_id": token.payment_method_id.id,
            "token_id": token.id,
            "amount": invoice.amount_residual,
            "currency_id": invoice.currency_id.id,
            "partner_id": token.partner_id.id,
            "operation": "offline",
            "invoice_ids": [Command.set(invoice.ids)],
            "sale_order_ids": [Command.set(self.ids)],
        }

    def _report_charge_on_file(self, tx):
        """Tell the desk that the card did not pay: nothing begins until it is paid."""
        self.ensure_one()
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("The card on file did not pay"),
            note=self.env._(
                "%(reason)s Send the link of the invoice, or take the money at the "
                "desk.",
                reason=tx._get_member_message(),
            ),
            user_id=self.user_id.id or self.env.uid,
        )

    def action_charge_on_file(self):
        """Charge the stored card again by hand. Note: `self.ensure_one()`."""
        self.ensure_one()
        self.check_access("write")
        if not self.sudo().stored_token_id.active:
            raise UserError(self.env._("Choose a card on file first."))
        self._enqueue_charge_on_file()


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    @api.depends("order_id.elsewhere_reason")
    def _compute_invoice_status(self):
        """Override of `sale`: what is paid elsewhere waits for no invoice."""
        res = super()._compute_invoice_status()
        for line in self:
            if line.order_id.elsewhere_reason:
                line.invoice_status = "no"
        return res
