# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, models

from ..const import CHANNELS, PURPOSES


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    """Answers and messages of two records of one patient."""

    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _get_patient_merge_rules(self):
        """Override: the newest answer counts, whoever of the two gave it."""
        answers = [
            self.env["res.partner"]._get_consent_field(channel, purpose)
            for channel, _label in CHANNELS
            for purpose, _label in PURPOSES
        ]
        return {
            **super()._get_patient_merge_rules(),
            **dict.fromkeys(answers, "newest"),
            "consent_ids": "rows",
            "reminder_ids": "rows",
            "preferred_channel": "first",
        }

    @api.model
    def _merge_patient_values(self, kept, others):
        """Override to take the newest answer to each question."""
        values = super()._merge_patient_values(kept, others)
        partners_sudo = (kept | others).sudo()
        consents = partners_sudo.consent_ids.sorted(lambda c: (c.given_at, c.id))
        for channel, _label in CHANNELS:
            for purpose, _label in PURPOSES:
                name = kept._get_consent_field(channel, purpose)
                rows = consents.filtered(
                    lambda c, ch=channel, pu=purpose: (c.channel, c.purpose) == (ch, pu)
                )
                answers = set(partners_sudo.mapped(name))
                # Without a row that proves it, who was not to be written to stays so.
                known = next((a for a in ("withdrawn", "given") if a in answers), False)
                values[name] = rows[-1:].state or known
        return values

    @api.model
    def _prepare_patient_rows(self, kept, others):
        """Override to keep the messages of both: one for each occasion goes out.

        Core would delete all messages of the other patient when one of them is about
        the same occasion.
        """
        res = super()._prepare_patient_rows(kept, others)
        for other in others:
            self.env.cr.execute(
                """
                UPDATE medspa_reminder mine
                   SET state = 'skipped', skip_reason = 'gone'
                  FROM medspa_reminder twin
                 WHERE mine.partner_id = %(kept)s AND twin.partner_id = %(other)s
                   AND mine.rule_id = twin.rule_id
                   AND mine.occasion_key = twin.occasion_key
                   AND mine.state IN ('planned', 'listed', 'snoozed')
                   AND twin.state IN ('sending', 'sent', 'failed', 'dismissed');
                UPDATE medspa_reminder twin
                   SET occasion_key = twin.occasion_key || '#' || twin.partner_id,
                       state = CASE WHEN twin.state IN ('planned', 'listed', 'snoozed')
                                    THEN 'skipped' ELSE twin.state END,
                       skip_reason =
                               CASE WHEN twin.state IN ('planned', 'listed', 'snoozed')
                                    THEN 'gone' ELSE twin.skip_reason END
                  FROM medspa_reminder mine
                 WHERE mine.partner_id = %(kept)s AND twin.partner_id = %(other)s
                   AND mine.rule_id = twin.rule_id
                   AND mine.occasion_key = twin.occasion_key;
                """,
                {"kept": kept.id, "other": other.id},
            )
        self.env.invalidate_all(flush=False)
        return res
