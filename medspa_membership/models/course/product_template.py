# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ProductTemplate(models.Model):
    _name = "product.template"
    _inherit = ["product.template", "medspa.terms"]

    service_tracking = fields.Selection(
        selection_add=[("medspa_course", "Course of treatments")],
        ondelete={"medspa_course": "set default"},
    )
    step_ids = fields.One2many(
        "medspa.course.step", "product_tmpl_id", "Recipe", copy=True
    )
    validity_days = fields.Integer(
        "Validity", default=365, help="Days to finish the course. Zero: no limit."
    )
    validity_from = fields.Selection(
        [("purchase", "the purchase"), ("first_visit", "the first visit")],
        default="purchase",
        required=True,
    )
    recipe_min_days = fields.Integer(
        "Days between sessions",
        help="That must pass between any two sessions of the course, whatever their "
        "step.",
    )
    allows_instalments = fields.Boolean(
        "Instalments",
        help="May be paid in the parts of a payment term; sessions can be used up to "
        "what is paid.",
    )
    has_own_terms = fields.Boolean(
        "Own terms", help="Sold on other terms than the clinic's usual ones."
    )
    course_sessions = fields.Integer("Sessions", compute="_compute_course_figures")
    course_list_price = fields.Float(
        "Price one by one",
        compute="_compute_course_figures",
        digits="Product Price",
        help="What the same sessions cost when each is bought by itself.",
    )
    course_saving = fields.Float(
        "Saving", compute="_compute_course_figures", digits="Product Price"
    )
    course_session_price = fields.Float(
        "Price per session", compute="_compute_course_figures", digits="Product Price"
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "list_price",
        "step_ids.sessions",
        "step_ids.free_sessions",
        "step_ids.treatment_id.list_price",
    )
    def _compute_course_figures(self):
        for product in self:
            figures = product._get_course_figures(product.list_price)
            product.course_sessions = figures["sessions"]
            product.course_list_price = figures["list_price"]
            product.course_saving = figures["saving"]
            product.course_session_price = figures["session_price"]

    def _get_course_figures(self, price, single_prices=None):
        """Return what a buyer compares, for a price of the course.

        Note: `self.ensure_one()`

        :param float price: of the course, in the currency of the single prices
        :param dict single_prices: price of one session by treatment, in the same
            currency and tax display; list prices when left out
        :return: dict of sessions, list_price, saving (never below zero), session_price
        """
        self.ensure_one()
        sessions = sum(step.sessions + step.free_sessions for step in self.step_ids)
        list_price = sum(
            (step.sessions + step.free_sessions)
            * (
                step.treatment_id.list_price
                if single_prices is None
                else single_prices[step.treatment_id]
            )
            for step in self.step_ids
        )
        return {
            "sessions": sessions,
            "list_price": list_price,
            "saving": max(list_price - price, 0.0),
            "session_price": price / sessions if sessions else 0.0,
        }

    # === ONCHANGE METHODS === #

    @api.onchange("has_own_terms")
    def _onchange_has_own_terms(self):
        """Start from the clinic's terms, whichever way the switch goes."""
        self.update((self.company_id or self.env.company)._get_terms())

    # === CONSTRAINT METHODS === #

    @api.constrains("service_tracking", "step_ids", "validity_days", "recipe_min_days")
    def _check_course_can_be_finished(self):
        for product in self:
            if product.service_tracking != "medspa_course":
                continue
            if not product.step_ids:
                raise ValidationError(
                    self.env._(
                        "Say what %(course)s is made of: add a treatment and its "
                        "number of sessions.",
                        course=product.name,
                    )
                )
            shortest = product.step_ids._get_shortest_days()
            if product.validity_days and shortest > product.validity_days:
                raise ValidationError(
                    self.env._(
                        "%(course)s takes at least %(shortest)s days from the first "
                        "session to the last, but is valid for %(validity)s. Make it "
                        "valid for longer, or ask for fewer days between sessions.",
                        course=product.name,
                        shortest=shortest,
                        validity=product.validity_days,
                    )
                )

    @api.constrains("service_tracking")
    def _check_course_is_sold_for_itself(self):
        """A course that was sold keeps its kind: its sessions depend on it."""
        for product in self.filtered(lambda p: p.service_tracking != "medspa_course"):
            if product.step_ids:
                raise ValidationError(
                    self.env._(
                        "%(product)s has a recipe: it stays a course. Empty the recipe "
                        "first, or archive it and make another product.",
                        product=product.name,
                    )
                )

    # === BUSINESS METHODS === #

    @api.model
    def _get_saleable_tracking_types(self):
        return super()._get_saleable_tracking_types() + ["medspa_course"]

    def _get_terms_on_sale(self, company):
        """Return the terms on which the course is sold today, as values."""
        self.ensure_one()
        return (self if self.has_own_terms else company)._get_terms()

    def _prepare_service_tracking_tooltip(self):
        if self.service_tracking == "medspa_course":
            return self.env._("Paid once, then used session by session.")
        return super()._prepare_service_tracking_tooltip()
