# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import hashlib
import json
import re

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError


class SaleOrder(models.Model):
    """The signature under an agreement: it holds for the text that was signed.

    Core's fields keep who signed and when. What was signed is kept beside them: a plan,
    a price or a term that changes afterwards asks for another signature.
    """

    _name = "sale.order"
    _inherit = ["sale.order", "medspa.guarded"]

    signed_agreement = fields.Html(readonly=True, copy=False, sanitize=False)
    signed_agreement_key = fields.Char(readonly=True, copy=False)

    # === CRUD METHODS === #

    def write(self, vals):
        """Override to keep the agreement as it was when the customer signed it."""
        self._check_signature_is_kept(vals)
        res = super().write(vals)
        if vals.get("signature"):
            for order in self.filtered("has_plan"):
                order._stamp_agreement()
        return res

    @api.model
    def _get_guarded_fields(self):
        """Override: what was signed, by whom and when is written on the page only."""
        return {"signed_agreement", "signed_agreement_key", *self._get_signature()}

    @api.model
    def _get_signature(self):
        """Return core's fields of a signature."""
        return {"signature", "signed_by", "signed_on"}

    def _get_guard_message(self):
        return self.env._(
            "The customer signs on the page of the order: send it, or open its preview."
        )

    def _check_guard(self, vals):
        """Override: an order that is a quotation again is signed again."""
        cleared = {name for name in self._get_signature() if not vals.get(name, True)}
        return super()._check_guard({k: v for k, v in vals.items() if k not in cleared})

    def _check_signature_is_kept(self, vals):
        """Refuse to take the signature from an order that stands."""
        if self.env.su or not self._get_signature() & vals.keys():
            return
        if vals.get("state", "sale") == "sale" and self.filtered(
            lambda order: order.state == "sale" and order.signed_by
        ):
            raise AccessError(self._get_guard_message())

    # === BUSINESS METHODS === #

    def _stamp_agreement(self):
        """Keep the text that is being signed. Note: `self.ensure_one()`."""
        self.ensure_one()
        self.signed_agreement_key = False
        self.write(
            {
                "signed_agreement": self._get_agreement(),
                "signed_agreement_key": self._get_agreement_key(),
            }
        )

    def _get_agreement(self):
        """Override to return what was signed, as long as it holds."""
        holds = self.state not in ("draft", "sent") or self._is_agreement_signed()
        if self.signed_agreement_key and holds:
            return Markup(self.signed_agreement)
        return super()._get_agreement()

    def _get_agreement_in_dialog(self):
        """Return the agreement for the dialog that signs it.

        Its headings are small there: core's page makes a menu of the large ones, and
        has them already from the agreement on the page.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        return Markup(re.sub(r"<(/?)h[23]\b", r"<\1h6", str(self._get_agreement())))

    def _is_agreement_signed(self):
        """Tell whether the agreement is signed as it stands. Note: `ensure_one()`."""
        self.ensure_one()
        return bool(
            self.signature
            and self.signed_agreement_key
            and self.signed_agreement_key == self._get_agreement_key()
        )

    def _get_agreement_key(self):
        """Return a digest of what the agreement says.

        Of the facts, not of the text: that one reads differently in each language.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        line = self._get_plan_lines()
        # Visitors may not read plans; their terms are public.
        plan_sudo = line._get_plan().sudo()
        amounts = line._get_plan_amounts()
        facts = {
            "partner": self.partner_id.id,
            "plan": [plan_sudo.id, plan_sudo.agreement_version],
            "rhythm": [
                plan_sudo._get_period_delta(),
                plan_sudo.recurring_rule_boundary,
                plan_sudo.recurring_rule_count,
            ],
            "amounts": [
                self.currency_id.id,
                f"{self.currency_id.round(amounts['price']):.3f}",
                f"{self.currency_id.round(amounts['first']):.3f}",
            ],
            "trial": [plan_sudo.trial_days, plan_sudo.trial_has_benefits],
            # the discounts are among the terms
            "terms": plan_sudo._get_plan_terms(),
            "benefits": [b._prepare_benefit_vals() for b in plan_sudo.benefit_ids],
        }
        text = json.dumps(facts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def _has_to_be_signed(self):
        """Override of `sale`: an agreement that changed is signed again."""
        res = super()._has_to_be_signed()
        if res or not self.has_plan or not self.signature:
            return res
        return (
            self.state in ("draft", "sent")
            and not self.is_expired
            and self.require_signature
            and not self._is_agreement_signed()
        )

    def _check_agreement_signed(self):
        """Refuse money for a plan whose agreement is not signed as it stands.

        :raise ValidationError: it is not
        """
        for order in self.filtered("has_plan"):
            if order.state in ("draft", "sent") and not order._is_agreement_signed():
                raise ValidationError(
                    self.env._("Read and sign the agreement before you pay.")
                )
