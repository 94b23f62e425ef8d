# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import logging
from datetime import timedelta

from psycopg2 import OperationalError
from psycopg2.errors import ExclusionViolation

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, hash_sign, verify_hash_signed

from .booking_offer import BookingOffer

_logger = logging.getLogger(__name__)

OFFER_SCOPE = "medspa-waiting-offer"
BATCH = 50


class MedspaWaitingSlot(models.Model):
    """A time that became free and is offered to those who wait for it.

    It occupies practitioner and room as an appointment does, so that nobody else takes
    it while it is offered; what is offered can be booked.
    """

    _name = "medspa.waiting.slot"
    _description = "Freed time"
    _order = "start, id"

    company_id = fields.Many2one("res.company", required=True, index=True)
    practitioner_id = fields.Many2one(
        "resource.resource", required=True, ondelete="cascade"
    )
    room_id = fields.Many2one("resource.resource", required=True, ondelete="cascade")
    start = fields.Datetime(required=True, help="Preparation included.")
    stop = fields.Datetime(required=True, help="Cleaning included.")
    state = fields.Selection(
        [("open", "Offered"), ("taken", "Taken"), ("over", "Free again")],
        required=True,
        default="open",
    )
    next_step_at = fields.Datetime(
        "Offered until", required=True, help="When those offered it lose their turn."
    )
    offer_ids = fields.One2many("medspa.waiting.offer", "slot_id", "Offers")
    occupancy_ids = fields.One2many("medspa.occupancy", "waiting_slot_id")

    _due_idx = models.Index("(next_step_at) WHERE state = 'open'")

    # === ACTION METHODS === #

    def action_close(self):
        """Stop offering the time: it is free for everybody again."""
        self.check_access("write")
        for slot in self:
            if slot._finish("over"):
                slot._close_offers()

    # === BUSINESS METHODS: OPEN === #

    @api.model
    def _open(self, company, practitioner, room, start, stop):
        """Hold a freed time for those who wait for it, if there is anybody.

        :param datetime start: naive, in UTC, preparation included
        :param datetime stop: cleaning included
        """
        if not practitioner or not room or self._get_deadline(company, start) is None:
            return self.browse()
        vals = {
            "company_id": company.id,
            "practitioner_id": practitioner.id,
            "room_id": room.id,
            "start": start,
            "stop": stop,
        }
        if not self.new(vals)._find_next_in_line(1):
            return self.browse()
        try:
            with self.env.cr.savepoint():
                return self._create_held(vals)
        except ExclusionViolation:
            # Somebody took it at this very moment.
            return self.browse()

    @api.model
    def _create_held(self, vals):
        """Create a slot that occupies its resources, unless a part of it is taken."""
        now = fields.Datetime.now()
        rows = [
            {
                "resource_id": resource_id,
                "start": vals["start"],
                "stop": vals["stop"],
            }
            for resource_id in (vals["practitioner_id"], vals["room_id"])
        ]
        if self.env["calendar.event"]._are_taken(rows):
            return self.browse()
        slot = self.create({**vals, "next_step_at": now})
        self.env["medspa.occupancy"].create(
            [{**row, "waiting_slot_id": slot.id} for row in rows]
        )
        self.env.ref("medspa_membership.ir_cron_offer_freed_times")._trigger(at=now)
        return slot

    @api.model
    def _get_deadline(self, company, start):
        """Return until when a time can be offered, or nothing when it is too late."""
        now = fields.Datetime.now()
        last = start - timedelta(minutes=company.booking_lead_minutes)
        if last <= now:
            return None
        return min(last, now + timedelta(minutes=company.waiting_minutes))

    # === BUSINESS METHODS: OFFER === #

    def _find_next_in_line(self, limit):
        """Return the first in line who can use the time and were not asked yet.

        Note: `self.ensure_one()`

        :rtype: medspa.waiting
        """
        self.ensure_one()
        Waiting = self.env["medspa.waiting"]
        company = self.company_id
        asked = self.offer_ids.waiting_id
        entries = Waiting.search(
            Waiting._get_waiting_domain(company, self.start)
            & Domain("practitioner_id", "in", (self.practitioner_id.id, False))
            & Domain("id", "not in", asked.ids)
        )
        fitting = entries.treatment_id.filtered(self._fits)
        # Who has another appointment then is asked for another time.
        busy = self.env["calendar.event"]._get_patient_times(
            entries.partner_id, self.start, self.stop
        )
        entries = entries.filtered(
            lambda e: e.treatment_id in fitting and not busy.get(e.partner_id.id)
        )
        # Who is promised to be first stands in front of the others, in their order.
        memberships = self.env["sale.subscription"]._get_memberships(
            entries.partner_id, company, company._medspa_date()
        )
        first = memberships.filtered("waits_first").partner_id
        return entries.sorted(lambda e: e.partner_id not in first)[:limit]

    def _fits(self, treatment):
        """Tell whether a treatment fits into the time, its practitioner and room."""
        self.ensure_one()
        length = timedelta(
            minutes=treatment.buffer_before_minutes
            + treatment.duration_minutes
            + treatment.buffer_after_minutes
        )
        treatment = treatment.with_company(self.company_id)
        return (
            self.start + length <= self.stop
            and self.practitioner_id in treatment._get_practitioners()
            and self.room_id in treatment._get_rooms()
        )

    def _offer_on(self):
        """Offer the time to the next in line, or give it free.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        self._close_offers()
        deadline = self._get_deadline(self.company_id, self.start)
        entries = self.env["medspa.waiting"]
        if deadline:
            entries = self._find_next_in_line(self.company_id.waiting_batch)
        if not entries:
            self._finish("over")
            return
        # Whole minutes, as crons wake up.
        self.next_step_at = deadline.replace(second=0, microsecond=0) + timedelta(
            minutes=1
        )
        offers = self.env["medspa.waiting.offer"].create(
            [{"slot_id": self.id, "waiting_id": entry.id} for entry in entries]
        )
        for offer in offers:
            offer._send()
        self.env.ref("medspa_membership.ir_cron_offer_freed_times")._trigger(
            at=self.next_step_at
        )

    def _close_offers(self):
        self.offer_ids.filtered(lambda o: o.state == "open").state = "lapsed"

    def _finish(self, state):
        """Stop holding the time, if nobody else has: the database lets one do it."""
        self.ensure_one()
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "UPDATE medspa_waiting_slot SET state = %s"
                " WHERE id = %s AND state = 'open' RETURNING id",
                state,
                self.id,
            )
        )
        done = bool(self.env.cr.fetchone())
        self.invalidate_recordset(["state"])
        if done:
            # Nobody writes occupancy by hand.
            self.sudo().occupancy_ids.unlink()
        return done

    # === CRON METHODS === #

    @api.model
    def _cron_offer(self):
        """Offer freed times to those in line; one that fails stops no other."""
        Cron = self.env["ir.cron"]
        domain = Domain("state", "=", "open") & Domain(
            "next_step_at", "<=", fields.Datetime.now()
        )
        Cron._commit_progress(remaining=self.search_count(domain))
        failed = self.browse()
        while slots := self.search(
            domain & Domain("id", "not in", failed.ids), limit=BATCH
        ).try_lock_for_update():
            for slot in slots:
                try:
                    with self.env.cr.savepoint():
                        slot._offer_on()
                except OperationalError:
                    # Somebody changed the same rows: the next run sees the new ones.
                    self.env.cr.rollback()
                    return
                except Exception:
                    _logger.exception("Freed time %s could not be offered", slot.id)
                    self.env.invalidate_all(flush=False)
                    failed |= slot
                if not Cron._commit_progress(1):
                    return


class MedspaWaitingOffer(models.Model):
    """The offer of a freed time to one person in line."""

    _name = "medspa.waiting.offer"
    _description = "Offer of a freed time"
    _order = "id"

    slot_id = fields.Many2one(
        "medspa.waiting.slot", required=True, index=True, ondelete="cascade"
    )
    waiting_id = fields.Many2one(
        "medspa.waiting", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="slot_id.company_id", store=True)
    treatment_id = fields.Many2one(related="waiting_id.treatment_id")
    start = fields.Datetime(compute="_compute_times")
    stop = fields.Datetime(compute="_compute_times")
    state = fields.Selection(
        [
            ("open", "Open"),
            ("accepted", "Accepted"),
            ("declined", "Declined"),
            ("lapsed", "Lapsed"),
        ],
        required=True,
        default="open",
    )

    _once = models.Constraint(
        "UNIQUE (slot_id, waiting_id)", "The time was offered to this person already."
    )

    # === COMPUTE METHODS === #

    @api.depends("slot_id.start", "waiting_id.treatment_id")
    def _compute_times(self):
        for offer in self:
            treatment = offer.treatment_id
            begin = timedelta(minutes=treatment.buffer_before_minutes)
            offer.start = offer.slot_id.start + begin
            offer.stop = offer.start + timedelta(minutes=treatment.duration_minutes)

    # === BUSINESS METHODS === #

    def _is_open(self):
        """Tell whether the person can still take it. Note: `self.ensure_one()`."""
        self.ensure_one()
        return (
            self.state == "open"
            and self.slot_id.state == "open"
            and self.waiting_id.state == "waiting"
            and self.slot_id.next_step_at > fields.Datetime.now()
        )

    def _get_statement(self):
        """Return what the time costs the person. Note: `self.ensure_one()`."""
        self.ensure_one()
        return self.treatment_id._get_booking_statement(
            self.waiting_id.partner_id, self.start, self.company_id
        )

    def _accept(self, agreed):
        """Book the offered time for the person in line, before anybody else does.

        Note: `self.ensure_one()`, called as superuser

        :param str agreed: the `key` of the statement that the person saw
        :return: the appointment
        :raise UserError: when somebody else has it, or the price is another one
        """
        self.ensure_one()
        slot, entry = self.slot_id, self.waiting_id
        on_date = self.company_id._medspa_date(self.start)
        if not self.treatment_id._is_bookable_by(
            entry.partner_id, on_date, self.company_id
        ):
            raise UserError(self.env._("This treatment is for members only."))
        if not self._is_open() or not slot._finish("taken"):
            raise UserError(
                self.env._("This time is taken or not held any more. You stay in line.")
            )
        offer = BookingOffer(self.treatment_id, self.company_id, entry.partner_id)
        event = self.env["calendar.event"]._book_online(
            offer,
            {
                "start": self.start,
                "stop": self.stop,
                "practitioner": slot.practitioner_id,
                "room": slot.room_id,
            },
            agreed,
            is_invited=True,
        )
        self.state = "accepted"
        slot._close_offers()
        entry.write({"state": "booked", "event_id": event.id})
        return event

    def _decline(self):
        """Let the next in line have it; the person stays on the list."""
        self.ensure_one()
        if not self._is_open():
            return
        self.state = "declined"
        if not self.slot_id.offer_ids.filtered(lambda o: o.state == "open"):
            self.slot_id.next_step_at = fields.Datetime.now()
            self.env.ref("medspa_membership.ir_cron_offer_freed_times")._trigger()

    def _filter_letter_true(self, letter):
        """Override: what somebody else has taken is not offered any more."""
        offers = super()._filter_letter_true(letter)
        return offers.filtered(lambda offer: offer._is_open())

    def _send(self):
        """Tell the person of the free time. Note: `self.ensure_one()`."""
        self.ensure_one()
        template = self.env.ref("medspa_membership.mail_template_waiting_offer")
        template.with_user(SUPERUSER_ID).send_mail(self.id)

    def _get_url(self):
        """Return the address of the offer, as the mail has it."""
        self.ensure_one()
        token = hash_sign(
            self.env(su=True), OFFER_SCOPE, self.id, expiration=self.slot_id.start
        )
        return f"{self.get_base_url()}/book/offer/{token}"

    @api.model
    def _find_by_token(self, token):
        """Return the offer that a token opens, as superuser, or nothing."""
        env = self.env(su=True)
        try:
            offer_id = verify_hash_signed(env, OFFER_SCOPE, token)
        except ValueError:
            offer_id = None
        return env["medspa.waiting.offer"].browse(offer_id or []).exists()
