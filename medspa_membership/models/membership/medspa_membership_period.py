# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError


class MedspaMembershipPeriod(models.Model):
    """One period of a membership that is due once: billed, paid, and granted once.

    Besides regular periods it holds what else a member owes: a trial, the rest of a
    period after an upgrade, a fee. Who was a member on a day of the past is told by the
    paid periods that contain it.
    """

    _name = "medspa.membership.period"
    _inherit = "medspa.guarded"
    _description = "Membership period"
    _order = "start_date desc, id desc"
    _check_company_auto = True

    membership_id = fields.Many2one(
        "sale.subscription", required=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        related="membership_id.partner_id",
        store=True,
        index=True,
        string="Patient",
    )
    company_id = fields.Many2one(
        related="membership_id.company_id", store=True, index=True
    )
    template_id = fields.Many2one(
        "sale.subscription.template", "Plan", required=True, ondelete="restrict"
    )
    currency_id = fields.Many2one("res.currency", required=True)
    kind = fields.Selection(
        [
            ("regular", "Period"),
            ("trial", "Trial"),
            ("upgrade", "Rest of a period after an upgrade"),
            ("fee", "Fee"),
            ("replaced", "Replaced on its first day"),
        ],
        default="regular",
        required=True,
    )
    name = fields.Char("What for", compute="_compute_name")
    start_date = fields.Date("From", required=True)
    end_date = fields.Date("To", required=True, help="The last day of the period.")
    amount = fields.Monetary(help="With tax.")
    state = fields.Selection(
        [
            ("due", "To be billed"),
            ("open", "Waiting for money"),
            ("paid", "Paid"),
            ("skipped", "Skipped"),
            ("forgiven", "Forgiven"),
            ("refunded", "Refunded"),
        ],
        default="due",
        required=True,
        index=True,
    )
    is_paid_elsewhere = fields.Boolean("Paid elsewhere")
    credit_ids = fields.One2many("medspa.credit", "period_id", "Credits")

    _period_once = models.UniqueIndex(
        "(membership_id, start_date) WHERE kind IN ('regular', 'trial')",
        "This period of the membership exists already.",
    )
    _period_forward = models.Constraint(
        "CHECK (end_date >= start_date)", "A period ends after it begins."
    )
    _amount_not_negative = models.Constraint(
        "CHECK (amount >= 0)", "The amount of a period is zero or more."
    )
    _open_idx = models.Index("(membership_id) WHERE state IN ('due', 'open')")

    # === COMPUTE METHODS === #

    @api.depends("kind", "template_id")
    def _compute_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for period in self:
            period.name = self.env._(
                "%(plan)s: %(kind)s",
                plan=period.template_id.name,
                kind=labels[period.kind],
            )

    @api.depends("membership_id", "start_date")
    def _compute_display_name(self):
        for period in self:
            period.display_name = self.env._(
                "%(membership)s from %(date)s",
                membership=period.membership_id.display_name,
                date=period.start_date,
            )

    # === CRUD METHODS === #

    def _get_guard_message(self):
        return self.env._("Periods are billed by the membership: use its buttons.")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise AccessError(self.env._("What a member was billed is never deleted."))

    # === BUSINESS METHODS: PAST === #

    @api.model
    def _get_members_on(self, company, day):
        """Return the memberships that were paid for on a day, of the past too.

        The periods tell: whatever a membership became since then.

        :rtype: sale.subscription
        """
        periods = self.sudo().search(
            [
                ("company_id", "=", company.id),
                ("kind", "in", ("regular", "trial")),
                ("state", "=", "paid"),
                ("start_date", "<=", day),
                ("end_date", ">=", day),
            ]
        )
        return periods.membership_id.filtered(
            lambda m: (
                m.membership_state != "ended" or not m.end_date or day <= m.end_date
            )
        )

    # === BUSINESS METHODS: CREDITS === #

    def _grant_credits(self, on_date=None):
        """Give what paid periods give, once each, however often it is asked for.

        :param date on_date: the clinic's day on which the money arrived
        :return: the credits
        """
        vals_list = []
        # Read for all of them at once.
        self.membership_id.benefit_ids.mapped("treatment_ids")
        for period in self.filtered(lambda p: p.state == "paid"):
            day = on_date or period.company_id._medspa_date()
            vals_list += period._prepare_credit_vals_list(day)
        credits = self.env["medspa.credit"]._grant(vals_list)
        self._on_credits_granted(credits)
        credits._drop_above_cap()
        return credits

    def _on_credits_granted(self, credits):
        """Seam: called when periods have granted credits, before any is dropped."""

    def _prepare_credit_vals_list(self, day):
        """Return the values of the credits of a period. Note: `self.ensure_one()`.

        What was paid is shared over the benefits by list price and never exceeds it:
        the rest of the price pays for the discounts.
        """
        self.ensure_one()
        benefits = self._get_granted_benefits()
        paid = benefits.filtered(lambda benefit: not benefit.is_complimentary)
        weights = [benefit._get_list_value(self.company_id) for benefit in paid]
        value = min(self._get_untaxed_value(), sum(weights))
        shares = {}
        if paid and sum(weights):
            shares = dict(
                zip(
                    paid,
                    self.env["medspa.course"]._share(
                        value, weights, self.company_id.currency_id
                    ),
                    strict=True,
                )
            )
        return [
            self._prepare_credit_vals(
                benefit, benefit.quantity, shares.get(benefit, 0.0), day
            )
            for benefit in benefits
        ]

    def _get_granted_benefits(self):
        """Return the benefits that this period grants."""
        self.ensure_one()
        if self.kind == "fee":
            return self.env["medspa.membership.benefit"]
        if self.kind == "trial" and not self.membership_id.trial_has_benefits:
            return self.env["medspa.membership.benefit"]
        return self.membership_id.benefit_ids.filtered(
            lambda benefit: (
                benefit.frequency == "period"
                or (benefit.frequency == "once" and self._is_first())
                or (benefit.frequency == "birthday" and self._has_birthday())
            )
        )

    def _is_first(self):
        """Tell whether it is the first period of the membership."""
        self.ensure_one()
        return self.start_date == min(
            self.membership_id.period_ids.mapped("start_date")
        )

    def _has_birthday(self):
        """Tell whether the member has a birthday in the period.

        Who was born on 29 February has it on the 28th in other years.
        """
        self.ensure_one()
        born = self.partner_id.medspa_birthdate
        if not born:
            return False
        for year in {self.start_date.year, self.end_date.year}:
            is_leap_day = (born.month, born.day) == (2, 29)
            try:
                birthday = born.replace(year=year)
            except ValueError:
                if not is_leap_day:
                    raise
                birthday = born.replace(year=year, day=28)
            if self.start_date <= birthday <= self.end_date:
                return True
        return False

    def _get_untaxed_value(self):
        """Return what was paid for the period without tax, in company currency."""
        self.ensure_one()
        if self.is_paid_elsewhere or not self.amount:
            return 0.0
        lines = self.membership_id.sale_subscription_line_ids
        total = sum(lines.mapped("price_total"))
        untaxed = sum(lines.mapped("price_subtotal"))
        share = self.amount * untaxed / total if total else 0.0
        return self.currency_id._convert(
            share, self.company_id.currency_id, self.company_id, self.start_date
        )

    def _prepare_credit_vals(self, benefit, quantity, value, day):
        """Return the values of the credit of one benefit."""
        self.ensure_one()
        membership = self.membership_id
        return {
            "company_id": self.company_id.id,
            "partner_id": membership.partner_id.id,
            "beneficiary_ids": [fields.Command.set(membership.beneficiary_ids.ids)],
            "coverage": benefit.coverage,
            "treatment_id": benefit.treatment_id.id,
            "treatment_ids": [fields.Command.set(benefit.treatment_ids.ids)],
            "categ_id": benefit.categ_id.id,
            "unit": benefit.unit,
            "is_complimentary": benefit.is_complimentary,
            "granted": quantity,
            "value": value,
            "valid_from": self.start_date,
            "expires_on": self._get_credit_expiry(benefit, day),
            "period_id": self.id,
            "membership_benefit_id": benefit.id,
            "grant_key": f"period-{self.id}-{benefit.id}",
        }

    def _get_credit_expiry(self, benefit, day):
        """Return the last day on which a benefit of the period can be used.

        Money that arrives late takes nothing away: the credit lives at least to the end
        of the period in which it arrives.

        :param date day: on which the money arrived
        """
        self.ensure_one()
        if benefit.rollover == "cap":
            return False
        membership = self.membership_id
        start = max(self.start_date, day)
        further = benefit.rollover_periods if benefit.rollover == "periods" else 0
        if self.kind == "trial" and start <= self.end_date and not further:
            return self.end_date
        if start < membership.anchor_date:
            # Within the trial, before the first full period.
            return membership._get_anchored_date(further) - timedelta(days=1)
        count = membership._count_periods_until(start) + 1 + further
        return membership._get_anchored_date(count) - timedelta(days=1)

    # === TOOLS === #

    def _get_payment_url(self):
        """Return where the member pays the period or changes the method."""
        self.ensure_one()
        base_url = self.membership_id.get_base_url()
        return f"{base_url}/my/memberships/{self.membership_id.id}"
