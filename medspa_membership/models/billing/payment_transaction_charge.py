# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import logging

from psycopg2 import OperationalError

from odoo import fields, models

_logger = logging.getLogger(__name__)

FINAL_STATES = ("done", "error", "cancel")


class PaymentTransaction(models.Model):
    """Charges that the clinic makes by itself, each of them once.

    The order of things is what keeps a member from being charged twice: the transaction
    is committed before the provider is asked, its reference makes the key under which
    the provider carries a request out once, and a request without a clear answer leaves
    the transaction *unknown* instead of failed. Whoever asks again asks with the same
    key, and nothing else is charged meanwhile.
    """

    _inherit = "payment.transaction"

    charged_at = fields.Datetime(
        "First asked at",
        readonly=True,
        copy=False,
        help="When the provider was asked for the money first. Set and still a draft:"
        " its answer was lost.",
    )
    settled_as = fields.Selection(
        [
            ("done", "Paid"),
            ("error", "Declined"),
            ("cancel", "Cancelled"),
            ("taken_back", "Taken back"),
        ],
        readonly=True,
        copy=False,
        help="The outcome that was reported to who asked for the charge.",
    )

    # === BUSINESS METHODS: CHARGING === #

    def _charge_once(self):
        """Charge a transaction of a stored card, once, and book what it brings.

        For a transaction with operation `offline` that was just created and is not
        charged yet. Commits before and after the provider is asked, so it belongs at
        the edge: jobs and crons. May be called again at any time: what is being charged
        elsewhere or has an outcome is left as it is, and what lost its answer is asked
        for again under the same key.

        :return: the state: `done`; `pending` (processing, or `is_outcome_unknown`);
            `error` or `cancel`, with what is known in the fields `decline_*`. `draft`
            means that another process is charging it at this moment.
        :raise OperationalError: on a conflict in the database. The work may start
            again, or be left to `_cron_resolve_unknown`.
        Note: `self.ensure_one()`
        """
        self.ensure_one()
        # Who lets a card be charged need not be allowed to write what became of it.
        tx_sudo = self.sudo()
        is_first = bool(tx_sudo._begin_charge())
        self.env["ir.cron"]._commit_progress()
        return tx_sudo._charge_begun(is_first)

    def _begin_charge(self):
        """Note on new charges that the provider is asked, or why it is not.

        To be committed before `_charge_begun`: of a charge that is begun and has no
        answer nobody knows whether it was made.

        :return: the charges that are to be sent
        """
        begun = self.browse()
        for tx in self.filtered(lambda tx: tx.state == "draft" and not tx.charged_at):
            if obstacle := tx._get_charge_obstacle():
                tx._refuse_charge(*obstacle)
            else:
                begun |= tx
        begun.charged_at = fields.Datetime.now()
        return begun

    def _prepare_requests_safely(self):
        """Prepare requests; where one cannot be, each charge prepares its own."""
        try:
            return self._prepare_charge_requests()
        except OperationalError:
            raise
        except Exception:
            _logger.info("Requests are prepared one by one", exc_info=True)
            return {}

    def _prepare_charge_requests(self):
        """Return what is sent to the providers, by the id of the charge.

        Read together for a batch, for it is committed after each charge, which empties
        the cache. The charges find it in the context, as `medspa_charge_requests`; one
        that is not in it prepares its own. Note: a hook of providers.
        """
        return {}

    def _charge_begun(self, is_first=True):
        """Ask the provider for a charge that is begun, and book what it brings.

        Commits its answer, unless it is left to a job that books and commits it.

        :param bool is_first: False where the answer to an earlier request was lost
        :return: the state, see `_charge_once`
        Note: `self.ensure_one()`
        """
        self.ensure_one()
        # Held while the provider answers: a webhook about this charge waits for us
        # instead of making us lose the answer to a conflict.
        if self._is_awaiting_answer() and self.try_lock_for_update():
            self._ask_safely(
                self._charge_with_token if is_first else self._resolve_outcome
            )
            if self._is_left_to_its_batch():
                # Committed by the job, with other answers.
                return "done"
            self.env["ir.cron"]._commit_progress()
        # Held or not there: the webhook has the news too, and books it.
        if (
            self.try_lock_for_update()
            and self.state in FINAL_STATES
            and not self.is_post_processed
        ):
            self._post_process_at_once()
        return self.state

    def _ask_safely(self, ask):
        """Ask the provider; an answer that cannot be read leaves the outcome open.

        :param ask: the method that asks
        """
        try:
            with self.env.cr.savepoint():
                ask()
        except OperationalError:
            raise
        except Exception:
            _logger.exception("The outcome of %s stays unknown", self.reference)
            self.is_outcome_unknown = True
            self._set_pending()

    def _refuse_charge(self, kind, message):
        """End a charge that was never sent."""
        if kind == "nothing_due":
            self._set_canceled(state_message=message)
            return
        self.decline_kind = kind
        self._set_error(message)

    def _get_charge_obstacle(self):
        """Return why the charge cannot be sent: a decline kind and a text, or nothing.

        Note: `self.ensure_one()`. A hook: providers add what they cannot charge.
        """
        self.ensure_one()
        token = self.token_id
        if not token.active:
            return "new_method", self.env._("The card on file is no longer valid.")
        if self.provider_id.state == "disabled" or token.provider_id != (
            self.provider_id
        ):
            return "config", self.env._(
                "The payment provider %s is switched off.", self.provider_id.name
            )
        payer = token.partner_id.commercial_partner_id
        others = (self.partner_id | self.invoice_ids.partner_id).commercial_partner_id
        if others != payer:
            return "config", self.env._("The card belongs to somebody else.")
        if self.currency_id.compare_amounts(self.amount, 0) <= 0:
            return "nothing_due", self.env._("Nothing is to be paid.")
        return None

    def _is_left_to_its_batch(self):
        """Tell whether the job that charges books this later. A hook."""
        return False

    def _post_process_at_once(self):
        """Post-process without putting the news of the payment at risk.

        What goes wrong here is left to core's job, which tries again. A conflict with
        another request is not wrong: that request or this one starts again.
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                self._post_process()
        except OperationalError:
            raise
        except Exception:
            self.env.invalidate_all()
            _logger.exception("Post-processing %s is left to the job", self.reference)

    # === BUSINESS METHODS: OUTCOME === #

    def _post_process(self):
        """Override of `payment` to report the outcome of charges of invoices.

        Core's flag `is_post_processed` falls with each change of state and rises here:
        so the news reaches who asked for the charge whichever way it came (answer,
        webhook, return page, job), and in the transaction that books the money.
        """
        res = super()._post_process()
        for tx in self:
            tx._settle()
        return res

    def _settle(self):
        """Report an outcome that was not reported yet."""
        self.ensure_one()
        outcome = "taken_back" if self.taken_back_at else self.state
        reported = (*FINAL_STATES, "taken_back")
        if outcome not in reported or outcome == self.settled_as:
            return
        if self.operation in ("refund", "validation") or not self.invoice_ids:
            return
        self.settled_as = outcome
        self._on_charge_settled()

    def _on_charge_settled(self):
        """React to the outcome of a charge of invoices. A seam for dunning.

        Called when a transaction with invoices is paid, declined, cancelled or taken
        back, which `settled_as` tells; after the invoices were reconciled, or opened
        again. An outcome is reported once: each change of it is reported again (paid
        after a decline, taken back after paid). Charges that a patient makes on a page
        come here too: `operation` tells. Runs with the rights of the superuser, in the
        request or job that brings the news. An override must bear to be called twice
        all the same, must not ask a provider, and must not commit; what it raises
        leaves booking and report to the next run of core's job.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if self.instalment_line_id and self.settled_as != "done":
            self.instalment_line_id.move_id._report_instalment(
                self.instalment_line_id,
                self.state_message,
                # A word of the clinic, not of a machine, where trust is in question.
                to_patient=self.decline_kind not in ("config", "fraud", "stop"),
            )
