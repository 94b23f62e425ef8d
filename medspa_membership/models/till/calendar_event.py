# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_compare


class CalendarEvent(models.Model):
    """What an appointment costs, and who pays it: a credit, a sale, or nobody yet."""

    _inherit = "calendar.event"

    sale_line_id = fields.Many2one(
        "sale.order.line",
        "Sold by",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    payment_status = fields.Selection(
        [
            ("covered", "Covered"),
            ("to_pay", "To pay"),
            ("ordered", "Ordered"),
            ("paid", "Paid"),
        ],
        compute="_compute_payment_status",
        help="Whether a credit or a sale pays for the appointment.",
    )
    amount_due = fields.Monetary(
        "To pay", compute="_compute_payment_status", currency_field="due_currency_id"
    )
    due_currency_id = fields.Many2one(
        related="medspa_company_id.currency_id", string="Currency"
    )

    # === COMPUTE METHODS === #

    @api.depends("credit_id", "sale_line_id.order_id.state", "treatment_id")
    def _compute_payment_status(self):
        for event in self:
            # Practitioners see whether it is paid without a right to read sales.
            line_sudo = event.sudo().sale_line_id
            event.amount_due = 0.0
            if not event.treatment_id or event.appointment_status == "cancelled":
                event.payment_status = False
            elif line_sudo and line_sudo.order_id.state != "cancel":
                share = line_sudo._get_paid_share()
                event.payment_status = "paid" if share >= 1 else "ordered"
                if share < 1:
                    # A deposit counts towards the price.
                    event.amount_due = line_sudo.currency_id.round(
                        line_sudo.price_total * (1 - share)
                    )
            elif event.credit_id:
                event.payment_status = "covered"
            else:
                event.payment_status = "to_pay"
                if not event.treatment_id.is_unit_based:
                    event.amount_due = event.treatment_id._get_list_price_with_tax(
                        event.medspa_company_id
                    )

    # === ACTION METHODS === #

    def action_charge(self):
        """Open the sale of an appointment that no credit covers; make it when missing.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        self.check_access("write")
        if not self._is_sold():
            if self.credit_id:
                raise UserError(self.env._("A credit pays for it: nothing to charge."))
            self.env["sale.order"].check_access("create")
            self._sell(self.credit_quantity)
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.sale_line_id.order_id.id,
            "views": [(False, "form")],
        }

    def action_apply_credit(self):
        """Let a credit bought since then pay for a visit that nothing has paid.

        Note: `self.ensure_one()`

        :raise UserError: paid already, or no credit covers it
        """
        self.ensure_one()
        self.check_access("write")
        if self.appointment_status != "attended" or self.credit_id or self._is_sold():
            raise UserError(
                self.env._("Only a visit that nothing has paid for takes a credit now.")
            )
        today = self.medspa_company_id._medspa_date()
        credit = (
            self.env["medspa.credit"]
            .sudo()
            ._find_usable(
                self.patient_id, self.treatment_id, today, self.medspa_company_id
            )
            .filtered(lambda c: c.available >= self._get_credit_quantity(c))[:1]
        )
        if not credit:
            raise UserError(
                self.env._("The patient has nothing left that covers this treatment.")
            )
        visit_sudo = self.sudo().visit_id
        visit_sudo._redeem(
            credit, self._get_credit_quantity(credit), reserved=0, on_date=today
        )
        self._set_paying_credit(credit)
        self._check_part_session()

    # === BUSINESS METHODS === #

    def _get_credit_summary(self):
        """Override to name the order that charges the appointment."""
        # Who works the agenda need not read sales to know that it is paid.
        event_sudo = self.sudo()
        if not self.treatment_id or not event_sudo._is_sold():
            return super()._get_credit_summary()
        order = event_sudo.sale_line_id.order_id.name
        if event_sudo.sale_line_id._get_paid_share() >= 1:
            return self.env._("Paid: order %s.", order)
        return self.env._("Ordered, not paid yet: order %s.", order)

    def _is_sold(self):
        """Tell whether an order that stands charges the appointment."""
        self.ensure_one()
        # Practitioners see whether it is sold without a right to read sales.
        line_sudo = self.sudo().sale_line_id
        return bool(line_sudo and line_sudo.order_id.state != "cancel")

    def _sell(self, quantity, name=None):
        """Make the order that charges the appointment. Note: `self.ensure_one()`.

        :param float quantity: sessions or units to charge
        :param str name: the text of the line; the product's own by default
        :return: the line of the order
        """
        self.ensure_one()
        vals = {
            "product_id": self.treatment_id.product_variant_id.id,
            "product_uom_qty": quantity,
        }
        if name:
            vals["name"] = name
        # Whoever may close a visit causes its order; the desk takes the money.
        order_sudo = (
            self.env["sale.order"]
            .sudo()
            .create(
                {
                    "partner_id": self.patient_id.id,
                    "company_id": self.medspa_company_id.id,
                    "order_line": [Command.create(vals)],
                }
            )
        )
        self.sudo().sale_line_id = order_sudo.order_line
        return self.sale_line_id

    def _get_unit_split(self, units):
        """Return how units used are paid: by the patient's bank first, then bought.

        :param float units: used in the visit
        :return: list of (credit, quantity), and the quantity to buy
        """
        self.ensure_one()
        credits_sudo = (
            self.env["medspa.credit"]
            .sudo()
            ._find_usable(
                self.patient_id,
                self.treatment_id,
                self._get_local_date(),
                self.medspa_company_id,
                unit="unit",
            )
        )
        split, rest = [], units
        for credit in credits_sudo:
            if float_compare(rest, 0, precision_digits=3) <= 0:
                break
            quantity = min(credit.available, rest)
            split.append((credit, quantity))
            rest = credit._round_quantity(rest - quantity)
        return split, rest

    def _use_units(self, units):
        """Close a visit that is counted in units: use what is owned, sell the rest.

        Note: `self.ensure_one()`

        :param float units: used in the visit
        :return: the line of the order over what was missing, if anything was
        :raise UserError: not counted in units, or settled before
        """
        self.ensure_one()
        if not self.treatment_id.is_unit_based:
            raise UserError(
                self.env._("%s is not counted in units.", self.treatment_id.name)
            )
        if float_compare(units, 0, precision_digits=3) <= 0:
            raise UserError(self.env._("Enter how many units were used."))
        moves_sudo = self.sudo().credit_move_ids
        uses = moves_sudo.filtered(lambda m: m.kind == "redeem")
        if uses - moves_sudo.restored_move_id or self._is_sold():
            raise UserError(self.env._("The units of this visit are settled already."))
        # An undo keeps what had been used for this visit: it is counted anew.
        self._release()
        if self.appointment_status != "attended":
            self.action_done()
        visit_sudo = self.sudo().visit_id
        split, rest = self._get_unit_split(units)
        for credit, quantity in split:
            visit_sudo._redeem(credit, quantity, reserved=0)
        visit_sudo.units_used = units
        if float_compare(rest, 0, precision_digits=3) <= 0:
            self._set_paying_credit(split[-1][0])
            return self.env["sale.order.line"]
        return self._sell(
            rest,
            self.env._(
                "%(treatment)s: %(units)s units used, %(owned)s of them from the bank",
                treatment=self.treatment_id.name,
                units=f"{units:g}",
                owned=f"{units - rest:g}",
            ),
        )
