# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import time, timedelta

from odoo import api, fields, models


class MedspaReminderPreview(models.TransientModel):
    """Shows a rule's message as a patient to whom it applies would get it.

    A patient to whom nothing applies lends name and language to invented figures.
    """

    _name = "medspa.reminder.preview"
    _description = "Preview of a message"

    rule_id = fields.Many2one("medspa.reminder.rule", required=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Patient",
        domain="[('is_patient', '=', True)]",
        compute="_compute_partner_id",
        store=True,
        readonly=False,
        precompute=True,
    )
    is_invented = fields.Boolean(compute="_compute_preview")
    lang = fields.Char("Language", compute="_compute_preview")
    reason = fields.Char(compute="_compute_preview")
    subject = fields.Char(compute="_compute_preview")
    mail_body = fields.Html("E-mail", compute="_compute_preview", sanitize=False)
    sms_body = fields.Text("SMS", compute="_compute_preview")

    @api.depends("rule_id")
    def _compute_partner_id(self):
        for wizard in self:
            wizard.partner_id = wizard._get_examples()[:1].partner_id or self.env[
                "res.partner"
            ].search([("is_patient", "=", True)], limit=1)

    @api.depends("rule_id", "partner_id")
    def _compute_preview(self):
        for wizard in self:
            example = wizard._get_example()
            wizard.is_invented = not example._origin
            wizard.reason = example.reason
            langs = dict(self.env["res.lang"].get_installed())
            wizard.lang = langs.get(example._get_lang())
            wizard.subject = example._neutralize(example._render_mail("subject"))
            wizard.mail_body = example._get_mail_body()
            wizard.sms_body = example.text

    def _get_examples(self):
        """Return messages of the rule, the newest first."""
        self.ensure_one()
        return self.env["medspa.reminder"].search(
            [("rule_id", "=", self.rule_id.id)], order="id desc", limit=50
        )

    def _get_example(self):
        """Return a message of the patient, or an unsaved one with invented figures.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        Reminder = self.env["medspa.reminder"]
        partner = self.partner_id._origin
        found = Reminder.search(
            [("rule_id", "=", self.rule_id.id), ("partner_id", "=", partner.id)],
            limit=1,
        )
        return found or Reminder.new(self._prepare_example_vals(partner))

    def _prepare_example_vals(self, partner):
        """Return figures as they could be, with the last documents of the patient."""
        company = self.rule_id.company_id or self.env.company
        today = company._medspa_date()
        tomorrow = today + timedelta(days=1)
        documents = {}
        own = [("company_id", "=", company.id), ("partner_id", "=", partner.id)]
        if self.rule_id.event == "appointment":
            documents["event_id"] = self._get_last("calendar.event", partner, company)
        elif self.rule_id.event == "visit_follow_up":
            documents["visit_id"] = self.env["medspa.visit"].search(own, limit=1).id
        elif self.rule_id.event != "birthday":
            documents["course_id"] = self.env["medspa.course"].search(own, limit=1).id
        return {
            "rule_id": self.rule_id.id,
            "company_id": company.id,
            "partner_id": partner.id,
            "event": self.rule_id.event,
            "section": self.rule_id._get_section(),
            "is_marketing": self.rule_id.is_marketing,
            "quantity": 4,
            "unit": "session",
            "deadline": today + timedelta(days=max(self.rule_id.offset, 1)),
            "occasion_at": company._medspa_utc(tomorrow, time(10)),
            "last_visit_date": today - timedelta(days=30),
            **documents,
        }

    def _get_last(self, model, partner, company):
        return (
            self.env[model]
            .search(
                [
                    ("patient_id", "=", partner.id),
                    ("medspa_company_id", "=", company.id),
                ],
                order="start desc",
                limit=1,
            )
            .id
        )
