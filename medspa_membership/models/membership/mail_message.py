# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models
from odoo.exceptions import AccessError

# Documents whose history is kept: what happened to them, and who did it.
KEPT_MODELS = ("medspa.course", "medspa.visit", "sale.subscription")
# What a message says, of what, when and by whom.
SAID_FIELDS = {
    "attachment_ids",
    "author_id",
    "body",
    "date",
    "email_from",
    "message_type",
    "model",
    "res_id",
    "subject",
    "subtype_id",
    "tracking_value_ids",
}


class MailMessage(models.Model):
    """The history of guarded documents is kept with them.

    Core lets whoever may write a document rewrite and delete what others, and the
    product itself, have noted there.
    """

    _inherit = "mail.message"

    # === CRUD METHODS === #

    def write(self, vals):
        if SAID_FIELDS & vals.keys():
            author = self.env.user.partner_id
            self._filter_kept()._check_nobody_rewrites(but=author)
        return super().write(vals)

    def unlink(self):
        self._filter_kept()._check_nobody_rewrites()
        return super().unlink()

    def _filter_kept(self):
        """Return those of the messages that are the history of guarded documents."""
        if self.env.su:
            return self.browse()
        kept_sudo = self.sudo().filtered(lambda m: m.model in KEPT_MODELS and m.res_id)
        of_subscriptions = kept_sudo.filtered(lambda m: m.model == "sale.subscription")
        Subscription_sudo = self.env["sale.subscription"].sudo()
        found = Subscription_sudo.browse(of_subscriptions.mapped("res_id")).exists()
        others = set((found - found.filtered("is_membership")).ids)
        kept_sudo -= of_subscriptions.filtered(lambda m: m.res_id in others)
        return kept_sudo.with_env(self.env)

    def _check_nobody_rewrites(self, but=None):
        """Refuse to change what is kept.

        :param but: an author who may still correct their own words
        """
        if self.filtered(lambda m: not but or m.sudo().author_id != but):
            raise AccessError(
                self.env._("What was noted here is kept: write another note instead.")
            )
