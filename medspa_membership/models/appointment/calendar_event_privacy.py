# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).


from odoo import api, models
from odoo.fields import Domain


class CalendarEvent(models.Model):
    """Appointments are for the clinic's staff; others see that the time is taken."""

    _inherit = "calendar.event"

    # === PRIVACY === #

    @api.model
    def _sees_appointments(self):
        """Tell whether the user is staff of the clinic."""
        return self.env.su or self.env.user.has_group(
            "medspa_membership.group_medspa_user"
        )

    @api.model
    def _get_public_fields(self):
        """Override of `calendar`: the clinic tells an appointment from a meeting.

        Core empties the other fields of a hidden event in the cache, which superuser
        mode reads too: rules and checks may look at this field only.
        """
        return super()._get_public_fields() | {"medspa_company_id"}

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **kwargs):
        """Override to find others' appointments by time and attendee only.

        Who is treated for what could be asked by searching and sorting otherwise.
        """
        domain = Domain(domain)
        if not self._sees_appointments():
            asked = {condition.field_expr for condition in domain.iter_conditions()}
            asked |= {term.split()[0] for term in (order or "").split(",") if term}
            open_fields = self._get_public_fields() | {"partner_ids"}
            if any(name.split(".")[0] not in open_fields for name in asked):
                domain &= Domain("medspa_company_id", "=", False) | Domain(
                    "user_id", "=", self.env.uid
                )
        return super()._search(domain, offset, limit, order, **kwargs)

    def _is_appointment(self):
        """Tell an appointment from a meeting, whatever the user may see of it."""
        self.ensure_one()
        # Nothing else is read along: the cache would keep it for the user too.
        event_sudo = self.sudo().with_context(prefetch_fields=False)
        return bool(event_sudo.medspa_company_id)

    def _check_private_event_conditions(self):
        """Override of `calendar` to show appointments to the clinic's staff only.

        Core shows a confidential event to every employee, who has no business knowing
        who is treated for what.
        """
        self.ensure_one()
        if not self._is_appointment():
            return super()._check_private_event_conditions()
        return not self._sees_appointments() and self.user_id != self.env.user

    def _get_default_privacy_domain(self):
        domain = Domain(super()._get_default_privacy_domain())
        if self._sees_appointments():
            return list(domain)
        return list(
            domain
            & (
                Domain("medspa_company_id", "=", False)
                | Domain("user_id", "=", self.env.uid)
            )
        )

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        """Override of `mail`: the chatter of an appointment names the patient."""
        appointments = self.browse()
        if message_operation == "read" and not self._sees_appointments():
            appointments = self.filtered(lambda event: event._is_appointment())
        result = super(
            CalendarEvent, self - appointments
        )._mail_get_operation_for_mail_message_operation(message_operation)
        result.update(dict.fromkeys(appointments, "write"))
        return result
