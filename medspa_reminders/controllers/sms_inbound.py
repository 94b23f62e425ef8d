# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import base64
import hashlib
import hmac
import logging

from werkzeug.exceptions import NotFound

from odoo.http import Controller, Response, request, route
from odoo.tools import consteq

_logger = logging.getLogger(__name__)

# Twilio wants an answer in its own markup: nothing to reply.
EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


class SmsInbound(Controller):
    """What patients answer by SMS: STOP and START are done at once."""

    @route(
        "/medspa/sms/inbound/<string:key>",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def sms_inbound(self, key, **kwargs):
        """Take an SMS from any gateway; the address itself carries the secret.

        Gateways name the fields differently: `from` or `msisdn`, `text`, `body` or
        `message`.
        """
        # The gateway has no user: the key in the address is compared with each
        # clinic's.
        companies_sudo = request.env["res.company"].sudo().search([])
        if not any(
            company.sms_inbound_key
            and consteq(company.sms_inbound_key.encode(), key.encode())
            for company in companies_sudo
        ):
            raise NotFound()
        values = {name.lower(): value for name, value in kwargs.items()}
        number = values.get("from") or values.get("msisdn")
        text = values.get("text") or values.get("body") or values.get("message")
        self._take(number, text)
        return "OK"

    @route(
        "/medspa/sms/twilio",
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def sms_twilio(self, **kwargs):
        """Take an SMS from Twilio, signed with the clinic's own key."""
        params = request.httprequest.form.to_dict()
        if not self._find_twilio_company(params):
            _logger.warning("An SMS with a wrong signature was refused")
            raise NotFound()
        self._take(params.get("From"), params.get("Body"))
        return Response(EMPTY_TWIML, content_type="text/xml")

    def _take(self, number, text):
        # Called when key or signature have been compared.
        answer = request.env["res.partner"].sudo()._answer_sms(number, text)
        _logger.info("SMS received: %s", answer or "nothing to do")

    def _find_twilio_company(self, params):
        """Return the clinic whose key has signed the request, or nothing."""
        # The gateway has no user: its signature is compared with each clinic's key.
        Company_sudo = request.env["res.company"].sudo()
        if "sms_twilio_auth_token" not in Company_sudo._fields:
            return Company_sudo
        signature = request.httprequest.headers.get("X-Twilio-Signature", "")
        companies = Company_sudo.search(
            [
                ("sms_twilio_account_sid", "=", params.get("AccountSid") or False),
                ("sms_twilio_auth_token", "!=", False),
            ]
        )
        return companies.filtered(
            lambda company: hmac.compare_digest(
                self._sign_for_twilio(company, params).encode(), signature.encode()
            )
        )[:1]

    @staticmethod
    def _sign_for_twilio(company, params):
        """Return Twilio's signature: the address and the sorted fields, HMAC-SHA1.

        Twilio knows the public address, which a proxy may hide from us.
        """
        data = f"{company.get_base_url()}/medspa/sms/twilio" + "".join(
            f"{name}{value}" for name, value in sorted(params.items())
        )
        digest = hmac.new(
            company.sms_twilio_auth_token.encode(), data.encode(), hashlib.sha1
        ).digest()
        return base64.b64encode(digest).decode()
