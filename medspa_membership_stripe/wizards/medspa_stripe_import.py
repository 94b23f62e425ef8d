# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import stripe

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize

TIMEOUT_SECONDS = 10
# What a request may take: the rest is read when the button is pressed again.
READ_SECONDS = 45
PAGE = 100


class MedspaStripeImport(models.TransientModel):
    """Brings the saved cards of a Stripe account to the patients they belong to.

    For a clinic whose earlier system charged by Stripe: the cards stay where they are,
    and Odoo learns of them, so that no patient has to type theirs again. A patient is
    known by the e-mail address; where several have the same one, people decide. Nothing
    is written before every row was shown, and what is here is not brought again.
    """

    _name = "medspa.stripe.import"
    _description = "Bring Saved Cards from Stripe"
    _transient_max_hours = 24.0

    step = fields.Selection(
        [("start", "Start"), ("check", "Check"), ("done", "Done")],
        default="start",
        required=True,
        readonly=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    provider_id = fields.Many2one(
        "payment.provider", compute="_compute_provider_id", compute_sudo=True
    )
    cursor = fields.Char(help="The last customer that was read.")
    has_more = fields.Boolean("More to read")
    line_ids = fields.One2many("medspa.stripe.import.line", "import_id", readonly=True)
    new_count = fields.Integer(compute="_compute_counts")
    there_count = fields.Integer(compute="_compute_counts")
    left_count = fields.Integer(compute="_compute_counts")
    done_count = fields.Integer(compute="_compute_counts")

    # === COMPUTE METHODS === #

    @api.depends("company_id")
    def _compute_provider_id(self):
        for wizard in self:
            wizard.provider_id = self.env["payment.provider"].search(
                [
                    *self.env["payment.provider"]._check_company_domain(
                        wizard.company_id
                    ),
                    ("code", "=", "stripe"),
                    ("state", "!=", "disabled"),
                ],
                limit=1,
            )

    @api.depends("line_ids.outcome")
    def _compute_counts(self):
        for wizard in self:
            outcomes = wizard.line_ids.mapped("outcome")
            wizard.new_count = outcomes.count("new")
            wizard.there_count = outcomes.count("there")
            wizard.done_count = outcomes.count("done")
            wizard.left_count = (
                len(outcomes)
                - wizard.new_count
                - wizard.there_count
                - wizard.done_count
            )

    # === ACTION METHODS === #

    def action_check(self):
        """Read the account and show what would become of every card."""
        self.ensure_one()
        self.check_access("write")
        self.sudo().line_ids.unlink()
        self.write({"cursor": False, "has_more": True})
        return self.action_read_on()

    def action_read_on(self):
        """Read on where the time was up."""
        self.ensure_one()
        self.check_access("write")
        if not self.provider_id:
            raise UserError(
                self.env._(
                    "Stripe is not switched on for %s. Set it up under the payment"
                    " providers first.",
                    self.company_id.name,
                )
            )
        until = time.monotonic() + READ_SECONDS
        with self._readable_errors():
            client = self._get_client()
            while self.has_more and time.monotonic() < until:
                self._read_page(client)
        self.step = "check"
        return self._reopen()

    def action_import(self):
        """Save the cards that were shown as new."""
        self.ensure_one()
        self.check_access("write")
        if self.step != "check" or self.has_more:
            raise UserError(self.env._("Read all of the account first."))
        provider_sudo = self.provider_id.sudo()
        # Two managers at once: the second is told to wait.
        provider_sudo.lock_for_update()
        lines = self.line_ids.filtered(lambda line: line.outcome == "new")
        known = self._get_known_methods(lines.mapped("method_ref"))
        there = lines.filtered(lambda line: line.method_ref in known)
        there.sudo().outcome = "there"
        new = lines - there
        self.env["payment.token"].sudo().create(
            [
                line._prepare_token_vals(
                    provider_sudo, self._get_payment_method(line.card_brand)
                )
                for line in new
            ]
        )
        new.sudo().outcome = "done"
        self.step = "done"
        return self._reopen()

    # === BUSINESS METHODS: READING === #

    def _get_client(self):
        """Return Stripe's own client for the account."""
        provider_sudo = self.provider_id.sudo()
        parts = urlsplit(provider_sudo._build_request_url("customers"))
        return stripe.StripeClient(
            provider_sudo.stripe_secret_key,
            base_addresses={"api": f"{parts.scheme}://{parts.netloc}"},
            http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
            max_network_retries=2,
        ).v1

    @contextmanager
    def _readable_errors(self):
        """Say in words of the clinic what went wrong at Stripe."""
        try:
            yield
        except stripe.AuthenticationError as error:
            raise UserError(
                self.env._(
                    "Stripe does not accept the secret key. Check it on the payment"
                    " provider."
                )
            ) from error
        except stripe.PermissionError as error:
            raise UserError(
                self.env._(
                    "The secret key may not read customers and payment methods. Allow"
                    " it at Stripe, or use the full secret key."
                )
            ) from error
        except stripe.RateLimitError as error:
            raise UserError(
                self.env._("Stripe is asked too often now. Try again in a minute.")
            ) from error
        except stripe.APIConnectionError as error:
            raise UserError(
                self.env._(
                    "Stripe did not answer. Nothing was written; please try again."
                )
            ) from error
        except stripe.StripeError as error:
            raise UserError(
                self.env._("Stripe says: %s", error.user_message or str(error))
            ) from error

    def _read_page(self, client):
        """Read some customers with their cards and note what becomes of each."""
        params = {"limit": PAGE}
        if self.cursor:
            params["starting_after"] = self.cursor
        page = client.customers.list(params)
        rows = [
            (customer.to_dict(), method and method.to_dict())
            for customer in page.data
            for method in self._read_methods(client, customer) or [None]
        ]
        self._note_rows(rows)
        self.has_more = page.has_more and bool(page.data)
        if page.data:
            self.cursor = page.data[-1].id

    def _read_methods(self, client, customer):
        """Return the saved cards of a customer."""
        methods = client.payment_methods.list(
            {"customer": customer.id, "type": "card", "limit": PAGE}
        )
        return list(methods.auto_paging_iter())

    # === BUSINESS METHODS: MATCHING === #

    def _note_rows(self, rows):
        """Make a line of each card, with patients and tokens looked up at once."""
        emails = {
            email_normalize(customer.get("email") or "") for customer, _card in rows
        }
        patients = self._get_patients(emails - {False, ""})
        known = self._get_known_methods([method["id"] for _c, method in rows if method])
        seen = set(self.line_ids.mapped(lambda li: (li.partner_id.id, li.fingerprint)))
        vals_list = []
        for customer, method in rows:
            vals = self._prepare_line_vals(customer, method)
            partners = patients.get(email_normalize(vals["email"] or ""), ())
            vals.update(self._judge(vals, partners, known, seen))
            seen.add((vals.get("partner_id"), vals.get("fingerprint")))
            vals_list.append(vals)
        self.env["medspa.stripe.import.line"].sudo().create(vals_list)
        self.invalidate_recordset(["line_ids"])

    def _prepare_line_vals(self, customer, method):
        """Return what Stripe says of a card, or of a customer without one."""
        vals = {
            "import_id": self.id,
            "customer_ref": customer["id"],
            "customer_name": customer.get("name"),
            "email": customer.get("email"),
        }
        if method:
            card = method["card"]
            vals.update(
                method_ref=method["id"],
                fingerprint=card.get("fingerprint"),
                card_brand=card["brand"],
                last4=card["last4"],
                card_expiry_month=card["exp_month"],
                card_expiry_year=card["exp_year"],
            )
        return vals

    def _judge(self, vals, partners, known, seen):
        """Return what becomes of a card, and why."""
        if not vals.get("method_ref"):
            return {"outcome": "no_card"}
        if vals["method_ref"] in known:
            partner = known[vals["method_ref"]]
            return {"outcome": "there", "partner_id": partner.id}
        if len(partners) > 1:
            names = ", ".join(partner.display_name for partner in partners)
            return {
                "outcome": "ambiguous",
                "reason": self.env._("%s have this address.", names),
            }
        if not partners:
            return {
                "outcome": "no_patient",
                "reason": self.env._("Nobody here has this address.")
                if vals["email"]
                else self.env._("The customer has no e-mail address at Stripe."),
            }
        partner_id = partners[0].id
        today = self.company_id._medspa_date()
        last_month = (vals["card_expiry_year"], vals["card_expiry_month"])
        if last_month < (today.year, today.month):
            return {"outcome": "expired", "partner_id": partner_id}
        if vals["fingerprint"] and (partner_id, vals["fingerprint"]) in seen:
            return {
                "outcome": "there",
                "partner_id": partner_id,
                "reason": self.env._("The same card is saved twice at Stripe."),
            }
        return {"outcome": "new", "partner_id": partner_id}

    def _get_patients(self, emails):
        """Return the patients with each of some normalized addresses."""
        partners = self.env["res.partner"].search(
            [
                ("email_normalized", "in", list(emails)),
                ("company_id", "in", (False, self.company_id.id)),
            ]
        )
        return partners.grouped("email_normalized")

    def _get_known_methods(self, method_refs):
        """Return the owners of cards that are here already, archived ones as well."""
        tokens_sudo = (
            self.env["payment.token"]
            .sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("provider_id", "=", self.provider_id.id),
                    ("stripe_payment_method", "in", method_refs),
                ]
            )
        )
        return {token.stripe_payment_method: token.partner_id for token in tokens_sudo}

    def _get_payment_method(self, brand):
        """Return the payment method of a brand, or that of cards in general."""
        Method = self.env["payment.method"].sudo().with_context(active_test=False)
        brand_method = Method.search(
            [("code", "=", brand), ("primary_payment_method_id.code", "=", "card")],
            limit=1,
        )
        return brand_method or self.env.ref("payment.payment_method_card")

    # === TOOLS === #

    def _reopen(self):
        """Return the action that shows this wizard again."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Bring saved cards from Stripe"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "current",
        }
