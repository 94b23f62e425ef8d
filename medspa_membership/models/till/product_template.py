# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    # === BUSINESS METHODS: SHOP === #

    def _get_shop_course(self, website, price):
        """Return what a visitor of the shop compares before buying the course.

        The price of each treatment is the visitor's own: same pricelist, currency,
        taxes and tax display as the price of the course beside it.

        Note: `self.ensure_one()`, needs a request of the shop

        :param float price: of the course, as shown to the visitor
        :return: the figures of the course, with `steps` (sudoed), `has_saving`,
            `saving_percent`, `is_units` and `shortest_days`
        """
        self.ensure_one()
        # Visitors may not read recipes; what is on sale is public.
        course_sudo = self.sudo()
        steps_sudo = course_sudo.step_ids.sorted("sequence")
        treatments_sudo = steps_sudo.treatment_id
        prices = treatments_sudo._get_sales_prices(website)
        figures = course_sudo._get_course_figures(
            price,
            {
                treatment: prices[treatment.id]["price_reduce"]
                for treatment in treatments_sudo
            },
        )
        return {
            **figures,
            "steps": steps_sudo,
            "has_saving": website.currency_id.compare_amounts(figures["saving"], 0) > 0,
            "saving_percent": self._get_saving_percent(figures),
            "is_units": all(step.unit == "unit" for step in steps_sudo),
            "shortest_days": steps_sudo._get_shortest_days(),
        }

    def _get_saving_percent(self, figures):
        """Return the saving in whole percent, never more than it is."""
        if not figures["list_price"]:
            return 0
        return int(100 * figures["saving"] / figures["list_price"])

    def _get_shop_tile(self, price=None):
        """Return the figures of a course for its tile in the grid of the shop.

        :param float price: of the course as shown on the tile; not every tile has one
        """
        self.ensure_one()
        # Visitors may not read recipes; the number of sessions is public.
        course_sudo = self.sudo()
        sessions = course_sudo.course_sessions
        return {
            "is_units": all(step.unit == "unit" for step in course_sudo.step_ids),
            "sessions": sessions,
            "session_price": price / sessions if sessions and price else 0.0,
        }
