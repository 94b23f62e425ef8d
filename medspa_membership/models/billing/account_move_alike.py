# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import models
from odoo.fields import Command

# In what invoices of one billing run differ that are alike in all that is computed.
OWN_FIELDS = {
    "partner_id",
    "invoice_origin",
    "invoice_user_id",
    "subscription_id",
    "membership_period_id",
}
# Lines whose amounts follow from the lines of the products, whoever is the customer.
COPIED_LINES = {"product", "tax", "payment_term"}
# What is computed of those and not copied by core.
COMPUTED_LINE_FIELDS = ("balance", "price_subtotal", "price_total")


class AccountMove(models.Model):
    _inherit = "account.move"

    def _create_alike(self, vals_list, totals):
        """Create invoices; of those that are alike, core computes one.

        A hundred members pay the same price with the same taxes on the same day: the
        lines of taxes and of what is due are computed once, and created with all others
        together, as when an invoice is duplicated.

        :param vals_list: as for `create`, with products in `invoice_line_ids`
        :param totals: what each of them comes to, with tax, in its currency
        :return: the invoices, in this order
        """
        groups = {}
        for index, (vals, total) in enumerate(zip(vals_list, totals, strict=True)):
            key = (self._get_alike_key(vals), total)
            groups.setdefault(key, []).append(index)
        firsts = [indexes[0] for indexes in groups.values()]
        patterns = self.create([vals_list[index] for index in firsts])
        for pattern, index in zip(patterns, firsts, strict=True):
            pattern._add_rounding(totals[index])
        found = dict(zip(firsts, patterns, strict=True))
        rest, rest_vals = [], []
        for pattern, indexes in zip(patterns, groups.values(), strict=True):
            lines_vals = pattern._prepare_alike_lines() if indexes[1:] else None
            for index in indexes[1:]:
                vals = vals_list[index]
                if lines_vals:
                    vals = self._prepare_alike_vals(vals, lines_vals)
                rest.append(index)
                rest_vals.append(vals)
        complete = self.with_context(
            skip_invoice_sync=True, skip_invoice_line_sync=True
        ).create([vals for vals in rest_vals if "line_ids" in vals])
        others = self.create([vals for vals in rest_vals if "line_ids" not in vals])
        complete, others = iter(self.browse(complete.ids)), iter(others)
        for index, vals in zip(rest, rest_vals, strict=True):
            if "line_ids" in vals:
                found[index] = next(complete)
            else:
                found[index] = next(others)
                found[index]._add_rounding(totals[index])
        return self.browse([found[index].id for index in range(len(vals_list))])

    def _get_alike_key(self, vals):
        """Return what is the same for invoices that are alike."""
        partner = self.env["res.partner"].browse(vals["partner_id"])
        lines = [
            sorted(
                (name, repr(value)) for name, value in line.items() if name != "name"
            )
            for _command, _id, line in vals["invoice_line_ids"]
        ]
        own = OWN_FIELDS | {"invoice_line_ids"}
        shared = sorted(
            (name, repr(value)) for name, value in vals.items() if name not in own
        )
        return repr((partner.lang, shared, lines))

    def _prepare_alike_lines(self):
        """Return the values of all lines for invoices that are alike, in their order.

        Nothing where this one has lines that core computes in another way.

        Note: `self.ensure_one()`
        """
        self.ensure_one()
        if set(self.line_ids.mapped("display_type")) - COPIED_LINES:
            return []
        lines = self.line_ids.sorted("id")
        lines_vals = lines.copy_data()
        for line, vals in zip(lines, lines_vals, strict=True):
            vals.pop("move_id", None)
            # Given, it would be written on the invoice once for each line.
            vals.pop("no_followup", None)
            for name in COMPUTED_LINE_FIELDS:
                vals[name] = line[name]
            if line.display_type == "payment_term":
                # The account of what is due is the customer's.
                vals.pop("account_id")
        return lines_vals

    def _prepare_alike_vals(self, vals, lines_vals):
        """Return the values of an invoice with all the lines of one that is alike."""
        vals = dict(vals)
        partner = self.env["res.partner"].browse(vals["partner_id"])
        own_lines = iter(vals.pop("invoice_line_ids"))
        vals["line_ids"] = []
        for line_vals in lines_vals:
            line_vals = {**line_vals, "partner_id": partner.commercial_partner_id.id}
            # What rounds the total comes after them and is named as it is.
            if line_vals["display_type"] == "product" and (
                own_line := next(own_lines, None)
            ):
                line_vals["name"] = own_line[2]["name"]
            vals["line_ids"].append(Command.create(line_vals))
        return vals
