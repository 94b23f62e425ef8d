# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from markupsafe import Markup, escape

from odoo import models
from odoo.fields import Command
from odoo.tools import html2plaintext

from ..const import CANCEL_LINK, CONFIRM_LINK, LINK
from ..tools import LINK_BYTES, get_secret, sign


class MedspaReminder(models.Model):
    """What leaves the house: the e-mail, the SMS, and the links that are counted."""

    _inherit = "medspa.reminder"

    # === BUSINESS METHODS: LINKS === #

    def _get_link_targets(self):
        """Return where the links of the message lead. Note: `self.ensure_one()`.

        :rtype: dict[str, str]
        """
        self.ensure_one()
        if not self.event_id:
            return {LINK: self._get_main_target()}
        targets = {
            token: f"/medspa/appointment/{purpose}/"
            f"{self.event_id._get_patient_token(purpose)}"
            for token, purpose in ((CONFIRM_LINK, "confirm"), (CANCEL_LINK, "cancel"))
        }
        return {LINK: targets[CONFIRM_LINK], **targets}

    def _get_main_target(self):
        """Return where the patient does what the message is about."""
        self.ensure_one()
        reminder_sudo = self.sudo()
        if reminder_sudo.order_id:
            return reminder_sudo.order_id.get_portal_url()
        if reminder_sudo.membership_id:
            return f"/my/memberships/{reminder_sudo.membership_id.id}"
        product = reminder_sudo.course_id.product_tmpl_id
        if self.section == "renew" and product.is_published:
            return product.website_url
        if reminder_sudo.course_id:
            return f"/my/courses/{reminder_sudo.course_id.id}"
        return "/my"

    def _get_short_link(self, token):
        """Return the counted address for a token of the text, made when first asked.

        Core's own codes have three letters: too few in front of a link that cancels.
        """
        self.ensure_one()
        label = f"reminder-{self.id}-{token.strip('[]')}"
        tracker_sudo = self.sudo().link_ids.filtered(lambda link: link.label == label)
        if not tracker_sudo:
            url = self.get_base_url() + self._get_link_targets()[token]
            tracker_sudo = (
                self.env["link.tracker"]
                .sudo()
                .create(
                    {
                        "url": url,
                        # Given, or core asks the page itself for its title.
                        "title": label,
                        "label": label,
                        "reminder_id": self.id,
                    }
                )
            )
            tracker_sudo.link_code_ids.code = get_secret(LINK_BYTES)
        return f"{self.get_base_url()}/r/{tracker_sudo.link_code_ids[:1].code}"

    def _fill_links(self, text):
        """Put the real links in the place of those that stand for them."""
        self.ensure_one()
        for token in self._get_link_targets():
            if token in text:
                text = text.replace(token, self._get_short_link(token))
        return text

    def _get_buttons(self):
        """Return label and address of the buttons of the e-mail, the first one first.

        :rtype: list[tuple[str, str]]
        """
        self.ensure_one()
        if self.event_id:
            buttons = [(self.env._("I will come"), self._get_short_link(CONFIRM_LINK))]
            if self._can_still_cancel():
                buttons.append(
                    (self.env._("Cancel"), self._get_short_link(CANCEL_LINK))
                )
            return buttons
        label = self.rule_id.link_label
        return [(label, self._get_short_link(LINK))] if label else []

    def _get_unsubscribe_url(self):
        """Return the address that takes the patient off such e-mails."""
        self.ensure_one()
        purpose = "marketing" if self.is_marketing else "service"
        token = sign(
            self.sudo().env, "unsubscribe", [self.partner_id.id, "email", purpose]
        )
        return f"{self.get_base_url()}/medspa/unsubscribe/{token}"

    # === BUSINESS METHODS: WAYS === #

    def _get_sms_body(self):
        """Return the SMS with its links. Note: `self.ensure_one()`."""
        self.ensure_one()
        reminder = self.with_context(lang=self._get_lang())
        body = reminder._fill_links(reminder._neutralize(reminder.text or ""))
        if self.is_marketing:
            body = f"{body}\n{reminder.env._('Reply STOP to get no more offers.')}"
        return body

    def _prepare_sms_vals(self, dispatch):
        """Return the values of the SMS. See :meth:`_prepare_mail_vals`."""
        self.ensure_one()
        return {
            "number": dispatch.address,
            "body": self._get_sms_body(),
            "partner_id": self.partner_id.id,
        }

    def _get_mail_body(self):
        """Return the words of the e-mail: those of the wording, or the desk's own."""
        self.ensure_one()
        if not self.edited_text:
            return Markup(self._neutralize(str(self._render_mail("body_html"))))
        # The button carries the link.
        text = self._neutralize(self.edited_text)
        for token in (LINK, CONFIRM_LINK, CANCEL_LINK):
            text = text.replace(token, "")
        lines = [escape(line) for line in text.splitlines() if line.strip()]
        return Markup("").join(Markup("<p>%s</p>") % line for line in lines)

    def _prepare_mail_vals(self, dispatch):
        """Return the values of the e-mail, and its words as plain text.

        Note: `self.ensure_one()`

        :param dispatch: the `medspa.reminder.message` that it is sent for
        """
        self.ensure_one()
        reminder = self.with_context(lang=self._get_lang())
        company = self.company_id
        words = Markup(reminder._fill_links(str(reminder._get_mail_body())))
        unsubscribe_url = self._get_unsubscribe_url()
        body = reminder.env["ir.qweb"]._render(
            "medspa_reminders.mail_message",
            {
                "words": words,
                "buttons": reminder._get_buttons(),
                "company": company,
            },
        )
        body = reminder.env["mail.render.mixin"]._render_encapsulate(
            "medspa_membership.mail_layout",
            body,
            add_context={
                "company": company.with_env(reminder.env),
                "unsubscribe_url": unsubscribe_url,
                "is_service": not self.is_marketing,
            },
            context_record=reminder,
        )
        sender = company.email_formatted or self.env.user.email_formatted
        return {
            "subject": reminder._neutralize(reminder._render_mail("subject")),
            "body_html": body,
            "text": html2plaintext(words).strip(),
            "email_from": sender,
            "reply_to": sender,
            "email_to": dispatch.address,
            "headers": repr(
                {
                    "List-Unsubscribe": f"<{unsubscribe_url}>",
                    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                    "X-Auto-Response-Suppress": "OOF",
                }
            ),
            "attachment_ids": [
                Command.set(self.sudo().rule_id.mail_template_id.attachment_ids.ids)
            ],
        }
