# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import binascii

from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import content_disposition, request, route

from ..models.portal.text import read_line
from .portal import ClinicPortal


class MembershipPortal(ClinicPortal):
    """The member's own pages: how it stands, what it gives, what was paid and signed.

    All of them ask for a login; what changes a membership stands in
    `membership_change`. Rights are checked by `_get_own_membership`, and what the
    terms allow by the model.
    """

    # === HOME === #

    def _prepare_home_portal_values(self, counters):
        """Override of `portal` to count memberships, if asked for."""
        values = super()._prepare_home_portal_values(counters)
        if "medspa_membership_count" in counters:
            values["medspa_membership_count"] = request.env[
                "sale.subscription"
            ].search_count(self._get_memberships_domain())
        return values

    # === LIST AND PAGE === #

    @route(
        "/my/memberships",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
        readonly=True,
    )
    def portal_my_memberships(self, **kwargs):
        # Plans and products are not the patient's to read; the memberships are.
        memberships_sudo = (
            request.env["sale.subscription"]
            .search(self._get_memberships_domain(), order="id desc")
            .sudo()
        )
        ended = memberships_sudo.filtered(lambda m: m.membership_state == "ended")
        return request.render(
            "medspa_membership.portal_my_memberships",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "medspa_membership",
                "running": memberships_sudo - ended,
                "ended": ended,
            },
        )

    @route(
        "/my/memberships/<int:membership_id>",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def portal_my_membership(self, membership_id, done=None, **kwargs):
        membership_sudo = self._get_own_membership(membership_id)
        if not membership_sudo:
            return request.redirect("/my")
        return self._render_membership(membership_sudo, done=done)

    def _render_membership(self, membership_sudo, error=None, done=None, **values):
        """Show the page of a membership.

        :param str error: what was refused, in words
        :param str done: the key of what has just been done, see the template
        """
        today = membership_sudo.company_id._medspa_date()
        periods_sudo = membership_sudo.period_ids.sorted(
            lambda p: (p.start_date, p.id), reverse=True
        )
        return request.render(
            "medspa_membership.portal_my_membership",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "medspa_membership",
                "membership": membership_sudo,
                "membership_url": f"/my/memberships/{membership_sudo.id}",
                "status": membership_sudo._get_portal_status(),
                "to_pay": membership_sudo._get_period_to_pay(),
                "to_sign": membership_sudo._get_agreement_to_sign(),
                "credits": self._get_membership_credits(membership_sudo, today),
                "periods": periods_sudo,
                "receipts": self._get_receipts(periods_sudo),
                "agreements": membership_sudo.agreement_ids.filtered("signed_on"),
                "can_change": membership_sudo._get_plans_to_change_to(request.website),
                "addons": self._get_addons(membership_sudo),
                "withdraw_until": membership_sudo._get_last_withdrawal_day(),
                "clinic": membership_sudo.company_id,
                "today": today,
                "error": error,
                "done": done,
                "post": {},
                **values,
            },
        )

    @staticmethod
    def _get_membership_credits(membership_sudo, today):
        """Return what is left to use, what lapses first on top."""
        credits_sudo = membership_sudo.credit_ids.filtered(
            lambda c: c.remaining > 0 and (not c.expires_on or c.expires_on >= today)
        )
        return credits_sudo.sorted(lambda c: (c.expires_on or today.max, c.id))

    @staticmethod
    def _get_receipts(periods_sudo):
        """Return the card payments of periods that have a receipt, by period."""
        return {
            period.id: period.invoice_id.transaction_ids.filtered(
                lambda tx: tx.state == "done" and tx.payment_id
            )
            for period in periods_sudo
        }

    @staticmethod
    def _get_addons(membership_sudo):
        """Return the courses that the member may buy on top, those on sale."""
        if membership_sudo.membership_state not in ("active", "past_due", "ending"):
            return request.env["product.template"]
        products = membership_sudo.template_id.addon_product_ids
        return products.filtered(lambda p: p.is_published and p.sale_ok)

    # === DOCUMENTS === #

    @route(
        "/my/memberships/<int:membership_id>/agreements/<int:agreement_id>",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def portal_membership_agreement(self, membership_id, agreement_id, **kwargs):
        """Give the member a signed agreement as a PDF, made now if it was not yet."""
        membership_sudo = self._get_own_membership(membership_id)
        # The agreement was found among those of the member's own membership.
        agreement_sudo = membership_sudo or request.env["sale.subscription"].sudo()
        agreement_sudo = agreement_sudo.agreement_ids.filtered(
            lambda a: a.id == agreement_id and a.signed_on
        )
        if not agreement_sudo:
            return request.redirect("/my")
        attachment_sudo = agreement_sudo._make_pdf()
        return self._make_pdf_response(attachment_sudo.raw, attachment_sudo.name)

    @route(
        "/my/memberships/<int:membership_id>/invoices/<int:period_id>",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def portal_membership_invoice(self, membership_id, period_id, **kwargs):
        """Give the member the invoice of a period as a PDF."""
        period_sudo = self._get_own_period(membership_id, period_id)
        invoice_sudo = period_sudo and period_sudo.invoice_id
        if not invoice_sudo or invoice_sudo.state != "posted":
            return request.redirect("/my")
        return self._show_report(
            model=invoice_sudo,
            report_type="pdf",
            report_ref="account.account_invoices",
            download=True,
        )

    @route(
        "/my/memberships/<int:membership_id>/receipts/<int:period_id>/<int:tx_id>",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def portal_membership_receipt(self, membership_id, period_id, tx_id, **kwargs):
        """Give the member the receipt of a card payment as a PDF."""
        period_sudo = self._get_own_period(membership_id, period_id)
        txs_sudo = self._get_receipts(period_sudo)[period_id] if period_sudo else None
        tx_sudo = txs_sudo and txs_sudo.filtered(lambda tx: tx.id == tx_id)
        if not tx_sudo:
            return request.redirect("/my")
        payment_sudo = tx_sudo.payment_id
        # The payment was found among those of the member's own membership.
        Report_sudo = request.env["ir.actions.report"].sudo()
        content, _kind = Report_sudo.with_company(
            payment_sudo.company_id
        )._render_qweb_pdf("account.action_report_payment_receipt", payment_sudo.ids)
        return self._make_pdf_response(content, "receipt.pdf")

    @staticmethod
    def _make_pdf_response(content, name):
        return request.make_response(
            content,
            [
                ("Content-Type", "application/pdf"),
                ("Content-Disposition", content_disposition(name)),
                ("X-Content-Type-Options", "nosniff"),
            ],
        )

    # === SIGN === #

    @route(
        "/my/memberships/<int:membership_id>/sign",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def portal_membership_sign(self, membership_id, **kwargs):
        """Show the agreement that waits for the member's signature."""
        membership_sudo = self._get_own_membership(membership_id)
        agreement_sudo = membership_sudo and membership_sudo._get_agreement_to_sign()
        if not agreement_sudo:
            return request.redirect(f"/my/memberships/{membership_id}")
        return request.render(
            "medspa_membership.portal_membership_sign",
            {
                **self._prepare_portal_layout_values(),
                "page_name": "medspa_membership",
                "page_title": request.env._("Sign the agreement"),
                "membership": membership_sudo,
                "agreement": agreement_sudo,
            },
        )

    @route(
        "/my/memberships/<int:membership_id>/sign/<int:agreement_id>",
        type="jsonrpc",
        auth="user",
        website=True,
        sitemap=False,
    )
    def portal_membership_signed(
        self, membership_id, agreement_id, name=None, signature=None, **kwargs
    ):
        """Take the member's signature from core's signature form."""
        membership_sudo = self._get_own_membership(membership_id)
        agreement_sudo = membership_sudo and membership_sudo._get_agreement_to_sign()
        if not agreement_sudo or agreement_sudo.id != agreement_id:
            return {"error": request.env._("There is nothing to sign any more.")}
        try:
            with request.env.cr.savepoint():
                agreement_sudo._sign(read_line(request.env, name, 120), signature)
                request.env.cr.flush()
        except UserError as error:
            return {"error": str(error)}
        except (TypeError, binascii.Error):
            return {"error": request.env._("The signature could not be read.")}
        return {
            "force_refresh": True,
            "redirect_url": f"/my/memberships/{membership_id}?done=signed",
        }

    # === FAMILY === #

    @route(
        "/my/memberships/<int:membership_id>/family",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["POST"],
    )
    def portal_membership_family(self, membership_id, **post):
        """Add somebody to the family of a membership, or take somebody out."""
        membership_sudo = self._get_own_membership(membership_id)
        if not membership_sudo:
            return request.redirect("/my")

        def change():
            if post.get("drop"):
                membership_sudo._drop_family_member(self._parse_id(post["drop"]))
            else:
                membership_sudo._add_family_member(post.get("name"), post.get("email"))

        return self._carry_out(membership_sudo, change, "family", post=post)

    # === TOOLS === #

    @staticmethod
    def _get_memberships_domain():
        """Return the domain of the patient's own memberships.

        Access rules say so for patients; staff who look at the portal see theirs alone.
        """
        return [
            ("is_membership", "=", True),
            ("partner_id", "=", request.env.user.partner_id.id),
        ]

    def _get_own_membership(self, membership_id):
        """Return the patient's own membership as superuser, or nothing."""
        try:
            membership_sudo = self._document_check_access(
                "sale.subscription", membership_id
            )
        except (AccessError, MissingError):
            return None
        if (
            not membership_sudo.is_membership
            or membership_sudo.partner_id != request.env.user.partner_id
        ):
            return None
        # What happens is done by the member, with the rights of the page.
        return membership_sudo.with_user(request.env.user).sudo()

    def _get_own_period(self, membership_id, period_id):
        """Return a period of the patient's own membership as superuser, or nothing."""
        membership_sudo = self._get_own_membership(membership_id)
        if not membership_sudo:
            return None
        return membership_sudo.period_ids.filtered(lambda p: p.id == period_id)

    def _carry_out(self, membership_sudo, function, done, is_done=False, **values):
        """Change a membership and lead back to its page; say there what was refused.

        :param function: makes the change; raises UserError when it is refused
        :param str done: the key of what has been done, see the template
        :param bool is_done: the first of two taps has done it
        :param values: what the page shows again when it was refused
        """
        if is_done:
            function = bool
        try:
            with request.env.cr.savepoint():
                function()
        except UserError as error:
            request.env.invalidate_all(flush=False)
            return self._render_membership(membership_sudo, error=str(error), **values)
        return request.redirect(
            f"/my/memberships/{membership_sudo.id}?done={done}", code=303
        )

    @staticmethod
    def _parse_id(value):
        """Return a number that a page has sent, or nothing."""
        try:
            return int(value)
        except (TypeError, ValueError, OverflowError):
            return None
