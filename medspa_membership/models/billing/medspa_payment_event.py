# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import logging
from datetime import timedelta

from psycopg2 import IntegrityError, OperationalError

from odoo import api, fields, models
from odoo.tools import mute_logger

_logger = logging.getLogger(__name__)

# Minutes until what failed is tried again; after the last of them people are asked.
RETRY_MINUTES = (1, 5, 15, 60, 240, 720, 1440, 1440)
# What is not known here after so many tries belongs to another system on the account.
UNKNOWN_TRIES = 5
RETENTION_DAYS = 90
BATCH = 100


class MedspaPaymentEvent(models.Model):
    """An event that a payment provider has told us of, stored before it is acted on.

    The unique event id makes a repeated delivery harmless; what cannot be processed at
    once, because it fails or because its transaction is not committed yet, is kept and
    tried again instead of being lost.
    """

    _name = "medspa.payment.event"
    _description = "Payment Provider Event"
    _order = "occurred_at desc, id desc"
    _rec_name = "event_ref"

    event_ref = fields.Char("Event", required=True, readonly=True)
    kind = fields.Char(required=True, readonly=True, index=True)
    provider_id = fields.Many2one(
        "payment.provider", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="provider_id.company_id", store=True, index=True
    )
    occurred_at = fields.Datetime(required=True, readonly=True)
    payload = fields.Json(readonly=True, groups="base.group_system")
    state = fields.Selection(
        [
            ("received", "Received"),
            ("done", "Done"),
            ("ignored", "Ignored"),
            ("failed", "Failed"),
        ],
        default="received",
        required=True,
        readonly=True,
    )
    attempts = fields.Integer(readonly=True)
    next_try_at = fields.Datetime(
        default=fields.Datetime.now, required=True, readonly=True
    )
    error = fields.Text(readonly=True)

    _received_once = models.UniqueIndex(
        "(provider_id, event_ref)", "This event was received already."
    )
    _to_process_idx = models.Index("(next_try_at) WHERE state = 'received'")

    # === ACTION METHODS === #

    def action_retry(self):
        """Try failed and ignored events again."""
        self.check_access("read")
        events_sudo = self.sudo().filtered(lambda e: e.state in ("failed", "ignored"))
        events_sudo.write({"state": "received", "attempts": 0})
        events_sudo._process_events()

    # === BUSINESS METHODS === #

    @api.model
    def _receive(self, provider, event_ref, kind, occurred_at, payload):
        """Store a verified event.

        :return: the event; nothing when another request is storing it at this moment
        """
        Event = self.sudo()
        vals = {
            "provider_id": provider.id,
            "event_ref": event_ref,
            "kind": kind,
            "occurred_at": occurred_at,
            "payload": payload,
        }
        key = [("provider_id", "=", provider.id), ("event_ref", "=", event_ref)]
        known = Event.search(key, limit=1)
        if known:
            return known
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                return Event.create(vals)
        except IntegrityError:
            return Event.search(key, limit=1)

    def _process_events(self):
        """Process received events, each in a savepoint; a failure is kept with it."""
        for event in self.filtered(lambda e: e.state == "received"):
            try:
                with self.env.cr.savepoint():
                    outcome = event.provider_id._apply_payment_event(event)
            except OperationalError:
                # Two at once: the request, or the job, starts again.
                raise
            except Exception as error:
                self.env.invalidate_all()
                _logger.warning("Event %s: %s", event.event_ref, error, exc_info=True)
                event._postpone(str(error) or type(error).__name__)
            else:
                event._conclude(outcome)

    def _conclude(self, outcome):
        """Note what became of an event that raised nothing."""
        self.ensure_one()
        if outcome == "unknown" and self.attempts + 1 < UNKNOWN_TRIES:
            self._postpone(self.env._("Its transaction is not known here yet."))
            return
        self.write(
            {
                "state": "done" if outcome == "done" else "ignored",
                "attempts": self.attempts + 1,
                "error": False,
            }
        )

    def _postpone(self, error):
        """Try again later, or leave it to people after the last time."""
        self.ensure_one()
        vals = {"attempts": self.attempts + 1, "error": error}
        if self.attempts < len(RETRY_MINUTES):
            pause = timedelta(minutes=RETRY_MINUTES[self.attempts])
            vals["next_try_at"] = fields.Datetime.now() + pause
            self.env.ref("medspa_membership.ir_cron_process_payment_events")._trigger(
                at=vals["next_try_at"]
            )
        else:
            vals["state"] = "failed"
        self.write(vals)

    # === CRON METHODS === #

    @api.model
    def _cron_process(self):
        """Try again what could not be processed when it came."""
        due = [
            ("state", "=", "received"),
            ("next_try_at", "<=", fields.Datetime.now()),
        ]
        # In the order of occurrence: less has to be asked for again.
        events = self.search(due, order="occurred_at, id", limit=BATCH)
        self.env["ir.cron"]._commit_progress(remaining=self.search_count(due))
        for event in events:
            try:
                event.try_lock_for_update()._process_events()
            except OperationalError:
                self.env.cr.rollback()
            if not self.env["ir.cron"]._commit_progress(1):
                return

    @api.autovacuum
    def _gc_processed(self):
        """Delete what was processed long ago. What failed stays for people."""
        limit = fields.Datetime.now() - timedelta(days=RETENTION_DAYS)
        domain = [("state", "in", ("done", "ignored")), ("create_date", "<", limit)]
        events = self.search(domain, limit=1000)
        events.unlink()
        return len(events), self.search_count(domain, limit=1)
