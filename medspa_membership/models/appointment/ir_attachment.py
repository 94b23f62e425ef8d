# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

# What is attached here is clinical: pictures pasted into a protocol, say.
CLINICAL_MODELS = ("medspa.visit", "medspa.visit.addendum", "medspa.visit.photo")


class IrAttachment(models.Model):
    """Files of visits are for clinicians, files of appointments for the clinic's staff.

    Core opens a file to whoever may read its document: all staff may read that a visit
    took place, and every employee that a time is taken.
    """

    _inherit = "ir.attachment"

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if self.env.su or not self:
            return result
        closed = self._filter_closed()
        if not closed:
            return result
        if result:
            closed |= result[0]
        return closed, lambda: AccessError(
            self.env._("This file belongs to the clinic's records.")
        )

    def _filter_closed(self):
        """Return those of the files that the user may not see."""
        user = self.env.user
        closed_sudo = files_sudo = self.sudo().browse()
        if not user.has_group("medspa_membership.group_medspa_practitioner"):
            files_sudo = self.sudo().filtered("res_model")
            closed_sudo = files_sudo.filtered(
                lambda file: file.res_model in CLINICAL_MODELS
            )
        if not user.has_group("medspa_membership.group_medspa_user"):
            of_events_sudo = files_sudo.filtered(
                lambda file: file.res_model == "calendar.event"
            )
            events_sudo = files_sudo.env["calendar.event"].browse(
                of_events_sudo.mapped("res_id")
            )
            taken = events_sudo.exists().filtered("medspa_company_id").ids
            closed_sudo |= of_events_sudo.filtered(lambda file: file.res_id in taken)
        return closed_sudo.with_env(self.env)

    @api.model
    def _search(self, domain, *args, bypass_access=False, **kwargs):
        if not self.env.su and not bypass_access:
            domain = Domain(domain) & ~self._get_closed_domain()
        return super()._search(domain, *args, bypass_access=bypass_access, **kwargs)

    @api.model
    def _get_closed_domain(self):
        """Return the domain of the files that the user may not see."""
        closed = Domain.FALSE
        user = self.env.user
        if not user.has_group("medspa_membership.group_medspa_practitioner"):
            closed |= Domain("res_model", "in", CLINICAL_MODELS)
        if not user.has_group("medspa_membership.group_medspa_user"):
            appointments_sudo = (
                self.env["calendar.event"]
                .sudo()
                .with_context(active_test=False)
                ._search([("medspa_company_id", "!=", False)])
            )
            closed |= Domain("res_model", "=", "calendar.event") & Domain(
                "res_id", "in", appointments_sudo
            )
        return closed
