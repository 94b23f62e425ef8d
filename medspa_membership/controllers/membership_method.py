# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.http import request, route

from odoo.addons.account_payment.controllers.payment import PaymentPortal
from odoo.addons.account_payment.controllers.portal import PortalAccount
from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

from .membership import MembershipPortal

METHOD_URL = "/membership/method"


class MembershipMethodLink(MembershipPortal):
    @route(
        "/my/memberships/<int:membership_id>/card",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def portal_membership_card(self, membership_id, **kwargs):
        """Lead the member to the page of the payment method."""
        membership_sudo = self._get_own_membership(membership_id)
        if not membership_sudo:
            return request.redirect("/my")
        token = membership_sudo._get_method_token(
            membership_sudo._get_period_to_pay(), hours=2
        )
        return request.redirect(f"{METHOD_URL}/{token}")


class MembershipMethod(PaymentPortal):
    """One step after a failed payment: another card, without a password.

    The link of the mail is signed and expires. It pays one invoice or stores one
    method, and shows the name of the plan and the amount, nothing else of the member.
    """

    @route(
        f"{METHOD_URL}/<string:token>",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def membership_method(self, token, **kwargs):
        """Show what is to be paid, or that a card is to be saved, with core's form."""
        membership_sudo, period_sudo = self._verify_method_token(token)
        if not membership_sudo:
            return self._make_private(
                request.render("medspa_membership.membership_method_expired", {}),
                status=404,
            )
        values = self._prepare_method_values(membership_sudo, period_sudo, token)
        return self._make_private(
            request.render("medspa_membership.membership_method", values)
        )

    @route(
        f"{METHOD_URL}/<string:token>/later",
        type="http",
        auth="public",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def membership_method_later(self, token, day=None, **kwargs):
        """Have the method on file charged again on another day."""
        membership_sudo, period_sudo = self._verify_method_token(token)
        if not membership_sudo or not period_sudo:
            return request.redirect(f"{METHOD_URL}/{token}", code=303)
        days = {str(d): d for d in period_sudo._get_days_to_pay_later()}
        # The second of two taps finds the day chosen: the page says so.
        if str(day) in days and days[str(day)] != period_sudo._get_day_chosen():
            period_sudo._pay_on(days[str(day)])
        return request.redirect(f"{METHOD_URL}/{token}", code=303)

    @route(
        f"{METHOD_URL}/<string:token>/transaction",
        type="jsonrpc",
        auth="public",
        website=True,
    )
    def membership_method_transaction(self, token, access_token=None, **kwargs):
        """Create the transaction of the page and return its processing values.

        :raise ValidationError: the link is no good, or there is nothing to do
        """
        membership_sudo, period_sudo = self._verify_method_token(token)
        if not membership_sudo:
            raise ValidationError(request.env._("This link is too old. Ask for one."))
        pays = self._pays(membership_sudo, period_sudo)
        if not pays and not self._stores(membership_sudo, period_sudo):
            raise ValidationError(
                request.env._("There is nothing to pay: reload the page.")
            )
        self._validate_transaction_kwargs(kwargs)
        self._check_method_choice(membership_sudo, period_sudo, kwargs, pays)
        kwargs.update(
            {
                "partner_id": membership_sudo.partner_id.id,
                "landing_route": f"{METHOD_URL}/{token}?back=1",
                "tokenization_requested": True,
                "is_validation": not pays,
                "amount": None,
                "currency_id": None,
            }
        )
        create_values = {"method_for_membership_id": membership_sudo.id}
        if pays:
            period_sudo._lock_row()
            if not period_sudo._can_be_paid_online():
                raise UserError(
                    request.env._("The payment is on its way: reload the page.")
                )
            invoice_sudo = period_sudo.invoice_id
            kwargs.update(
                {
                    "amount": invoice_sudo.amount_residual,
                    "currency_id": invoice_sudo.currency_id.id,
                }
            )
            create_values["invoice_ids"] = [Command.set(invoice_sudo.ids)]
        kwargs.pop("csrf_token", None)
        tx_sudo = self._create_transaction(custom_create_values=create_values, **kwargs)
        return tx_sudo._get_processing_values()

    @route(
        f"{METHOD_URL}/<string:token>/assign",
        type="jsonrpc",
        auth="user",
        website=True,
    )
    def membership_method_assign(self, token, token_id=None, **kwargs):
        """Charge another of the member's saved methods from now on."""
        membership_sudo, _period_sudo = self._verify_method_token(token)
        if not membership_sudo or not self._is_owner(membership_sudo):
            raise ValidationError(request.env._("This link is too old. Ask for one."))
        tokens_sudo = self._get_own_tokens(membership_sudo)
        chosen_sudo = tokens_sudo.filtered(lambda t: t.id == token_id)
        if not chosen_sudo:
            raise UserError(
                request.env._("Choose a payment method of yours that is valid.")
            )
        membership_sudo._set_payment_method(chosen_sudo)

    # === PAGE === #

    def _prepare_method_values(self, membership_sudo, period_sudo, token):
        """Return what the page shows: a form, or what has become of it."""
        pays = self._pays(membership_sudo, period_sudo)
        failure = self._get_failure_of_page()
        new_card_sudo = self._get_new_card(membership_sudo, failure)
        stores = (
            not pays
            and not new_card_sudo
            and self._stores(membership_sudo, period_sudo)
        )
        values = {
            "membership": membership_sudo,
            "period": period_sudo,
            "is_owner": self._is_owner(membership_sudo),
            "on_its_way": bool(period_sudo) and period_sudo._is_paid_on_its_way(),
            "pays": pays,
            "stores": stores,
            "token": token,
            "days_later": period_sudo._get_days_to_pay_later() if pays else [],
            "day_chosen": pays and period_sudo._get_day_chosen(),
            "failure": failure,
            "new_card": new_card_sudo.display_name,
            "company": membership_sudo.company_id,
            "res_company": membership_sudo.company_id,
        }
        if pays or stores:
            values.update(
                self._prepare_method_form(membership_sudo, period_sudo, token, pays)
            )
        return values

    def _prepare_method_form(self, membership_sudo, period_sudo, token, pays):
        """Return the values of core's payment form on the page."""
        invoice_sudo = period_sudo.invoice_id
        partner_sudo = membership_sudo.partner_id
        providers_sudo = self._get_method_providers(membership_sudo, period_sudo, pays)
        currency = membership_sudo.currency_id
        # Methods and providers are the system's: those of the member's own clinic.
        methods_sudo = (
            request.env["payment.method"]
            .sudo()
            ._get_compatible_payment_methods(
                providers_sudo.ids,
                partner_sudo.id,
                currency_id=currency.id if pays else None,
                force_tokenization=True,
            )
        )
        # The member's own, or none.
        tokens_sudo = (
            self._get_own_tokens(membership_sudo)
            if self._is_owner(membership_sudo)
            else request.env["payment.token"].sudo()
        )
        if pays:
            tokens_sudo = tokens_sudo.filtered(
                lambda t: t.provider_id in providers_sudo
            )
        else:
            # The one that is charged already is nothing to choose.
            tokens_sudo -= membership_sudo.payment_token_id
        return {
            "mode": "payment" if pays else "validation",
            "amount": invoice_sudo.amount_residual if pays else None,
            "currency": currency,
            "partner_id": partner_sudo.id,
            "providers_sudo": providers_sudo,
            "payment_methods_sudo": methods_sudo,
            "tokens_sudo": tokens_sudo,
            "allow_token_selection": True,
            "show_tokenize_input_mapping": dict.fromkeys(providers_sudo.ids, False),
            "transaction_route": f"{METHOD_URL}/{token}/transaction",
            "assign_token_route": None if pays else f"{METHOD_URL}/{token}/assign",
            "landing_route": f"{METHOD_URL}/{token}?back=1",
            "access_token": token,
            "submit_button_label": request.env._("Pay now")
            if pays
            else request.env._("Use this card"),
        }

    # === TOOLS === #

    @staticmethod
    def _verify_method_token(token):
        """Return the membership and the period that a link stands for, sudoed."""
        return request.env["sale.subscription"]._verify_method_token(token)

    @staticmethod
    def _is_owner(membership_sudo):
        """Tell whether the member has logged in."""
        return request.env.user.partner_id == membership_sudo.partner_id

    @staticmethod
    def _pays(membership_sudo, period_sudo):
        """Tell whether the page collects the money of a period."""
        return bool(period_sudo) and period_sudo._can_be_paid_online()

    def _stores(self, membership_sudo, period_sudo):
        """Tell whether the page stores a method.

        Who has logged in may always; a link, as long as there is reason to.
        """
        if period_sudo and period_sudo._is_paid_on_its_way():
            return False
        if self._is_owner(membership_sudo):
            return (
                membership_sudo.membership_state != "ended"
                and not membership_sudo.is_paid_elsewhere
            )
        return membership_sudo._takes_method(period_sudo)

    @staticmethod
    def _get_own_tokens(membership_sudo):
        """Return the saved methods of the member."""
        # Of the member alone, whose membership was checked.
        return (
            request.env["payment.token"]
            .sudo()
            .search(
                [
                    ("partner_id", "=", membership_sudo.partner_id.id),
                    # A branch charges by the provider of its company.
                    ("company_id", "in", membership_sudo.company_id.parent_ids.ids),
                ]
            )
        )

    @staticmethod
    def _get_method_providers(membership_sudo, period_sudo, pays):
        """Return the providers that can charge the member later on, too."""
        # Providers are the system's: those of the member's own clinic.
        return (
            request.env["payment.provider"]
            .sudo()
            ._get_compatible_providers(
                membership_sudo.company_id.id,
                membership_sudo.partner_id.id,
                period_sudo.invoice_id.amount_residual if pays else 0.0,
                currency_id=membership_sudo.currency_id.id if pays else None,
                force_tokenization=True,
                is_validation=not pays,
            )
        )

    def _check_method_choice(self, membership_sudo, period_sudo, kwargs, pays):
        """Refuse a method that the page has not offered.

        :raise ValidationError: a provider that stores nothing, or a saved method of
            whoever has not logged in
        """
        if kwargs.get("flow") == "token":
            tokens_sudo = self._get_own_tokens(membership_sudo)
            if (
                not pays
                or not self._is_owner(membership_sudo)
                or kwargs.get("token_id") not in tokens_sudo.ids
            ):
                raise ValidationError(request.env._("Choose a card on this page."))
            return
        providers_sudo = self._get_method_providers(membership_sudo, period_sudo, pays)
        # What a request names is looked for among what was offered.
        methods_sudo = (
            request.env["payment.method"]
            .sudo()
            ._get_compatible_payment_methods(
                providers_sudo.ids,
                membership_sudo.partner_id.id,
                force_tokenization=True,
            )
        )
        if (
            kwargs.get("provider_id") not in providers_sudo.ids
            or kwargs.get("payment_method_id") not in methods_sudo.ids
        ):
            raise ValidationError(request.env._("Choose a card on this page."))

    @staticmethod
    def _get_new_card(membership_sudo, failure):
        """Return the card that pays from now on, to who comes back from choosing it."""
        card_sudo = membership_sudo.payment_token_id
        came_back = request.params.get("back") and not failure
        return card_sudo if came_back and card_sudo.active else card_sudo.browse()

    @staticmethod
    def _get_failure_of_page():
        """Return what went wrong when the visitor has just come back from paying."""
        if not request.params.get("back"):
            return None
        tx_id = request.session.get(PaymentPostProcessing.MONITORED_TX_ID_KEY)
        # The transaction of this session, which the server wrote there.
        tx_sudo = request.env["payment.transaction"].sudo().browse(tx_id or []).exists()
        if tx_sudo.state not in ("error", "cancel"):
            return None
        return tx_sudo.state_message or request.env._("It did not work.")

    @staticmethod
    def _make_private(response, status=200):
        """Keep a page with a token in its address to the one who opened it."""
        response.status_code = status
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex"
        return response


class MembershipInvoicePayment(PaymentPortal):
    def _process_transaction(
        self, partner_id, currency_id, invoice_ids, payment_reference, **kwargs
    ):
        """Override of `account_payment` to keep the card that pays a membership."""
        return super()._process_transaction(
            partner_id,
            currency_id,
            invoice_ids,
            payment_reference,
            paid_invoice_ids=invoice_ids,
            **kwargs,
        )


class MembershipInvoicePage(PortalAccount):
    def _invoice_get_page_view_values(self, invoice, access_token, **kwargs):
        """Override of `account_payment`: a membership is paid by what can be stored."""
        if not invoice.membership_period_id:
            return super()._invoice_get_page_view_values(
                invoice, access_token, **kwargs
            )
        values = super()._invoice_get_page_view_values(
            invoice, access_token, paid_invoice_ids=invoice.ids, **kwargs
        )
        if "show_tokenize_input_mapping" in values:
            # It is stored anyway: nothing to tick.
            values["show_tokenize_input_mapping"] = dict.fromkeys(
                values["show_tokenize_input_mapping"], False
            )
        return values
