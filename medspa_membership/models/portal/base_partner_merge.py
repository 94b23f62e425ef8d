# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_date

DESK = "medspa_membership.group_medspa_receptionist"


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    """Two records of one patient become one, and nothing of either is lost.

    Core keeps the destination's value of each field that the user may read, and leaves
    the others behind with the record that it deletes: for who may not read allergies,
    that would be the allergies. What belongs to the clinic has rules of its own.
    """

    _inherit = "base.partner.merge.automatic.wizard"

    patient_notice = fields.Text(
        compute="_compute_patient_notice",
        help="What stands against merging these patients, or is to be known before.",
    )

    @api.depends("partner_ids", "dst_partner_id")
    def _compute_patient_notice(self):
        for wizard in self:
            partners, kept = wizard.partner_ids._origin, wizard.dst_partner_id._origin
            wizard.patient_notice = (
                "\n".join(wizard._get_patient_conflicts(partners, kept))
                if kept in partners and wizard._are_patients(partners)
                else False
            )

    # === BUSINESS METHODS: RULES === #

    @api.model
    def _get_patient_merge_rules(self):
        """Return what becomes of each field that the clinic has on people.

        `rows`: the records move over. `both`: the texts are joined. `any` and `all`:
        of yes or no. `first`: the value of who is kept, else the other's. `newest`: the
        latest answer counts. A field without a rule would be lost; a test looks.
        """
        rows = [
            "course_ids",
            "credit_ids",
            "membership_ids",
            "open_membership_ids",
            "visit_ids",
            "waiting_ids",
        ]
        return {
            **dict.fromkeys(rows, "rows"),
            "allergies": "both",
            "contraindications": "both",
            "is_patient": "any",
            "is_unconfirmed_visitor": "all",
            "medspa_birthdate": "first",
        }

    @api.model
    def _merge_patient_values(self, kept, others):
        """Return the values of who is kept, by the rules, as superuser."""
        # What the desk may not read of a patient is merged too.
        partners_sudo = (kept | others).sudo()
        values = {}
        for name, rule in self._get_patient_merge_rules().items():
            found = partners_sudo.mapped(lambda partner, n=name: partner[n])
            if rule == "any":
                values[name] = any(found)
            elif rule == "all":
                values[name] = all(found)
            elif rule == "first":
                values[name] = next(filter(None, found), False)
            elif rule == "both":
                values[name] = self._join_texts(found)
        return values

    @api.model
    def _join_texts(self, texts):
        """Return all lines of some texts, each once."""
        lines = {}
        for text in filter(None, texts):
            for line in text.splitlines():
                lines.setdefault(" ".join(line.casefold().split()), line.strip())
        return "\n".join(filter(None, lines.values()))

    @api.model
    def _are_patients(self, partners):
        """Tell whether any of these people is known to the clinic."""
        # Only whether there is anything of the clinic leaves here.
        partners_sudo = partners.sudo().with_context(active_test=False)
        rules = self._get_patient_merge_rules()
        return any(partners_sudo.mapped(lambda p: any(p[name] for name in rules)))

    # === BUSINESS METHODS: CONFLICTS === #

    @api.model
    def _get_patient_conflicts(self, partners, kept):
        """Return what keeps patients from being merged, a sentence each.

        :param kept: the one of them that stays
        """
        # A membership at another clinic is a conflict too.
        sudo = partners.sudo().with_context(active_test=False)
        # The same, of the one that stays.
        kept_sudo = kept.sudo()
        conflicts = []
        confirmed = sudo.filtered(lambda p: not p.is_unconfirmed_visitor)
        if kept_sudo.is_unconfirmed_visitor and confirmed:
            conflicts.append(
                self.env._(
                    "%(visitor)s booked on the website and has not confirmed it: keep "
                    "%(patient)s instead.",
                    visitor=kept_sudo.display_name,
                    patient=confirmed[:1].display_name,
                )
            )
        dates = sudo.filtered("medspa_birthdate").grouped("medspa_birthdate")
        if len(dates) > 1:
            conflicts.append(
                self.env._(
                    "The dates of birth differ (%s). If they are one person, correct "
                    "the wrong date first.",
                    ", ".join(format_date(self.env, date) for date in sorted(dates)),
                )
            )
        if len(sudo.user_ids) > 1:
            conflicts.append(
                self.env._(
                    "Each of them can log in (%s). Ask the administrator to delete the "
                    "log-in that is not used.",
                    ", ".join(sudo.user_ids.mapped("login")),
                )
            )
        running = sudo.membership_ids.filtered(
            lambda m: m.membership_state not in ("pending", "ended")
        )
        for (plan, company), memberships in running.grouped(
            lambda m: (m.template_id, m.company_id)
        ).items():
            if len(memberships.partner_id) > 1:
                conflicts.append(
                    self.env._(
                        "Both are members of %(plan)s at %(clinic)s. End one of the "
                        "memberships first.",
                        plan=plan.name,
                        clinic=company.name,
                    )
                )
        return conflicts

    # === BUSINESS METHODS: MERGING === #

    @api.model
    def _get_ordered_partner(self, partner_ids):
        """Override of `base`, which keeps the last: never who is not confirmed."""
        partners = super()._get_ordered_partner(partner_ids)
        return partners.sorted(lambda partner: not partner.is_unconfirmed_visitor)

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Override of `base` to keep all that the clinic has of either patient.

        :raise UserError: they cannot be merged as they are; it says what to do
        """
        partners = self.env["res.partner"].browse(partner_ids).exists()
        if len(partners) < 2 or not self._are_patients(partners):
            return super()._merge(partner_ids, dst_partner, extra_checks)
        kept = (
            dst_partner
            if dst_partner and dst_partner in partners
            else self._get_ordered_partner(partners.ids)[-1]
        )
        if conflicts := self._get_patient_conflicts(partners, kept):
            raise UserError("\n".join(conflicts))
        partners.check_access("write")
        if extra_checks and len(set(partners.mapped("email"))) > 1:
            self._check_may_merge_patients(partners)
        others = partners - kept
        values = self._merge_patient_values(kept, others)
        facts = [other._get_merged_label() for other in others]
        self._prepare_patient_rows(kept, others)
        # The desk may not read all that moves: visits of the website, say.
        Merge_sudo, kept_sudo = self.sudo(), kept.sudo()
        res = super(BasePartnerMergeAutomaticWizard, Merge_sudo)._merge(
            partners.ids, kept_sudo, extra_checks=False
        )
        # Core moves rows behind the back of the ORM.
        self.env.invalidate_all()
        kept_sudo.write(values)
        self._finish_patient_rows(kept)
        kept_sudo.message_post(
            body=self.env._("Merged with this patient: %s.", "; ".join(facts)),
            author_id=self.env.user.partner_id.id,
        )
        return res

    @api.model
    def _check_may_merge_patients(self, partners):
        """Refuse to merge people with different addresses, except patients by the desk.

        Patients have several addresses; core leaves them to the administrator, as a
        merged contact may hand a log-in over. No log-in of an employee is handed over
        here.
        """
        if self.env.is_admin():
            return
        # Log-ins are the administrator's to read; here they only count.
        users_sudo = partners.sudo().with_context(active_test=False).user_ids
        if not self.env.user.has_group(DESK) or not all(users_sudo.mapped("share")):
            raise UserError(
                self.env._(
                    "Their e-mail addresses differ: only the administrator merges "
                    "contacts of employees, or without a role at the desk."
                )
            )

    @api.model
    def _prepare_patient_rows(self, kept, others):
        """Make room for rows of which a patient has one only. A seam.

        Core would stop at the first, or delete all rows of the other patient.
        """
        # The rows of all clinics: the database knows no companies here.
        Waiting_sudo = self.env["medspa.waiting"].sudo()
        waiting = Waiting_sudo.search(
            [
                ("partner_id", "in", (kept | others).ids),
                ("state", "in", ("unconfirmed", "waiting")),
            ],
            order="id",
        )
        for same in waiting.grouped(lambda w: (w.treatment_id, w.company_id)).values():
            # In line since the earlier day, with the answer that is the better one.
            first = same.sorted(lambda w: w.state != "waiting")[:1]
            (same - first).state = "over"
        # Of all clinics, as above.
        Offer_sudo = self.env["medspa.winback.offer"].sudo()
        offers = Offer_sudo.search(
            [("partner_id", "in", (kept | others).ids), ("state", "=", "sent")],
            order="id desc",
        )
        for same in offers.grouped("company_id").values():
            same[1:].state = "expired"
        self.env.flush_all()

    @api.model
    def _finish_patient_rows(self, kept):
        """Bring what follows from the rows up to date. A seam."""
        for table, column, owner in (
            ("medspa_credit_beneficiary_rel", "credit_id", "medspa_credit"),
            ("medspa_membership_beneficiary_rel", "membership_id", "sale_subscription"),
            ("medspa_course_member_rel", "course_id", "medspa_course"),
        ):
            # Nobody shares with themselves.
            self.env.cr.execute(
                SQL(
                    "DELETE FROM %(table)s rel USING %(owner)s own "
                    "WHERE own.id = rel.%(column)s AND own.partner_id = %(kept)s "
                    "AND rel.partner_id = %(kept)s",
                    table=SQL.identifier(table),
                    owner=SQL.identifier(owner),
                    column=SQL.identifier(column),
                    kept=kept.id,
                )
            )
        self.env.invalidate_all()
        # Prices follow at every clinic.
        memberships_sudo = kept.sudo().membership_ids
        if memberships_sudo:
            memberships_sudo._on_member_rights_changed()


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _get_merged_label(self):
        """Return name and ways to reach somebody who is merged into another."""
        self.ensure_one()
        ways = filter(None, (self.email, self.phone))
        return ", ".join([self.display_name, *ways])
