# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import logging
from datetime import timedelta

import requests
from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from odoo.addons.payment.utils import generate_idempotency_key

from .payment_transaction import TOKEN_OPERATIONS
from .payment_transaction_charge import FINAL_STATES

_logger = logging.getLogger(__name__)

# The provider forgets the key of a request after a day: until then it can be repeated.
KEY_HOURS = 23
# A charge is a draft for seconds: one that is it longer has lost its process. And what
# has no answer is asked for again after so long.
PAUSE_MINUTES = 10
# Core's job gives post-processing up after four days, and after so long it is ours.
CORE_JOB_DAYS = 4
BATCH = 200


class PaymentTransaction(models.Model):
    """Requests for money that got no clear answer.

    Core takes a time-out for a decline. A request without an answer may have been
    carried out: it stays pending here until the provider says what became of it, and
    nothing else is charged in its place.
    """

    _inherit = "payment.transaction"

    is_outcome_unknown = fields.Boolean(
        readonly=True,
        copy=False,
        help="The provider gave no answer: it may have been paid.",
    )
    outcome_asked_at = fields.Datetime(
        readonly=True,
        copy=False,
        help="When the provider was asked last what became of it.",
    )

    # === BUSINESS METHODS: UNKNOWN OUTCOME === #

    def _send_api_request(self, method, endpoint, **kwargs):
        """Override of `payment` to notice a request for money that got no clear answer.

        A refund has a key too: asked for again after a lost answer, or by a request
        that starts again, it is not given twice.
        """
        moves_money = self._moves_money(method, endpoint)
        if moves_money and self.operation == "refund":
            kwargs.setdefault(
                "idempotency_key", generate_idempotency_key(self, scope=endpoint)
            )
        try:
            return super()._send_api_request(method, endpoint, **kwargs)
        except ValidationError as error:
            if moves_money and self.operation in (*TOKEN_OPERATIONS, "refund"):
                if self._leaves_outcome_open(error.__context__):
                    self.is_outcome_unknown = True
                else:
                    self._keep_decline(error.__context__)
            raise

    def _moves_money(self, method, endpoint):
        """Tell whether a request charges or refunds. Note: a provider's hook."""
        return False

    def _keep_decline(self, cause):
        """Note what a refusal says: the fields `decline_*`. Note: a provider's hook.

        :param Exception cause: the HTTP error, with its response
        """
        return

    @api.model
    def _leaves_outcome_open(self, cause):
        """Tell whether an error says nothing about the money.

        No answer, a fault of the provider, a lock (409) or a limit of requests (429):
        the same request has to be sent again, under the same key.
        """
        if isinstance(
            cause, (requests.exceptions.ConnectionError, requests.exceptions.Timeout)
        ):
            return True
        response = getattr(cause, "response", None)
        if response is None:
            return False
        return response.status_code >= 500 or response.status_code in (409, 429)

    def _set_error(self, state_message, extra_allowed_states=()):
        """Override of `payment` to keep charges of unknown outcome pending."""
        unknown = self.filtered("is_outcome_unknown")
        unknown.filtered(lambda tx: tx.state == "draft")._set_pending(
            state_message=state_message
        )
        return super(PaymentTransaction, self - unknown)._set_error(
            state_message, extra_allowed_states=extra_allowed_states
        )

    def _update_state(self, allowed_states, target_state, state_message):
        """Override of `payment`: with a final state the outcome is known."""
        changed = super()._update_state(allowed_states, target_state, state_message)
        if target_state in (*FINAL_STATES, "authorized"):
            changed.filtered("is_outcome_unknown").is_outcome_unknown = False
        return changed

    def _is_awaiting_answer(self):
        """Tell whether the provider was asked, or is to be, and has not answered."""
        self.ensure_one()
        if self.state == "draft":
            return True
        return self.state == "pending" and self.is_outcome_unknown

    def _is_key_expired(self):
        """Tell whether a repeated request might be carried out a second time."""
        self.ensure_one()
        since = self.charged_at or self.create_date
        return since <= fields.Datetime.now() - timedelta(hours=KEY_HOURS)

    def _is_still_owed(self):
        """Tell whether the invoices still wait for this money."""
        self.ensure_one()
        if self.instalment_line_id:
            return not self.instalment_line_id.reconciled
        invoices = self.invoice_ids
        if not invoices:
            return True
        if any(move.state != "posted" for move in invoices):
            return False
        residual = sum(invoices.mapped("amount_residual"))
        return self.currency_id.compare_amounts(residual, self.amount) >= 0

    def _resolve_outcome(self):
        """Find out what became of requests that got no answer. Never raises for one.

        While the key lives the request is repeated: the provider answers with the first
        result instead of charging again. Afterwards, when the repetition brings nothing
        (a fault is kept with the key too), or when the invoice was paid in another way
        meanwhile, the provider is asked by our reference.
        """
        for tx in self:
            if not tx._is_awaiting_answer():
                continue
            tx.outcome_asked_at = fields.Datetime.now()
            may_repeat = not tx._is_key_expired() and tx._is_still_owed()
            if may_repeat:
                tx._repeat_request()
            if tx._is_awaiting_answer():
                tx._ask_for_outcome(give_up=not may_repeat)

    def _repeat_request(self):
        """Send the same request under the same key, if it can be sent at all."""
        self.ensure_one()
        if self.operation != "refund" and self._get_charge_obstacle():
            return
        self.is_outcome_unknown = False
        try:
            if self.operation == "refund":
                self._send_refund_request()
            else:
                self._send_payment_request()
        except ValidationError as error:
            self._set_error(str(error))
        if self.state == "draft":
            # Neither an answer nor an error: it is as open as before.
            self.is_outcome_unknown = True
            self._set_pending()

    def _ask_for_outcome(self, give_up):
        """Take what the provider says about our reference.

        :param bool give_up: whether nothing found means that nothing was done
        """
        self.ensure_one()
        try:
            payment_data = self._fetch_outcome()
            if payment_data is NotImplemented:
                if give_up:
                    _logger.info("Somebody has to look %s up", self.reference)
                return
            if payment_data:
                self.is_outcome_unknown = False
                self._process(self.provider_code, payment_data)
                return
        except ValidationError as error:
            _logger.info("No outcome of %s yet: %s", self.reference, error)
            return
        if give_up:
            self.write({"is_outcome_unknown": False, "decline_kind": "technical"})
            self._set_error(
                self.env._("The provider knows of no such payment: it was not made.")
            )

    def _fetch_outcome(self):
        """Ask the provider for the payment or the refund with our reference.

        A provider's hook, to be answered from the provider's books and not from ours.

        :return: the payment data as `_process` takes them; None when the provider says
            that there is no such payment; NotImplemented when it cannot be asked
        :raise ValidationError: when it does not answer
        Note: `self.ensure_one()`
        """
        return NotImplemented

    # === CRON METHODS === #

    @api.model
    def _cron_resolve_unknown(self):
        """Ask what became of charges and refunds that have no outcome yet."""
        now = fields.Datetime.now()
        open_domain = self._get_unresolved_domain(now)
        todo = self.search(
            open_domain, order="outcome_asked_at NULLS FIRST, id", limit=BATCH
        )
        late = self.search(self._get_unbooked_domain(now), order="id", limit=BATCH)
        self.env["ir.cron"]._commit_progress(
            remaining=self.search_count(open_domain) + len(late)
        )
        for tx in todo:
            tx._resolve_apart()
            if not self.env["ir.cron"]._commit_progress(1):
                return
        for tx in late:
            tx.outcome_asked_at = now
            tx._cron_post_process()
            if not self.env["ir.cron"]._commit_progress(1):
                return

    @api.model
    def _get_unresolved_domain(self, now):
        """Return the transactions whose outcome is to be asked for.

        Those without an answer every few minutes; those that the provider is still busy
        with once a day, in case the news of them was lost.
        """
        just_now = now - timedelta(minutes=PAUSE_MINUTES)
        yesterday = now - timedelta(days=1)
        unknown = Domain("state", "=", "pending") & Domain(
            "is_outcome_unknown", "=", True
        )
        # The process that charged it was killed.
        lost = Domain("state", "=", "draft") & Domain("charged_at", "<", just_now)
        processing = Domain("state", "=", "pending") & Domain(
            "last_state_change", "<", yesterday
        )
        return Domain("operation", "in", [*TOKEN_OPERATIONS, "refund"]) & (
            ((unknown | lost) & self._get_not_asked_domain(just_now))
            | (processing & self._get_not_asked_domain(yesterday))
        )

    @api.model
    def _get_not_asked_domain(self, since):
        """Return the transactions that were not asked for after a time."""
        return Domain("outcome_asked_at", "=", False) | Domain(
            "outcome_asked_at", "<", since
        )

    @api.model
    def _get_unbooked_domain(self, now):
        """Return what is paid and not booked, and given up by core's job."""
        return (
            Domain("is_post_processed", "=", False)
            & Domain("state", "=", "done")
            & Domain("last_state_change", "<", now - timedelta(days=CORE_JOB_DAYS))
            & self._get_not_asked_domain(now - timedelta(days=1))
        )

    def _resolve_apart(self):
        """Resolve one transaction; what goes wrong with it stops no other."""
        self.ensure_one()
        try:
            if not self.try_lock_for_update():
                return
            if self._is_awaiting_answer():
                self._resolve_outcome()
            elif self.state == "pending":
                self.outcome_asked_at = fields.Datetime.now()
                self._ask_for_outcome(give_up=False)
            self.env["ir.cron"]._commit_progress()
            if self.state in FINAL_STATES and not self.is_post_processed:
                self._post_process_at_once()
            self.env["ir.cron"]._commit_progress()
        except OperationalError:
            # Somebody else has the news at this moment; the next run sees to it.
            self.env.cr.rollback()
        except Exception:
            self.env.cr.rollback()
            _logger.exception("The outcome of %s stays unknown", self.reference)
