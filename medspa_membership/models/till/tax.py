# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).


def get_price_unit(taxes, total):
    """Return the unit price that comes to `total` once the taxes are applied.

    A price that includes its taxes is the total itself. For others the rounding of the
    tax may leave a cent: the caller compares.

    :param taxes: `account.tax`, empty or not
    :param float total: with tax
    """
    if not taxes or all(tax.price_include for tax in taxes):
        return total
    details = taxes._get_tax_details(total, 1.0, special_mode="total_included")
    return details["total_excluded"]


def get_total(base_lines, company, currency):
    """Return what lines come to together, with tax: what their invoice will say.

    The computation of core's orders and invoices, with the rounding that the company
    chose: sums of lines rounded one by one may miss it by a cent.

    :param list base_lines: as `_prepare_base_line_for_taxes_computation` makes them
    """
    Tax = company.env["account.tax"]
    Tax._add_tax_details_in_base_lines(base_lines, company)
    Tax._round_base_lines_tax_details(base_lines, company)
    totals = Tax._get_tax_totals_summary(base_lines, currency, company)
    return totals["total_amount_currency"]
