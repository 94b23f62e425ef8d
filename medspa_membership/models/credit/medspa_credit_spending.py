# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from datetime import date

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import (
    SQL,
)


class MedspaCredit(models.Model):
    """Which credit pays, when several could. One method decides, everywhere."""

    _inherit = "medspa.credit"

    # === BUSINESS METHODS: WHICH CREDIT PAYS === #

    @api.model
    def _get_usable_domain(self, partner, company, on_date, unit="session"):
        """Return the domain of what a patient can spend on a day, of any coverage."""
        return (
            self._get_spender_domain(partner)
            & Domain("company_id", "=", company.id)
            & Domain("unit", "=", unit)
            & Domain("available", ">", 0)
            & Domain("is_frozen", "=", False)
            & (Domain("valid_from", "=", False) | Domain("valid_from", "<=", on_date))
            & (Domain("expires_on", "=", False) | Domain("expires_on", ">=", on_date))
        )

    @api.model
    def _get_spender_domain(self, partner):
        """Return the domain of the credits of a patient and of those shared with them.

        No index serves both sides of an OR: the database would read every credit.
        """
        partner_id = SQL.identifier("partner_id", to_flush=self._fields["partner_id"])
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s IN (SELECT id FROM medspa_credit WHERE %s = %s"
                " UNION ALL SELECT credit_id FROM medspa_credit_beneficiary_rel"
                " WHERE partner_id = %s)",
                SQL.identifier(alias, "id"),
                partner_id,
                partner.id or None,
                partner.id or None,
            )
        )

    @api.model
    def _get_coverage_domain(self, treatment):
        """Return the domain of the credits that cover a treatment."""
        return (
            (
                Domain("coverage", "=", "treatment")
                & Domain("treatment_id", "=", treatment.id)
            )
            | (
                Domain("coverage", "=", "treatments")
                & Domain("treatment_ids", "in", treatment.ids)
            )
            | (
                Domain("coverage", "=", "category")
                & Domain("categ_id", "parent_of", treatment.categ_id.ids)
            )
        )

    @api.model
    def _find_usable(self, partner, treatment, on_date, company=None, unit="session"):
        """Return the credits that can pay for a treatment, the one that pays first.

        The order is the house rule: complimentary first, then the earliest expiry, then
        the narrowest coverage, then the oldest, the free part of a deal after its paid
        part. Nothing else decides which credit pays, unless a person picks another.

        :param date on_date: the clinic's day of use
        """
        company = company or self.env.company
        credits_found = self.search(
            self._get_usable_domain(partner, company, on_date, unit)
            & self._get_coverage_domain(treatment)
        )
        return credits_found.sorted(lambda credit: credit._get_spending_order())

    def _get_spending_order(self):
        """Return the sort key of a credit: the lowest pays first."""
        self.ensure_one()
        breadth = {"treatment": 1, "category": 1_000_000}.get(self.coverage)
        return (
            not self.is_complimentary,
            self.expires_on or date.max,
            breadth or 1 + len(self.treatment_ids),
            self.is_bonus,
            self.id,
        )
