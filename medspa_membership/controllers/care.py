# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo.http import request, route

from .portal import ClinicPortal


class Care(ClinicPortal):
    """My care: all that a patient has with the clinic, on one page."""

    @route(
        "/my/care",
        type="http",
        auth="user",
        website=True,
        sitemap=False,
        methods=["GET"],
    )
    def portal_my_care(self, **kwargs):
        # Patients may read little of it: the method returns their own things only.
        partner_sudo = request.env.user.partner_id.sudo()
        # The clinic of the website: its terms are not published.
        company_sudo = request.website.company_id.sudo()
        return request.render(
            "medspa_membership.portal_my_care",
            self._prepare_care_values(partner_sudo, company_sudo),
        )

    def _prepare_care_values(self, partner_sudo, company_sudo):
        """Return what the page shows. Override to add what a layer below knows."""
        care = partner_sudo._get_care(company_sudo)
        today = company_sudo._medspa_date()
        return {
            **self._prepare_portal_layout_values(),
            "page_name": "medspa_care",
            "care": care,
            "partner": partner_sudo,
            "course_rows": [
                (course, self._prepare_course_lines(course))
                for course in care["courses"]
            ],
            "documents": self._prepare_care_documents(care),
            "today": today,
            **self._prepare_appointment_tools(company_sudo),
        }

    def _prepare_care_documents(self, care):
        """Return the papers of the patient, those that core lets the patient open."""
        orders_sudo = care["courses"].sale_order_id
        # The clinic's own method finds them; core decides who may open them.
        readable = orders_sudo.with_user(request.env.user)._filtered_access("read")
        documents = [
            {
                "name": request.env._("Order %s", order.name),
                "url": order.get_portal_url(),
                "date": order.date_order,
            }
            for order in orders_sudo.browse(readable.ids)
        ]
        documents += [
            {
                "name": request.env._("Course card: %s", course.display_name),
                "url": f"/my/courses/{course.id}/card",
                "date": course.purchase_date,
            }
            for course in care["courses"]
            if course.state != "draft"
        ]
        return documents
