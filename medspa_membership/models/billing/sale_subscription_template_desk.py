# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from markupsafe import Markup

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import is_html_empty


class SaleSubscriptionTemplate(models.Model):
    """What the manager sees of a plan while filling its form."""

    _inherit = "sale.subscription.template"

    term_preview = fields.Html(
        "The terms as members read them",
        compute="_compute_term_preview",
        sanitize=False,
        help="Made from the fields of this form. It stands below the agreement.",
    )
    term_total = fields.Float(
        "Least total",
        compute="_compute_term_total",
        digits="Product Price",
        help="With tax: what a member pays in any case, the joining fee and the "
        "minimum term.",
    )
    unsigned_count = fields.Integer(
        "Have not signed it",
        compute="_compute_unsigned_count",
        help="Members who have not been asked to sign the present agreement yet.",
        groups="medspa_membership.group_medspa_user",
    )
    is_plan_published = fields.Boolean(
        "On the website",
        compute="_compute_is_plan_published",
        inverse="_inverse_is_plan_published",
        search="_search_is_plan_published",
    )
    has_agreement = fields.Boolean(compute="_compute_has_agreement")
    waiting_count = fields.Integer(
        "To be paid", compute="_compute_waiting_count", help="Joined, not paid yet."
    )

    # === COMPUTE METHODS === #

    @api.depends(lambda self: self._get_term_fields())
    def _compute_term_preview(self):
        for plan in self:
            plan.term_preview = plan._render_term_preview() if plan.is_plan else False

    def _render_term_preview(self, amounts=None):
        """Return the terms as members read them. Note: `self.ensure_one()`.

        :param dict amounts: see `_get_list_amounts`, which are the default
        """
        self.ensure_one()
        items = [Markup("<li>%s</li>") % li for li in self._get_term_lines(amounts)]
        return Markup("<ul>%s</ul>") % Markup("").join(items)

    @api.model
    def _get_term_fields(self):
        """Return the fields that the sentences of the terms are made of."""
        return [
            *(
                name
                for name, field in self.env["medspa.plan.terms"]._fields.items()
                if field.store and name not in models.MAGIC_COLUMNS
            ),
            "is_plan",
            "price",
            "trial_days",
            "trial_price",
            "joining_fee",
            "product_tmpl_id.taxes_id",
            "recurring_interval",
            "recurring_rule_type",
            "recurring_rule_boundary",
            "recurring_rule_count",
        ]

    @api.depends(
        "price",
        "joining_fee",
        "minimum_periods",
        "trial_days",
        "trial_price",
        "product_tmpl_id.taxes_id",
    )
    @api.depends_context("company")
    def _compute_term_total(self):
        for plan in self:
            amounts = plan._get_list_amounts()
            plan.term_total = plan._get_term_total(amounts["price"], amounts["first"])

    @api.depends("agreement_version")
    def _compute_unsigned_count(self):
        counts = self.env["medspa.membership.agreement"]._read_group(
            [
                ("template_id", "in", self.ids),
                ("state", "in", ("signed", "to_sign")),
                ("membership_id.membership_state", "not in", ("pending", "ended")),
            ],
            ["template_id", "version"],
            ["membership_id:count_distinct"],
        )
        asked = {(plan, version): count for plan, version, count in counts}
        for plan in self:
            plan.unsigned_count = plan.member_count - asked.get(
                (plan, plan.agreement_version), 0
            )

    @api.depends("product_tmpl_id.is_published")
    def _compute_is_plan_published(self):
        for plan in self:
            plan.is_plan_published = plan.product_tmpl_id.is_published

    def _inverse_is_plan_published(self):
        for plan in self:
            plan.product_tmpl_id.is_published = plan.is_plan_published

    @api.model
    def _search_is_plan_published(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("product_tmpl_id.is_published", "in", value)]

    @api.depends("agreement")
    def _compute_has_agreement(self):
        for plan in self:
            plan.has_agreement = not is_html_empty(plan.agreement)

    def _compute_waiting_count(self):
        counts = dict(
            self.env["sale.subscription"]._read_group(
                [
                    ("template_id", "in", self.ids),
                    ("membership_state", "=", "pending"),
                ],
                ["template_id"],
                ["__count"],
            )
        )
        for plan in self:
            plan.waiting_count = counts.get(plan, 0)

    # === CRUD METHODS === #

    def write(self, vals):
        """Override to let the product that sells a plan follow its name and archive."""
        old_names = {plan: plan.name for plan in self} if "name" in vals else {}
        res = super().write(vals)
        for plan, old_name in old_names.items():
            if plan.product_tmpl_id.name == old_name:
                plan.product_tmpl_id.name = plan.name
        if "active" in vals:
            plans = self.filtered("is_plan")
            plans.product_tmpl_id.active = vals["active"]
        return res

    def get_formview_id(self, access_uid=None):
        """Override of `web` to open plans in their own form."""
        if len(self) == 1 and self.is_plan:
            view = self.env.ref(
                "medspa_membership.plan_view_form", raise_if_not_found=False
            )
            if view:
                return view.id
        return super().get_formview_id(access_uid=access_uid)

    # === ACTION METHODS === #

    def action_open_product(self):
        """Open the product that sells the plan. Note: `self.ensure_one()`."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "product.template",
            "res_id": self.product_tmpl_id.id,
            "views": [(False, "form")],
        }

    def action_open_website(self):
        """Open the plan as visitors see it. Note: `self.ensure_one()`."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": self.product_tmpl_id.website_url,
            "target": "new",
        }

    def action_publish(self):
        """Put plans on the website, or take them off."""
        self.check_access("write")
        for plan in self:
            plan.is_plan_published = not plan.is_plan_published

    def action_ask_to_sign(self):
        """Ask the members to sign the present agreement, each once.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        self._check_manager()
        members = self.env["sale.subscription"].search(
            [
                ("template_id", "=", self.id),
                ("membership_state", "not in", ("pending", "ended")),
            ]
        )
        agreements = members._ask_to_sign()
        if not agreements:
            raise UserError(
                self.env._("All members have signed this agreement, or were asked to.")
            )
        agreements._enqueue_requests()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%s members are asked to sign it.", len(agreements)
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }


class MedspaMembershipAgreement(models.Model):
    _inherit = "medspa.membership.agreement"

    def _enqueue_requests(self):
        """Queue the letters that ask for a signature: writing them takes a while."""
        if self:
            self.sudo().with_delay(
                channel="root.document",
                identity_key=f"medspa.ask_to_sign.{min(self.ids)}.{len(self)}",
                description=self.env._("Ask members to sign"),
            )._send_requests()

    def _send_requests(self):
        """Write to the members whose signature is still missing: a queued job."""
        waiting = self.filtered(lambda a: a.state == "to_sign" and a.partner_id.email)
        template = self.env.ref("medspa_membership.mail_template_membership_sign")
        template.with_user(SUPERUSER_ID).send_mail_batch(waiting.ids)


class ProductTemplate(models.Model):
    _inherit = "product.template"

    def action_open_plan(self):
        """Open the plan that the product sells. Note: `self.ensure_one()`."""
        self.ensure_one()
        return self.subscription_template_id.get_formview_action()
