# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    service_tracking = fields.Selection(
        selection_add=[("medspa_treatment", "Treatment")],
        ondelete={"medspa_treatment": "set default"},
    )
    duration_minutes = fields.Integer(
        "Duration", default=30, help="Time with the patient, in minutes."
    )
    buffer_before_minutes = fields.Integer(
        "Preparation", help="Minutes that room and practitioner are taken before it."
    )
    buffer_after_minutes = fields.Integer(
        "Cleaning", help="Minutes that room and practitioner are taken after it."
    )
    is_unit_based = fields.Boolean(
        "Counted in units",
        help="Its price is for one unit; the visit says how many were used.",
    )
    session_cost = fields.Float(
        "Sessions it takes",
        default=1.0,
        digits=(16, 3),
        help="How many sessions of a credit that covers several treatments it uses: a "
        "longer one may take two.",
    )
    swap_group_id = fields.Many2one(
        "medspa.swap.group",
        index="btree_not_null",
        help="Sessions of treatments of one group can be swapped for each other.",
    )
    practitioner_ids = fields.Many2many(
        "resource.resource",
        "medspa_treatment_practitioner_rel",
        "treatment_id",
        "resource_id",
        string="Practitioners",
        domain="[('medspa_role', '=', 'practitioner')]",
        help="Who performs it. Nobody named: every practitioner does.",
    )
    room_ids = fields.Many2many(
        "resource.resource",
        "medspa_treatment_room_rel",
        "treatment_id",
        "resource_id",
        string="Rooms",
        domain="[('medspa_role', '=', 'room')]",
        help="Where it can be done. None named: in every room.",
    )

    _duration_positive = models.Constraint(
        "CHECK (service_tracking <> 'medspa_treatment' OR duration_minutes > 0)",
        "A treatment takes at least one minute.",
    )
    _session_cost_positive = models.Constraint(
        "CHECK (session_cost > 0)", "A treatment takes more than no session."
    )
    _buffers_not_negative = models.Constraint(
        "CHECK (buffer_before_minutes >= 0 AND buffer_after_minutes >= 0)",
        "Preparation and cleaning take zero minutes or more.",
    )

    # === BUSINESS METHODS === #

    @api.model
    def _get_saleable_tracking_types(self):
        return super()._get_saleable_tracking_types() + ["medspa_treatment"]

    def _prepare_service_tracking_tooltip(self):
        if self.service_tracking == "medspa_treatment":
            return self.env._("Patients book it, alone or from a course.")
        return super()._prepare_service_tracking_tooltip()

    def _get_list_price_with_tax(self, company):
        """Return what one session costs a patient who buys it by itself."""
        self.ensure_one()
        product = self.with_company(company)
        taxes = product.taxes_id._filter_taxes_by_company(company)
        return taxes.compute_all(product.list_price, company.currency_id)[
            "total_included"
        ]

    def _get_practitioners(self):
        """Return who performs the treatment: those named, else every practitioner."""
        self.ensure_one()
        return self.practitioner_ids or self._get_resources("practitioner")

    def _get_rooms(self):
        """Return where the treatment is done: the rooms named, else every room."""
        self.ensure_one()
        return self.room_ids or self._get_resources("room")

    def _get_resources(self, role):
        company = self.company_id or self.env.company
        return self.env["resource.resource"].search(
            [
                ("medspa_role", "=", role),
                ("company_id", "in", (company.id, False)),
            ]
        )
