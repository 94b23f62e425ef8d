# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models
from odoo.fields import Domain
from odoo.http import request

AGREEMENT_URL = "/shop/agreement"


class Website(models.Model):
    _inherit = "website"

    def _get_allowed_steps_domain(self):
        """Override of `website_sale`: only who joins a plan has something to sign."""
        domain = super()._get_allowed_steps_domain()
        cart = getattr(request, "cart", None) if request else None
        if cart and cart.has_plan:
            return domain
        return Domain(domain) & Domain("step_href", "!=", AGREEMENT_URL)

    def _copy_agreement_step(self):
        """Give websites the step of the agreement, those that lack it.

        New websites copy the steps themselves; for those that were there before the
        addon, or before the step, its installation and its migration do.
        """
        generic = self.env.ref("medspa_membership.checkout_step_agreement")
        have = (
            self.env["website.checkout.step"]
            .search([("step_href", "=", AGREEMENT_URL), ("website_id", "!=", False)])
            .website_id
        )
        for website in self - have:
            generic.copy({"website_id": website.id, "is_published": True})
