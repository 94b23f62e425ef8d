# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date, timedelta

from odoo import Command, fields
from odoo.tests import Form, freeze_time, tagged

from .price_common import PriceCase


@tagged("post_install", "-at_install")
@freeze_time("2026-02-02 08:00:00")
class TestMemberPrices(PriceCase):
    """The lookup decides: who pays the member's price, and how much it is."""

    def test_a_member_has_a_member_price_and_a_stranger_has_not(self):
        self.assertEqual(self._price(self.peel), 120)
        self._join()
        self.assertEqual(self._price(self.peel), 102)
        self.assertEqual(self._price(self.laser), 64)
        self.assertEqual(self._price(self.peel, self.other_patient), 120)

    def test_it_stops_and_returns_with_the_membership(self):
        membership = self._join()
        for state, price in [
            ("suspended", 120),
            ("active", 102),
            ("past_due", 102),
            ("active", 102),
            ("ending", 102),
            ("ended", 120),
        ]:
            membership._transition(state)
            self.assertEqual(self._price(self.peel), price, state)

    def test_a_pause_keeps_the_price_only_where_its_rule_says_so(self):
        for meaning, price in [("usable_skip", 102), ("frozen_shift", 120)]:
            partner = self.env["res.partner"].create({"name": meaning})
            membership = self._join(partner=partner)
            membership._pause(date(2026, 2, 2), meaning=meaning)
            self.assertEqual(self._price(self.peel, partner), price, meaning)

    def test_the_last_day_is_the_clinics(self):
        membership = self._join()
        membership.sudo().write({"end_date": "2026-02-10"})
        membership._transition("ending")
        # 23:30 of the tenth in Madrid, then half past midnight of the eleventh.
        for moment, price in [
            ("2026-02-10 22:30:00", 102),
            ("2026-02-10 23:30:00", 120),
        ]:
            with freeze_time(moment):
                self.env.invalidate_all()
                self.assertEqual(self._price(self.peel), price, moment)

    def test_nothing_is_stored_on_the_patient(self):
        self._join()
        with Form(self.patient) as form:
            form.comment = "Saved while a member"
        member_list = self.patient.property_product_pricelist
        self.patient.property_product_pricelist = member_list
        self.assertFalse(self.patient.specific_property_product_pricelist.member_key)
        self.patient.membership_ids._transition("suspended")
        self.assertEqual(self.patient.property_product_pricelist, self.public_list)

    def test_the_patients_own_pricelist_stays_the_base(self):
        breaks = [
            {"compute_price": "fixed", "fixed_price": 100, "min_quantity": 0},
            {"compute_price": "fixed", "fixed_price": 90, "min_quantity": 5},
        ]
        own = self._create_pricelist("Company rate", items=breaks)
        self.patient.specific_property_product_pricelist = own
        self._join()
        self.assertEqual(self._price(self.peel), 85)
        self.assertEqual(self._price(self.peel, quantity=5), 76.5)

    def test_another_currency_is_priced_in_its_own_rounding(self):
        dollars = self._create_pricelist("Dollars", currency_id=self.dollar.id)
        yen = self.env.ref("base.JPY")
        yen.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": yen.id,
                "company_id": self.company.id,
                "name": "2020-01-01",
                "rate": 163.37,
            }
        )
        in_yen = self._create_pricelist("Yen", currency_id=yen.id)
        self._join()
        self.patient.specific_property_product_pricelist = dollars
        self.assertEqual(self._price(self.peel), 204)
        self.patient.specific_property_product_pricelist = in_yen
        # 120 x 163.37 = 19,604.4; less 15 % is 16,663.74.
        self.assertEqual(self._price(self.peel), 16664)

    def test_fixed_prices_of_another_currency_are_not_converted(self):
        item = {"compute_price": "fixed", "fixed_price": 99.99}
        dollars = self._create_pricelist(
            "Dollars", items=[item], currency_id=self.dollar.id
        )
        self.patient.specific_property_product_pricelist = dollars
        self._join()
        # 84.9915
        self.assertEqual(self._price(self.peel), 84.99)

    def test_of_several_plans_the_best_counts_for_each_product(self):
        self._join()
        category = self.env["product.category"].create({"name": "Faces"})
        below = self.env["product.category"].create(
            {"name": "Peels", "parent_id": category.id}
        )
        self.peel.categ_id = below
        other = self._create_plan("Radiance", 49, benefits=[])
        self._add_discounts(
            other,
            {"applied_on": "category", "categ_id": category.id, "percent": 25},
            {"applied_on": "product", "product_tmpl_id": self.laser.id, "percent": 5},
        )
        second = self._join(other)
        self.assertEqual(self._price(self.peel), 90)
        self.assertEqual(self._price(self.laser), 64)
        second._transition("suspended")
        self.assertEqual(self._price(self.peel), 102)

    def test_a_product_that_moves_takes_the_discount_of_its_category(self):
        self._join()
        category = self.env["product.category"].create({"name": "Faces"})
        other = self._create_plan("Radiance", 49, benefits=[])
        self._add_discounts(
            other,
            {"applied_on": "category", "categ_id": category.id, "percent": 25},
        )
        self._join(other)
        self.assertEqual(self._price(self.laser), 64)
        self.laser.categ_id = category
        self.assertEqual(self._price(self.laser), 60)

    def test_the_narrowest_discount_of_one_plan_decides(self):
        plan = self._create_plan("Careful", 49, benefits=[])
        self._add_discounts(
            plan,
            {"applied_on": "all", "percent": 20},
            {"applied_on": "product", "product_tmpl_id": self.peel.id, "percent": 5},
        )
        self._join(plan)
        self.assertEqual(self._price(self.peel), 114)
        self.assertEqual(self._price(self.laser), 64)

    def test_a_promotion_is_not_reduced_again(self):
        self._join()
        self.public_list.item_ids = [
            Command.create(
                {
                    "applied_on": "1_product",
                    "product_tmpl_id": self.peel.id,
                    "compute_price": "fixed",
                    "fixed_price": 95,
                    "date_start": "2026-02-01",
                    "date_end": "2026-02-28",
                }
            ),
            Command.create(
                {
                    "applied_on": "1_product",
                    "product_tmpl_id": self.laser.id,
                    "compute_price": "percentage",
                    "percent_price": 10,
                }
            ),
        ]
        self.assertEqual(self._price(self.peel, self.other_patient), 95)
        self.assertEqual(self._price(self.peel), 95)
        # A promotion never makes a member pay more than the membership says.
        self.assertEqual(self._price(self.laser, self.other_patient), 72)
        self.assertEqual(self._price(self.laser), 64)
        with freeze_time("2026-03-01 08:00:00"):
            self.assertEqual(self._price(self.peel), 102)

    def test_a_promotion_is_reduced_again_where_the_plan_says_so(self):
        self.plan.stacks_with_promotions = True
        self._join()
        self.public_list.item_ids = [
            Command.create({"compute_price": "percentage", "percent_price": 10})
        ]
        # 120 less 10 % is 108, less 15 % of that.
        self.assertEqual(self._price(self.peel), 91.8)

    def test_the_manager_says_what_is_a_promotion(self):
        self._join()
        self.public_list.item_ids = [
            Command.create(
                {
                    "compute_price": "percentage",
                    "percent_price": 10,
                    "is_promotion": False,
                }
            )
        ]
        self.assertEqual(self._price(self.peel), 91.8)

    def test_later_edits_do_not_reach_who_joined_before(self):
        self._join()
        self.plan.discount_ids.filtered(lambda d: d.applied_on == "all").percent = 5
        self.assertEqual(self._price(self.peel), 102)
        self._join(partner=self.other_patient)
        self.assertEqual(self._price(self.peel, self.other_patient), 114)
        self.plan.with_user(self.manager).action_apply_discounts()
        self.assertEqual(self._price(self.peel), 114)

    def test_plans_and_joining_fees_are_never_reduced(self):
        self._join()
        other = self._create_plan("Radiance", 49, benefits=[], joining_fee=30)
        order = self._order(other.product_tmpl_id)
        self.assertEqual(order.pricelist_id.member_base_id, self.public_list)
        self.assertEqual(sorted(order.order_line.mapped("price_unit")), [30, 49])

    def test_courses_are_reduced_like_treatments(self):
        self._join()
        self.assertEqual(self._price(self.peel_course), 382.5)

    def test_a_quotation_follows_the_membership_while_it_is_open(self):
        membership = self._join()
        order = self._order(self.peel, (self.laser, 2))
        order.order_line[1].price_unit = 50
        self.assertEqual(order.amount_untaxed, 202)
        self.assertEqual(order.member_saving, 18 + 60)
        membership._transition("suspended")
        # The price entered by hand stays.
        self.assertEqual(order.amount_untaxed, 220)
        self.assertFalse(order.has_member_price)
        membership._transition("active")
        order.action_confirm()
        membership._transition("suspended")
        self.assertEqual(order.amount_untaxed, 202)

    def test_staff_choose_a_currency_and_the_member_keeps_the_discount(self):
        dollars = self._create_pricelist("Dollars", currency_id=self.dollar.id)
        self._join()
        user = self.receptionist
        user.group_ids |= self.env.ref("product.group_product_pricelist")
        form = Form(self.env["sale.order"].with_user(user))
        form.partner_id = self.patient
        form.pricelist_id = dollars
        with form.order_line.new() as line:
            line.product_id = self.peel.product_variant_id
        order = form.save()
        self.assertEqual(order.currency_id, self.dollar)
        self.assertEqual(order.amount_untaxed, 204)

    def test_an_invoice_by_hand_has_the_member_price(self):
        self._join()
        self.env.user.group_ids |= self.env.ref("account.group_account_invoice")
        form = Form(
            self.env["account.move"].with_context(default_move_type="out_invoice")
        )
        form.partner_id = self.patient
        with form.invoice_line_ids.new() as line:
            line.product_id = self.peel.product_variant_id
        with form.invoice_line_ids.new() as line:
            line.product_id = self.laser.product_variant_id
            line.price_unit = 70
            line.quantity = 2
        invoice = form.save()
        self.assertEqual(invoice.invoice_line_ids.mapped("price_unit"), [102, 70])
        form = Form(invoice)
        form.partner_id = self.other_patient
        invoice = form.save()
        self.assertEqual(invoice.invoice_line_ids.mapped("price_unit"), [120, 70])

    def test_members_versions_are_offered_to_nobody(self):
        self._join()
        Pricelist = self.env["product.pricelist"]
        versions = self.public_list._get_member_versions()
        self.assertTrue(versions)
        self.assertFalse(Pricelist.search([("member_key", "!=", False)]))
        self.public_list.active = False
        stranger = self.env["res.partner"].create({"name": "Nobody"})
        self.assertFalse(stranger.property_product_pricelist.member_key)

    def test_a_new_pricelist_has_its_versions_at_once(self):
        self._join()
        dollars = self._create_pricelist("Dollars", currency_id=self.dollar.id)
        self.assertTrue(dollars._get_member_versions())
        dollars.currency_id = self.euro
        self.assertEqual(dollars._get_member_versions().currency_id, self.euro)
        dollars.unlink()
        self.assertEqual(self._price(self.peel), 102)

    def test_a_clinic_without_pricelists_has_member_prices(self):
        self.public_list.active = False
        self._join()
        self.assertEqual(self._price(self.peel), 102)
        self.patient.membership_ids._transition("suspended")
        self.assertEqual(self._price(self.peel), 120)

    def test_the_plan_switches_the_pricelists_on(self):
        group = self.env.ref("product.group_product_pricelist")
        implying = self.env["res.groups"].search([("implied_ids", "in", group.ids)])
        implying.implied_ids -= group
        group.user_ids = False
        Groups = self.env["res.groups"]
        self.assertFalse(Groups._is_feature_enabled("product.group_product_pricelist"))
        plan = self._create_plan("Radiance", 49, benefits=[]).with_user(self.manager)
        self._add_discounts(plan, {"applied_on": "all", "percent": 10})
        self.assertTrue(Groups._is_feature_enabled("product.group_product_pricelist"))

    def test_the_lookup_costs_one_query(self):
        self._join()
        products = self.peel | self.laser | self.peel_course

        def count(partner):
            self.env.invalidate_all()
            self.env["res.groups"]._is_feature_enabled("base.group_user")
            before = self.env.cr.sql_log_count
            pricelist = partner.property_product_pricelist
            for price in pricelist._get_products_price(products, 1.0).values():
                pricelist.currency_id.format(price)
            return self.env.cr.sql_log_count - before

        count(self.patient)
        count(self.other_patient)
        self.assertLessEqual(count(self.patient) - count(self.other_patient), 1)

    def test_many_members_cost_the_lookup_of_one(self):
        partners = self.env["res.partner"].create(
            [{"name": f"Member {number}"} for number in range(5)]
        )
        for partner in partners:
            self._join(partner=partner)
        self._join()

        def count(patients):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            patients.mapped("property_product_pricelist")
            return self.env.cr.sql_log_count - before

        count(partners)
        self.assertEqual(count(partners), count(self.patient))

    def test_a_fiscal_position_changes_the_tax_and_not_the_discount(self):
        tax_in = self.env["account.tax"].create(
            {
                "name": "20 % in",
                "amount": 20,
                "price_include_override": "tax_included",
                "company_id": self.company.id,
            }
        )
        self.peel.taxes_id = tax_in
        abroad = self.env["account.fiscal.position"].create(
            {"name": "Abroad", "company_id": self.company.id}
        )
        tax_zero = self.env["account.tax"].create(
            {
                "name": "0 %",
                "amount": 0,
                "company_id": self.company.id,
                "fiscal_position_ids": [Command.set(abroad.ids)],
                "original_tax_ids": [Command.set(tax_in.ids)],
            }
        )
        self._join()
        order = self._order(self.peel, fiscal_position_id=abroad.id)
        self.assertEqual(order.order_line.tax_ids, tax_zero)
        # 102 with tax are 85 without.
        self.assertEqual(order.amount_total, 85)

    def test_another_companys_membership_gives_nothing_here(self):
        self._join()
        other = self.env["res.company"].create({"name": "Elsewhere"})
        pricelist = self.patient.with_company(other).property_product_pricelist
        self.assertFalse(pricelist.sudo().member_key)

    def test_yesterdays_cache_does_not_outlive_the_membership(self):
        membership = self._join()
        self.assertEqual(self._price(self.peel), 102)
        today = fields.Date.to_date("2026-02-02")
        membership.sudo().end_date = today - timedelta(days=1)
        self.assertEqual(self._price(self.peel), 120)
