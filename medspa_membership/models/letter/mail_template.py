# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import SUPERUSER_ID, api, models

# Who gets a mail: without them core asks the record, which may name somebody else.
RECIPIENT_FIELDS = ("use_default_to", "partner_to", "email_to")


class MailTemplate(models.Model):
    """The letters of the clinic."""

    _inherit = "mail.template"

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
        if not self.env.context.get("medspa_unchecked"):
            super()._check_can_be_rendered(fnames, render_options)
