# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import html
import re

from odoo import Command, http
from odoo.tests import HttpCase
from odoo.tests.common import JsonRpcException

from .membership_common import MembershipCase

PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA"
    "WjR9awAAAABJRU5ErkJggg=="
)


def to_text(page):
    """Return what a visitor reads of a page."""
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", " ", page)
    return re.sub(r"\s+", " ", html.unescape(text)).replace("\xa0", " ")


class MemberPages(MembershipCase, HttpCase):
    """Plans on the website of the clinic, and patients who open its pages."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website = cls.env.ref("website.default_website")
        cls.website.company_id = cls.company
        cls.website.user_id.sudo().write(
            {
                "company_ids": [Command.link(cls.company.id)],
                "company_id": cls.company.id,
            }
        )
        cls.env["website"].search([])._copy_agreement_step()
        cls.provider.write({"is_published": True, "allow_tokenization": True})
        cls.env["payment.provider"].sudo().search(
            [("id", "!=", cls.provider.id), ("state", "!=", "disabled")]
        ).state = "disabled"
        cls.card.write({"active": True, "support_tokenization": True})
        cls.env["product.template"].search(
            [("service_tracking", "=", "medspa_plan")]
        ).is_published = False
        cls.user = cls._create_login(cls.patient, "paula")
        cls.other_user = cls._create_login(cls.other_patient, "oscar")
        cls._publish(cls.plan)
        cls.country = cls.env.ref("base.es")
        cls.patient.write(
            {
                "street": "Calle Mayor 1",
                "city": "Madrid",
                "zip": "28001",
                "phone": "+34600111222",
                "country_id": cls.country.id,
            }
        )
        cls.env.registry.clear_cache()

    @classmethod
    def _create_login(cls, partner, login):
        user = cls._create_portal_user(partner, login)
        user.write(
            {
                "company_ids": [Command.set(cls.company.ids)],
                "company_id": cls.company.id,
            }
        )
        return user

    @classmethod
    def _publish(cls, plan):
        plan.product_tmpl_id.is_published = True
        return plan

    # === REQUESTS === #

    def url_open(self, *args, **kwargs):
        """Override to let the server see what the test has changed, and back."""
        self.env.flush_all()
        response = super().url_open(*args, **kwargs)
        self.env.invalidate_all()
        return response

    def _csrf(self):
        return http.Request.csrf_token(self)

    def _post(self, url, csrf=True, **data):
        if csrf:
            data["csrf_token"] = self._csrf()
        return self.url_open(url, data=data or {"x": "1"}, allow_redirects=False)

    def _read(self, url):
        response = self.url_open(url)
        self.assertEqual(response.status_code, 200, url)
        return to_text(response.text)

    def _rpc(self, url, **params):
        """Call a JSON route.

        :raise JsonRpcException: with the words that the visitor reads
        """
        body = self.url_open(
            url, json={"id": 0, "jsonrpc": "2.0", "method": "call", "params": params}
        ).json()
        if "error" in body:
            error = body["error"]
            raise JsonRpcException(error["code"], error["data"]["message"])
        return body.get("result")

    # === PAYING === #

    def _get_form(self, page):
        """Return the values of core's payment form on a page."""
        return {
            key: html.unescape(found.group(1))
            for key in ("transaction-route", "landing-route", "access-token", "mode")
            if (found := re.search(rf'data-{key}="([^"]*)"', page))
        }

    def _pay_on(self, page, state="done", **params):
        """Pay with a new card on core's payment form; return the transaction."""
        form = self._get_form(page)
        values = self._rpc(
            form["transaction-route"],
            **{
                "provider_id": self.provider.id,
                "payment_method_id": self.card.id,
                "token_id": None,
                "amount": None,
                "flow": "direct",
                "tokenization_requested": form["mode"] == "validation",
                "landing_route": form["landing-route"],
                "is_validation": form["mode"] == "validation",
                "access_token": form["access-token"],
                **params,
            },
        )
        self._rpc(
            "/payment/demo/simulate_payment",
            reference=values["reference"],
            payment_details="4321",
            simulated_state=state,
        )
        self._rpc("/payment/status/poll")
        return self.env["payment.transaction"].search(
            [("reference", "=", values["reference"])]
        )

    def _get_mails(self, record, word):
        return (
            self.env["mail.mail"]
            .sudo()
            .search([("model", "=", record._name), ("res_id", "=", record.id)])
            .filtered(lambda mail: word in (mail.subject or ""))
        )
