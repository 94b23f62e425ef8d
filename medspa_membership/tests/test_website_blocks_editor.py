# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from lxml import etree, html

from odoo import Command
from odoo.tests import new_test_user, tagged

from .membership_http_common import MemberPages
from .test_patient_tours import DESK, PHONE

BLOCKS = ("s_medspa_courses", "s_medspa_plans")


@tagged("post_install", "-at_install")
class TestWebsiteBlocksEditor(MemberPages):
    """Our blocks on a page: dropped by an editor's requests, read by visitors."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        new_test_user(
            cls.env,
            "edith",
            groups="base.group_user,website.group_website_designer",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )
        cls.page = cls.env["website.page"].create(
            {
                "name": "Prices",
                "url": "/prices",
                "type": "qweb",
                "key": "medspa_membership.test_page_prices",
                "is_published": True,
                "website_id": cls.website.id,
                "arch": """
                    <t t-call="website.layout" t-name="Prices">
                        <div id="wrap" class="oe_structure oe_empty"/>
                    </t>
                """,
            }
        )

    def _call(self, method, *args):
        return self.make_jsonrpc_request(
            f"/web/dataset/call_kw/ir.ui.view/{method}",
            {"model": "ir.ui.view", "method": method, "args": args, "kwargs": {}},
        )

    def _drop_and_save(self, *names):
        """Put blocks of ours on the page by the requests of the website's editor."""
        self.authenticate("edith", "edith")
        offered = html.fromstring(self._call("render_public_asset", "website.snippets"))
        page = html.fromstring(self.url_open("/prices?enable_editor=1").text)
        place = page.get_element_by_id("wrap")
        for name in names:
            block = offered.find(f".//section[@data-snippet='{name}']")
            # As core's editor does on dropping: room is kept while its content comes.
            block.set(
                "class", block.get("class").replace("snippet_empty", "snippet_loading")
            )
            place.append(block)
        title = place.find(".//section[@data-snippet='s_medspa_plans']//h2")
        title.text = "Join the club"
        value = etree.tostring(place, encoding="unicode")
        self._call(
            "save", [int(place.get("data-oe-id"))], value, place.get("data-oe-xpath")
        )
        self.authenticate(None, None)
        self.env.invalidate_all()

    def _tour_at_both_widths(self, name):
        for size in (DESK, PHONE):
            self.browser_size = size
            self.start_tour("/prices", name, timeout=120)

    def test_blocks_are_dropped_saved_and_read(self):
        hidden = self._create_course_product(
            "Secret course", 100, [(self.laser, 3, 0)], is_published=False
        )
        # More than one of them, and a phone shows arrows beside them.
        self._create_course_product("3 peels", 250, [(self.peel, 3, 0)])
        self._drop_and_save(*BLOCKS)
        arch = self.page.arch
        for name in BLOCKS:
            self.assertIn(f'data-snippet="{name}"', arch)
        # Products and prices come when the page is read, and are never kept with it.
        for kept in (self.peel_course.name, self.plan.name, hidden.name):
            self.assertNotIn(kept, arch)
        self._tour_at_both_widths("medspa_blocks_read")

    def test_page_stands_still_while_plans_come(self):
        self._drop_and_save("s_medspa_plans")
        self._tour_at_both_widths("medspa_block_of_plans")

    def test_block_says_that_no_plan_is_on_sale(self):
        self._drop_and_save("s_medspa_plans")
        self.plan.product_tmpl_id.is_published = False
        self._tour_at_both_widths("medspa_block_of_no_plans")
