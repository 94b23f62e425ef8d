# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from uuid import uuid4

from odoo import Command

from odoo.addons.medspa_membership.tests.till_common import TillCase


class PosCase(TillCase):
    """A till of the clinic with an open session, and orders as it sends them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids |= cls.env.ref("point_of_sale.group_pos_manager")
        products = cls.peel | cls.laser | cls.serum
        products.available_in_pos = True
        cls.config = cls._create_till(cls.public_list)
        cls.cash = cls.config.payment_method_ids

    @classmethod
    def _create_till(cls, pricelist):
        journal = cls.env["account.journal"].create(
            {
                "name": f"Till {pricelist.name}",
                "code": f"TL{pricelist.id}",
                "type": "cash",
                "company_id": cls.company.id,
            }
        )
        # A drawer belongs to one till.
        cash = cls.env["pos.payment.method"].create(
            {
                "name": "Cash",
                "journal_id": journal.id,
                "company_id": cls.company.id,
            }
        )
        config = cls.env["pos.config"].create(
            {
                "name": f"Desk {pricelist.name}",
                "company_id": cls.company.id,
                "payment_method_ids": [Command.set(cash.ids)],
                "use_pricelist": True,
                "available_pricelist_ids": [Command.set(pricelist.ids)],
                "pricelist_id": pricelist.id,
            }
        )
        config.open_ui()
        config.current_session_id.set_opening_control(0, None)
        return config

    def _line(self, product, qty=1, price=None, **vals):
        """Return a line as the till has it; free of tax."""
        price = product.list_price if price is None else price
        return {
            "uuid": str(uuid4()),
            "product_id": product.product_variant_id.id,
            "qty": qty,
            "price_unit": price,
            "total": price * qty,
            "tax_ids": [],
            **vals,
        }

    def _paid(self, line, offer):
        """Return a line as the till has it once an offer pays for it."""
        return {
            **line,
            "qty": offer["quantity"],
            "price_unit": 0,
            "total": 0,
            "credit_number": offer["credit"],
            "credit_quantity": offer["taken"],
        }

    def _offers(self, *lines, partner=None):
        return self.env["pos.order"].get_till_credit_offers(
            self.config.id, (partner or self.patient).id, list(lines)
        )

    def _prepare_order(self, *lines, partner=None, **vals):
        """Return an order as the till sends it, paid in cash."""
        total = sum(line["total"] for line in lines)
        payments = [
            Command.create(
                {
                    "amount": total,
                    "name": "2026-02-02 08:00:00",
                    "payment_method_id": self.cash.id,
                }
            )
        ]
        return {
            "uuid": str(uuid4()),
            "name": "Order",
            "state": "paid",
            "amount_paid": total,
            "amount_return": 0,
            "amount_tax": 0,
            "amount_total": total,
            "company_id": self.company.id,
            "date_order": "2026-02-02 08:00:00",
            "fiscal_position_id": False,
            "pricelist_id": self.public_list.id,
            "partner_id": (partner or self.patient).id,
            "session_id": self.config.current_session_id.id,
            "user_id": self.env.uid,
            "to_invoice": False,
            "access_token": str(uuid4()),
            "lines": [Command.create(self._prepare_line(line)) for line in lines],
            "payment_ids": payments if total else [],
            **vals,
        }

    def _prepare_line(self, line):
        vals = {name: value for name, value in line.items() if name != "total"}
        return {
            **vals,
            "tax_ids": [Command.set(line["tax_ids"])],
            "discount": 0,
            "pack_lot_ids": [],
            "price_subtotal": line["total"],
            "price_subtotal_incl": line["total"],
        }

    def _send(self, order):
        """Send an order as the till does; return what the server made of it."""
        self.env["pos.order"].sync_from_ui([order])
        return self.env["pos.order"].search([("uuid", "=", order["uuid"])])
