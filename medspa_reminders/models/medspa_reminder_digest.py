# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain

# So many rows of each part stand in the e-mail; the screen shows all.
DIGEST_ROWS = 8


class MedspaReminder(models.Model):
    """The morning list as an e-mail to the desk, when the clinic opens."""

    _inherit = "medspa.reminder"

    # === CRON METHODS === #

    @api.model
    def _cron_digest(self):
        """Send each desk its list, once on every day that the clinic is open."""
        for company in self.env["res.company"]._get_clinics():
            if company.try_lock_for_update():
                self._send_digest(company, fields.Datetime.now())
            self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _send_digest(self, company, now):
        """Write the list of a clinic to its desk, if it is time and there is one.

        The mail and the note that it was sent are committed together.

        :param datetime now: naive, in UTC
        """
        local = company._medspa_local(now)
        opening = company._get_opening_time(local.date())
        if not opening or local.time() < opening:
            return
        if company.digest_date and company.digest_date >= local.date():
            return
        company.digest_date = local.date()
        sections = self._get_digest_sections(company)
        if not sections:
            return
        self.env["mail.mail"].sudo().create(
            [
                self.with_context(lang=user.lang)._prepare_digest_vals(company, user)
                for user in company._get_desk_users()
            ]
        )
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    @api.model
    def _get_digest_sections(self, company):
        """Return the parts of the list: label, number, the first rows, their number.

        :rtype: list[dict]
        """
        listed = Domain("company_id", "=", company.id) & Domain("state", "=", "listed")
        counts = dict(self._read_group(listed, ["section"], ["__count"]))
        return [
            {
                "label": label,
                "count": counts[section],
                "rows": self.search(
                    listed & Domain("section", "=", section), limit=DIGEST_ROWS
                ),
            }
            for section, label in self._fields["section"]._description_selection(
                self.env
            )
            if section in counts
        ]

    @api.model
    def _count_unreached(self, company):
        """Return how many messages of the last day found no way to their patient."""
        return self.search_count(
            Domain("company_id", "=", company.id)
            & Domain("write_date", ">", fields.Datetime.now() - timedelta(days=1))
            & (
                Domain("state", "=", "failed")
                | (
                    Domain("state", "=", "skipped")
                    & Domain("skip_reason", "=", "address")
                )
            )
        )

    @api.model
    def _prepare_digest_vals(self, company, user):
        sections = self._get_digest_sections(company)
        total = sum(section["count"] for section in sections)
        body = self.env["ir.qweb"]._render(
            "medspa_reminders.mail_digest",
            {
                "company": company,
                "user": user,
                "sections": sections,
                "unreached": self._count_unreached(company),
                "url": f"{self.get_base_url()}/odoo/morning-list",
            },
        )
        body = self.env["mail.render.mixin"]._render_encapsulate(
            "medspa_membership.mail_layout", body, add_context={"company": company}
        )
        return {
            "subject": self.env._(
                "%(clinic)s: %(count)s messages to send this morning",
                clinic=company.name,
                count=total,
            ),
            "body_html": body,
            "email_from": company.email_formatted or user.email_formatted,
            "email_to": user.email_formatted,
            "auto_delete": True,
        }
