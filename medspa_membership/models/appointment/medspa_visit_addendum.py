# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import is_html_empty


class MedspaVisitAddendum(models.Model):
    """What is added to a visit that was finished: by whom, and when. Never changed."""

    _name = "medspa.visit.addendum"
    _description = "Addendum to a visit"
    _inherit = "medspa.guarded"
    _order = "id"

    visit_id = fields.Many2one(
        "medspa.visit", required=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="visit_id.company_id", store=True)
    body = fields.Html("Addendum", required=True)
    user_id = fields.Many2one(
        "res.users",
        "By",
        required=True,
        readonly=True,
        default=lambda self: self.env.uid,
        ondelete="restrict",
    )
    written_at = fields.Datetime(
        "Moment", required=True, readonly=True, default=fields.Datetime.now
    )

    def init(self):
        """Let the database refuse changes too."""
        self.env.cr.execute(
            """
            CREATE OR REPLACE FUNCTION medspa_visit_addendum_is_final()
            RETURNS trigger AS $$
            BEGIN
                RAISE EXCEPTION 'medspa_visit_addendum is append-only'
                    USING ERRCODE = 'restrict_violation';
            END $$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS medspa_visit_addendum_final
                ON medspa_visit_addendum;
            CREATE TRIGGER medspa_visit_addendum_final
                BEFORE DELETE OR UPDATE OF visit_id, body, user_id, written_at
                ON medspa_visit_addendum
                FOR EACH ROW EXECUTE FUNCTION medspa_visit_addendum_is_final();
            """
        )

    # === COMPUTE METHODS === #

    @api.depends("visit_id")
    def _compute_display_name(self):
        for addendum in self:
            addendum.display_name = self.env._(
                "Addendum to %s", addendum.visit_id.display_name
            )

    # === CRUD METHODS === #

    @api.model
    def _get_guarded_fields(self):
        """Override: the server notes who adds it and when."""
        return {"user_id", "written_at"}

    @api.model_create_multi
    def create(self, vals_list):
        """Override to take nothing empty, and nothing for a visit still being written.

        :raise UserError: there is nothing to add, or the visit itself can be changed
        """
        addenda = super().create(vals_list)
        if any(is_html_empty(addendum.body) for addendum in addenda):
            raise UserError(self.env._("Write what is to be added."))
        if not all(addendum.visit_id.finished_at for addendum in addenda):
            raise UserError(
                self.env._("This visit is still being written: change it itself.")
            )
        return addenda

    def write(self, vals):
        if vals and self:
            raise UserError(self.env._("An addendum is final: add another one."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_record(self):
        raise UserError(self.env._("An addendum is part of the patient's record."))
