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
