# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import logging
from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..const import LOST_MINUTES, RETRY_MINUTES

_logger = logging.getLogger(__name__)

# So many are looked at again and sent before the next look.
BATCH = 20
WEEK = timedelta(days=7)


class MedspaReminder(models.Model):
    """Sending: what is due is looked at again, claimed, committed, and then sent.

    A crash at any point sends nothing twice: see `medspa.reminder.message`.
    """

    _inherit = "medspa.reminder"

    # === CRON METHODS === #

    @api.model
    def _cron_send(self):
        """Send what is due, clinic by clinic, as fast as each clinic's limit allows."""
        self._take_up_interrupted()
        due = self.search_count(self._get_due_domain(fields.Datetime.now()))
        self.env["ir.cron"]._commit_progress(remaining=due)
        for company in self.env["res.company"]._get_clinics():
            while (room := self._get_room(company)) > 0:
                batch = self._claim_batch(company, min(room, BATCH))
                if not batch:
                    break
                batch.dispatch_ids._send_claimed()
                if not self.env["ir.cron"]._commit_progress(len(batch)):
                    return
            else:
                self._wake_sender(fields.Datetime.now() + timedelta(minutes=1))

    @api.model
    def _wake_sender(self, moment=None):
        self.env.ref("medspa_reminders.ir_cron_send")._trigger(at=moment)

    @api.model
    def _get_due_domain(self, now):
        return Domain("state", "=", "planned") & Domain("due_at", "<=", now)

    @api.model
    def _get_room(self, company):
        """Return how many messages may leave in this minute.

        What waits behind others goes with the next call, a minute later.
        """
        since = fields.Datetime.now() - timedelta(minutes=1)
        sent = self.env["medspa.reminder.message"].search_count(
            [("company_id", "=", company.id), ("sent_at", ">", since)]
        )
        return company.messages_per_minute - sent

    @api.model
    def _claim_batch(self, company, limit):
        """Take the next messages, look at them again, and commit that they are ours.

        :return: those to send now; never empty while something is due, unless all of
            what was looked at had to be left out
        """
        while True:
            now = fields.Datetime.now()
            domain = self._get_due_domain(now) & Domain("company_id", "=", company.id)
            try:
                due = self.search(
                    domain, order="due_at, id", limit=limit
                ).try_lock_for_update()
                if not due:
                    return due
                ready = due._prepare_to_send(now)
                self.env["ir.cron"]._commit_progress(len(due - ready))
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Another run was quicker with one of them.
                self.env.cr.rollback()
                continue
            if ready:
                return ready

    def _take_up_interrupted(self):
        """Settle what a run left behind that was stopped in the middle.

        What had not begun is planned again; what was under way may have arrived, which
        only the patient knows: the desk is told.
        """
        since = fields.Datetime.now() - timedelta(minutes=LOST_MINUTES)
        lost = self.search(
            [("state", "=", "sending"), ("write_date", "<", since)], limit=1000
        ).try_lock_for_update()
        for reminder in lost:
            dispatches = reminder.dispatch_ids
            for dispatch in dispatches.filtered(lambda d: d.state == "sending"):
                dispatch._note_unknown()
            dispatches.filtered(lambda d: d.state == "outgoing").state = "retry"
            reminder._settle(retry_at=fields.Datetime.now())

    # === BUSINESS METHODS: THE LAST LOOK === #

    def _prepare_to_send(self, now):
        """Return those that may leave now; note why the others do not.

        :param datetime now: naive, in UTC
        """
        ready = self.browse()
        for reminder in self._refresh(now)._filter_awake(now)._filter_week(now):
            if reminder._prepare_safely():
                ready |= reminder
        ready.write({"state": "sending", "note": False})
        return ready

    def _prepare_safely(self):
        """Choose the ways of one message; what goes wrong with it stops no other.

        Note: `self.ensure_one()`

        :return: whether there is a way
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                channels = self._choose_channels()
                if channels and not self._prepare_offer():
                    return False
                self._create_dispatches(channels)
                if not channels:
                    self._give_up()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:
            _logger.exception("Message %s cannot be sent", self.id)
            self.write({"state": "failed", "note": str(error)[:500]})
            return False
        return bool(channels)

    def _refresh(self, now):
        """Ask the rules again, update the figures, and leave out what is over."""
        applies = self.browse()
        for (rule, company), reminders in self.grouped(
            lambda reminder: (reminder.rule_id, reminder.company_id)
        ).items():
            rows = rule._get_current_safely(company, now, reminders.partner_id)
            if rows is None:
                # The manager sees the error on the rule, and mends it.
                reminders.due_at = now + timedelta(hours=1)
                continue
            for reminder in reminders:
                row = rows.get((reminder.partner_id.id, reminder.occasion_key))
                if row is None or not reminder.partner_id.active:
                    reminder._skip(reminder._get_lapse_reason())
                elif reminder._take_figures(row):
                    applies |= reminder
        return applies

    def _take_figures(self, row):
        """Write the figures of today; tell whether the text still goes with them."""
        self.ensure_one()
        self.write({name: row[name] for name in self._get_figures()})
        if not self.edited_text or self.edited_figures == self._describe_figures():
            return True
        self.write(
            {
                "state": "listed",
                "edited_text": False,
                "edited_figures": False,
                "note": self.env._(
                    "What is left has changed since the text was written: read the "
                    "new one."
                ),
            }
        )
        return False

    def _get_lapse_reason(self):
        """Return why a message does not apply any more. Note: `self.ensure_one()`."""
        self.ensure_one()
        if not self.partner_id.active:
            return "archived"
        if self.event == "appointment":
            event = self.event_id
            is_same = event.start == self.occasion_at
            return "late" if event._is_upcoming() and is_same else "moved"
        return "used" if self.course_id else "gone"

    def _filter_awake(self, now):
        """Keep those whose patient is awake; the others go when the night is over."""
        awake = self.browse()
        for reminder in self:
            company = reminder.company_id
            until = company._get_end_of_quiet(
                now, reminder.partner_id._get_message_tz(company)
            )
            if not until:
                awake |= reminder
            elif reminder.event == "appointment" and until >= reminder.occasion_at:
                reminder._skip("late")
            else:
                reminder.due_at = until
        return awake

    def _filter_week(self, now):
        """Keep offers within the number that a patient gets in a week."""
        offers = self.filtered("is_marketing")
        if not offers:
            return self
        sent = defaultdict(list)
        for partner, moments in self._read_group(
            [
                ("partner_id", "in", offers.partner_id.ids),
                ("is_marketing", "=", True),
                ("state", "=", "sent"),
                ("sent_at", ">", now - WEEK),
            ],
            ["partner_id"],
            ["sent_at:array_agg"],
        ):
            sent[partner] = sorted(moments)
        kept = self - offers
        for offer in offers:
            moments = sent[offer.partner_id]
            limit = offer.company_id.marketing_per_week
            if len(moments) < limit:
                moments.append(now)
                kept |= offer
                continue
            first = moments[-limit] if limit else now
            offer.write(
                {
                    "due_at": first + WEEK,
                    "note": offer.env._(
                        "Waits: the patient has had enough offers this week."
                    ),
                }
            )
        return kept

    # === BUSINESS METHODS: THE WAY === #

    def _choose_channels(self):
        """Return the ways to send on now, with the address of each.

        Sent or given up before: not again. Where a way does not work the other one is
        taken, if the rule allows it and the patient does too.

        Note: `self.ensure_one()`

        :rtype: dict[str, str]
        """
        self.ensure_one()
        wanted = self._get_wanted_channels()
        found = {}
        for channel in wanted:
            if address := self._get_open_address(channel):
                found[channel] = address
        # What may have arrived is not sent again on another way.
        arrived = self.dispatch_ids.filtered(
            lambda d: d.state in ("sent", "delivered", "unknown")
        )
        if not found and not arrived and self.rule_id.allows_fallback:
            for channel in {"email", "sms"} - set(wanted):
                if address := self._get_open_address(channel):
                    found[channel] = address
        return found

    def _get_wanted_channels(self):
        self.ensure_one()
        rule, partner = self.rule_id, self.partner_id
        channel = rule.channel
        if channel == "preference":
            by_sms = (
                rule.sms_template_id
                and self._is_allowed("sms")
                and partner._get_message_address("sms")
            )
            channel = partner.preferred_channel or ("sms" if by_sms else "email")
        return ["email", "sms"] if channel == "both" else [channel]

    def _get_open_address(self, channel):
        """Return the address of a way that is allowed, works and was not used yet."""
        self.ensure_one()
        rule = self.rule_id
        if not (rule.mail_template_id if channel == "email" else rule.sms_template_id):
            return None
        tried = self.dispatch_ids.filtered(lambda d: d.channel == channel)
        if tried and tried.state != "retry":
            return None
        if not self._is_allowed(channel):
            return None
        return self.partner_id._get_message_address(channel)

    def _is_allowed(self, channel):
        self.ensure_one()
        purpose = "marketing" if self.is_marketing else "service"
        return self.partner_id._may_be_written_to(
            channel, purpose, self.company_id.marketing_needs_consent
        )

    def _give_up(self):
        """Close a message that has no way left. Note: `self.ensure_one()`."""
        self.ensure_one()
        if self.dispatch_ids:
            self._settle()
        elif any(self._is_allowed(channel) for channel in ("email", "sms")):
            self._skip("address")
        else:
            self._skip("consent")

    def _create_dispatches(self, channels):
        """Note on which ways the message leaves, where that is not noted yet."""
        self.ensure_one()
        for channel, address in channels.items():
            tried = self.dispatch_ids.filtered(lambda d, c=channel: d.channel == c)
            if tried:
                tried.write({"state": "outgoing", "address": address})
            else:
                self.env["medspa.reminder.message"].create(
                    {
                        "reminder_id": self.id,
                        "channel": channel,
                        "address": address,
                    }
                )

    # === BUSINESS METHODS: RESULTS === #

    def _skip(self, reason):
        """Close a message that is not sent, and say why."""
        self.write({"state": "skipped", "skip_reason": reason, "note": False})

    def _settle(self, retry_at=None):
        """Close a message when all its deliveries are over, or plan the next attempt.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        dispatches = self.dispatch_ids
        if dispatches.filtered(lambda d: d.state in ("outgoing", "sending")):
            return
        retries = dispatches.filtered(lambda d: d.state == "retry")
        arrived = dispatches.filtered(lambda d: d.state in ("sent", "delivered"))
        if retries:
            attempt = max(retries.mapped("attempts"))
            minutes = RETRY_MINUTES[max(attempt, 1) - 1]
            self._plan_again(
                retry_at or fields.Datetime.now() + timedelta(minutes=minutes)
            )
        elif arrived:
            self.write({"state": "sent", "sent_at": max(arrived.mapped("sent_at"))})
        elif dispatches and self._choose_channels():
            # The other way is still open.
            self._plan_again(fields.Datetime.now())
        else:
            self.write({"state": "failed", "note": dispatches[-1:].failure})

    def _plan_again(self, moment):
        self.write({"state": "planned", "due_at": moment})


class MedspaReminderMessage(models.Model):
    _inherit = "medspa.reminder.message"

    def _send_claimed(self):
        """Send a message if it is still ours to send, and commit what became of it."""
        for dispatch in self:
            if dispatch.state != "outgoing" or not dispatch._claim():
                continue
            dispatch._deliver()
            dispatch.reminder_id._settle()
            self.env["ir.cron"]._commit_progress()
