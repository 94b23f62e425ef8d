# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
import re

from markupsafe import Markup

from odoo import SUPERUSER_ID, api, models

LAYOUT = "medspa_membership.mail_layout"
ACCOUNT_CREATED = "auth_signup.mail_template_user_signup_account_created"
HREF = re.compile(r'\s+href="[^"]*"')
# Who gets a mail: without them core asks the record, which may name somebody else.
RECIPIENT_FIELDS = ("use_default_to", "partner_to", "email_to")


class MailTemplate(models.Model):
    """The letters of the clinic."""

    _inherit = "mail.template"

    # === BUSINESS METHODS === #

    def send_mail(self, res_id, *args, **kwargs):
        """Override of `mail`: a patient who sets a password is not welcomed by core.

        What led to the password was a letter of ours, or one that asks to confirm the
        address follows.
        """
        if (
            self == self.env.ref(ACCOUNT_CREATED, raise_if_not_found=False)
            and self.env["res.users"].browse(res_id)._is_portal()
        ):
            return False
        return super().send_mail(res_id, *args, **kwargs)

    def send_mail_batch(
        self,
        res_ids,
        force_send=False,
        raise_exception=False,
        email_values=None,
        email_layout_xmlid=False,
    ):
        """Override to note on each mail which letter it is.

        The history of a record shows its words without their links: those are the
        patient's own, and open what is the patient's.
        """
        mails = super().send_mail_batch(
            res_ids,
            # Not before the history is written.
            force_send=False,
            raise_exception=raise_exception,
            email_values={**(email_values or {}), "mail_template_id": self.id},
            email_layout_xmlid=email_layout_xmlid,
        )
        if self.email_layout_xmlid == LAYOUT:
            for mail in mails:
                mail.mail_message_id.body = Markup(HREF.sub("", mail.body_html or ""))
        if force_send:
            mails.send(raise_exception=raise_exception)
        return mails

    def _is_letter(self, *names):
        """Tell whether it is one of our letters. Note: `self.ensure_one()`.

        :param names: after `mail_template_`
        """
        self.ensure_one()
        return any(
            self == self.env.ref(f"medspa_membership.mail_template_{name}", False)
            for name in names
        )

    # === BUSINESS METHODS: UPDATE === #

    @api.model
    def _update_letters(self, module):
        """Bring the letters of an addon to what its files say: for migrations.

        The words of a letter that somebody of the clinic has changed stay as they are;
        who gets it is decided by the files for all of them.
        """
        data = self.env["ir.model.data"].search(
            [("module", "=", module), ("model", "=", self._name)]
        )
        # Core tries each letter on any record of the database, as old as it may be: an
        # update does not fail for that.
        letters = self.with_user(SUPERUSER_ID).with_context(medspa_unchecked=True)
        letters = letters.browse(data.mapped("res_id")).exists()
        edited = letters.filtered(lambda t: t.write_uid.id not in (SUPERUSER_ID, False))
        (letters - edited).reset_template()
        for letter in edited:
            letter.write(letter._get_recipients_of_file())

    def _get_recipients_of_file(self):
        """Return who gets the letter as its file says. Note: `self.ensure_one()`."""
        self.ensure_one()
        savepoint = self.env.cr.savepoint()
        self.reset_template()
        recipients = {name: self[name] for name in RECIPIENT_FIELDS}
        savepoint.rollback()
        savepoint.close(rollback=False)
        self.invalidate_recordset()
        return recipients

    def _check_can_be_rendered(self, fnames=None, render_options=None):
        """Override of `mail`: see :meth:`_update_letters`."""
        if self.env.context.get("medspa_unchecked"):
            return None
        return super()._check_can_be_rendered(fnames, render_options)
