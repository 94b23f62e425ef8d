# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models


class MedspaStripeImportLine(models.TransientModel):
    """A saved card at Stripe, and what becomes of it."""

    _name = "medspa.stripe.import.line"
    _description = "Saved card at Stripe"
    _order = "id"
    _transient_max_hours = 24.0

    import_id = fields.Many2one(
        "medspa.stripe.import", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="import_id.company_id", store=True)
    customer_ref = fields.Char("Customer at Stripe", required=True)
    customer_name = fields.Char("Name at Stripe")
    email = fields.Char()
    method_ref = fields.Char("Card at Stripe")
    fingerprint = fields.Char()
    card_brand = fields.Char("Brand")
    last4 = fields.Char("Last digits")
    card_expiry_month = fields.Integer()
    card_expiry_year = fields.Integer()
    card = fields.Char(compute="_compute_card")
    partner_id = fields.Many2one("res.partner", "Patient")
    outcome = fields.Selection(
        [
            ("new", "Will be brought over"),
            ("there", "Already there"),
            ("done", "Brought over"),
            ("ambiguous", "Several patients"),
            ("no_patient", "No patient"),
            ("no_card", "No saved card"),
            ("expired", "Expired"),
        ],
        required=True,
    )
    reason = fields.Char()

    @api.depends("card_brand", "last4", "card_expiry_month", "card_expiry_year")
    def _compute_card(self):
        for line in self:
            line.card = line.method_ref and self.env._(
                "%(brand)s %(digits)s, until %(month)02d/%(year)d",
                brand=(line.card_brand or "").capitalize(),
                digits=line.last4 or "",
                month=line.card_expiry_month,
                year=line.card_expiry_year,
            )

    def _prepare_token_vals(self, provider, method):
        """Return the token of a card.

        :param provider: the provider whose account it is saved in
        :param method: the payment method, a brand of card
        Note: `self.ensure_one()`
        """
        self.ensure_one()
        return {
            "provider_id": provider.id,
            "payment_method_id": method.id,
            "partner_id": self.partner_id.id,
            "provider_ref": self.customer_ref,
            "stripe_payment_method": self.method_ref,
            "payment_details": self.last4,
            "card_brand": self.card_brand,
            "card_expiry_month": self.card_expiry_month,
            "card_expiry_year": self.card_expiry_year,
        }
