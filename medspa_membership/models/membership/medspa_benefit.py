# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command, api, fields, models
from odoo.exceptions import ValidationError

from ..credit.medspa_credit import QUANTITY_DIGITS


class MedspaBenefit(models.AbstractModel):
    """What a plan gives its members: credits of a kind, how often and how long."""

    _name = "medspa.benefit"
    _description = "Benefit"
    _order = "sequence, id"

    sequence = fields.Integer(default=10)
    frequency = fields.Selection(
        [
            ("period", "Every period"),
            ("once", "Once, on joining"),
            ("birthday", "In the period of the birthday"),
        ],
        default="period",
        required=True,
    )
    quantity = fields.Float(
        digits=(16, QUANTITY_DIGITS),
        required=True,
        default=1.0,
        help="Sessions, units, or money in the currency of the clinic.",
    )
    unit = fields.Selection(
        [("session", "Sessions"), ("unit", "Units"), ("money", "Money")],
        required=True,
        default="session",
    )
    coverage = fields.Selection(
        [
            ("treatment", "One treatment"),
            ("treatments", "Any of several treatments"),
            ("category", "A product category"),
        ],
        required=True,
        default="treatment",
    )
    treatment_id = fields.Many2one(
        "product.template",
        domain="[('service_tracking', '=', 'medspa_treatment')]",
        ondelete="restrict",
    )
    treatment_ids = fields.Many2many(
        "product.template",
        string="Treatments",
        domain="[('service_tracking', '=', 'medspa_treatment')]",
    )
    categ_id = fields.Many2one("product.category", "Category", ondelete="restrict")
    is_complimentary = fields.Boolean(
        "Complimentary", help="A gift beside what is paid for: it is spent first."
    )
    rollover = fields.Selection(
        [
            ("expire", "Is lost at the end of the period"),
            ("periods", "Lives on for further periods"),
            ("cap", "Adds up, to a limit"),
        ],
        "What is not used",
        default="expire",
        required=True,
    )
    rollover_periods = fields.Integer(
        "Further periods",
        default=1,
        help="So many periods after its own, and no longer: it never compounds.",
    )
    rollover_cap = fields.Float(
        "At most",
        digits=(16, QUANTITY_DIGITS),
        help="What is above it is dropped, the oldest first.",
    )

    _benefit_quantities = models.Constraint(
        "CHECK (quantity > 0 AND rollover_periods >= 0 AND rollover_cap >= 0)",
        "A benefit grants more than zero; limits are zero or more.",
    )
    _benefit_coverage_named = models.Constraint(
        "CHECK ((coverage <> 'treatment' OR treatment_id IS NOT NULL)"
        " AND (coverage <> 'category' OR categ_id IS NOT NULL))",
        "Say which treatment or category the benefit covers.",
    )
    _benefit_cap_covers_grant = models.Constraint(
        "CHECK (rollover <> 'cap' OR rollover_cap >= quantity)",
        "The limit is at least what one period grants.",
    )

    @api.depends("coverage", "treatment_id", "treatment_ids", "categ_id", "quantity")
    def _compute_display_name(self):
        for benefit in self:
            benefit.display_name = benefit._get_label()

    @api.constrains("coverage", "treatment_ids")
    def _check_treatments_named(self):
        for benefit in self:
            if benefit.coverage == "treatments" and not benefit.treatment_ids:
                raise ValidationError(
                    self.env._("Name the treatments that the benefit covers.")
                )

    def _get_label(self, quantity=None):
        """Return the benefit in words: how much of what. Note: `self.ensure_one()`.

        :param float quantity: another than that of a period
        """
        self.ensure_one()
        if self.coverage == "treatment":
            covered = self.treatment_id.name or ""
        elif self.coverage == "category":
            covered = self.env._("anything in %s", self.categ_id.name)
        else:
            covered = self.env._(" or ").join(self.treatment_ids.mapped("name"))
        return self.env._(
            "%(quantity)s %(covered)s",
            quantity=self._get_amount(quantity),
            covered=covered,
        )

    def _get_amount(self, quantity=None):
        self.ensure_one()
        quantity = self.quantity if quantity is None else quantity
        if self.unit == "money":
            # Both kinds of benefit have the currency of their clinic.
            return self["currency_id"].format(quantity)
        if self.unit == "unit":
            return self.env._("%s units of", f"{quantity:g}")
        return f"{quantity:g} ×"

    def _get_rollover_label(self):
        """Return what becomes of what is not used, in words."""
        self.ensure_one()
        if self.rollover == "periods":
            if self.rollover_periods == 1:
                return self.env._("what is not used can be used in the next period")
            return self.env._(
                "what is not used can be used for %s more periods",
                self.rollover_periods,
            )
        if self.rollover == "cap":
            return self.env._("adds up to %s", f"{self.rollover_cap:g}")
        return self.env._("to be used within the period")

    def _prepare_benefit_vals(self):
        """Return the values that a membership keeps of a benefit of its plan."""
        self.ensure_one()
        names = [
            name
            for name, field in self.env["medspa.benefit"]._fields.items()
            if field.store and name not in models.MAGIC_COLUMNS
        ]
        vals = self._convert_to_write({name: self[name] for name in names})
        return {**vals, "treatment_ids": [Command.set(self.treatment_ids.ids)]}

    def _get_list_value(self, company):
        """Return what the benefit would cost one by one, with tax, for weights."""
        self.ensure_one()
        if self.unit == "money":
            return self.quantity
        treatments = self.treatment_id or self.treatment_ids[:1]
        if not treatments:
            return 0.0
        return self.quantity * treatments._get_list_price_with_tax(company)


class MedspaPlanBenefit(models.Model):
    """A benefit of a plan on sale."""

    _name = "medspa.plan.benefit"
    _inherit = "medspa.benefit"
    _description = "Benefit of a plan"

    template_id = fields.Many2one(
        "sale.subscription.template",
        "Plan",
        required=True,
        index=True,
        ondelete="cascade",
    )
    currency_id = fields.Many2one(related="template_id.currency_id")
    treatment_ids = fields.Many2many(
        relation="medspa_plan_benefit_treatment_rel",
        column1="benefit_id",
        column2="treatment_id",
    )


class MedspaMembershipBenefit(models.Model):
    """A benefit of a membership, as it was sold."""

    _name = "medspa.membership.benefit"
    _inherit = ["medspa.benefit", "medspa.guarded"]
    _description = "Benefit of a membership"

    membership_id = fields.Many2one(
        "sale.subscription", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="membership_id.company_id", store=True, index=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    treatment_ids = fields.Many2many(
        relation="medspa_membership_benefit_treatment_rel",
        column1="benefit_id",
        column2="treatment_id",
    )
    active = fields.Boolean(
        default=True, help="A change of plan archives what it replaces."
    )
