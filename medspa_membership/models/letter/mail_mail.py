# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models


class MailMail(models.Model):
    """Mail leaves at once, and only if what it says is still true by then."""

    _inherit = "mail.mail"

    mail_template_id = fields.Many2one(
        "mail.template",
        "Mail template",
        readonly=True,
        ondelete="set null",
        help="The template that the mail was written from.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to wake the queue: people wait for these mails.

        The server is never asked within the transaction, which may be about money.
        """
        mails = super().create(vals_list)
        if self.env.context.get("medspa_sent_apart"):
            return mails
        # Core sends notifications by itself, after the transaction.
        if any(
            mail.state == "outgoing"
            and not mail.is_notification
            and not mail.scheduled_date
            for mail in mails
        ):
            self._wake_queue()
        return mails

    # === BUSINESS METHODS === #

    @api.model
    def _wake_queue(self):
        """Let the queue run as soon as the transaction is over."""
        cron = self.env.ref(
            "mail.ir_cron_mail_scheduler_action", raise_if_not_found=False
        )
        if cron:
            cron.sudo()._trigger()

    def send(self, auto_commit=False, raise_exception=False, post_send_callback=None):
        """Override to keep back what has become untrue since it was written."""
        untrue = self._get_untrue()
        if untrue:
            untrue.write(
                {
                    "state": "cancel",
                    "failure_reason": self.env._("Not true any more: not sent."),
                }
            )
            if post_send_callback:
                post_send_callback(untrue.ids)
        return super(MailMail, self - untrue).send(
            auto_commit=auto_commit,
            raise_exception=raise_exception,
            post_send_callback=post_send_callback,
        )

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        """Override to tell the records whether their letter has left."""
        for mail in self.filtered(lambda m: m.mail_template_id and m.res_id):
            if mail.model not in self.env:
                continue
            record_sudo = self.env[mail.model].sudo().browse(mail.res_id).exists()
            if failure_type:
                reason = failure_reason or mail.failure_reason or failure_type
                record_sudo._on_letter_failed(mail.mail_template_id, reason)
            else:
                record_sudo._on_letter_sent(mail.mail_template_id)
        return super()._postprocess_sent_message(
            success_pids,
            success_emails,
            failure_reason=failure_reason,
            failure_type=failure_type,
        )

    def _get_untrue(self):
        """Return the mails whose letter their record does not stand by any more."""
        untrue = self.browse()
        letters = self.filtered(
            lambda m: (
                m.state == "outgoing" and m.mail_template_id and m.model and m.res_id
            )
        )
        for (letter, model), mails in letters.grouped(
            lambda mail: (mail.mail_template_id, mail.model)
        ).items():
            if model not in self.env:
                continue
            records_sudo = self.env[model].sudo().browse(set(mails.mapped("res_id")))
            true_sudo = records_sudo.exists()._filter_letter_true(letter)
            untrue |= mails.filtered(
                lambda m, ids=set(true_sudo.ids): m.res_id not in ids
            )
        return untrue
