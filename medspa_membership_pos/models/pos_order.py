# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command, api, models
from odoo.exceptions import UserError


class PosOrder(models.Model):
    _inherit = "pos.order"

    # === POINT OF SALE === #

    @api.model
    def get_till_credit_offers(self, config_id, partner_id, lines):
        """Return what credits of a patient can pay of an order that is being rung up.

        :param list lines: dicts of `uuid`, `product_id`, `qty`, `price_unit`, `total`
            (with tax), `tax_ids`, `credit_number`, `credit_quantity`, `covered_uuid`
        :return: list of dicts, see `_prepare_till_offer`
        """
        self.check_access("create")
        order = self._new_till_order(config_id, partner_id, lines)
        return [
            offer["line"]._prepare_till_offer(offer)
            for offer in order.lines._get_credit_offers()
        ]

    @api.model
    def check_till_credits(self, config_id, partner_id, lines):
        """Return why credits cannot pay for an order any more, in words, or nothing.

        Asked right before money is taken; what counts is checked again when the order
        is booked.
        """
        order = self._new_till_order(config_id, partner_id, lines)
        taken = {}
        for line in order.lines.filtered("credit_id"):
            credit = line.credit_id
            taken[credit] = taken.get(credit, 0.0) + line.credit_quantity
            try:
                line._check_credit_fits()
                credit._check_spendable(order.company_id._medspa_date())
            except UserError as error:
                return str(error)
            if credit._round_quantity(taken[credit] - credit.available) > 0:
                return credit._get_shortage_message(credit.available)
        return False

    @api.model
    def _new_till_order(self, config_id, partner_id, lines):
        """Return an order of the till that is not saved, to ask the credits about."""
        self.check_access("create")
        config = self.env["pos.config"].browse(config_id)
        config.check_access("read")
        allowed = (
            "uuid",
            "product_id",
            "qty",
            "price_unit",
            "credit_number",
            "credit_quantity",
            "covered_uuid",
        )
        company = config.company_id
        return self.with_company(company).new(
            {
                "company_id": company.id,
                "session_id": config.current_session_id.id,
                "partner_id": partner_id,
                "date_order": self.env.cr.now(),
                "lines": [
                    Command.create(
                        {
                            **{name: line.get(name) for name in allowed},
                            "company_id": company.id,
                            "price_subtotal_incl": line.get("total"),
                            "tax_ids": [Command.set(line.get("tax_ids") or [])],
                        }
                    )
                    for line in lines
                ],
            }
        )

    # === BUSINESS METHODS === #

    def action_pos_order_paid(self):
        """Override of `point_of_sale` to take from the credits what the lines use.

        An order that the till sends twice is paid once, and takes once. A return gives
        back what the lines returned had taken.
        """
        res = super().action_pos_order_paid()
        self.lines._redeem_credits()
        self._restore_returned_credits()
        return res

    def _restore_returned_credits(self):
        """Give back what lines had taken that are now returned in whole."""
        returned = self.lines.refunded_orderline_id.filtered("credit_id")
        whole = returned.filtered(
            lambda line: line.refunded_qty >= line.qty or line.covered_uuid
        )
        whole._restore_credits(self.env._("Returned at the till."))
