# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import logging
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, hash_sign, verify_hash_signed

_logger = logging.getLogger(__name__)

BATCH = 100
# What a visitor's browser and what a visitor's mailbox may open are two things.
PAGE_SCOPE = "medspa-booking-page"
CONFIRM_SCOPE = "medspa-booking-confirm"


class CalendarEvent(models.Model):
    """Times held for somebody who has not confirmed or paid the deposit yet."""

    _inherit = "calendar.event"

    held_until = fields.Datetime(
        "Unconfirmed until",
        copy=False,
        readonly=True,
        tracking=True,
        help="The time is held until then for a patient who has to confirm it by "
        "e-mail or to pay the deposit. Empty: it is confirmed.",
    )
    is_booked_online = fields.Boolean("Booked online", readonly=True, copy=False)

    _held_is_booked = models.Constraint(
        "CHECK (held_until IS NULL OR appointment_status IN ('booked', 'cancelled'))",
        "Only a booked appointment waits for a confirmation.",
    )
    _held_idx = models.Index(
        "(held_until) WHERE held_until IS NOT NULL AND appointment_status = 'booked'"
    )

    # === CRUD METHODS === #

    def write(self, vals):
        """Override: who is checked in needs to confirm nothing any more."""
        if vals.get("appointment_status") in ("arrived", "attended", "no_show"):
            vals = {**vals, "held_until": False}
        return super().write(vals)

    # === ACTION METHODS === #

    def action_confirm_hold(self):
        """Confirm for a patient who called instead of clicking.

        A deposit is not asked for any more; whose address it is stays unknown.
        """
        self.check_access("write")
        for event in self:
            event._confirm_hold()

    # === BUSINESS METHODS: BOOK === #

    @api.model
    def _book_online(self, offer, slot, agreed, guest=None, is_invited=False):
        """Book an offered time for a person, at the price that was shown.

        Called as superuser: patients and visitors have no rights on appointments.

        :param BookingOffer offer: the times of the treatment for who looks at them
        :param dict slot: one of its slots
        :param str agreed: the `key` of the statement that the person saw
        :param guest: for whom it is booked, by somebody who is not logged in: held
            until the address is confirmed, or the deposit paid
        :param bool is_invited: the clinic has offered the time: no limit counts
        :return: the appointment
        :raise UserError: when time or price are no longer what was shown
        """
        company = offer.company_id
        # Who has not shown to be the patient is told, and pays, what any visitor is.
        statement = offer.treatment._get_booking_statement(
            offer.patient, slot["start"], company
        )
        if statement["key"] != agreed:
            raise UserError(self._get_changed_message())
        is_held = bool(guest or statement["deposit"])
        if not is_invited:
            self._check_booking_limits(
                guest or offer.patient,
                slot["start"],
                company,
                is_covered=bool(statement["credit"] or statement["ahead"]),
            )
        with self.env.cr.savepoint():
            event = self.with_company(company).create(
                {
                    "patient_id": (guest or offer.patient).id,
                    "treatment_id": offer.treatment.id,
                    "practitioner_id": slot["practitioner"].id,
                    "room_id": slot["room"].id,
                    "start": slot["start"],
                    "stop": slot["stop"],
                    "is_booked_online": True,
                    "credit_id": statement["credit"].id,
                    # What is not confirmed reserves nothing of the patient's.
                    "is_paid_apart": is_held,
                    "held_until": is_held and self._get_hold_end(company),
                    **self._prepare_ahead_vals(statement["ahead"]),
                }
            )
            if event.credit_id != statement["credit"]:
                raise UserError(self._get_changed_message())
            event._check_patient_is_free()
        if statement["deposit"]:
            event._sell_with_deposit(statement["deposit"], offer.patient)
        if is_held:
            self.env.ref("medspa_membership.ir_cron_release_holds")._trigger(
                at=event.held_until
            )
        return event

    @api.model
    def _get_changed_message(self):
        return self.env._("What it costs has changed meanwhile. Please look again.")

    @api.model
    def _get_hold_end(self, company):
        """Return until when a time is held: whole minutes, as crons wake up."""
        end = fields.Datetime.now() + timedelta(minutes=company.hold_minutes)
        return end.replace(second=0, microsecond=0)

    # === BUSINESS METHODS: CONFIRM AND RELEASE === #

    def _confirm_hold(self, has_answered=False):
        """Turn a held time into an appointment, once; a credit pays if one covers it.

        Note: `self.ensure_one()`

        :param bool has_answered: somebody has used the link sent to the mailbox of the
            visitor: the appointment becomes that of the patient who the visitor is
        :return: whether this call did it
        :rtype: bool
        """
        self.ensure_one()
        if not self._take_hold("booked"):
            return False
        if has_answered:
            self._settle_visitor()
        # Whoever confirms may not read orders.
        if not self.sudo().sale_line_id:
            self.is_paid_apart = False
        self._write_to_patient("booked_online")
        return True

    def _settle_visitor(self):
        """Give the appointment to the patient who the visitor has shown to be.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        visitor = self.patient_id
        known = visitor._settle_visitor()
        # With an order goes what was paid: the desk joins the two.
        if known != visitor and not self.sudo().sale_line_id:
            self.write(
                {
                    "patient_id": known.id,
                    "name": self._get_appointment_name(known, self.treatment_id),
                }
            )
            # Whoever confirms may not write people.
            known.sudo()._flag_as_patients()
            self._forget_stranger(visitor)

    def _take_hold(self, status):
        """End the hold, if nobody else has: the database lets one request do it."""
        self.ensure_one()
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "UPDATE calendar_event SET held_until = NULL"
                " WHERE id = %s AND held_until IS NOT NULL AND appointment_status = %s"
                " RETURNING id",
                self.id,
                status,
            )
        )
        taken = bool(self.env.cr.fetchone())
        self.invalidate_recordset(["held_until"])
        return taken

    def _release_hold(self):
        """Give a time free that nobody has confirmed. Note: `self.ensure_one()`."""
        self.ensure_one()
        if not self._take_hold("booked"):
            return
        # The order of this appointment alone.
        order_sudo = self.sudo().sale_line_id.order_id
        # Nobody has asked for it with a mailbox that answers.
        quiet = self.with_context(dont_notify=True)
        quiet.write({"appointment_status": "cancelled"})
        self.message_post(body=self.env._("Not confirmed in time: the time is free."))
        if order_sudo.state in ("draft", "sent"):
            order_sudo._action_cancel()
        self._forget_stranger(self.patient_id)

    @api.model
    def _forget_stranger(self, visitor):
        """Put away a visitor of whom nothing else is known.

        :param visitor: a partner, or nobody
        """
        # What is known of a visitor is counted, and told to nobody.
        patient_sudo = visitor.sudo()
        # Whoever has another appointment stays.
        if (
            patient_sudo.is_unconfirmed_visitor
            and not patient_sudo.with_context(active_test=False).user_ids
            and not self.sudo().search_count(
                [
                    ("patient_id", "=", patient_sudo.id),
                    ("appointment_status", "!=", "cancelled"),
                ],
                limit=1,
            )
        ):
            patient_sudo.active = False

    def _ask_to_confirm(self, email):
        """Send the link that confirms a held time to the address that was given.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        template = self.env.ref("medspa_membership.mail_template_confirm_booking")
        # From the clinic, and not from the visitor who causes it.
        template = template.with_user(SUPERUSER_ID).with_context(
            medspa_confirm_url=self._get_confirm_url(email)
        )
        template.send_mail(
            self.id, email_values={"email_to": email, "recipient_ids": []}
        )

    # === BUSINESS METHODS: LINKS === #

    def _get_page_token(self):
        """Return the token with which the browser that booked sees the appointment."""
        self.ensure_one()
        return hash_sign(
            self.env(su=True), PAGE_SCOPE, [self.id, None], expiration=self.stop
        )

    def _get_confirm_url(self, email):
        """Return the address that the e-mail to confirm leads to."""
        self.ensure_one()
        token = hash_sign(
            self.env(su=True), CONFIRM_SCOPE, [self.id, email], expiration=self.stop
        )
        return f"{self.get_base_url()}/book/confirm/{token}"

    @api.model
    def _find_by_token(self, scope, token):
        """Return the appointment that a token opens, and the mailbox it was sent to.

        :return: the appointment as superuser, empty when the token opens nothing, and
            the address or nothing
        """
        env = self.env(su=True)
        try:
            event_id, email = verify_hash_signed(env, scope, token) or (0, None)
        except ValueError:
            event_id, email = 0, None
        domain = [("id", "=", event_id), ("treatment_id", "!=", False)]
        return env["calendar.event"].search(domain), email

    # === CRON METHODS === #

    @api.model
    def _cron_release_holds(self):
        """Free the times that were not confirmed; one that fails stops no other."""
        Cron = self.env["ir.cron"]
        domain = (
            Domain("held_until", "<=", fields.Datetime.now())
            & Domain("appointment_status", "=", "booked")
            # A payment on its way holds the time until its outcome is known.
            & ~Domain("sale_line_id.order_id.transaction_ids.state", "=", "pending")
        )
        Cron._commit_progress(remaining=self.search_count(domain))
        failed = self.browse()
        while events := self.search(
            domain & Domain("id", "not in", failed.ids), limit=BATCH, order="id"
        ).try_lock_for_update():
            for event in events:
                try:
                    with self.env.cr.savepoint():
                        event._release_hold()
                except OperationalError:
                    # Somebody changed the same rows: the next run sees the new ones.
                    self.env.cr.rollback()
                    return
                except Exception:
                    _logger.exception("Appointment %s could not be freed", event.id)
                    self.env.invalidate_all(flush=False)
                    failed |= event
                if not Cron._commit_progress(1):
                    return
