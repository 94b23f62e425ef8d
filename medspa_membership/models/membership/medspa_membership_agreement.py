# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import is_html_empty


class MedspaMembershipAgreement(models.Model):
    """What a member signed: the text of that day, the signature, and a PDF of both.

    A plan whose agreement changes later asks its members to sign again; what they
    signed before stays as it was.
    """

    _name = "medspa.membership.agreement"
    _inherit = "medspa.guarded"
    _description = "Membership agreement"
    _order = "id desc"

    membership_id = fields.Many2one(
        "sale.subscription", required=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        related="membership_id.partner_id", store=True, index=True, string="Patient"
    )
    company_id = fields.Many2one(
        related="membership_id.company_id", store=True, index=True
    )
    template_id = fields.Many2one(
        "sale.subscription.template", "Plan", required=True, ondelete="restrict"
    )
    version = fields.Integer(required=True)
    body = fields.Html("Text", sanitize=False)
    state = fields.Selection(
        [("to_sign", "To be signed"), ("signed", "Signed"), ("replaced", "Replaced")],
        default="to_sign",
        required=True,
        index=True,
    )
    signed_by = fields.Char()
    signed_on = fields.Datetime()
    signature = fields.Image(copy=False, attachment=True, max_width=1024)
    attachment_id = fields.Many2one(
        "ir.attachment", "PDF", copy=False, ondelete="restrict"
    )

    _signed_is_complete = models.Constraint(
        "CHECK (state = 'to_sign' OR (signed_by IS NOT NULL AND signed_on IS NOT NULL)"
        " OR state = 'replaced')",
        "A signed agreement says who signed it, and when.",
    )
    _one_to_sign = models.UniqueIndex(
        "(membership_id) WHERE state = 'to_sign'",
        "There is an agreement to be signed already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("template_id", "version")
    def _compute_display_name(self):
        for agreement in self:
            agreement.display_name = self.env._(
                "%(plan)s agreement, version %(version)s",
                plan=agreement.template_id.name,
                version=agreement.version,
            )

    # === CRUD METHODS === #

    def _get_guard_message(self):
        return self.env._("An agreement is signed by the member, and never edited.")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signed(self):
        if self.filtered("signed_on"):
            raise AccessError(self.env._("A signed agreement is kept."))

    # === BUSINESS METHODS === #

    def _sign(self, name, signature, signed_on=None):
        """Take a member's signature. Note: `self.ensure_one()`.

        :param str name: who signs
        :param signature: image, base64
        :raise UserError: signed already, or nothing to take
        """
        self.ensure_one()
        if self.state != "to_sign":
            raise UserError(self.env._("This agreement is signed already."))
        if not name or not signature:
            raise UserError(self.env._("Write your name and sign in the field."))
        self.sudo().write(
            {
                "state": "signed",
                "signed_by": name,
                "signed_on": signed_on or fields.Datetime.now(),
                "signature": signature,
            }
        )
        self._enqueue_pdf()

    def _enqueue_pdf(self):
        """Make the PDF after this transaction: printing takes a second or more."""
        for agreement in self.sudo():
            agreement.with_delay(
                channel="root.document",
                identity_key=f"medspa.agreement.{agreement.id}",
                description=self.env._("Print a signed agreement"),
            )._make_pdf()

    def _make_pdf(self):
        """Store the signed agreement as a PDF with the membership, once."""
        self.ensure_one()
        if self.attachment_id or self.state == "to_sign":
            return self.attachment_id
        content, _kind = self.env["ir.actions.report"]._render_qweb_pdf(
            "medspa_membership.medspa_membership_agreement_report", self.ids
        )
        self.attachment_id = self.env["ir.attachment"].create(
            {
                "name": f"{self.display_name}.pdf",
                "raw": content,
                "mimetype": "application/pdf",
                "res_model": self.membership_id._name,
                "res_id": self.membership_id.id,
            }
        )
        return self.attachment_id


class SaleSubscriptionTemplate(models.Model):
    _inherit = "sale.subscription.template"

    def _render_agreement(self, partner, amounts):
        """Return the agreement of a plan as it is signed: its text and its terms.

        Note: `self.ensure_one()`

        :param partner: who signs
        :param dict amounts: as they are charged, see `_get_list_amounts`
        :return: Markup
        """
        self.ensure_one()
        currency, price = amounts["currency"], amounts["price"]
        first = amounts.get("first")
        differs = first is not None and currency.compare_amounts(first, price)
        plan_sudo = self.sudo().with_context(lang=partner.lang or self.env.lang)
        return plan_sudo.env["ir.qweb"]._render(
            "medspa_membership.agreement_text",
            {
                "plan": plan_sudo,
                "partner": partner,
                "price_label": currency.format(price),
                "first_label": currency.format(first) if differs else None,
                "terms": plan_sudo._get_term_lines(amounts),
                "has_text": not is_html_empty(plan_sudo.agreement),
            },
        )


class SaleSubscription(models.Model):
    _inherit = "sale.subscription"

    agreement_ids = fields.One2many(
        "medspa.membership.agreement",
        "membership_id",
        "Agreements",
        readonly=True,
        groups="medspa_membership.group_medspa_user,base.group_portal",
    )

    def _get_agreement_to_sign(self):
        """Return the agreement that waits for the member. Note: `ensure_one()`."""
        self.ensure_one()
        return self.agreement_ids.filtered(lambda a: a.state == "to_sign")[:1]

    def _ask_to_sign(self):
        """Ask members to sign the present agreement of their plan, once each."""
        vals_list = []
        for membership in self.filtered(lambda m: m.membership_state != "ended"):
            plan = membership.template_id
            waiting = membership._get_agreement_to_sign()
            signed = membership.agreement_ids.filtered(lambda a: a.state == "signed")
            if any(
                a.template_id == plan and a.version == plan.agreement_version
                for a in waiting | signed
            ):
                continue
            waiting.sudo().state = "replaced"
            # The index knows one that waits: the old row makes room first.
            waiting.flush_recordset(["state"])
            vals_list.append(membership._prepare_agreement_vals())
        return self.env["medspa.membership.agreement"].sudo().create(vals_list)

    def _prepare_agreement_vals(self, **vals):
        """Return the agreement of the membership's plan as it stands today."""
        self.ensure_one()
        plan = self.template_id
        return {
            "membership_id": self.id,
            "template_id": plan.id,
            "version": plan.sudo().agreement_version,
            "body": plan._render_agreement(
                self.partner_id,
                {"currency": self.currency_id, "price": self.price},
            ),
            **vals,
        }
