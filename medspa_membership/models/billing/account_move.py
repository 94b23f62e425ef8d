# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from psycopg2 import IntegrityError, OperationalError

from odoo import SUPERUSER_ID, api, fields, models
from odoo.fields import Command, Domain
from odoo.tools import format_date

# A part that was declined is tried again after so many days, so many times; the patient
# can pay it by link at any time. Card networks allow far more (20 in 30 days at Visa).
RETRY_DAYS = 3
MAX_ATTEMPTS = 3


class AccountMove(models.Model):
    """The parts in which a course is paid: the due dates of its invoice."""

    _inherit = "account.move"

    @api.model
    def _cron_charge_instalments(self):
        """Charge the parts that are due, each in transactions of its own."""
        in_parts = Domain("instalment_token_id", "!=", False)
        for (company,) in self.env["sale.order"]._read_group(in_parts, ["company_id"]):
            lines = self._get_due_instalments(company, company._medspa_date())
            self.env["ir.cron"]._commit_progress(remaining=len(lines))
            for line in lines:
                line.move_id._charge_apart(line)
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

    def _charge_apart(self, line):
        """Charge one part; what goes wrong with it stops no other."""
        try:
            self._charge_instalment(line)
        except OperationalError:
            # The charge is committed, or was never made: the next run goes on from it.
            self.env.cr.rollback()

    def _charge_instalment(self, line):
        """Charge one part to the stored card. Note: `self.ensure_one()`.

        The unique index keeps a second run from the same part.
        """
        self.ensure_one()
        order = self.line_ids.sale_line_ids.order_id[:1]
        token = order.instalment_token_id
        if not token.active:
            # Said once: without a card the parts are paid at the desk or by link.
            order.instalment_token_id = False
            self._report_instalment(
                line, self.env._("The card on file is no longer valid.")
            )
            return None
        try:
            with self.env.cr.savepoint():
                tx = self.env["payment.transaction"].create(
                    self._prepare_instalment_vals(line, token)
                )
        except IntegrityError:
            # Another run has taken it.
            return None
        tx._charge_once()
        return tx

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

    def _filter_letter_true(self, letter):
        """Override: an instalment that was paid meanwhile is not asked for."""
        moves = super()._filter_letter_true(letter)
        if not letter._is_letter("instalment_failed"):
            return moves
        return moves.filtered(lambda move: move._has_overdue_part())

    def _has_overdue_part(self):
        """Tell whether a part is due and not paid. Note: `self.ensure_one()`."""
        self.ensure_one()
        today = self.company_id._medspa_date()
        return self.state == "posted" and any(
            line.date_maturity <= today and line.amount_residual
            for line in self.line_ids
            if line.display_type == "payment_term" and line.date_maturity
        )

    def _report_instalment(self, line, reason, to_patient=True):
        """Tell patient and desk that a part was not paid, with a link to pay it.

        :param bool to_patient: False where the fault is not the patient's
        """
        self.ensure_one()
        if to_patient:
            template = self.env.ref("medspa_membership.mail_template_instalment_failed")
            template.with_user(SUPERUSER_ID).send_mail(self.id)
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
        last = attempts.sorted("id")[-1:]
        token = self.move_id.line_ids.sale_line_ids.order_id[:1].instalment_token_id
        if last.token_id == token and last and not last._may_retry_same_method():
            return False
        return all(tx.last_state_change <= again for tx in attempts)
