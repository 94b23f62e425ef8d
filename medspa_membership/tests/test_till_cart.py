# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import re

from odoo import Command, http
from odoo.tests import HttpCase, tagged

from .common import ClinicData


@tagged("post_install", "-at_install")
class TestTillCart(ClinicData, HttpCase):
    """The pages of the cart: credits offered, used and taken off by their owner."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_up_clinic()
        cls.website = cls.env["website"].search(
            [("company_id", "=", cls.company.id)], limit=1
        )
        cls._create_portal_user(cls.patient, "paula_cart")
        cls._create_portal_user(cls.other_patient, "oscar_cart")
        cls.credit = cls._create_credit(2)
        cls.cart = cls.env["sale.order"].create(
            {
                "partner_id": cls.patient.id,
                "website_id": cls.website.id,
                "order_line": [
                    Command.create({"product_id": cls.peel.product_variant_id.id})
                ],
            }
        )

    def _post(self, path, **data):
        return self.url_open(
            f"/shop/cart/credit/{path}",
            {"csrf_token": http.Request.csrf_token(self), **data},
        )

    def _ids(self):
        return {"line_id": self.cart.order_line.id, "credit_id": self.credit.id}

    def test_the_owner_uses_a_session_and_takes_it_off_again(self):
        self.authenticate("paula_cart", "paula_cart")
        page = self.url_open("/shop/cart").text
        self.assertRegex(page, r"o_medspa_use_credit[^>]*>\s*Use 1 session")
        self.assertIn("1 session left afterwards", re.sub(r"\s+", " ", page))
        page = self._post("use", **self._ids()).text
        self.assertIn("Paid by credit", page)
        self.assertEqual(self.cart.amount_total, 0)
        page = self._post("remove", line_id=self.cart.order_line.id).text
        self.assertIn("o_medspa_use_credit", page)
        self.assertEqual(self.cart.amount_total, 120)

    def test_another_patient_gets_nothing(self):
        self.authenticate("oscar_cart", "oscar_cart")
        self._post("use", **self._ids())
        self._post("use", line_id="x", credit_id="")
        self.assertFalse(self.cart.order_line.credit_id)

    def test_the_credit_of_another_does_not_pay(self):
        theirs = self._create_credit(1, partner=self.other_patient)
        self.authenticate("paula_cart", "paula_cart")
        page = self._post(
            "use", line_id=self.cart.order_line.id, credit_id=theirs.id
        ).text
        self.assertIn("cannot pay", page)
        self.assertEqual(self.cart.amount_total, 120)
