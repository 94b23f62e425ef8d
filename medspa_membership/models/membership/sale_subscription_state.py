# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models
from odoo.exceptions import UserError
from odoo.tools import SQL

# From which state a membership may go to which: the whole life of a membership. What
# a change causes stands in _on_state_changed.
TRANSITIONS = {
    "pending": ("active", "ended"),
    "active": ("past_due", "suspended", "paused", "ending", "ended"),
    "past_due": ("active", "suspended", "ending", "ended"),
    "suspended": ("active", "ending", "past_due", "ended"),
    "paused": ("active", "ending", "past_due", "ended"),
    "ending": ("active", "past_due", "suspended", "paused", "ended"),
    "ended": (),
}


class SaleSubscription(models.Model):
    """The state machine of memberships: one table, one door."""

    _inherit = "sale.subscription"

    # === BUSINESS METHODS: STATE === #

    def _lock(self):
        """Wait for the rows and lock them, in order of id so that nobody deadlocks.

        A row that somebody changed in the meantime raises a serialization failure: the
        caller's request, job or retry loop then starts again.
        """
        if self.ids:
            self.env.cr.execute(
                SQL(
                    "SELECT id FROM sale_subscription WHERE id IN %s ORDER BY id "
                    "FOR NO KEY UPDATE",
                    tuple(sorted(self.ids)),
                )
            )
            self.invalidate_recordset()

    def _lock_for_addition(self):
        """Lock the rows for a change that stands in rows beside them: a pause, say.

        The row changes with it, so that whoever waits for the lock fails on it, starts
        again and sees what was added; a lock alone would let an old count pass.
        """
        self._lock()
        self.sudo().write({"write_uid": self.env.uid})

    def _transition(self, state, reason=None, **vals):
        """Bring memberships into a state, with what it causes and a line that says why.

        Those that are in it already are skipped: repeating an event is harmless.

        :param str reason: in words, for the chatter
        :param vals: further fields that change together with the state
        :return: the memberships that changed
        :raise UserError: where the table knows no such change
        """
        self._lock()
        changed = self.filtered(lambda m: m.membership_state != state)
        for membership in changed:
            if state not in TRANSITIONS[membership.membership_state]:
                raise UserError(
                    self.env._(
                        '%(membership)s is "%(current)s" and cannot be "%(state)s".',
                        membership=membership.display_name,
                        current=membership._get_state_label(),
                        state=membership._get_state_label(state),
                    )
                )
        for previous, memberships in changed.grouped("membership_state").items():
            memberships.sudo().write({"membership_state": state, **vals})
            memberships._log_state(previous, reason)
            memberships._on_state_changed(previous)
        return changed

    def _log_state(self, previous, reason):
        """Note a change of state in the chatter, for the staff."""
        for membership in self:
            text = self.env._(
                "%(previous)s → %(state)s",
                previous=membership._get_state_label(previous),
                state=membership._get_state_label(),
            )
            membership.sudo().message_post(body=f"{text}. {reason}" if reason else text)

    def _get_state_label(self, state=None):
        """Return a state in the words of the user. Note: `self.ensure_one()`."""
        self.ensure_one()
        labels = dict(self._fields["membership_state"]._description_selection(self.env))
        return labels[state or self.membership_state]

    def _get_running_state(self):
        """Return the state of a membership that runs and owes nothing."""
        self.ensure_one()
        return "ending" if self.cancelled_on else "active"

    def _on_state_changed(self, previous):
        """Carry out what a new state means for the credits.

        :param str previous: the state that all of these memberships come from
        """
        for state, memberships in self.grouped("membership_state").items():
            if state == "suspended":
                memberships._freeze_credits(self.env._("Membership suspended"))
            elif state == "paused":
                frozen = memberships.filtered(
                    lambda m: m.pause_meaning != "usable_skip"
                )
                frozen._freeze_credits(self.env._("Membership paused"))
            elif state == "ended":
                memberships._close_credits()
            elif previous in ("suspended", "paused"):
                memberships._unfreeze_credits(self.env._("Membership runs again"))

    def _freeze_credits(self, reason):
        credits_sudo = self.sudo().credit_ids.filtered("remaining")
        credits_sudo._freeze(reason)

    def _unfreeze_credits(self, reason):
        credits_sudo = self.sudo().credit_ids.filtered("remaining")
        credits_sudo._unfreeze(reason)

    def _close_credits(self):
        """Date what is left at the end: it lives on as long as the terms say."""
        for membership in self:
            credits_sudo = membership.sudo().credit_ids.filtered("remaining")
            credits_sudo._unfreeze(self.env._("Membership ended"))
            last_day = membership._get_last_credit_day()
            for credit_sudo in credits_sudo:
                if credit_sudo.expires_on != last_day:
                    credit_sudo._set_validity(last_day, self.env._("Membership ended"))
