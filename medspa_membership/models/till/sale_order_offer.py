# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command, api, fields, models
from odoo.fields import Domain


class SaleOrder(models.Model):
    """What an open order would have cost in a plan, for a patient who has none."""

    _inherit = "sale.order"

    member_offer = fields.Char(
        "As a member",
        compute="_compute_member_offer",
        help="What the plan that saves most would save on this order.",
    )

    @api.depends("order_line.price_total", "partner_id", "pricelist_id")
    def _compute_member_offer(self):
        for order in self:
            offer = order._get_member_offer()
            order.member_offer = offer and offer["text"]

    # === ACTION METHODS === #

    def action_join_plan(self):
        """Open a quotation of the plan that saves most. Note: `self.ensure_one()`."""
        self.ensure_one()
        offer = self._get_member_offer()
        if not offer:
            return None
        order = self.create(
            {
                "partner_id": self.partner_id.id,
                "company_id": self.company_id.id,
                "order_line": [
                    Command.create({"product_id": offer["product"].id}),
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": order.id,
            "views": [(False, "form")],
        }

    # === BUSINESS METHODS === #

    def _get_member_offer(self, is_public=False):
        """Return the plan on sale that would save most on this order.

        Note: `self.ensure_one()`

        :param bool is_public: of the plans with a page that patients can open

        :return: None, or dict of `plan`, `product`, `saving` (this time, with tax),
            `price` of the plan, `url` of its page and `text`
        """
        self.ensure_one()
        lines = self.order_line.filtered(lambda line: line._may_be_cheaper_in_plan())
        if self.state not in ("draft", "sent") or self.has_plan or not lines:
            return None
        order = self.with_company(self.company_id)
        pricelist = order.pricelist_id.sudo()
        if pricelist.member_key or order._is_member():
            return None
        plans_sudo = self.env["sale.subscription.template"]._get_discount_plans_on_sale(
            self.company_id, on_website=is_public or bool(self.website_id)
        )
        best, saving = plans_sudo._pick_best_plan(
            pricelist, lines._get_saving_with, self.currency_id
        )
        return order._prepare_member_offer(best, saving) if best else None

    def _is_member(self):
        """Tell whether the patient is in a plan, whatever it gives just now."""
        self.ensure_one()
        return self._get_priced_patient()._origin._is_in_plan(self.company_id)

    def _prepare_member_offer(self, plan, saving):
        product = plan.product_tmpl_id
        amounts = plan._get_list_amounts()
        text = [
            self.env._(
                "In %(plan)s this would cost %(cost)s: %(saving)s less. The plan is "
                "%(price)s %(period)s.",
                plan=plan.name,
                cost=self.currency_id.format(self.amount_total - saving),
                saving=self.currency_id.format(saving),
                price=plan.currency_id.format(amounts["price"]),
                period=plan.period_label,
            )
        ]
        if plan.joining_fee:
            fee = plan._get_payment(
                plan.company_id or self.company_id, plan.joining_fee
            )
            text.append(
                self.env._("Joining costs %s once.", plan.currency_id.format(fee))
            )
        if plan.minimum_periods:
            total = plan._get_term_total(amounts["price"], amounts["first"])
            text.append(
                self.env._(
                    "The minimum term is %(periods)s payments, %(total)s in all.",
                    periods=plan.minimum_periods,
                    total=plan.currency_id.format(total),
                )
            )
        return {
            "plan": plan,
            "product": product.product_variant_id,
            "saving": saving,
            "price": plan.price,
            "url": product.website_url,
            "text": " ".join(text),
        }


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _may_be_cheaper_in_plan(self):
        """Tell whether the price of the line comes from a pricelist alone."""
        self.ensure_one()
        return bool(
            self.product_id
            and self.price_unit > 0
            and not self._has_price_of_its_own()
            and not self._has_price_by_hand()
        )

    def _get_saving_with(self, version):
        """Return what the lines would cost less by a members' pricelist, with tax."""
        saving = 0.0
        for line, price in self._get_unit_prices_with(version).items():
            totals = line.tax_ids.compute_all(
                price, line.currency_id, line.product_uom_qty, product=line.product_id
            )
            saving += max(line.price_total - totals["total_included"], 0.0)
        return saving

    def _get_unit_prices_with(self, version):
        """Return the unit price of each line by a members' pricelist.

        One look-up for each quantity that occurs.
        """
        found = {}
        for quantity, lines in self.grouped("product_uom_qty").items():
            prices = version._get_products_price(
                lines.product_id, quantity, currency=lines.currency_id[:1]
            )
            for line in lines:
                found[line] = line.product_id._get_tax_included_unit_price_from_price(
                    prices[line.product_id.id],
                    product_taxes=line.product_id.taxes_id._filter_taxes_by_company(
                        line.company_id
                    ),
                    fiscal_position=line.order_id.fiscal_position_id,
                )
        return found


class SaleSubscriptionTemplate(models.Model):
    """Which plan would save a patient who has none the most."""

    _inherit = "sale.subscription.template"

    @api.model
    def _get_discount_plans_on_sale(self, company, on_website=False):
        """Return the plans with discounts that a patient can join, as superuser.

        :param bool on_website: only those with a page of their own
        """
        domain = (
            Domain("is_plan", "=", True)
            & Domain("discount_ids", "!=", False)
            & Domain("product_tmpl_id.sale_ok", "=", True)
            & Domain("product_tmpl_id.active", "=", True)
            & Domain("company_id", "in", (company.id, False))
        )
        if on_website:
            domain &= Domain("product_tmpl_id.is_published", "=", True)
        # Visitors may not read plans; what is on sale is public.
        return self.sudo().search(domain)

    def _pick_best_plan(self, pricelist, get_saving, currency):
        """Return the plan that a patient fares best with, and what it saves.

        What joining costs counts against what it saves: the dearest plan always saves
        most. No plan and nothing where none saves anything.

        :param pricelist: the one that the patient pays by now, no members' version
        :param get_saving: function of a members' pricelist that returns the saving
        """
        best, least, most = self.browse(), None, 0.0
        company = self.env.company
        for plan in self:
            version = pricelist._get_version_for(plan._get_discount_set())
            saving = get_saving(version)
            if currency.compare_amounts(saving, 0) <= 0:
                continue
            cost = plan.currency_id._convert(
                plan._get_list_amounts()["first"],
                currency,
                plan.company_id or company,
                company._medspa_date(),
            )
            if least is None or currency.compare_amounts(cost - saving, least) < 0:
                best, least, most = plan, cost - saving, saving
        return best, most


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _is_in_plan(self, company):
        """Tell whether a patient is in a plan, whatever it gives just now.

        Who is suspended or on a pause need not be told to join.
        """
        domain = [
            ("partner_id", "in", self.ids),
            ("company_id", "=", company.id),
            ("membership_state", "not in", (False, "pending", "ended")),
        ]
        Membership_sudo = self.env["sale.subscription"].sudo()
        return bool(self and Membership_sudo.search_count(domain, limit=1))
