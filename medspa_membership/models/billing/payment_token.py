# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import re
from calendar import monthrange
from datetime import date

from odoo import api, fields, models


class PaymentToken(models.Model):
    """A stored card with its last day, and the news of it."""

    _inherit = "payment.token"

    card_brand = fields.Char("Brand", readonly=True)
    card_expiry_month = fields.Integer("Expiry month", readonly=True)
    card_expiry_year = fields.Integer("Expiry year", readonly=True)
    card_expiry_date = fields.Date(
        "Valid until",
        compute="_compute_card_expiry_date",
        store=True,
        index="btree_not_null",
        help="The last day of the month that stands on the card.",
    )
    archived_from_state = fields.Char(
        readonly=True,
        copy=False,
        help="Put away with its provider: it comes back with this state of it.",
    )
    method_renewed_at = fields.Datetime(
        readonly=True,
        copy=False,
        help="When the card network told of a new number or date for this card.",
    )

    # === COMPUTE METHODS === #

    @api.depends("card_expiry_month", "card_expiry_year")
    def _compute_card_expiry_date(self):
        for token in self:
            month, year = token.card_expiry_month, token.card_expiry_year
            known = 1 <= month <= 12 and year >= 2000
            token.card_expiry_date = (
                date(year, month, monthrange(year, month)[1]) if known else False
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `payment` to tell of new methods."""
        tokens = super().create(vals_list)
        for token in tokens:
            token._on_method_changed("created")
        return tokens

    def write(self, vals):
        """Override of `payment` to tell of methods that come and go."""
        changing = self.browse()
        if "active" in vals and not self.env.context.get("medspa_revived"):
            changing = self.filtered(lambda token: token.active != bool(vals["active"]))
        if "active" in vals and not vals["active"]:
            # Whoever puts it away by hand means it, whatever its provider does.
            vals = {**vals, "archived_from_state": False}
        res = super().write(vals)
        for token in changing:
            token._on_method_changed("created" if vals["active"] else "archived")
        return res

    # === BUSINESS METHODS === #

    def _build_display_name(self, *args, max_length=34, **kwargs):
        """Override of `payment`: the last four digits, whatever the provider keeps.

        Some keep the whole number of a card or an account, which nobody is shown.
        """
        details = self.payment_details or ""
        digits = re.sub(r"\D", "", details)
        if len(digits) <= 4 or "@" in details:
            return super()._build_display_name(*args, max_length=max_length, **kwargs)
        return f"•••• {digits[-4:]}"[-max_length:]

    def _is_usable(self, on_date):
        """Tell whether the method can be charged on a day. Note: `self.ensure_one()`.

        :param date on_date: a day on the clinic's calendar
        """
        self.ensure_one()
        if not self.active or self.provider_id.state == "disabled":
            return False
        if not self.payment_method_id.active:
            return False
        return not self.card_expiry_date or self.card_expiry_date >= on_date

    def _renew_method(self, vals):
        """Take the new number or date that the card network tells of."""
        self.write({**vals, "method_renewed_at": fields.Datetime.now()})
        for token in self:
            token._on_method_changed("renewed")

    def _on_method_changed(self, change):
        """React to a stored method that comes, changes or goes. A seam for dunning.

        Called after the change; must not ask a provider and must not commit. Charging
        again with a new method belongs into a job of its own.

        :param str change: `created` (or taken out of the archive), `renewed` by the
            card network, `archived`
        Note: `self.ensure_one()`
        """
        self.ensure_one()
