# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import logging

from psycopg2 import OperationalError

from odoo import api, models

_logger = logging.getLogger(__name__)


class SaleSubscription(models.Model):
    """How jobs work through memberships: one by one, a bad one stops no other."""

    _inherit = "sale.subscription"

    # === CRON METHODS === #

    @api.model
    def _run_each(self, records, function):
        """Call a function for each record, in a transaction of its own.

        One that fails is noted on itself and never stops the others; one that somebody
        else is changing is left to the next run.

        :return: the records for which it worked
        """
        done = records.browse()
        self.env["ir.cron"]._commit_progress(remaining=len(records))
        for record in records:
            if self._run_one(record, function):
                done |= record
            if not self.env["ir.cron"]._commit_progress(1):
                break
        return done

    @api.model
    def _run_one(self, record, function):
        """Call a function for one record; note on it what went wrong.

        :return: whether it worked
        """
        try:
            with self.env.cr.savepoint():
                if not record.try_lock_for_update():
                    return False
                function(record)
        except OperationalError:
            # Somebody changed the same rows: the next run sees the new state.
            self.env.cr.rollback()
            return False
        except Exception as error:
            self.env.invalidate_all(flush=False)
            _logger.exception("%s was left out", record)
            self._get_chatter_of(record)._report_fault(error)
            return False
        return True

    @api.model
    def _get_chatter_of(self, record):
        """Return the membership that a record belongs to."""
        return record if record._name == self._name else record.membership_id

    def _report_fault(self, error):
        """Leave one activity for the staff about what a job could not do."""
        for membership in self.sudo():
            summary = self.env._("The clinic's job failed here")
            if summary in membership.activity_ids.mapped("summary"):
                continue
            membership.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=summary,
                note=str(error),
                user_id=membership.user_id.id or self.env.uid,
            )
