# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

# So long the loyalty price of a renewal is kept.
OFFER_DAYS = 30
# What the desk can still do something about.
OPEN_STATES = ("listed", "snoozed", "planned")


class MedspaReminder(models.Model):
    """The morning list: send, edit, put off, leave out, renew."""

    _inherit = "medspa.reminder"

    can_renew = fields.Boolean(compute="_compute_can_renew")
    is_uncertain = fields.Boolean(compute="_compute_is_uncertain")
    is_reachable = fields.Boolean(compute="_compute_is_reachable")

    # === COMPUTE METHODS === #

    @api.depends("section", "course_id", "order_id")
    def _compute_can_renew(self):
        for reminder in self:
            product_sudo = reminder.sudo().course_id.product_tmpl_id
            reminder.can_renew = bool(
                reminder.section == "renew"
                and not reminder.order_id
                and product_sudo.active
                and product_sudo.sale_ok
            )

    @api.depends("dispatch_ids.state")
    def _compute_is_uncertain(self):
        for reminder in self:
            states = reminder.sudo().dispatch_ids.mapped("state")
            reminder.is_uncertain = "unknown" in states

    @api.depends("partner_id", "rule_id")
    def _compute_is_reachable(self):
        """Tell whether a message would find a way, before the desk presses send."""
        for reminder in self:
            reminder.is_reachable = bool(reminder.sudo()._choose_channels())

    # === ACTION METHODS === #

    def action_send(self):
        """Let the messages go out now; they are looked at once more on the way."""
        self._check_desk()
        waiting = self.filtered(lambda r: r.state in OPEN_STATES)
        if not waiting:
            raise UserError(self.env._("There is nothing left to send here."))
        waiting.sudo().write(
            {
                "state": "planned",
                "due_at": fields.Datetime.now(),
                "snoozed_until": False,
                "approved_by_id": self.env.uid,
                "note": False,
            }
        )
        # Whoever sends does not run jobs.
        self.sudo()._wake_sender()
        return self._notify_desk(
            self.env._("1 message is on its way.")
            if len(waiting) == 1
            else self.env._("%s messages are on their way.", len(waiting))
        )

    def action_send_again(self):
        """Send what failed, or what may not have gone out, once more."""
        self._check_desk()
        failed = self.filtered(lambda r: r.state in ("failed", "skipped"))
        failed_sudo = failed.sudo()
        failed_sudo.dispatch_ids.filtered(
            lambda d: d.state in ("failed", "unknown")
        ).write({"state": "retry", "attempts": 0, "is_address_bad": False})
        failed_sudo.write({"state": "listed", "skip_reason": False})
        return failed.action_send() if failed else False

    def action_snooze(self):
        """Ask until when the messages are put off."""
        self._check_desk()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Put off"),
            "res_model": "medspa.reminder.snooze",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_reminder_ids": [Command.set(self.ids)]},
        }

    def action_dismiss(self):
        """Leave these patients out, on this occasion."""
        self._check_desk()
        waiting = self.filtered(lambda r: r.state in OPEN_STATES)
        waiting.sudo().write(
            {
                "state": "dismissed",
                "snoozed_until": False,
                "approved_by_id": self.env.uid,
            }
        )
        return self._reload()

    def action_put_back(self):
        """Put messages that were left out or put off back on the list."""
        self._check_desk()
        back = self.filtered(lambda r: r.state in ("dismissed", "snoozed", "planned"))
        back.sudo().write({"state": "listed", "snoozed_until": False, "note": False})
        return self._reload()

    def action_edit(self):
        """Open the text of one message. Note: `self.ensure_one()`."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.partner_id.name,
            "res_model": "medspa.reminder",
            "res_id": self.id,
            "views": [
                (
                    self.env.ref("medspa_reminders.medspa_reminder_view_form_text").id,
                    "form",
                )
            ],
            "target": "new",
        }

    def action_open_patient(self):
        """Open the patient. Note: `self.ensure_one()`."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.partner_id.id,
            "views": [(False, "form")],
        }

    def action_renew(self):
        """Make the order of the same course at the loyalty price; its link is sent.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        self._check_desk()
        order = self.order_id or self._create_renewal_order()
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": order.id,
            "views": [(False, "form")],
        }

    # === BUSINESS METHODS === #

    def _prepare_offer(self):
        """Make what the message promises: the order at the loyalty price.

        Its link is that of the message, so that what is promised is what is asked for.

        Note: `self.ensure_one()`

        :return: whether the message can be sent
        :rtype: bool
        """
        self.ensure_one()
        if self.section != "renew" or not self.rule_id.discount or self.order_id:
            return True
        if not self.can_renew:
            # Not on sale any more: there is nothing to offer.
            self._skip("gone")
            return False
        self._create_renewal_order()
        return True

    def _create_renewal_order(self):
        """Return the order that renews the course, one for each message.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if not self.can_renew:
            raise UserError(
                self.env._(
                    "%s cannot be renewed: its course is not on sale any more.",
                    self.display_name,
                )
            )
        # Two clicks at once make one order: the second waits here and finds it.
        self.sudo().lock_for_update()
        order = self.env["sale.order"].create(self._prepare_renewal_vals())
        order.action_quotation_sent()
        self.sudo().order_id = order
        return order

    def _prepare_renewal_vals(self):
        self.ensure_one()
        reminder_sudo = self.sudo()
        product = reminder_sudo.course_id.product_tmpl_id.product_variant_id
        return {
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "origin": reminder_sudo.course_id.name,
            "validity_date": self.company_id._medspa_date()
            + timedelta(days=OFFER_DAYS),
            # A payment link asks for no signature: paying is agreeing.
            "require_signature": False,
            "require_payment": True,
            "order_line": [
                Command.create(
                    {
                        "product_id": product.id,
                        "product_uom_qty": 1,
                        "discount": reminder_sudo.rule_id.discount,
                    }
                )
            ],
        }

    def _snooze(self, day):
        """Put messages off until the morning of a day."""
        for reminder in self:
            if day <= reminder.company_id._medspa_date():
                raise UserError(self.env._("Choose a day that is still to come."))
        self.filtered(lambda r: r.state in OPEN_STATES).sudo().write(
            {"state": "snoozed", "snoozed_until": day}
        )

    @api.model
    def _wake_snoozed(self, company, today):
        """Put back on the list what was put off until today."""
        self.search(
            Domain("company_id", "=", company.id)
            & Domain("state", "=", "snoozed")
            & Domain("snoozed_until", "<=", today)
        ).write({"state": "listed", "snoozed_until": False})

    # === TOOLS === #

    def _check_desk(self):
        """Leave the list to those who work it."""
        self.check_access("write")

    @api.model
    def _notify_desk(self, message):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": message,
                "next": self._reload(),
            },
        }

    @api.model
    def _reload(self):
        return {"type": "ir.actions.client", "tag": "soft_reload"}
