# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import logging
from datetime import timedelta

from psycopg2 import IntegrityError, OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import format_date

_logger = logging.getLogger(__name__)

# A part that was declined is tried again after so many days, so many times; the patient
# can pay it by link at any time. Card networks allow far more (20 in 30 days at Visa).
RETRY_DAYS = 3
MAX_ATTEMPTS = 3
# The provider forgets the key of a request after a day: until then it can be repeated.
KEY_HOURS = 23


class AccountMove(models.Model):
    """The parts in which a course is paid: the due dates of its invoice."""

    _inherit = "account.move"

    @api.model
    def _cron_charge_instalments(self):
        """Charge the parts that are due, each in transactions of its own."""
        self._resolve_open_instalments()
        in_parts = Domain("instalment_token_id", "!=", False)
        for (company,) in self.env["sale.order"]._read_group(in_parts, ["company_id"]):
            lines = self._get_due_instalments(company, company._medspa_date())
            self.env["ir.cron"]._commit_progress(remaining=len(lines))
            for line in lines:
                line.move_id._charge_instalment(line)
                if not self.env["ir.cron"]._commit_progress(1):
                    return

    @api.model
    def _get_due_instalments(self, company, today):
        """Return the open parts that are due and can be charged to a card now."""
        lines = self.env["account.move.line"].search(
            [
                ("company_id", "=", company.id),
                ("display_type", "=", "payment_term"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("date_maturity", "<=", today),
                (
                    "move_id.line_ids.sale_line_ids.order_id.instalment_token_id",
                    "!=",
                    False,
                ),
                (
                    "move_id.line_ids.sale_line_ids.course_ids.state",
                    "in",
                    ("draft", "active", "completed", "paused", "unpaid"),
                ),
            ],
            order="date_maturity, id",
        )
        attempts = self.env["payment.transaction"].search(
            [("instalment_line_id", "in", lines.ids)]
        )
        grouped = attempts.grouped("instalment_line_id")
        again = fields.Datetime.now() - timedelta(days=RETRY_DAYS)
        return lines.filtered(
            lambda line: line._may_charge(grouped.get(line, attempts.browse()), again)
        )

    def _charge_instalment(self, line):
        """Charge one part to the stored card. Note: `self.ensure_one()`.

        The transaction is committed before the provider is asked: a crash leaves a
        trace to ask about, and the unique index keeps a second run from the same part.
        """
        self.ensure_one()
        order = self.line_ids.sale_line_ids.order_id[:1]
        token = order.instalment_token_id
        if not token.active:
            return self._report_instalment(
                line, self.env._("The card on file is no longer valid.")
            )
        try:
            with self.env.cr.savepoint():
                tx = self.env["payment.transaction"].create(
                    self._prepare_instalment_vals(line, token)
                )
        except IntegrityError:
            # Another run has taken it.
            return None
        self.env["ir.cron"]._commit_progress()
        try:
            tx._charge_with_token()
        except UserError as error:
            tx._set_error(str(error))
        self.env["ir.cron"]._commit_progress()
        return self._settle_instalment(tx)

    def _settle_instalment(self, tx):
        """Book what a charge has brought, or tell the patient that it failed."""
        line = tx.instalment_line_id
        if tx.state == "done" and not tx.is_post_processed:
            try:
                with self.env.cr.savepoint():
                    tx._post_process()
            except OperationalError:
                raise
            except Exception:
                # Paid is paid: core's job books it later.
                self.env.invalidate_all()
                _logger.exception("Booking %s is left to the job", tx.reference)
        elif tx.state in ("error", "cancel"):
            line.move_id._report_instalment(line, tx.state_message)

    def _prepare_instalment_vals(self, line, token):
        """Return the transaction of an attempt; its reference follows from the part."""
        self.ensure_one()
        attempt = 1 + self.env["payment.transaction"].search_count(
            [("instalment_line_id", "=", line.id)]
        )
        parts = self.line_ids.filtered(lambda li: li.display_type == "payment_term")
        number = list(parts.sorted("date_maturity")).index(line) + 1
        return {
            "reference": f"{self.name}-P{number}-{attempt}",
            "provider_id": token.provider_id.id,
            "payment_method_id": token.payment_method_id.id,
            "token_id": token.id,
            "amount": line.amount_residual_currency,
            "currency_id": line.currency_id.id,
            "partner_id": token.partner_id.id,
            "operation": "offline",
            "invoice_ids": [Command.set(self.ids)],
            "instalment_line_id": line.id,
        }

    def _report_instalment(self, line, reason):
        """Tell patient and desk that a part was not paid, with a link to pay it."""
        self.ensure_one()
        template = self.env.ref("medspa_membership.mail_template_instalment_failed")
        self.message_post_with_source(
            template,
            subtype_xmlid="mail.mt_comment",
            partner_ids=self.partner_id.ids,
        )
        for course in self.line_ids.sale_line_ids.course_ids:
            course.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("Instalment not paid"),
                note=self.env._(
                    "%(amount)s were due on %(date)s. %(reason)s",
                    amount=line.currency_id.format(line.amount_residual_currency),
                    date=format_date(self.env, line.date_maturity),
                    reason=reason or "",
                ),
                user_id=self.invoice_user_id.id or self.env.uid,
            )

    @api.model
    def _resolve_open_instalments(self):
        """Ask again for the charges that got no answer, and book what is known."""
        since = fields.Datetime.now() - timedelta(hours=KEY_HOURS)
        unknown = self.env["payment.transaction"].search(
            Domain("is_outcome_unknown", "=", True)
            & Domain("instalment_line_id", "!=", False)
            & Domain("state", "=", "pending")
            & Domain("create_date", ">", since)
        )
        for tx in unknown:
            tx._resolve_outcome()
            self.env["ir.cron"]._commit_progress()
            tx.instalment_line_id.move_id._settle_instalment(tx)


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _may_charge(self, attempts, again):
        """Tell whether a due part may be charged now. Note: `self.ensure_one()`.

        :param attempts: the transactions made for it so far
        :param datetime again: attempts later than this are too fresh to repeat
        """
        self.ensure_one()
        if any(tx.state not in ("error", "cancel") for tx in attempts):
            return False
        if len(attempts) >= MAX_ATTEMPTS:
            return False
        return all(tx.last_state_change <= again for tx in attempts)
