# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models
from odoo.fields import Domain


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `payment` to bring the cards back with their provider.

        Core puts all of them away when it is switched off, and for good. A key, or a
        state, that is another now is reason to try again what failed by our own fault.
        """
        states = {provider.id: provider.state for provider in self}
        tokens_sudo = self._get_tokens_put_away(vals)
        res = super().write(vals)
        for provider in self.filtered(lambda p: p.id in states):
            state = states[provider.id]
            put_away = tokens_sudo.filtered(
                lambda token, p=provider: token.provider_id == p and not token.active
            )
            put_away.archived_from_state = state
            if state != provider.state:
                provider._revive_tokens()
        if self and not vals.keys() <= {"sequence", "color", "image_128", "name"}:
            self._charge_failed_by_fault()
        return res

    # === BUSINESS METHODS === #

    def _get_tokens_put_away(self, vals):
        """Return the cards that another state of their provider puts away."""
        changing = self.filtered(
            lambda p: p.state not in ("disabled", vals.get("state", p.state))
        )
        Token_sudo = self.env["payment.token"].sudo()
        return (
            changing
            and Token_sudo.search([("provider_id", "in", changing.ids)])
            or (Token_sudo)
        )

    def _revive_tokens(self):
        """Take the cards out of the archive that another state had put there."""
        self.ensure_one()
        tokens_sudo = (
            self.env["payment.token"]
            .sudo()
            .with_context(active_test=False)
            .search(
                [
                    ("provider_id", "=", self.id),
                    ("active", "=", False),
                    ("archived_from_state", "=", self.state),
                    ("payment_method_id.active", "=", True),
                ]
            )
        )
        # They are what they were: no member has a new method.
        tokens_sudo.with_context(medspa_revived=True).write(
            {"active": True, "archived_from_state": False}
        )

    def _charge_failed_by_fault(self):
        """Try again soon what could not be charged by our own fault."""
        failed = Domain("state", "=", "open") & Domain("failure_kind", "=", "config")
        self.env["medspa.membership.period"].sudo().search(
            failed & Domain("company_id", "in", self.company_id.ids)
        ).retry_at = fields.Datetime.now()

    def _is_tokenization_required(self, sale_order_id=None, **kwargs):
        """Override of `payment` to keep the card of who pays a course in parts."""
        order = self.env["sale.order"].sudo().browse(sale_order_id).exists()
        if order and order._is_sold_in_parts():
            return True
        return super()._is_tokenization_required(sale_order_id=sale_order_id, **kwargs)

    def _apply_payment_event(self, event):
        """Do what an event of the provider says. A hook for provider addons.

        Called in a savepoint, once or several times: until it does not raise. An event
        is a hint, and old ones come late: what it says is to be read anew at the
        provider where it could move a state back.

        :param event: a `medspa.payment.event` of this provider
        :return: `done`; `ignored`, if it is none of our business; `unknown`, if what it
            is about is not known here (yet)
        Note: `self.ensure_one()`
        """
        return "ignored"
