# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import logging
import re

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..const import CHANNELS, RETRY_MINUTES

_logger = logging.getLogger(__name__)

# What says that the number or the address itself is wrong: trying again is useless.
ADDRESS_FAILURES = {
    "sms_number_missing",
    "sms_number_format",
    "sms_country_not_supported",
    "sms_invalid_destination",
    "sms_not_allowed",
    "sms_rejected",
    "sms_blacklist",
    "sms_optout",
    "twilio_from_to",
    "mail_email_invalid",
    "mail_email_missing",
}
# No answer, or none that can be trusted: it may have gone out.
OPEN_FAILURES = {"sms_server"}


class MedspaReminderMessage(models.Model):
    """A message on one way, by e-mail or by SMS: what was sent where, and how it went.

    It is marked as being sent, and that is committed, before anything leaves the house.
    What is found so marked later was interrupted, and nobody knows whether it arrived:
    it is shown to the desk and never sent again by itself.
    """

    _name = "medspa.reminder.message"
    _description = "Delivery"
    _order = "id"

    reminder_id = fields.Many2one(
        "medspa.reminder", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(
        related="reminder_id.company_id", store=True, index=True
    )
    channel = fields.Selection(CHANNELS, required=True, readonly=True)
    address = fields.Char(required=True, readonly=True)
    subject = fields.Char(readonly=True)
    body = fields.Text("What was sent", readonly=True)
    state = fields.Selection(
        [
            ("outgoing", "Next"),
            ("sending", "Going out"),
            ("sent", "Sent"),
            ("delivered", "Delivered"),
            ("retry", "Will be tried again"),
            ("failed", "Failed"),
            ("unknown", "May have gone out"),
        ],
        required=True,
        default="outgoing",
        readonly=True,
    )
    attempts = fields.Integer(readonly=True)
    sent_at = fields.Datetime(readonly=True, index="btree_not_null")
    is_address_bad = fields.Boolean("Wrong number or address", readonly=True)
    failure = fields.Char("Why", readonly=True)

    _once = models.Constraint(
        "UNIQUE (reminder_id, channel)", "A message goes out once on each way."
    )

    # === BUSINESS METHODS: SENDING === #

    def _claim(self):
        """Mark a message as being sent, for good, and tell whether it is ours to send.

        Note: `self.ensure_one()`. Commits.
        """
        self.ensure_one()
        try:
            mine = self.try_lock_for_update()
            # Another run may have had it between our reading and our lock.
            mine.invalidate_recordset(["state"])
            if mine.state != "outgoing":
                return False
            mine.write({"state": "sending", "attempts": mine.attempts + 1})
            self.env["ir.cron"]._commit_progress()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            self.env.cr.rollback()
            return False
        return True

    def _deliver(self):
        """Hand the message to the mail server or the gateway, and note the answer.

        Note: `self.ensure_one()`, and :meth:`_claim` has been called.
        """
        self.ensure_one()
        vals = self._prepare_safely()
        if not vals:
            return
        try:
            with self.env.cr.savepoint():
                send = self._send_email if self.channel == "email" else self._send_sms
                failure_type, failure = send(vals)
        except Exception as error:
            # Whether it got through before, nobody can say.
            _logger.exception("Message %s was interrupted", self.id)
            self._note_unknown(str(error))
        else:
            self._note_result(failure_type, failure)

    def _prepare_safely(self):
        """Return what is sent; a wording that cannot be filled in fails here.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        reminder = self.reminder_id
        try:
            with self.env.cr.savepoint():
                if self.channel == "email":
                    vals = reminder._prepare_mail_vals(self)
                    subject, body = vals["subject"], vals.pop("text")
                else:
                    vals = reminder._prepare_sms_vals(self)
                    subject, body = False, vals["body"]
                self.write({"subject": subject, "body": body})
        except Exception as error:
            _logger.exception("Message %s cannot be worded", self.id)
            self.write({"state": "failed", "failure": str(error)[:500]})
            return None
        return vals

    def _send_email(self, vals):
        """Send by core's mail.

        :return: the type and the text of the failure, both empty when it was sent
        """
        mail_sudo = self.env["mail.mail"].sudo().create(vals)
        mail_sudo.send()
        if not mail_sudo.exists():
            return False, False
        state, failure = mail_sudo.state, mail_sudo.failure_reason
        failure_type = mail_sudo.failure_type
        # What was sent is kept here.
        mail_sudo.unlink()
        if state == "sent":
            return False, False
        return self._get_mail_failure(failure_type, failure or ""), failure

    def _send_sms(self, vals):
        """Send by core's SMS. See :meth:`_send_email`."""
        company = self.reminder_id.company_id
        sms_sudo = self.env["sms.sms"].sudo().with_company(company).create(vals)
        self.env["sms.tracker"].sudo().create(
            {"sms_uuid": sms_sudo.uuid, "reminder_message_id": self.id}
        )
        sms_sudo.send(unlink_sent=True)
        if sms_sudo.state in ("process", "pending", "sent"):
            return False, False
        labels = dict(sms_sudo._fields["failure_type"]._description_selection(self.env))
        failure_type = sms_sudo.failure_type or "unknown"
        return failure_type, self.failure or labels.get(failure_type, failure_type)

    @api.model
    def _get_mail_failure(self, failure_type, failure):
        """Tell by the answer of the mail server what to do next.

        Core knows the type for addresses it refuses itself; the code of the server's
        answer tells a wrong address (5xx) from one to be tried later (4xx).
        """
        if failure_type in ADDRESS_FAILURES:
            return failure_type
        if re.search(r"\(5\d\d,", failure):
            return "mail_email_invalid"
        if re.search(r"\(4\d\d,", failure) or not failure_type:
            # Without a type core did not even reach the server.
            return "mail_smtp"
        return "sms_server"

    # === BUSINESS METHODS: RESULTS === #

    def _note_result(self, failure_type, failure):
        """Note how a message went; try it again later where that makes sense."""
        self.ensure_one()
        if not failure_type:
            if self.state != "delivered":
                self.write(
                    {
                        "state": "sent",
                        "sent_at": fields.Datetime.now(),
                        "failure": False,
                    }
                )
        elif failure_type in OPEN_FAILURES:
            self._note_unknown(failure)
        elif failure_type in ADDRESS_FAILURES:
            self.write({"state": "failed", "is_address_bad": True, "failure": failure})
        elif self.attempts <= len(RETRY_MINUTES):
            self.write({"state": "retry", "failure": failure})
        else:
            self.write({"state": "failed", "failure": failure})

    def _note_unknown(self, failure=None):
        """Note that a message was interrupted: it may have gone out, or not."""
        self.write(
            {
                "state": "unknown",
                "failure": failure
                or self.env._("Interrupted while it was being sent."),
            }
        )

    def _on_report(self, state, failure_type, failure):
        """Take in what the gateway reports later about an SMS it had accepted."""
        self.ensure_one()
        if state == "sent":
            self.state = "delivered"
        elif state == "error" and self.state in ("sending", "sent"):
            self.failure = failure or failure_type
            if self.state == "sent":
                self._note_result(failure_type or "sms_invalid_destination", failure)
                self.reminder_id._settle()
