# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import Command, fields, models
from odoo.exceptions import LockError, UserError
from odoo.tools import float_is_zero

from ..credit.medspa_credit import QUANTITY_DIGITS


class MedspaCourse(models.Model):
    """Who may use a course: sharing it, and handing it over."""

    _inherit = "medspa.course"

    transferred_from_id = fields.Many2one(
        "medspa.course",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The course of another patient whose remaining sessions these are.",
    )
    transferred_to_ids = fields.One2many(
        "medspa.course", "transferred_from_id", "Transferred to"
    )

    _transferred_once = models.UniqueIndex(
        "(transferred_from_id) WHERE transferred_from_id IS NOT NULL",
        "What remained of this course has been transferred already.",
    )

    # === BUSINESS METHODS === #

    def _share_with(self, members):
        """Set who else may use the sessions. Note: `self.ensure_one()`.

        :param members: all of them, `res.partner`
        :raise UserError: more than the course was sold for
        """
        self.ensure_one()
        self.sudo()._lock_row()
        members -= self.partner_id
        if len(members) > self.share_limit:
            raise UserError(
                self.env._(
                    "%(course)s may be shared with %(limit)s persons, not %(count)s.",
                    course=self.name,
                    limit=self.share_limit,
                    count=len(members),
                )
            )
        dropped = self.member_ids - members
        bookings = self._get_open_bookings().filtered(lambda e: e.patient_id in dropped)
        if bookings:
            raise UserError(
                self.env._(
                    "%s has appointments on this course. Cancel them first.",
                    ", ".join(bookings.patient_id.mapped("name")),
                )
            )
        self.sudo().member_ids = members
        self.sudo().credit_ids._ledger().write(
            {"beneficiary_ids": [Command.set(members.ids)]}
        )
        names = ", ".join(members.mapped("name")) or self.env._("nobody")
        self._log_reason(self.env._("Shared with"), names)

    def _transfer(self, partner, reason):
        """Hand the remaining sessions over to another patient, once.

        Both courses keep their history: the ledger shows what left here and arrived
        there.

        Note: `self.ensure_one()`

        :return: the new course
        :raise UserError: not sold as transferable, handed over before, booked, or empty
        """
        self.ensure_one()
        self._check_can_transfer(partner)
        credits_sudo = self.sudo().credit_ids.filtered(
            lambda c: not float_is_zero(c.available, precision_digits=QUANTITY_DIGITS)
        )
        if not credits_sudo:
            raise UserError(self.env._("Nothing is left to transfer."))
        course = self.sudo().create(self._prepare_transfer_vals(partner, credits_sudo))
        vals_list = []
        for credit, line in zip(credits_sudo, course.line_ids, strict=True):
            vals_list.append(
                {
                    **line._prepare_credit_vals_list()[0],
                    "granted": credit.available,
                    "value": credit.value_remaining,
                    "is_bonus": credit.is_bonus,
                    "valid_from": credit.valid_from,
                    "expires_on": credit.expires_on,
                }
            )
        self.env["medspa.credit"]._post_moves(
            [
                {
                    "credit": credit,
                    "kind": "transfer",
                    "quantity": -credit.available,
                    "value": -credit.value_remaining,
                    "reason": reason,
                }
                for credit in credits_sudo
            ]
        )
        self.env["medspa.credit"]._grant(vals_list, kind="transfer", reason=reason)
        self.sudo().state = "transferred"
        self._log_reason(self.env._("Transferred to %s", partner.name), reason)
        course._log_reason(
            self.env._("Transferred from %s", self.partner_id.name), reason
        )
        return course.with_env(self.env)

    def _check_can_transfer(self, partner):
        self._check_state("active", "paused")
        if self.state == "paused":
            raise UserError(
                self.env._("Resume %s before it is transferred.", self.name)
            )
        if partner == self.partner_id:
            raise UserError(self.env._("It belongs to this patient already."))
        if not self.is_transferable:
            raise UserError(
                self.env._("%s was not sold as transferable.", self.display_name)
            )
        if self.transferred_from_id or self.sudo().transferred_to_ids:
            raise UserError(
                self.env._("%s has been transferred before: once only.", self.name)
            )
        self._check_no_bookings(self.env._("transferred"))

    def _prepare_transfer_vals(self, partner, credits):
        """Return the new patient's course: same terms, what remains as its lines."""
        self.ensure_one()
        return {
            **self._get_terms(),
            "transferred_from_id": self.id,
            "company_id": self.company_id.id,
            "partner_id": partner.id,
            "product_tmpl_id": self.product_tmpl_id.id,
            "currency_id": self.currency_id.id,
            "price": 0,
            "state": "active",
            "validity_days": self.validity_days,
            "validity_from": self.validity_from,
            "recipe_min_days": self.recipe_min_days,
            "purchase_date": self.purchase_date,
            "first_visit_date": self.first_visit_date,
            "expires_on": self.expires_on,
            "line_ids": [
                Command.create(
                    {
                        "sequence": position,
                        "treatment_id": credit.treatment_id.id,
                        "other_treatment_ids": [
                            Command.set(credit.course_line_id.other_treatment_ids.ids)
                        ],
                        "unit": credit.unit,
                        "sessions": credit.available,
                        "min_days": credit.course_line_id.min_days,
                        "advised_days": credit.course_line_id.advised_days,
                        "list_price": credit.course_line_id.list_price,
                        "value": credit.value_remaining,
                    }
                )
                for position, credit in enumerate(credits)
            ],
        }

    def _lock_row(self):
        """Let nobody else change the courses until this is over."""
        try:
            self.lock_for_update()
        except LockError as error:
            raise UserError(
                self.env._(
                    "Somebody else is changing %s right now. Look at it again in a "
                    "moment.",
                    ", ".join(self.mapped("name")),
                )
            ) from error
        self.invalidate_recordset()
