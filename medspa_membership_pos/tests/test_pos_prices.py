# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.tests import freeze_time, tagged

from .common import PosCase


@tagged("post_install", "-at_install")
@freeze_time("2026-02-02 08:00:00")
class TestPosPrices(PosCase):
    """The till is told the pricelist of each patient, and everything to price by it.

    What the till makes of it is tested in its own language, with the same numbers: see
    static/tests/unit/member_price.test.js.
    """

    def test_the_table_of_the_other_tills(self):
        """The same baskets; a till has one currency, that of its journal."""
        self.taxes["included"].company_id = self.company
        rows = 0
        for partner, currency, lines, total in self._each_row():
            if currency == "other":
                continue
            rows += 1
            pricelist = self.env["product.pricelist"].browse(
                partner.get_till_patient(self.config.id)["pricelist_id"]
            )
            found = 0.0
            for product, quantity in lines:
                variant = product.product_variant_id
                price = pricelist._get_product_price(variant, quantity)
                taxes = product.taxes_id.compute_all(price, self.euro, quantity)
                found += taxes["total_included"]
            self.assertAlmostEqual(found, total)
        self.assertEqual(rows, 24)

    def test_the_till_has_the_members_pricelists_and_all_below(self):
        member = self.people["member"]
        version = member.property_product_pricelist
        session = self.config.current_session_id
        data = session.load_data(
            ["pos.config", "pos.preset", "product.template", "product.product"]
            + ["product.category", "product.pricelist", "product.pricelist.item"]
            + ["pos.order", "res.partner"]
        )
        lists = {row["id"]: row for row in data["product.pricelist"]}
        self.assertEqual(lists[version.id]["member_base_id"], self.public_list.id)
        self.assertIn(self.public_list.id, lists)
        items = {row["id"]: row for row in data["product.pricelist.item"]}
        self.assertEqual(
            sorted(items[i]["percent_price"] for i in version.item_ids.ids), [0, 15, 20]
        )

    def test_archived_for_others_and_kept_by_the_till(self):
        version = self.people["member"].property_product_pricelist
        self.assertFalse(version.active)
        self.assertFalse(version._unrelevant_records(self.config))
        self.other_list.active = False
        self.assertTrue(self.other_list._unrelevant_records(self.config))

    def test_a_till_with_another_pricelist_prices_members_by_that(self):
        special = self._create_pricelist("Till prices")
        config = self._create_till(special)
        member, stranger = self.people["member"], self.people["stranger"]
        rows = self.env["res.partner"]._load_pos_data_read(member | stranger, config)
        found = {row["id"]: row["property_product_pricelist"] for row in rows}
        self.assertEqual(found[stranger.id], special.id)
        version = self.env["product.pricelist"].browse(found[member.id])
        self.assertEqual(version.member_base_id, special)

    def test_a_till_without_pricelists_has_member_prices(self):
        self.config.current_session_id.write({"state": "closed"})
        self.config.write({"use_pricelist": False})
        member = self.people["member"]
        told = member.get_till_patient(self.config.id)
        version = self.env["product.pricelist"].browse(told["pricelist_id"])
        self.assertFalse(version.member_base_id)
        self.assertEqual(version._get_product_price(self.peel, 1), 102)
        self.assertFalse(
            self.people["stranger"].get_till_patient(self.config.id)["pricelist_id"]
        )

    def test_a_membership_that_stopped_is_told_when_the_customer_is_chosen(self):
        member = self.people["member"]
        told = member.get_till_patient(self.config.id)
        self.assertEqual(
            [row["id"] for row in told["product.pricelist"]], [told["pricelist_id"]]
        )
        member.membership_ids._transition("suspended")
        told = member.get_till_patient(self.config.id)
        self.assertEqual(told["pricelist_id"], self.public_list.id)
