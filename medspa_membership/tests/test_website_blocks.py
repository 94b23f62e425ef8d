# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import json
import re

from odoo.tests import HttpCase, tagged

from .common import ClinicData


@tagged("post_install", "-at_install")
class TestWebsiteBlocks(ClinicData, HttpCase):
    """What editors drop on a page, and what search engines read."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_clinic()
        cls.website = cls.env["website"].search([], limit=1)

    def test_block_of_courses_is_offered_to_editors(self):
        arch = self.env.ref("website.snippets").get_combined_arch()
        self.assertIn('t-snippet="medspa_membership.s_medspa_courses"', arch)

    def test_block_shows_courses_on_sale_and_nothing_else(self):
        hidden = self._create_course_product(
            "Secret course", 100, [(self.laser, 3, 0)], is_published=False
        )
        snippet_filter = self.env.ref("medspa_membership.snippet_filter_courses")
        answer = self.make_jsonrpc_request(
            "/website/snippet/filters",
            {
                "filter_id": snippet_filter.id,
                "template_key": "website_sale."
                "dynamic_filter_template_product_product_products_item",
                "limit": 16,
                "search_domain": [],
            },
        )
        text = " ".join(answer)
        self.assertIn("5 peels", text)
        self.assertNotIn(hidden.name, text)
        self.assertNotIn('aria-label="Laser"', text)

    def _get_structured_data(self, product):
        page = self.url_open(product.website_url)
        scripts = re.findall(
            r'application/ld\+json"[^>]*>(.*?)</script>', page.text, re.DOTALL
        )
        found = [json.loads(script) for script in scripts]
        flat = [
            part
            for data in found
            for part in (data if isinstance(data, list) else [data])
        ]
        return next(part for part in flat if part.get("@type") == "Product")

    def test_course_page_says_what_is_in_it(self):
        data = self._get_structured_data(self.peel_course)
        self.assertEqual(data["additionalType"], "https://schema.org/Service")
        self.assertEqual(data["offers"]["price"], 450)
        self.assertEqual(
            data["offers"]["includesObject"],
            [
                {
                    "@type": "TypeAndQuantityNode",
                    "amountOfThisGood": 5,
                    "typeOfGood": {"@type": "Service", "name": "Peel"},
                }
            ],
        )

    def test_treatment_page_leads_to_booking(self):
        data = self._get_structured_data(self.peel)
        self.assertNotIn("includesObject", data["offers"])
        page = self.url_open(self.peel.website_url)
        slug = self.env["ir.http"]._slug(self.peel)
        self.assertIn(f'href="/book/{slug}"', page.text)

    def test_sitemap_lists_what_can_be_booked(self):
        self.laser.is_published = False
        text = self.url_open("/sitemap.xml").text
        slug = self.env["ir.http"]._slug
        self.assertIn(f"/book/{slug(self.peel)}<", text)
        self.assertNotIn(f"/book/{slug(self.laser)}<", text)
        self.assertNotIn("/review", text)
