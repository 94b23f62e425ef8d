# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    membership_period_id = fields.Many2one(
        "medspa.membership.period",
        "Membership period",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )

    # A charge that failed, or was taken back, makes room for the next one.
    _period_charged_once = models.UniqueIndex(
        "(membership_period_id) WHERE membership_period_id IS NOT NULL"
        " AND operation = 'offline'"
        " AND state IN ('draft', 'pending', 'authorized', 'done')",
        "This period is being charged already.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Override to know the period also of what a member pays on a page."""
        txs = super().create(vals_list)
        for tx in txs:
            period = tx.invoice_ids.membership_period_id
            if period and not tx.membership_period_id and tx.operation != "refund":
                tx.membership_period_id = period[:1]
        return txs

    def _sells_courses(self):
        """Override to finish the sale of a membership at once, too."""
        return super()._sells_courses() or (
            self.operation not in ("refund", "validation")
            and bool(
                self.sudo().membership_period_id
                or self.sudo().sale_order_ids.filtered("has_plan")
            )
        )

    def _check_amount_and_confirm_order(self):
        """Override of `sale` to invoice what a payment joins, whatever the setting."""
        confirmed = super()._check_amount_and_confirm_order()
        for tx in self:
            if tx.sale_order_ids.filtered("has_plan") and not tx.invoice_ids:
                tx._invoice_sale_orders()
        return confirmed

    def _invoice_sale_orders(self):
        """Override of `sale` to keep the invoice of a membership, made before."""
        invoiced = self.filtered(
            lambda tx: tx.invoice_ids and tx.sale_order_ids.filtered("has_plan")
        )
        return super(PaymentTransaction, self - invoiced)._invoice_sale_orders()

    def _post_process(self):
        """Override to take in what was refunded at the provider's own pages."""
        res = super()._post_process()
        for tx in self.sudo().filtered(
            lambda tx: tx.operation == "refund" and tx.state == "done"
        ):
            period = tx.source_transaction_id.membership_period_id
            if period and not tx.invoice_ids and tx.payment_id:
                period._on_refunded_outside(tx)
        return res

    def _on_charge_settled(self):
        """Override to take the outcome of the charge of a period in."""
        res = super()._on_charge_settled()
        tx_sudo = self.sudo()
        if tx_sudo.membership_period_id:
            tx_sudo.membership_period_id._on_charge_settled(tx_sudo)
        return res


class PaymentToken(models.Model):
    _inherit = "payment.token"

    membership_ids = fields.One2many(
        "sale.subscription",
        "payment_token_id",
        "Memberships",
        groups="medspa_membership.group_medspa_user",
    )

    def _on_method_changed(self, change):
        """Override to let a member's new method take the place of a failed one."""
        res = super()._on_method_changed(change)
        token_sudo = self.sudo()
        if change == "renewed":
            token_sudo.membership_ids._on_method_changed()
        elif change == "created":
            token_sudo._replace_failed_methods()
        return res

    def _replace_failed_methods(self):
        """Give the method to memberships of its owner whose own one does not work."""
        self.ensure_one()
        memberships = self.env["sale.subscription"].search(
            [
                # A relative's, or a colleague's, is not charged to this one.
                "|",
                ("partner_id", "=", self.partner_id.id),
                ("partner_id.commercial_partner_id", "=", self.partner_id.id),
                ("is_membership", "=", True),
                ("is_paid_elsewhere", "=", False),
                ("membership_state", "!=", "ended"),
                ("company_id", "child_of", self.company_id.id),
            ]
        )
        failing = memberships.filtered(
            lambda m: (
                m.payment_token_id != self
                and (
                    not m.payment_token_id.active
                    or m.membership_state in ("past_due", "suspended")
                )
            )
        )
        failing._set_payment_method(self)

    def get_linked_records_info(self):
        """Override of `payment` to say which memberships are paid by the method."""
        res = super().get_linked_records_info()
        memberships = self.sudo().membership_ids.filtered(
            lambda m: m.membership_state != "ended"
        )
        return res + [
            {
                "description": self.env._("Membership"),
                "id": membership.id,
                "name": membership.template_id.name,
                "url": f"/my/memberships/{membership.id}",
            }
            for membership in memberships
        ]


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def _is_tokenization_required(self, sale_order_id=None, **kwargs):
        """Override of `payment` to keep the method of who joins a plan."""
        order = self.env["sale.order"].sudo().browse(sale_order_id).exists()
        if order and order.has_plan:
            return True
        return super()._is_tokenization_required(sale_order_id=sale_order_id, **kwargs)
