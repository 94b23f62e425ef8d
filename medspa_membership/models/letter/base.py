# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models


class Base(models.AbstractModel):
    """What any record may say about the letters that are written about it."""

    _inherit = "base"

    def _filter_letter_true(self, letter):
        """Seam: return the records of which a letter that waits is still true.

        It is asked when the letter leaves, which may be a while after it was written.

        :param letter: the `mail.template` of the letter
        """
        return self

    def _on_letter_sent(self, letter):
        """Seam: take in that the mail server has taken a letter about the records."""

    def _on_letter_failed(self, letter, reason):
        """Seam: take in that a letter about the records has not reached anybody.

        :param str reason: in the words of the mail server
        """

    def _get_letter_unsubscribe_url(self):
        """Seam: return the address that ends such letters, for those that are offers.

        Note: `self.ensure_one()`
        """
        return ""
