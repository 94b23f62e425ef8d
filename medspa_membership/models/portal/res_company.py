# Copyright 2026 medspa
# License AGPL-3.0 or later (https://www.gnu.org/licenses/agpl).
from odoo import fields, models

DEPOSIT_KINDS = [("amount", "A fixed sum"), ("percent", "Part of the price")]


class ResCompany(models.Model):
    _inherit = "res.company"

    deposit_kind = fields.Selection(
        DEPOSIT_KINDS,
        help="What patients pay by card to book a treatment that no credit covers.",
    )
    deposit_value = fields.Float(
        digits="Product Price", help="The sum, or the percentage of the price."
    )
    refunds_deposit = fields.Boolean(
        "Refund deposits",
        default=True,
        help="Who cancels in time gets the deposit back; late, it is kept.",
    )
    allows_booking_ahead = fields.Boolean(
        "Members book on coming periods",
        help="A visit after the next payment can be booked on the sessions that come "
        "with it, before it is paid.",
    )
    hold_minutes = fields.Integer(
        default=30,
        help="So long a time is held for a visitor who has not confirmed it yet.",
    )
    max_open_bookings = fields.Integer(
        "Open bookings of a patient",
        default=3,
        help="So many visits that no session and no deposit pays for one person books "
        "on the website, before coming to one of them. Zero: no limit.",
    )
    max_day_bookings = fields.Integer(
        "Bookings of a patient on a day",
        default=3,
        help="So many visits on one day one person books on the website. Zero: no "
        "limit.",
    )
    waiting_batch = fields.Integer(
        "Offers at once",
        default=3,
        help="So many people in line are offered a freed time at once.",
    )
    waiting_minutes = fields.Integer(
        "Offers are valid for",
        default=60,
        help="So long an offered time is held for those who were offered it.",
    )

    _deposit_in_range = models.Constraint(
        "CHECK (deposit_value >= 0"
        " AND (deposit_kind <> 'percent' OR deposit_value <= 100))",
        "A deposit is zero or more, and not more than the price.",
    )
    _booking_limits_positive = models.Constraint(
        "CHECK (max_open_bookings >= 0 AND max_day_bookings >= 0)",
        "A limit of bookings is zero, which is none, or more.",
    )
    _waits_positive = models.Constraint(
        "CHECK (hold_minutes > 0 AND waiting_batch > 0 AND waiting_minutes > 0)",
        "Times are held for a minute or more, and offered to one person or more.",
    )
